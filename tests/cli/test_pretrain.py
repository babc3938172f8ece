"""`ccmeval pretrain`: frames of a folder in, weights of an encoder out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.cohort import Record
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.learning import no_progress
from ccmeval.utility.pretraining import load_pretrainer, pretrain_on
from ccmeval.utility.pretraining_frames import hold_out, read_squares
from tests.drawn import drawn_frame, write_frames

PATTERN = r"(?P<subject>s\d+)_"
TINY = "embed_dim: 8\nstages: [1, 1, 1, 1]\nmask_decoder_width: 16\nmask_decoder_depth: 1\nprecision: '32'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_frames(tmp_path / "frames", 8)
    (tmp_path / "frames" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "tiny.yaml").write_text(TINY + "pretrain_steps: 2\npretrain_batch_size: 4\n")
    return tmp_path


def _run(folder: Path, *more: str) -> object:
    argv = [
        "pretrain",
        str(folder / "frames"),
        "-o",
        str(folder / "out"),
        "--config",
        str(folder / "tiny.yaml"),
    ]
    argv += ["--size-px", "64", "--pixel-size", "1", "--subject-pattern", PATTERN, "--threads", "1"]
    return CliRunner().invoke(app, [*argv, "--held-out-share", "0.25", *more])


def test_frames_become_weights(folder: Path) -> None:
    pytest.importorskip("lightning")
    pytest.importorskip("timm")
    ran = _run(folder)
    assert ran.exit_code == 1, ran.output  # one frame could not be used
    assert "2 steps on 6 frames" in ran.output
    assert "interpolation" in ran.output
    with (folder / "out" / "frames.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["part"] for row in rows} == {"train", "held-out", "unusable"}
    parts = {part: {row["subject"] for row in rows if row["part"] == part} for part in ("train", "held-out")}
    assert len(parts["held-out"]) == 1
    assert not parts["train"] & parts["held-out"]
    told = json.loads((folder / "out" / "pretraining.json").read_text())
    assert told["settings"]["embed_dim"] == 8
    assert told["report"]["held_out_frames"] == 2
    written = (folder / "out" / "encoder.safetensors").stat().st_mtime_ns
    assert _run(folder).exit_code == 1
    assert (folder / "out" / "encoder.safetensors").stat().st_mtime_ns == written
    again = _run(folder, "--seed", "1")
    assert "choose another folder" in str(again.exception)


def test_mistakes_are_told_in_a_sentence(folder: Path) -> None:
    pytest.importorskip("timm")
    for argv, words in (
        (["--steps", "1", "--size", "huge"], "size"),
        (["--frame-px", "32"], "smaller than --size-px"),
        (["--learner", "biomarker"], "biomarker"),
        (["--learner", "nothing"], "No learner is called"),
        (["--held-out-share", "0.9"], "leaves none to learn from"),
        (["--weights", "hmsvit=nowhere"], "names no file"),
    ):
        ran = _run(folder, *argv)
        assert isinstance(ran.exception, CcmevalError), (argv, ran.output)
        assert words in str(ran.exception)
        assert not (folder / "out" / "encoder.safetensors").exists()


def test_a_learner_without_pretraining_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmeval.utility.pretraining.load", lambda group, name: object())
    with pytest.raises(UnavailableError, match="has no pretraining"):
        load_pretrainer("resnet50")


def test_no_usable_frame_is_a_mistake(folder: Path) -> None:
    pytest.importorskip("timm")
    with pytest.raises(CcmevalError, match="None of the 1 frames can be used"):
        pretrain_on(folder / "frames" / "broken.png", folder / "out")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5])
def test_subjects_are_held_out_whole(share: float) -> None:
    records = [Record(f"{i}.png", str(i), Path(f"{i}.png"), subject=f"s{i % 10}") for i in range(35)]
    held = hold_out(records, share, seed=1)
    of = {
        name: {held[i] for i, r in enumerate(records) if r.subject == name}
        for name in {f"s{i}" for i in range(10)}
    }
    assert all(len(parts) == 1 for parts in of.values())
    assert sum(parts == {True} for parts in of.values()) == round(10 * share)
    unknown = [Record(f"{i}.png", str(i), Path(f"{i}.png")) for i in range(4)]
    assert hold_out(unknown, 0.25, 0).sum() == 1


def test_squares_are_the_middle_of_frames(tmp_path: Path) -> None:
    from PIL import Image

    frame = np.zeros((128, 160), np.uint8)
    frame[:, 16:144] = drawn_frame(0)[0]
    Image.fromarray(frame).save(tmp_path / "a.png")
    record = Record("a.png", "a", tmp_path / "a.png", pixel_size_um=1.5)
    with (tmp_path / "pixels").open("w+b") as file:
        found = read_squares([record], 64, file, no_progress)
        blocks = drawn_frame(0)[0].reshape(64, 2, 64, 2).mean((1, 3)) / 255
        assert np.abs(found.frames[0] - blocks).max() < 1e-3
    assert found.pixel_sizes_um.tolist() == [3.0]
    assert "no subject" in found.notes([record])[0]
