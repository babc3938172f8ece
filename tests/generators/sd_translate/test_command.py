"""From a cohort of phantoms to a report, by the commands that a user types; bases given by --weights."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("lightning")
pytest.importorskip("diffusers")

from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import UnavailableError
from tests.generators.sd_translate.tiny_translate import tiny_settings


def ccmeval(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.slow
def test_a_cohort_is_learnt_made_and_scored(bases: Path, tmp_path: Path) -> None:
    cohort, run, synth, result = (tmp_path / name for name in ("cohort", "run", "synth", "result"))
    ccmeval(
        *("phantom", "--out", cohort, "--frames", 6, "--frames-per-subject", 1, "--jobs", 1),
        *("--size-px", 64, "--field-of-view", 128),
    )
    chosen = tiny_settings(bases, size_px=64)
    chosen = {name: value for name, value in chosen.items() if name not in ("base", "image_encoder")}
    config = tmp_path / "train.yaml"
    config.write_text(json.dumps({"generator": chosen, "samples": 1}), encoding="utf-8")
    given = ("--weights", f"stable-diffusion-1.5={bases / 'sd15'}")
    given += ("--weights", f"clip-image-encoder={bases / 'clip'}")
    learning = ("train", "sd-translate", "--data", cohort, "--config", config, "--threads", 1, *given)
    assert "SHA-256" in ccmeval(*learning, "--dry-run")
    assert not run.exists()
    ccmeval(*learning, "--out", run)
    ccmeval("generate", run, "--masks", cohort, "--out", synth, *given)
    with (synth / "manifest.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) >= 6
    ccmeval(
        *("three-pillar", "--real", cohort, "--synth", synth, "--out", result, "--jobs", 1),
        *("--pillars", "fidelity,preservation", "--features", "radiomic,morphometric"),
    )
    assert (result / "report.html").is_file()


def test_hub_names_without_download_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    cohort = tmp_path / "cohort"
    ccmeval(
        *("phantom", "--out", cohort, "--frames", 2, "--frames-per-subject", 1, "--jobs", 1),
        *("--size-px", 64, "--field-of-view", 128),
    )
    arguments = ["train", "sd-translate", "--data", str(cohort), "--out", str(tmp_path / "run")]
    refused = CliRunner().invoke(app, arguments).exception
    assert isinstance(refused, UnavailableError)
    assert "--download" in str(refused)
    assert "--weights stable-diffusion-1.5=FOLDER" in str(refused)
