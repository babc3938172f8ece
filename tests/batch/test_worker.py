"""The work on one frame: what becomes a row, what stops the run, what a row depends on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ccmeval.batch.worker import Work, failed_row, fingerprint, labels
from ccmeval.cohort import load_cohort
from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError
from ccmeval.measurement.nerve_source import SegmenterError
from ccmeval.report.files import OutputError
from ccmeval.settings import RunSettings
from tests.drawn import drawn_frame, nerve_count

SETTINGS = RunSettings(pixel_size_um=1.0, overlays=False)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    grey, mask = drawn_frame(0)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "m.png")
    return Record(
        frame="a.png", key="a", path=tmp_path / "a.png", mask=tmp_path / "m.png", extra={"age": "63"}
    )


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (CcmevalError("a.png is odd."), "a.png is odd."),
        (MemoryError(), "a.png needs more memory than there is."),
        (KeyError("x"), "a.png: internal error (KeyError: 'x'); please report it with errors.log."),
        (SegmenterError("The segmenter is odd."), "a.png: The segmenter is odd."),
    ],
)
def test_whatever_is_wrong_with_a_frame_becomes_its_reason(
    record: Record, monkeypatch: pytest.MonkeyPatch, raised: Exception, reason: str
) -> None:
    def raising(*_: object) -> None:
        raise raised

    monkeypatch.setattr("ccmeval.measurement.measure_record", raising)
    outcome = Work(SETTINGS)(record)
    assert (outcome.row.status, outcome.row.reason) == ("failed", reason)
    assert bool(outcome.trouble) == isinstance(raised, (KeyError, SegmenterError))


def test_pictures_that_cannot_be_written_stop_the_run(record: Record, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        Work(SETTINGS, tmp_path / "out")(record)


def test_a_known_mask_is_used_only_when_asked_for(record: Record) -> None:
    assert Work(SETTINGS)(record).row.mask_source.startswith("phantom-net ")
    row = Work(RunSettings(pixel_size_um=1.0, nerves_from="masks"))(record).row
    assert row.mask_source == "given mask"
    row = Work(RunSettings(pixel_size_um=1.0, nerves_from="traces"))(record).row
    assert row.reason == "a.png has no trace in the manifest or beside it; add one of the same stem."


def test_pages_of_a_mask_go_with_the_pages_of_the_frame(tmp_path: Path) -> None:
    drawn = [drawn_frame(seed) for seed in range(2)]
    (tmp_path / "in").mkdir()
    (tmp_path / "m").mkdir()
    tifffile.imwrite(tmp_path / "in/s.tif", np.stack([grey for grey, _ in drawn]), photometric="minisblack")
    masks = np.stack([mask for _, mask in drawn]).astype(np.uint8)
    tifffile.imwrite(tmp_path / "m/s.tif", masks, photometric="minisblack")
    work = Work(RunSettings(pixel_size_um=1.0, masks=tmp_path / "m"))
    rows = [work(record).row for record in load_cohort(tmp_path / "in", masks=tmp_path / "m")]
    assert [row.frame for row in rows] == ["s.tif#1", "s.tif#2"]
    assert [row.counts.get("trunks") for row in rows] == [nerve_count(0), nerve_count(1)]


def test_a_row_depends_on_its_files_and_what_the_manifest_says(record: Record) -> None:
    with_mask = RunSettings(pixel_size_um=1.0, nerves_from="masks")
    first = fingerprint(record, with_mask)
    assert fingerprint(record, with_mask, frame_sha256=first["sha256"]) == first
    assert record.mask is not None
    record.mask.write_bytes(b"other bytes")
    assert fingerprint(record, with_mask) != first
    assert fingerprint(record, SETTINGS)["known"] is None
    scaled = Record(frame="a.png", key="a", path=record.path, pixel_size_um=2.0)
    assert fingerprint(scaled, SETTINGS) != fingerprint(record, SETTINGS)
    page = Record(frame="a.png", key="a", path=record.path, page=1)
    assert fingerprint(page, SETTINGS) != fingerprint(record, SETTINGS)


def test_what_is_undefined_is_no_number(record: Record) -> None:
    """A frame without nerves has a length of 0, but no width."""
    assert record.mask is not None
    Image.new("L", (128, 128)).save(record.mask)
    row = Work(RunSettings(pixel_size_um=1.0, nerves_from="masks"))(record).row
    assert row.status == "measured"
    assert row.biomarkers["cnfl_mm_per_mm2"] == 0.0
    assert row.biomarkers["mean_width_um"] is None
    assert row.biomarkers["tortuosity"] is None


def test_a_name_that_is_no_text_can_still_be_written() -> None:
    name = os.fsdecode(b"\xff.png")
    row = failed_row(Record(frame=name, key="k", path=Path("k")), f"{name} is\nodd.")
    assert row.frame == "\\udcff.png"
    assert row.reason == "\\udcff.png is odd."
    row.model_dump_json()


def test_labels_carry_the_source_and_the_further_columns(record: Record) -> None:
    assert labels(record)["extra"] == {"age": "63"}
    with_source = Record(frame="a", key="a", path=record.path, source="clinic", extra={"age": "63"})
    assert labels(with_source)["extra"] == {"source": "clinic", "age": "63"}
