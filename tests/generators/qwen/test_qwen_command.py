"""From a cohort of phantoms to a report, by the commands that a user types."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("lightning")
pytest.importorskip("diffusers")
pytest.importorskip("peft")

from typer.testing import CliRunner

from ccmeval.cli.main import app
from tests.generators.qwen.tiny_qwen import tiny_settings


def ccmeval(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_cohort_is_learnt_made_and_scored(bases, tmp_path: Path) -> None:
    cohort, run, synth, result = (tmp_path / name for name in ("cohort", "run", "synth", "result"))
    ccmeval(
        *("phantom", "--out", cohort, "--frames", 6, "--frames-per-subject", 1, "--jobs", 1),
        *("--size-px", 64, "--field-of-view", 128),
    )
    chosen = tiny_settings(
        bases[False], size_px=64, model_side_px=64, steps=3, prompts={"Control": "healthy"}
    ).model_dump(mode="json")
    config = tmp_path / "train.yaml"
    config.write_text(json.dumps({"generator": chosen, "samples": 1}), encoding="utf-8")
    told = ccmeval("train", "qwen-wdlora", "--data", cohort, "--config", config, "--dry-run", "--threads", 1)
    assert "4,352 are trained" in told
    assert not run.exists()
    ccmeval("train", "qwen-wdlora", "--data", cohort, "--config", config, "--out", run, "--threads", 1)
    ccmeval("generate", run, "--masks", cohort, "--out", synth, "--prompt", "sharp")
    with (synth / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    told_prompts = {row["diagnosis"]: row["told_prompt"] for row in rows}
    assert told_prompts["Control"] == "healthy sharp"
    assert len(set(told_prompts.values())) == 3
    assert {row["guidance_scale"] for row in rows} == {"4.0"}
    assert {row["inference_steps"] for row in rows} == {"2"}
    assert {len(row["adapter_sha256"]) for row in rows} == {64}
    assert all(row["alignment"] for row in rows)
    ccmeval(
        *("three-pillar", "--real", cohort, "--synth", synth, "--out", result, "--jobs", 1),
        *("--pillars", "fidelity,preservation", "--features", "radiomic,morphometric"),
    )
    assert (result / "report.html").is_file()
