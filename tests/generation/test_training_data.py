"""Which frames a generator is trained on, and how they are brought to its square."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import Capabilities
from ccmeval.generation.training_data import training_data, training_set, trial_set
from ccmeval.generation.training_settings import TrainSettings
from ccmeval.generation.training_split import split_cohort
from tests.generation.trained_painter import (
    PIXEL_UM,
    SIDE,
    changed,
    drawn,
    read_rows,
    write_cohort,
    write_rows,
)

MASKED = Capabilities("Test.", takes=("mask", "diagnosis"), needs=("mask",))


def _cohort(splits: list[str | None], subjects: list[str | None] | None = None) -> Cohort:
    subjects = subjects or [f"P{i}" for i in range(len(splits))]
    return Cohort(
        [
            Record(f"{i}.png", str(i), Path(f"{i}.png"), subject=who, extra={"split": it} if it else {})
            for i, (it, who) in enumerate(zip(splits, subjects, strict=True))
        ],
        Path(),
    )


def test_splits_by_any_of_their_names() -> None:
    found = split_cohort(_cohort(["Train", "val", "TEST", "held-out", "training", "validation", None]))
    assert [record.key for record in found.train] == ["0", "4"]
    assert [record.key for record in found.validation] == ["1", "5"]
    assert [record.key for record in found.test] == ["2", "3"]
    assert [record.key for record in found.unassigned] == ["6"]
    assert any("1 frame is left out, since the column 'split' tells no split" in note for note in found.notes)


def test_a_column_of_other_capitals_is_the_column() -> None:
    records = [
        Record(f"{i}.png", str(i), Path(), extra={"Split": it}) for i, it in enumerate(["train", "test"])
    ]
    assert [record.key for record in split_cohort(Cohort(records, Path())).train] == ["0"]


def test_folders_of_splits_are_splits_too() -> None:
    names = ["data/train/Control/a.png", "data/test/Control/b.png", "data/other/c.png"]
    found = split_cohort(Cohort([Record(name, name, Path(name)) for name in names], Path()))
    assert [record.frame for record in found.train] == names[:1]
    assert [record.frame for record in found.test] == names[1:2]
    alone = split_cohort(Cohort([Record("test/b.png", "b", Path())], Path()))
    assert len(alone.train) == 1  # nothing is split
    assert "no splits" in alone.notes[0]


@pytest.mark.parametrize(
    ("splits", "subjects", "words"),
    [
        (["test", "validation"], None, "No frame may be trained on: .*test: 1, validation: 1"),
        (
            ["train", "fold 1"],
            None,
            "1.png: the column 'split' says 'fold 1'; write train, validation or test",
        ),
        (
            ["train", "test", "test"],
            ["P1", "P2", "P1"],
            "1 subject with training frames .*P1.* also stands in test",
        ),
        (["train", "val"] * 2, ["P1", "P1", "P2", "P2"], "2 subjects .* also stand in validation; part"),
    ],
)
def test_bad_splits_are_refused(splits: list[str], subjects: list[str] | None, words: str) -> None:
    with pytest.raises(CcmevalError, match=words):
        split_cohort(_cohort(splits, subjects))


def test_a_column_that_was_asked_for_must_be_there() -> None:
    with pytest.raises(CcmevalError, match="no column 'fold'; correct --split-column"):
        split_cohort(_cohort(["train", "test"]), "fold")


def test_the_pool_holds_frames_masks_and_labels(tmp_path: Path) -> None:
    data = training_data(write_cohort(tmp_path), MASKED, TrainSettings(), None)
    train = training_set(data, tmp_path / "pool")
    assert data.size_px == SIDE
    assert data.classes == ["Control", "T1DPN"]
    assert train.labels.tolist() == [0, 0, 1, 1] * 3
    for row, name in enumerate(train.pool.names):
        number = int(name.rsplit("_", 1)[1].removesuffix(".png"))
        frame, mask = drawn(number, data.classes[train.labels[row]])
        assert np.abs(train.frame(row) - frame / 255).max() < 1e-3  # of float16
        assert np.array_equal(train.coverage(row), mask)
    few = trial_set(data, tmp_path / "few", most=5)
    assert len(few) == 12
    assert len(few.pool.frames) == 5
    assert few.labels.tolist() == train.labels.tolist()


def test_frames_are_reduced_and_masks_stay_black_and_white(tmp_path: Path) -> None:
    data = training_data(write_cohort(tmp_path), MASKED, TrainSettings(), SIDE // 2)
    train = training_set(data, tmp_path / "pool")
    assert train.pool.pixel_size_um == 2 * PIXEL_UM
    assert set(np.unique(train.pool.masks)) == {0, 255}
    frame = drawn(0, "Control")[0] / 255
    assert np.abs(train.frame(0) - frame.reshape(32, 2, 32, 2).mean((1, 3))).max() < 1e-3
    nerves = train.coverage(0).sum() / (32 * 32)
    assert nerves == pytest.approx(10 / SIDE, rel=0.25)


def test_wide_frames_give_their_middle_square(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path)
    for row in read_rows(manifest):
        for column in ("frame", "mask"):
            narrow = np.asarray(Image.open(tmp_path / row[column]))
            wide = np.concatenate([narrow[:, :10], narrow, narrow[:, :10]], axis=1)
            Image.fromarray(wide).save(tmp_path / row[column])
    train = training_set(training_data(manifest, MASKED, TrainSettings(), None), tmp_path / "pool")
    assert np.abs(train.frame(0) - drawn(0, "Control")[0] / 255).max() < 1e-3


def test_frames_that_cannot_serve_are_left_out_with_reasons(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path)
    rows = read_rows(manifest)
    (tmp_path / rows[0]["frame"]).write_bytes(b"no picture")
    (tmp_path / rows[1]["mask"]).write_bytes(b"no picture")
    line = np.zeros((SIDE, SIDE), np.uint8)
    line[30] = 255
    Image.fromarray(line).save(tmp_path / rows[2]["mask"])
    rows[3]["pixel_size_um"] = "0.75"
    rows[4]["mask"] = ""
    rows[5]["subject"] = ""
    write_rows(manifest, rows)
    data = training_data(manifest, MASKED, TrainSettings(), None)
    assert {look.record.frame for look in data.looks} == {row["frame"] for row in rows[5:]}
    reasons = {it.frame: (it.reason, it.damaged) for it in data.summary.left_out}
    assert set(reasons) == {row["frame"] for row in rows[:5]}
    assert "one pixel wide" in reasons[rows[2]["frame"]][0]
    assert "It shows 48 um, less than the 64 um" in reasons[rows[3]["frame"]][0]
    assert reasons[rows[4]["frame"]] == ("It has no mask.", False)
    assert [reasons[row["frame"]][1] for row in rows[:3]] == [True] * 3
    assert data.summary.n_frames == 7
    assert data.summary.subjects is None  # of one frame nobody knows
    assert any("1 training frame has no subject" in note for note in data.summary.notes)


def test_what_a_generator_does_not_need_is_not_asked_of_frames(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path)
    rows = [{**row, "mask": "", "diagnosis": ""} for row in read_rows(manifest)]
    write_rows(manifest, rows)
    free = Capabilities("Test.", takes=("mask", "diagnosis"))
    data = training_data(manifest, free, TrainSettings(), None)
    assert len(data.looks) == 12
    assert not data.masks
    assert data.labels == [-1] * 12
    assert training_set(data, tmp_path / "pool").pool.masks is None
    with pytest.raises(
        CcmevalError, match=r"no mask\. Find masks with ccmeval biomarkers .* --masks DIR/masks"
    ):
        training_data(manifest, MASKED, TrainSettings(), None)
    needy = Capabilities("Test.", takes=("diagnosis",), needs=("diagnosis",))
    with pytest.raises(CcmevalError, match=r"no diagnosis\. Name diagnoses"):
        training_data(manifest, needy, TrainSettings(), None)


def test_a_generator_without_diagnosis_gets_no_labels(tmp_path: Path) -> None:
    data = training_data(
        write_cohort(tmp_path), Capabilities("Test.", takes=("mask",)), TrainSettings(), None
    )
    assert list(data.classes) == []
    assert data.labels == [-1] * 12
    assert data.summary.diagnoses == {"Control": 6, "T1DPN": 6}


def test_sides_fit_the_generator(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path)
    coarse = Capabilities("Test.", takes=("mask",), side_multiple_px=48)
    assert training_data(manifest, coarse, TrainSettings(), None).size_px == 48
    with pytest.raises(CcmevalError, match=r"generator\.size_px: 64 px is no multiple of 48.*give 48"):
        training_data(manifest, coarse, TrainSettings(), 64)


def test_the_key_follows_what_is_trained_on(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path)

    def key() -> str:
        return training_data(manifest, MASKED, TrainSettings(), None).key

    first = key()
    assert key() == first
    changed(manifest, 0, diagnosis="T1DPN")
    second = key()
    Image.fromarray(np.uint8(255 * drawn(5, "Control")[1])).save(tmp_path / read_rows(manifest)[0]["mask"])
    assert len({first, second, key()}) == 3


def test_frames_too_coarse_to_measure_are_warned_of(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path)
    write_rows(manifest, [{**row, "pixel_size_um": "5"} for row in read_rows(manifest)])
    for size_px, expected in ((SIDE, False), (SIDE - 1, True)):
        notes = training_data(manifest, MASKED, TrainSettings(), size_px).summary.notes
        assert any("Make them of 64 px or more" in note for note in notes) is expected
