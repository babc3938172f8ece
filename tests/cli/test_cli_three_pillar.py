"""The command line of `ccmeval three-pillar`: options, words on the screen and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.cli.three_pillar import exit_code
from ccmeval.evaluation.schema import PillarVerdict, SetSummary, ThreePillarResult
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic

SMALL = PhantomSettings(shape_px=(128, 128))


def result(fidelity: str, failed: int = 0) -> ThreePillarResult:
    verdict = PillarVerdict.model_validate({"pillar": "fidelity", "verdict": fidelity, "sentence": ""})
    return ThreePillarResult(
        created="now", verdicts=[verdict], sets=[SetSummary(name="real", source="r", n_failed=failed)]
    )


@pytest.mark.parametrize(
    ("verdict", "failed", "required", "code"),
    [
        ("pass", 0, ("fidelity",), 0),
        ("fail", 0, (), 0),
        ("pass", 2, (), 1),
        ("fail", 2, ("fidelity",), 3),
        ("inconclusive", 0, ("fidelity",), 3),
        ("unavailable", 0, ("fidelity",), 3),
    ],
)
def test_exit_codes(verdict: str, failed: int, required: tuple[str, ...], code: int) -> None:
    assert exit_code(result(verdict, failed), required) == code


def test_a_run_says_what_was_found_and_a_requirement_decides_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCMEVAL_CACHE", str(tmp_path / "cache"))
    real = write_cohort(tmp_path / "real", frames=6, seed=5, frames_per_subject=1, settings=SMALL)
    synth = write_synthetic(tmp_path / "synth", frames=6, seed=5, frames_per_subject=1, settings=SMALL)
    config = tmp_path / "quick.yaml"
    config.write_text(
        "fidelity: {splits: 4, resamples: 20}\npreservation: {resamples: 99, permutations: 99,"
        " structure_resamples: 99}\nmeasurement: {overlays: false}\n"
    )
    sets = ["--real", str(real), "--synth", str(synth), "-o", str(tmp_path / "out")]
    options = ["--config", str(config), "--features", "radiomic", "--margin", "CNFL=1.5", "--jobs", "1"]
    done = CliRunner().invoke(app, ["three-pillar", *sets, *options, "--require", "fidelity"])
    assert done.exit_code == 3, done.output
    assert "? fidelity" in done.output
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in done.output
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert found["settings"]["fidelity"]["features"] == ["radiomic"]
    assert found["settings"]["fidelity"]["splits"] == 4
    assert found["settings"]["preservation"]["margins"] == {"cnfl_mm_per_mm2": 1.5}
    assert found["command"].startswith("ccmeval")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--margin", "CNFL=wide"], "a number"),
        (["--margin", "CNFL"], "COLUMN=VALUE"),
        (["--margin", "length=1"], "no biomarker is called"),
        (["--weights", "alexnet"], "NAME=PATH"),
        (["--pillars", "looks"], "pillars"),
        (["--pillars", "fidelity", "--require", "preservation"], "required"),
        (["--seed", "-1"], "seed"),
        (["--features", "radiomic", "--config", "nowhere.yaml"], "cannot be read"),
    ],
)
def test_a_wrong_option_is_a_sentence(tmp_path: Path, options: list[str], said: str) -> None:
    sets = ["--real", str(tmp_path), "--synth", str(tmp_path), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["three-pillar", *sets, *options])
    assert done.exit_code != 0
    assert said in str(done.exception)
    assert not (tmp_path / "out").exists()
