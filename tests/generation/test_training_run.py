"""A training from cohort to folder, with a generator that paints masks exactly."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval import plugins
from ccmeval.cohort import load_cohort
from ccmeval.errors import CcmevalError, SettingsMismatchError, UnavailableError
from ccmeval.generation.training_run import preview_training, train_generator
from ccmeval.generation.training_settings import TrainSettings, make_train_settings
from tests.generation.trained_painter import (
    GREY,
    PIXEL_UM,
    SIDE,
    Painter,
    changed,
    drawn,
    offer,
    read_rows,
    with_capabilities,
    write_cohort,
)

SPLITS = {"P2": "validation", "P3": "val", "P4": "test"}


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)


def settings(**more: object) -> TrainSettings:
    return make_train_settings(**{"samples": 4, "threads": 1, "measurement": {"segmenter": "bright"}, **more})


def test_a_cohort_becomes_a_model(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data", SPLITS)
    out = tmp_path / "out"
    result = train_generator("painter", manifest, out, settings(sample_every=2))
    written = {path.name for path in out.iterdir()}
    assert written >= {
        "model",
        "work",
        "samples",
        "samples.csv",
        "samples_real.csv",
        "training.csv",
        "training.json",
    }
    assert "pool" not in written
    told = json.loads((out / "training.json").read_text())
    assert told == result.model_dump(mode="json")
    assert told["subjects"] == ["P0", "P1", "P5"]
    assert told["data"]["diagnoses"] == {"Control": 2, "T1DPN": 4}
    assert told["data"]["n_validation"] == 4
    assert told["data"]["n_test"] == 2
    assert told["record"]["steps"] == 4
    assert told["plan"]["seconds_a_step"] == 0.25
    assert told["settings"]["generator"] == {"steps": 4, "size_px": SIDE}
    assert "It is a painter." in told["notes"]
    hashes = {row["frame"]: row["sha256"] for row in told["data"]["frames"]}
    for name, found in hashes.items():
        assert found == hashlib.sha256((tmp_path / "data" / name).read_bytes()).hexdigest()
    provenance = json.loads((out / "model" / "provenance.json").read_text())
    assert provenance["subjects"] == ["P0", "P1", "P5"]
    assert provenance["frames"] == told["data"]["frames"]
    assert provenance["generator"]["identity"] == told["generator"]["identity"]
    assert str(tmp_path) not in json.dumps(provenance)
    model = Painter.from_pretrained(out / "model", plugins.WeightSource())
    for name, grey in GREY.items():  # learnt from the ground of training frames alone
        assert model.levels[name] == pytest.approx(grey, abs=0.01)
    assert read_rows(out / "training.csv")[0] == {"stage": "grey levels", "step": "1", "loss": "0.5"}


def test_samples_are_measured_against_their_masks(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data", SPLITS)
    out = tmp_path / "out"
    result = train_generator("painter", manifest, out, settings(sample_every=2))
    rows = read_rows(out / "samples.csv")
    assert [int(row["step"]) for row in rows] == [0] * 4 + [2] * 4 + [4] * 4
    assert {row["subject"] for row in rows} == {"P2", "P3"}  # validation only
    assert [row["diagnosis"] for row in rows[:4]] == ["Control", "T1DPN", "Control", "T1DPN"]
    assert len({row["seed"] for row in rows}) == 4
    for row in rows:
        assert (out / row["frame"]).is_file()
        first = int(row["step"]) == 0
        # Nothing is painted before the first step; then exactly what was asked for.
        assert float(row["length_recall"]) == (0.0 if first else 1.0)
        assert row["hallucinated_length"] == ("" if first else "0")
        assert float(row["cl_dice"]) == (0.0 if first else 1.0)
        # Two level nerves of the frame's width: 2 / height of the frame.
        length = 0.0 if first else 2000 / (SIDE * PIXEL_UM)
        assert float(row["cnfl_mm_per_mm2"]) == pytest.approx(length, rel=0.02)
    asked = {row["sample"]: row for row in read_rows(out / "samples_real.csv")}
    assert {row["length_recall"] for row in asked.values()} == {"1"}
    for row in rows[-4:]:
        assert row["cnfl_mm_per_mm2"] == asked[row["sample"]]["cnfl_mm_per_mm2"]
        levels = np.asarray(Image.open(out / row["frame"]))
        mask = np.asarray(Image.open(out / "samples" / "masks" / Path(row["frame"]).name))
        number = int(row["mask_of"].rsplit("_", 1)[1].removesuffix(".png"))
        assert np.array_equal(mask, drawn(number, row["diagnosis"])[1])
        assert np.array_equal(levels > 200, mask)
    means = result.sample_means
    assert [(it.step, it.length_recall, it.cl_dice) for it in means] == [(0, 0, 0), (2, 1, 1), (4, 1, 1)]
    assert means[0].hallucinated_length is None
    assert result.sample_ceiling is not None
    assert (result.sample_ceiling.step, result.sample_ceiling.length_recall) == (None, 1.0)
    assert means[2].hallucinated_length == 0.0


def test_validation_and_test_frames_are_never_trained_on(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data", SPLITS)
    # A test frame under another name, as a training frame of somebody else.
    (tmp_path / "data/frames/P0_0.png").write_bytes((tmp_path / "data/frames/P4_8.png").read_bytes())
    result = train_generator("painter", manifest, tmp_path / "out", settings())
    assert Painter.jobs[0].train.pool.names == [
        f"frames/{n}.png" for n in ("P0_1", "P1_2", "P1_3", "P5_10", "P5_11")
    ]
    assert [it.frame for it in result.data.left_out] == ["frames/P0_0.png"]
    assert "same file as a frame of validation or test" in result.data.left_out[0].reason
    assert any("4 validation frames are left out" in note for note in result.notes)


def test_samples_from_training_frames_are_said_to_be(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data", {"P0": "validation"})
    result = train_generator("painter", manifest, tmp_path / "out", settings(samples=3))
    assert [(it.diagnosis, it.split) for it in result.samples] == [
        ("Control", "validation"), ("T1DPN", "train"), ("Control", "validation"),
    ]  # fmt: skip
    assert any("samples of T1DPN are made from masks that are trained on" in note for note in result.notes)


def test_an_interrupted_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = write_cohort(tmp_path / "data", SPLITS)
    whole = train_generator("painter", manifest, tmp_path / "whole", settings(sample_every=2))
    out = tmp_path / "out"
    monkeypatch.setattr(Painter, "interrupt_at", 2)
    with pytest.raises(KeyboardInterrupt):
        train_generator("painter", manifest, out, settings(sample_every=2))
    assert json.loads((out / "training.json").read_text())["finished"] == ""
    assert not (out / "model").exists()
    monkeypatch.setattr(Painter, "interrupt_at", None)
    with pytest.raises(CcmevalError, match="unfinished training of painter already; add --resume"):
        train_generator("painter", manifest, out, settings())
    with pytest.raises(SettingsMismatchError, match=r"\(seed, .*differ\)"):
        train_generator("painter", manifest, out, settings(seed=5), resume=True)
    with pytest.raises(SettingsMismatchError, match=r"\(settings.steps differs\)"):
        train_generator("painter", manifest, out, settings(generator={"steps": 9}), resume=True)
    again = train_generator("painter", manifest, out, settings(keep_checkpoints=5), resume=True)
    assert again.generator.identity == whole.generator.identity
    assert again.sample_every == 2  # as it was begun
    assert (out / "samples.csv").read_bytes() == (tmp_path / "whole" / "samples.csv").read_bytes()
    n_jobs = len(Painter.jobs)
    assert train_generator("painter", manifest, out, settings(), resume=True) == again
    assert len(Painter.jobs) == n_jobs  # finished: nothing was trained


def test_another_cohort_is_another_training(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data")
    train_generator("painter", manifest, tmp_path / "out", settings(samples=0))
    assert not (tmp_path / "out" / "samples").exists()
    with pytest.raises(CcmevalError, match=r"holds a finished training .*; add --overwrite"):
        train_generator("painter", manifest, tmp_path / "out", settings(samples=0))
    changed(manifest, 0, diagnosis="T1DPN")
    with pytest.raises(SettingsMismatchError, match=r"\(frames differs\)"):
        train_generator("painter", manifest, tmp_path / "out", settings(samples=0), resume=True)
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = train_generator("painter", manifest, tmp_path / "out", settings(samples=0), overwrite=True)
    assert result.data.diagnoses == {"Control": 5, "T1DPN": 7}
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_a_strangers_folder_is_left_alone(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data")
    (tmp_path / "out" / "samples").mkdir(parents=True)
    (tmp_path / "out" / "samples" / "a.txt").write_text("mine")
    for more in ({}, {"overwrite": True}):
        with pytest.raises(CcmevalError, match="was not written by ccmeval train"):
            train_generator("painter", manifest, tmp_path / "out", settings(), **more)
    (tmp_path / "out" / "training.json").write_text("{}")
    with pytest.raises(CcmevalError, match="not of ccmeval train, or damaged"):
        train_generator("painter", manifest, tmp_path / "out", settings(), resume=True)


def test_what_ended_before_its_first_step_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_cohort(tmp_path / "data")

    def refuse(self: Painter, job: object) -> None:
        raise UnavailableError("There is no paint; buy some.")

    with monkeypatch.context() as patch:
        patch.setattr(Painter, "plan", refuse)
        with pytest.raises(UnavailableError, match="buy some"):
            train_generator("painter", manifest, tmp_path / "out", settings())
    assert train_generator("painter", manifest, tmp_path / "out", settings(seed=2)).finished


def test_a_failing_generator_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = write_cohort(tmp_path / "data")

    def fail(self: Painter, job: object) -> None:
        raise RuntimeError("out of\npaint")

    with monkeypatch.context() as patch:
        patch.setattr(Painter, "fit", fail)
        with pytest.raises(
            CcmevalError, match=r"'painter' fails while it is trained \(RuntimeError: out of paint\)"
        ):
            train_generator("painter", manifest, tmp_path / "out", settings())
    assert "Traceback" in (tmp_path / "out" / "errors.log").read_text()
    with monkeypatch.context() as patch:
        patch.setattr(
            Painter, "_paint", lambda self, conditions, nerves=True: [np.full((SIDE, SIDE), 2.0)] * 4
        )
        with pytest.raises(UnavailableError, match=r"levels outside of \[0, 1\]"):
            train_generator("painter", manifest, tmp_path / "out", settings(), resume=True)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path / "data", SPLITS)
    before = sorted(tmp_path.rglob("*"))
    found = preview_training("painter", manifest, settings())
    assert found.plan.steps == 4
    assert found.plan.batch_size == 6  # all six training frames, as the painter takes them
    assert found.prepared.data.summary.n_frames == 6
    assert sorted(tmp_path.rglob("*")) == before
    assert not Painter.jobs


def test_generators_that_cannot_be_trained_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_cohort(tmp_path / "data")
    with pytest.raises(UnavailableError, match="No generator is called 'nothing'"):
        train_generator("nothing", manifest, tmp_path / "out", settings())
    offer(monkeypatch, with_capabilities(trainable=False))
    with pytest.raises(UnavailableError, match="makes frames as it is: ccmeval generate painter"):
        train_generator("painter", manifest, tmp_path / "out", settings())
    offer(monkeypatch, object)
    with pytest.raises(UnavailableError, match="no generator by its contract"):
        train_generator("painter", manifest, tmp_path / "out", settings())
    assert not (tmp_path / "out").exists()


def test_the_phantom_cohort_can_be_read(tmp_path: Path) -> None:
    from ccmeval.phantom import PhantomSettings
    from ccmeval.phantom import write_cohort as write_phantoms

    shape = PhantomSettings(shape_px=(96, 96), pixel_size_um=2.0)
    write_phantoms(tmp_path / "data", frames=3, settings=shape, jobs=1)
    assert all(record.mask for record in load_cohort(tmp_path / "data"))
    result = train_generator(
        "painter", tmp_path / "data", tmp_path / "out", settings(generator={"size_px": 48}, samples=1)
    )
    blind = [note for note in result.notes if "mask adherence says little of the generator" in note]
    reached = read_rows(tmp_path / "out" / "samples_real.csv")[0]["length_recall"]
    assert bool(blind) == (float(reached) < 0.5)
    assert result.data.pixel_size_um == 4.0
    assert result.classes == ["Control", "T1NoDPN", "T1DPN"]
