"""From a phantom cohort to scores, by the commands that a user gives."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

torch = pytest.importorskip("torch")
for _library in ("diffusers", "transformers", "peft", "lightning"):
    pytest.importorskip(_library)

from typer.testing import CliRunner  # noqa: E402

from ccmeval.cli.main import app  # noqa: E402
from ccmeval.phantom import PhantomSettings, write_cohort  # noqa: E402
from ccmeval_generators.foundation import tiny  # noqa: E402
from tests.generators.tiny_stable import CLASSES, PROMPTS  # noqa: E402

QUICK = """
fidelity: {splits: 4, resamples: 20}
preservation: {resamples: 99, permutations: 99, structure_resamples: 99}
measurement: {overlays: false}
"""
COMMON: dict[str, Any] = {
    "size_px": 96,
    "batch_size": 2,
    "learning_rate": 0.01,
    "inference_steps": 2,
    "prompts": PROMPTS,
}


def run(*words: object) -> str:
    torch.set_num_threads(1)
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(
        tmp_path_factory.mktemp("real"),
        frames=6,
        seed=2,
        diagnoses=CLASSES,
        frames_per_subject=1,
        settings=PhantomSettings(shape_px=(96, 96)),
    )


@pytest.mark.parametrize("name", ["sd-lora", pytest.param("sd-datadream", marks=pytest.mark.slow)])
def test_from_cohort_to_scores(name: str, real: Path, tmp_path: Path) -> None:
    own: dict[str, Any] = {"steps": 2} if name == "sd-lora" else {"epochs": 1.0, "shots": 2}
    write = tiny.write_tiny_sd15 if name == "sd-lora" else tiny.write_tiny_sd21
    settings = {**COMMON, **own, "base": str(write(tmp_path / "base"))}
    (tmp_path / "train.yaml").write_text(yaml.safe_dump({"generator": settings, "samples": 2}))
    (tmp_path / "quick.yaml").write_text(QUICK)
    model, synth, scores = (tmp_path / part for part in ("model", "synth", "scores"))
    config = tmp_path / "train.yaml"
    run("train", name, "--data", real, "--config", config, "-o", model, "--threads", 1)
    run("generate", model, "-o", synth, "--frames", 3, "--prompt", "dark")
    _check_set(synth, real, name)
    options = ["--config", tmp_path / "quick.yaml", "--features", "radiomic,morphometric", "--jobs", 1]
    run("three-pillar", "--real", real, "--synth", synth, "-o", scores, *options)
    report = json.loads((scores / "report.json").read_text())
    assert {one["n_failed"] for one in report["sets"]} == {0}


def _check_set(synth: Path, real: Path, name: str) -> None:
    with real.open(newline="") as file:
        known = list(csv.DictReader(file))
    with (synth / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["diagnosis"] for row in rows] == ["Control"] * 3 + ["T1DPN"] * 3
    told = {"Control": "healthy dark", "T1DPN": "few nerves dark"}
    for row in rows:
        assert (synth / row["frame"]).is_file()
        assert row["source"] == name
        assert (row["prompt"], row["told_prompt"]) == ("dark", told[row["diagnosis"]])
        assert row["inference_steps"] == "2"
        assert row["guidance_scale"] == {"sd-lora": "7.5", "sd-datadream": "2.0"}[name]
        assert len(row["adapter_sha256"]) == 64
        assert set(row["generator_subjects"].split(";")) == {one["subject"] for one in known}
    if name == "sd-datadream":
        of_class = {one["frame"].split("/")[-1] for one in known if one["diagnosis"] == "T1DPN"}
        chosen = {path.split("/")[-1] for path in rows[-1]["few_shot_frames"].split(";")}
        assert len(chosen) == 2
        assert chosen <= of_class
