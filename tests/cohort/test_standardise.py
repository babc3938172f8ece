"""Frames, masks and traces at one scale: areas by hand, and one anatomy at two pixel sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

import ccmeval
from ccmeval.cohort import (
    CommonScale,
    Frame,
    Record,
    choose_scale,
    standardise,
    standardise_mask,
    standardise_trace,
)
from ccmeval.cohort.resampling import central_grid, resample_levels
from ccmeval.errors import CcmevalError, UnreadableFrameError
from ccmeval.measurement import measure_record
from ccmeval.morphometry import nerve_graph
from ccmeval.phantom import PhantomSettings, make_phantom
from ccmeval.settings import RunSettings, make_settings
from ccmeval.thinning import thin_mask

HRT3 = 400 / 384
EIGHT = np.ones((3, 3))


def _frame(pixels: np.ndarray, size_um: float, imaged: np.ndarray | None = None) -> Frame:
    pixels = pixels.astype(np.float32)
    seen = np.ones(pixels.shape, bool) if imaged is None else imaged
    return Frame(pixels, size_um, "command line", seen, "abc", 8, ("as read",))


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).random(shape).astype(np.float32)


def _pieces(mask: np.ndarray) -> int:
    return int(ndimage.label(mask, structure=EIGHT)[1])


def test_halves_are_means_of_four() -> None:
    pixels = _noise(128, 96)
    found = standardise(_frame(pixels, 0.5), CommonScale(1.0))
    by_hand = pixels.reshape(64, 2, 48, 2).mean(axis=(1, 3))
    assert found.pixels.dtype == np.float32
    np.testing.assert_allclose(found.pixels, by_hand, atol=1e-6)
    assert found.pixel_size_um == 1.0
    assert found.notes[0] == "as read"
    assert "from 0.5 to 1 um a pixel by area averaging" in found.notes[1]


def test_four_thirds_weigh_by_area() -> None:
    found = resample_levels(np.arange(4.0)[None].repeat(4, 0), central_grid((4, 4), 4 / 3, (None, None)))
    by_hand = [(0 + 1 / 3) / (4 / 3), (1 * 2 / 3 + 2 * 2 / 3) / (4 / 3), (2 / 3 + 3) / (4 / 3)]
    np.testing.assert_allclose(found, [by_hand] * 3, atol=1e-6)


def test_enlarging_is_linear_and_stays_within_the_range() -> None:
    ramp = np.tile(np.linspace(0.1, 0.9, 64), (64, 1))
    found = standardise(_frame(ramp, 2.0), CommonScale(1.0))
    assert found.pixels.shape == (128, 128)
    steps = np.diff(found.pixels[5, 1:-1])
    np.testing.assert_allclose(steps, 0.8 / 63 / 2, atol=1e-6)
    assert found.pixels.min() >= ramp.min() - 1e-7
    assert "adds no detail" in found.notes[-1]


@given(st.floats(0.3, 3.5), st.integers(40, 70), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_any_step_keeps_constants_and_the_range(step: float, side: int, seed: int) -> None:
    grid = central_grid((side, side + 3), step, (None, None))
    assert resample_levels(np.full(grid.shape, 0.3, np.float32), grid) == pytest.approx(0.3)
    noise = np.random.default_rng(seed).random(grid.shape, np.float32)
    found = resample_levels(noise, grid)
    assert found.shape == grid.size
    assert noise.min() <= found.min() <= found.max() <= noise.max()


def test_the_mean_grey_level_is_kept() -> None:
    pixels = _noise(512, 512)
    found = standardise(_frame(pixels, 400 / 512), CommonScale(HRT3))
    assert found.pixels.shape == (384, 384)
    assert found.pixels.mean() == pytest.approx(pixels.mean(), abs=1e-6)


@pytest.mark.parametrize(
    "scale", [CommonScale(), CommonScale(HRT3), CommonScale(HRT3 * 1.004, (401.0, 399.0))]
)
def test_nothing_to_do_gives_the_same_object(scale: CommonScale) -> None:
    frame = _frame(_noise(384, 384), HRT3)
    mask = frame.pixels > 0.9
    assert standardise(frame, scale) is frame
    assert standardise_mask(mask, HRT3, scale) is mask
    assert standardise_trace(mask, HRT3, scale) is mask


def test_crops_the_middle_and_the_imaged_area_with_it() -> None:
    pixels = _noise(200, 100)
    imaged = np.ones((200, 100), bool)
    imaged[:60] = False
    found = standardise(_frame(pixels, 1.0, imaged), CommonScale(None, (100.0, 80.0)))
    assert np.array_equal(found.pixels, pixels[50:150, 10:90])
    assert np.array_equal(found.imaged, imaged[50:150, 10:90])
    assert "central 80 x 100 um" in found.notes[-1]


def test_smaller_frames_stay_smaller_with_a_note() -> None:
    frame = _frame(_noise(100, 100), 1.0)
    found = standardise(frame, CommonScale(1.0, (200.0, 60.0)))
    assert found.pixels.shape == (100, 60)
    assert "Smaller (100 x 100 um)" in found.notes[-1]
    only_small = standardise(frame, CommonScale(1.0, (200.0, 200.0)))
    assert only_small.pixels is frame.pixels
    assert len(only_small.notes) == 2


def test_a_pixel_is_imaged_where_all_of_it_was() -> None:
    imaged = np.ones((128, 128), bool)
    imaged[:, :33] = False
    found = standardise(_frame(_noise(128, 128), 0.5, imaged), CommonScale(1.0))
    assert not found.imaged[:, :17].any()
    assert found.imaged[:, 17:].all()


def test_too_few_pixels_are_refused() -> None:
    with pytest.raises(UnreadableFrameError, match="8 x 8 px at the common scale"):
        standardise(_frame(_noise(64, 64), 1.0), CommonScale(8.0))


@pytest.mark.parametrize("first", [10, 11])
@pytest.mark.parametrize("turned", [False, True])
def test_a_mask_keeps_its_width_wherever_its_edges_fall(first: int, turned: bool) -> None:
    mask = np.zeros((64, 64), bool)
    mask[:, first : first + 4] = True  # from column 11, both edges fall on the middle of a new pixel
    found = standardise_mask(mask.T if turned else mask, 0.5, CommonScale(1.0))
    assert (found.T if turned else found).sum(axis=1).tolist() == [2] * 32


@pytest.mark.parametrize("value", [False, True])
def test_empty_and_full_masks_stay_so(value: bool) -> None:
    found = standardise_mask(np.full((64, 64), value), 0.5, CommonScale(1.0))
    assert np.array_equal(found, np.full((32, 32), value))


@pytest.mark.parametrize("size_um", [0.4, 0.52, 0.78, 1.7, 2.6])
def test_a_trace_stays_one_connected_line(size_um: float) -> None:
    found = make_phantom(np.random.default_rng(5)).trace
    line = thin_mask(found)
    moved = standardise_trace(found, HRT3, CommonScale(size_um))
    assert np.array_equal(thin_mask(moved), moved)
    # Each piece of the line alone stays one piece; together, neighbours may touch on a coarser grid.
    labels, count = ndimage.label(line, structure=EIGHT)
    for piece in range(1, count + 1):
        assert _pieces(standardise_trace(labels == piece, HRT3, CommonScale(size_um))) <= 1
    length = [
        nerve_graph(trace, pixel_size_um=um, centre_line=trace).length_um
        for trace, um in ((line, HRT3), (moved, size_um))
    ]
    assert length[1] == pytest.approx(length[0], rel=0.05 if size_um > 2 else 0.02)


def test_thin_nerves_of_a_mask_are_neither_lost_nor_broken() -> None:
    phantom = make_phantom(np.random.default_rng(5), settings=_at(768))
    thin = thin_mask(phantom.mask)
    thin |= np.roll(thin, 1, axis=1)
    found = standardise_mask(thin, phantom.pixel_size_um, CommonScale(2 * HRT3))
    assert 0 < _pieces(found) <= _pieces(thin)


def _at(side: int) -> PhantomSettings:
    return PhantomSettings(shape_px=(side, side), pixel_size_um=400 / side)


def test_one_anatomy_at_two_pixel_sizes_has_one_cnfl() -> None:
    for seed in (1, 2):
        coarse, fine = (make_phantom(np.random.default_rng(seed), settings=_at(side)) for side in (384, 768))
        assert coarse.graph.length_um == fine.graph.length_um
        scale = CommonScale(HRT3, (400.0, 400.0))
        values = []
        for phantom in (coarse, fine):
            mask = standardise_mask(phantom.mask, phantom.pixel_size_um, scale)
            assert mask.shape == (384, 384)
            measured = ccmeval.measure(phantom.frame, pixel_size_um=phantom.pixel_size_um, mask=phantom.mask)
            run = RunSettings(resample_um=HRT3, crop_um=(400.0, 400.0))
            standard = ccmeval.measure(
                phantom.frame, pixel_size_um=phantom.pixel_size_um, mask=phantom.mask, settings=run
            )
            assert standard.frame.pixels.shape == standard.mask.shape == (384, 384)
            values.append((measured.biomarkers, standard.biomarkers))
        for name, tolerance in (("cnfl_mm_per_mm2", 0.01), ("cnfa_mm2_per_mm2", 0.01)):
            assert values[0][0][name] == values[0][1][name]
            assert values[1][1][name] == pytest.approx(values[0][1][name], rel=tolerance)


def test_a_record_is_measured_at_the_common_scale(tmp_path: Path) -> None:
    phantom = make_phantom(np.random.default_rng(7), settings=_at(768))
    for name, picture in (("f", phantom.frame), ("m", phantom.mask), ("t", phantom.trace)):
        Image.fromarray((picture * 255).astype(np.uint8)).save(tmp_path / f"{name}.png")
    paths = [tmp_path / f"{name}.png" for name in "fmt"]
    record = Record("f.png", "f", paths[0], mask=paths[1], trace=paths[2], pixel_size_um=400 / 768)
    run = {"resample_um": HRT3, "crop_um": (300.0, 400.0)}
    found = {
        kind: measure_record(record, RunSettings(nerves_from=kind, **run))
        for kind in ("segmenter", "masks", "traces")
    }
    for one in found.values():
        assert one.frame.pixels.shape == one.mask.shape == (288, 384)
        assert any("Cropped" in note for note in one.notes)
    cnfl = {kind: one.biomarkers["cnfl_mm_per_mm2"] for kind, one in found.items()}
    assert cnfl["traces"] == pytest.approx(cnfl["masks"], rel=0.02)
    assert cnfl["segmenter"] > 0
    assert np.isnan(found["traces"].biomarkers["cnfa_mm2_per_mm2"])


def test_settings_of_scale_change_the_identity(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("resample_um: 1.05\ncrop_um: [300, 400]\n")
    made = make_settings(config)
    assert made.scale == CommonScale(1.05, (300.0, 400.0))
    assert made.identity() != RunSettings().identity()
    assert RunSettings().scale is None
    with pytest.raises(CcmevalError, match="crop_um"):
        make_settings(crop_um=(0.0, 400.0))


def test_the_coarser_pixel_and_the_smaller_field_are_chosen() -> None:
    real = [((384, 384), HRT3)] * 3
    size, crop, sentence = choose_scale(real, [((512, 1024), 300 / 512)] * 2)
    assert size == HRT3
    assert crop == (300.0, 400.0)
    assert "brought to 1.042 um" in sentence
    assert choose_scale(real, [((100, 100), 2.0)])[:2] == (2.0, (200.0, 200.0))


def test_one_scale_within_half_a_percent_says_so() -> None:
    size, crop, sentence = choose_scale([((384, 384), HRT3)], [((385, 384), HRT3)])
    assert "none was changed" in sentence
    for shape in ((384, 384), (385, 384)):
        frame = _frame(_noise(*shape), HRT3)
        assert standardise(frame, CommonScale(size, crop)) is frame


def test_a_set_of_mixed_sizes_is_brought_to_one_that_it_has() -> None:
    mixed = [((384, 384), HRT3), ((768, 768), 400 / 768), ((3000, 2000), HRT3), ((768, 768), 400 / 768)]
    size, crop, sentence = choose_scale(mixed, [((512, 512), 400 / 512)])
    assert (size, crop) == (HRT3, (400.0, 400.0))
    assert "none was changed" not in sentence
    for shape, um in mixed:
        assert standardise(_frame(_noise(*shape), um), CommonScale(size, crop)).pixels.shape == (384, 384)
    with pytest.raises(CcmevalError, match="none that can be read"):
        choose_scale([], mixed)
