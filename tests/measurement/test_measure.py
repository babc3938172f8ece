"""`ccmeval.measure` and `ccmeval.biomarkers` on frames drawn by hand, where the answer is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ccmeval
from ccmeval.batch.run import run_biomarkers
from ccmeval.cohort import load_cohort
from ccmeval.errors import UnavailableError, UnknownPixelSizeError, UnreadableFrameError
from ccmeval.measurement.nerve_source import SegmenterError
from ccmeval.morphometry.definitions import COLUMNS
from ccmeval.nerves.segmentation import Segmentation
from ccmeval.report.tables import FIXED_COLUMNS, read_table
from ccmeval.settings import RunSettings, SettingsError
from tests.drawn import write_frames

SIDE = 384
FIELD_MM = 0.4


def _upright(columns: tuple[int, ...], width: int) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    for column in columns:
        mask[:, column : column + width] = True
    return mask


MASK = _upright((100, 250), 4)
GREY = np.where(MASK, 0.6, 0.2).astype(np.float32)


def test_two_upright_nerves_by_hand() -> None:
    found = ccmeval.measure(GREY, mask=MASK)
    # Two nerves of 0.4 mm in 0.16 mm2; each 4 px of 1.0417 um wide.
    assert found.biomarkers["cnfl_mm_per_mm2"] == pytest.approx(2 * FIELD_MM / 0.16, rel=0.01)
    assert found.biomarkers["cnfd_per_mm2"] == pytest.approx(2 / 0.16)
    assert found.biomarkers["cnbd_per_mm2"] == 0
    assert found.biomarkers["mean_width_um"] == pytest.approx(4 * 400 / 384, abs=0.3)
    assert found.biomarkers["cnfa_mm2_per_mm2"] == pytest.approx(8 / 384, rel=0.01)
    assert found.counts == {"trunks": 2, "trunk_branch_points": 0, "branch_points": 0, "pieces": 2}
    assert (found.mask_source, found.frame.pixel_size_source) == ("given mask", "HRT3-RCM default")
    assert list(found.biomarkers) == list(COLUMNS)


def test_a_trace_has_lengths_but_no_widths() -> None:
    trace = _upright((102, 252), 1)
    for given in ({"trace": trace}, {"mask": trace}):
        found = ccmeval.measure(GREY, **given)
        assert found.biomarkers["cnfl_mm_per_mm2"] == pytest.approx(5.0, rel=0.01)
        assert found.counts["trunks"] == 2
        assert found.mask_source == "given trace"
        for name in ("mean_width_um", "cnfw_um_per_mm2", "cnfa_mm2_per_mm2"):
            assert math.isnan(found.biomarkers[name])
    assert "taken as a trace" in found.notes[0]


def test_an_empty_mask_gives_zeros_and_nans() -> None:
    found = ccmeval.measure(GREY, mask=np.zeros_like(MASK))
    for definition in ccmeval.morphometry.definitions.DEFINITIONS:
        value = found.biomarkers[definition.column]
        assert value == definition.empty or (math.isnan(value) and math.isnan(definition.empty))
    assert set(found.counts.values()) == {0}


def test_a_file_and_its_array_agree(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).normal(60, 9, (SIDE, SIDE)) + 90 * MASK
    levels = np.clip(grey, 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(tmp_path / "a.png")
    Image.fromarray(MASK).save(tmp_path / "m.png")
    for more in ({}, {"mask": tmp_path / "m.png"}):
        of_file = ccmeval.measure(tmp_path / "a.png", **more)
        of_array = ccmeval.measure(levels, **({"mask": MASK} if more else {}))
        of_floats = ccmeval.measure((levels / 255).astype(np.float32), **({"mask": MASK} if more else {}))
        assert of_file.counts["trunks"] == 2
        np.testing.assert_equal(of_file.biomarkers, of_array.biomarkers)
        np.testing.assert_equal(of_file.biomarkers, of_floats.biomarkers)
    assert of_file.frame.sha256 != ""


def test_pixel_size_scales_lengths() -> None:
    one = ccmeval.measure(GREY, mask=MASK, pixel_size_um=1.0).biomarkers["cnfl_mm_per_mm2"]
    two = ccmeval.measure(GREY, mask=MASK, field_of_view_um=768.0).biomarkers["cnfl_mm_per_mm2"]
    assert one == pytest.approx(2 * two, rel=1e-3)


@pytest.mark.parametrize(
    ("frame", "options", "error", "sentence"),
    [
        (np.zeros((100, 200)), {}, UnknownPixelSizeError, "has no known pixel size"),
        (np.zeros((9, 9, 3)), {}, UnreadableFrameError, r"\(9, 9, 3\)"),
        (np.zeros((0, 9)), {}, UnreadableFrameError, r"\(0, 9\)"),
        (np.full((SIDE, SIDE), 2.0), {}, UnreadableFrameError, r"in \[0, 1\]"),
        (np.full((SIDE, SIDE), np.nan), {}, UnreadableFrameError, "no NaN"),
        (np.zeros((SIDE, SIDE), dtype=np.int64), {}, UnreadableFrameError, "not int64"),
        (GREY, {"mask": MASK[:-1]}, UnreadableFrameError, "must agree"),
        (GREY, {"mask": MASK, "trace": MASK}, ValueError, "not both"),
        (GREY, {"segmenter": "absent"}, UnavailableError, "No segmenter is called 'absent'"),
        (GREY, {"segmenter": dict}, UnavailableError, "dict is no segmenter"),
        (GREY, {"mask": ~MASK}, UnreadableFrameError, "if it is inverted, give ~mask"),
        (GREY, {"mask": GREY}, UnreadableFrameError, "of one other value"),
        (GREY, {"trace": np.where(MASK, 1.0, np.nan)}, UnreadableFrameError, "of one other value"),
    ],
)
def test_mistakes_are_named(
    frame: np.ndarray, options: dict[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        ccmeval.measure(frame, **options)


def test_a_frame_that_was_read_keeps_its_scale() -> None:
    frame = ccmeval.measure(GREY, mask=MASK, pixel_size_um=2.0).frame
    again = ccmeval.measure(frame, mask=255 * MASK, settings=RunSettings(pixel_size_um=1.0))
    assert again.frame.pixel_size_um == 2.0
    with pytest.raises(ValueError, match=r"has its pixel size already \(2 um\)"):
        ccmeval.measure(frame, mask=MASK, pixel_size_um=1.0)


def test_a_number_of_jobs_out_of_bounds_is_refused(tmp_path: Path) -> None:
    write_frames(tmp_path, 1)
    with pytest.raises(SettingsError, match="jobs: input should be greater than or equal to 1"):
        ccmeval.biomarkers(tmp_path, jobs=-1)


class Told:
    """A segmenter of somebody else's that knows the answer."""

    name, version = "told", "7"

    def segment(self, frames, pixel_sizes_um, imaged=None):
        return [Segmentation(MASK.astype(np.float32)) for _ in frames]


def test_what_is_given_wins_over_the_settings() -> None:
    settings = RunSettings(pixel_size_um=2.0, segmenter="absent")
    assert ccmeval.measure(GREY, mask=MASK, settings=settings).frame.pixel_size_um == 2.0
    with pytest.raises(UnavailableError, match="'absent'"):
        ccmeval.measure(GREY, settings=settings)
    found = ccmeval.measure(GREY, settings=settings, segmenter="ridge", field_of_view_um=384.0)
    assert found.frame.pixel_size_um == 1.0
    assert found.mask_source.startswith("ridge ")


def test_any_segmenter_can_be_handed_in() -> None:
    found = ccmeval.measure(GREY, segmenter=Told())
    assert found.mask_source == "told 7"
    np.testing.assert_equal(found.biomarkers, ccmeval.measure(GREY, mask=MASK).biomarkers)


def _nothing(frames):
    return None


def _two(frames):
    return [Segmentation(MASK.astype(np.float32))] * 2


def _no_segmentation(frames):
    return [MASK]


def _another_shape(frames):
    return [Segmentation(MASK[:-1].astype(np.float32))]


def _not_a_number(frames):
    return [Segmentation(np.full(MASK.shape, np.nan, dtype=np.float32))]


def _negative_width(frames):
    return [Segmentation(MASK.astype(np.float32), width_um=np.full(MASK.shape, -1.0, dtype=np.float32))]


def _soft_centre_line(frames):
    return [Segmentation(MASK.astype(np.float32), centre_line=np.full(MASK.shape, 0.1, dtype=np.float32))]


def _exit(frames):
    raise SystemExit(0)


class Broken(Told):
    """A segmenter that does not hold its contract."""

    def __init__(self, does):
        self.does = does

    def segment(self, frames, pixel_sizes_um, imaged=None):
        return self.does(frames)


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (_nothing, "must give a list of one Segmentation a frame"),
        (_two, "must give a list of one Segmentation a frame"),
        (_no_segmentation, "must give a list of one Segmentation a frame"),
        (_another_shape, r"it gave shape \(383, 384\) for a frame of shape \(384, 384\)"),
        (_not_a_number, r"Probabilities must lie in \[0, 1\]"),
        (_negative_width, "widths below zero"),
        (_soft_centre_line, "centre line must be of bool, not of float32"),
        (_exit, "SystemExit"),
    ],
)
def test_a_broken_segmenter_is_named(does, reason: str) -> None:
    with pytest.raises(SegmenterError, match=rf"The segmenter 'told' fails \(.*{reason}"):
        ccmeval.measure(GREY, segmenter=Broken(does))


def test_a_segmenter_cannot_change_the_frame() -> None:
    class Wiping(Told):
        def segment(self, frames, pixel_sizes_um, imaged=None):
            for frame in frames:
                frame[:] = 0
            return super().segment(frames, pixel_sizes_um, imaged)

    found = ccmeval.measure(GREY.copy(), segmenter=Wiping())
    np.testing.assert_equal(found.frame.pixels, GREY)
    np.testing.assert_equal(found.biomarkers, ccmeval.measure(GREY, segmenter=Told()).biomarkers)


def test_a_plugin_that_is_no_segmenter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmeval.plugins.load", lambda group, name: object())
    with pytest.raises(UnavailableError, match="object is no segmenter"):
        ccmeval.measure(GREY, segmenter="strange")


def test_a_table_in_memory_is_that_of_a_run(tmp_path: Path) -> None:
    write_frames(tmp_path / "in", 3)
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    settings = RunSettings(pixel_size_um=1.0, jobs=1, overlays=False)
    table = ccmeval.biomarkers(tmp_path / "in", settings=settings)
    assert list(table.columns) == list(FIXED_COLUMNS)
    assert sorted(table["status"]) == ["failed", "measured", "measured", "measured"]
    run_biomarkers(tmp_path / "in", tmp_path / "out", settings)
    written = read_table(tmp_path / "out" / "biomarkers.csv")
    assert written["frame"].tolist() == table["frame"].tolist()
    np.testing.assert_allclose(written[list(COLUMNS)], table[list(COLUMNS)], rtol=1e-5)
    again = ccmeval.biomarkers(load_cohort(tmp_path / "in"), settings=settings)
    assert again.equals(table)


def test_masks_in_a_folder_are_used_and_a_missing_one_is_a_failed_row(tmp_path: Path) -> None:
    (first, *_, last) = write_frames(tmp_path / "in", 3)
    (tmp_path / "masks").mkdir()
    for path in (first, last):
        mask = np.zeros((128, 128), dtype=np.uint8)
        mask[:, 60:64] = 255
        Image.fromarray(mask).save(tmp_path / "masks" / path.name)
    settings = RunSettings(pixel_size_um=1.0, jobs=1, masks=tmp_path / "masks")
    table = ccmeval.biomarkers(tmp_path / "in", settings=settings)
    assert table["status"].tolist() == ["measured", "failed", "measured"]
    assert table["trunks"].tolist()[::2] == [1, 1]
    assert table["mask_source"].tolist()[::2] == ["given mask"] * 2
    assert "has no mask in" in table["reason"][1]
