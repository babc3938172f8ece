"""`ccmeval train`: a cohort in, a generator out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ccmeval.cli.main import app
from ccmeval.cli.train import with_loss
from ccmeval.errors import CcmevalError
from tests.generation.trained_painter import Painter, offer, read_rows, write_cohort


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_cohort(tmp_path / "data", {"P2": "validation", "P5": "test"})
    text = f"data: {tmp_path / 'data'}\nout: {tmp_path / 'out'}\nsamples: 2\n"
    (tmp_path / "c.yaml").write_text(text + "generator: {steps: 3}\nmeasurement: {segmenter: bright}\n")
    return tmp_path / "c.yaml"


def _run(*argv: object) -> Result:
    return CliRunner().invoke(app, ["train", "painter", *map(str, argv)])


def test_one_file_says_it_all(config: Path) -> None:
    ran = _run("--config", config, "--generator", "steps=2", "--seed", 7)
    assert ran.exit_code == 0, ran.output
    assert "2 steps in 2 s on cpu, 8 frames of 4 subjects" in ran.output
    assert (
        "clDice: 0.00 after step 0, 1.00 after step 2, 1.00 in the real frames (mean of 2 samples)"
        in ran.output
    )
    assert "2 test frames are left out of the training" in ran.output
    told = json.loads((config.parent / "out" / "training.json").read_text())
    assert (told["seed"], told["settings"]["generator"]["steps"]) == (7, 2)
    again = _run("--config", config)
    assert isinstance(again.exception, CcmevalError)
    assert "finished training" in str(again.exception)


def test_a_dry_run_tells_the_plan_and_writes_nothing(config: Path) -> None:
    ran = _run("--config", config, "--dry-run", "--generator", "steps=1000")
    assert ran.exit_code == 0, ran.output
    assert (
        "painter 1 would be trained on 8 frames of 4 subjects (Control 4, T1DPN 4), 64 x 64 px" in ran.output
    )
    assert "Parameters: 2, of which 2 are trained." in ran.output
    assert "Memory: about 0.5 GiB." in ran.output
    assert "Time: about 4 min 10 s (0.25 s a step on cpu)." in ran.output
    assert not (config.parent / "out").exists()


def test_ctrl_c_says_how_to_go_on(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Painter, "interrupt_at", 1)
    ran = _run("--config", config)
    assert ran.exit_code == 130
    assert "--resume to go on" in ran.output
    monkeypatch.setattr(Painter, "interrupt_at", None)
    assert _run("--config", config, "--resume").exit_code == 0
    assert {row["step"] for row in read_rows(config.parent / "out" / "samples.csv")} == {"0", "1", "2", "3"}


def test_frames_that_cannot_be_read_are_told(config: Path) -> None:
    (config.parent / "data/frames/P0_0.png").write_bytes(b"no picture")
    ran = _run("--config", config)
    assert ran.exit_code == 1, ran.output
    assert "frames/P0_0.png is left out" in ran.output


def test_mistakes_are_told_in_a_sentence(config: Path) -> None:
    for argv, words in (
        ([], "--data with a folder or a manifest"),
        (["--data", config.parent / "data"], "-o with a folder"),
        (["--config", config, "--generator", "steps"], "--generator steps: give it as NAME=VALUE"),
        (["--config", config, "--generator", "epochs=2"], "no such setting; it has steps, size_px"),
        (["--config", config, "--weights", "vae"], "--weights vae: give it as NAME=PATH"),
        (["--config", config, "--split-column", "fold"], "no column 'fold'"),
        (["--config", config, "--resume", "--overwrite"], "not both"),
        (["--config", config, "--generator", "size_px=60"], "no multiple of 8"),
    ):
        ran = _run(*argv)
        assert isinstance(ran.exception, CcmevalError), (argv, ran.output)
        assert words in str(ran.exception)
        assert not (config.parent / "out").exists()


@pytest.mark.parametrize(
    ("words", "stage", "loss"),
    [
        ("Training maisi: diffusion, loss 0.0123", "Training maisi: diffusion", "loss 0.0123"),
        ("Training spade (loss 0.5)", "Training spade", "loss 0.5"),
        ("gan: loss 1.2 and 0.3", "gan", "loss 1.2 and 0.3"),
        ("Lossless copies", "Lossless copies", None),
    ],
)
def test_a_stage_keeps_its_bar_while_its_loss_changes(words: str, stage: str, loss: str | None) -> None:
    shown: list[tuple[object, ...]] = []
    with_loss(lambda *told: shown.append(told))(words, 1, 2)
    assert shown == [(stage, 1, 2) if loss is None else (stage, 1, 2, loss)]
