"""The segmenter as a whole, on frames drawn by formula."""

import numpy as np
import pytest
from scipy import ndimage

from ccmeval.nerves.ridge import RidgeSegmenter, RidgeSettings
from ccmeval.nerves.scoring import score_centre_line
from ccmeval.plugins import Segmenter
from tests.nerves.lines_by_formula import line_frame, speckle

PIXEL_UM = 400 / 384


def segment(frame, pixel_size_um=PIXEL_UM, imaged=None):
    return RidgeSegmenter().segment([frame], [pixel_size_um], [imaged])[0]


def plexus(size=384, seed=0):
    """Three wavy nerves on speckle; returns frame and centre line."""
    rows, columns = np.indices((size, size), dtype=float)
    frame = speckle((size, size), seed).astype(float)
    truth = np.zeros((size, size), dtype=bool)
    for start, slope, height in ((90, 0.1, 0.4), (190, 0.15, 0.25), (300, 0.05, 0.2)):
        centre = start + slope * rows + 12 * np.sin(rows / 45 + start)
        bend = np.hypot(1, slope + 12 / 45 * np.cos(rows / 45 + start))
        frame += height * np.exp(-(((columns - centre) / bend) ** 2) / (2 * 1.7**2))
        inside = centre[:, 0] < size - 0.5
        truth[np.arange(size)[inside], np.rint(centre[inside, 0]).astype(int)] = True
    return np.clip(frame, 0, 1).astype(np.float32), truth


def test_keeps_the_contract():
    frame, _ = plexus()
    found = segment(frame)
    assert isinstance(RidgeSegmenter(), Segmenter)
    assert found.probability.dtype == np.float32
    assert np.all(found.mask[found.centre_line])
    assert np.array_equal(np.isfinite(found.width_um), found.centre_line)
    again = segment(frame)
    assert np.array_equal(found.probability, again.probability)
    assert np.array_equal(found.centre_line, again.centre_line)


def test_finds_the_plexus_and_nothing_else():
    frame, truth = plexus()
    score = score_centre_line(segment(frame).centre_line, truth)
    assert score.sensitivity > 0.98
    assert score.false_discovery < 0.08


def test_nerves_run_through_to_the_border():
    frame, _ = line_frame(shape=(240, 240), through=(120, 120), noise=0.03)
    rows = np.flatnonzero(segment(frame).centre_line.any(axis=1))
    assert rows[0] <= 1
    assert rows[-1] >= 238


@pytest.mark.parametrize(("convention", "expected_um"), [("half maximum", 4.0), ("visible", 6.79)])
def test_width_through_the_whole_segmenter(convention, expected_um):
    frame, _ = line_frame(shape=(240, 240), through=(120, 120), fwhm_um=4.0, noise=0.04)
    settings = RidgeSettings(width_convention=convention, width_broadening_um=0.0)
    found = RidgeSegmenter(settings).segment([frame], [PIXEL_UM])[0]
    assert np.nanmean(found.width_um) == pytest.approx(expected_um, rel=0.04)
    drawn = found.mask.sum() * PIXEL_UM**2 / (found.centre_line.any(axis=1).sum() / np.cos(np.deg2rad(20)))
    # A mask of whole pixels is good to about half a pixel on either side.
    assert drawn / PIXEL_UM == pytest.approx(expected_um, abs=0.7)


@pytest.mark.parametrize("turn", [1, 2, 3, "flip"])
def test_turning_the_frame_turns_the_answer(turn):
    frame, _ = plexus(seed=1)
    move = np.fliplr if turn == "flip" else lambda array: np.rot90(array, turn)
    here, there = segment(frame).centre_line, segment(np.ascontiguousarray(move(frame))).centre_line
    assert score_centre_line(there, move(here), tolerance_px=2.0).f1 > 0.96


@pytest.mark.parametrize("pixel_size_um", [400 / 1024, 400 / 512, 1.6])
def test_pixel_size_does_not_matter(pixel_size_um):
    frame, truth = plexus(seed=2)
    size = round(400 / pixel_size_um)
    at = np.clip((np.arange(size) + 0.5) * 384 / size - 0.5, 0, 383)
    resampled = ndimage.map_coordinates(frame, np.meshgrid(at, at, indexing="ij"), order=3).clip(0, 1)
    found = segment(resampled.astype(np.float32), 400 / size)
    rows, columns = np.nonzero(truth)
    there = np.zeros((size, size), dtype=bool)
    there[rows * size // 384, columns * size // 384] = True
    score = score_centre_line(found.centre_line, there, tolerance_px=max(3.0 * size / 384, 2.0))
    assert score.f1 > 0.95
    own = segment(frame)
    assert np.nanmean(found.width_um) == pytest.approx(np.nanmean(own.width_um), rel=0.1)


def test_dendritic_cell_is_rejected():
    frame = speckle((300, 300), seed=4).astype(float)
    rows, columns = np.indices(frame.shape) - 150
    body = np.hypot(rows, columns * 0.7) < 7
    processes = (np.abs(rows + columns * 0.3) < 1.5) & (np.abs(columns) < 22)
    processes |= (np.abs(columns - rows * 0.5) < 1.5) & (rows > 0) & (rows < 20)
    frame += 0.5 * ndimage.gaussian_filter((body | processes).astype(float), 0.8)
    found = segment(np.clip(frame, 0, 1).astype(np.float32))
    assert not found.mask[110:190, 110:190].any()


@pytest.mark.parametrize("fwhm_um", [18.0, 30.0])
def test_broad_band_is_rejected(fwhm_um):
    frame, across = line_frame(shape=(384, 384), through=(190, 190), fwhm_um=fwhm_um, height=0.3)
    frame = np.clip(frame + speckle(frame.shape, 5) - 0.3, 0, 1).astype(np.float32)
    near = np.abs(across) < fwhm_um / 2
    assert (segment(frame).centre_line & near).sum() < 0.15 * near.any(axis=1).sum()


def test_gap_in_a_nerve_is_bridged():
    frame, across = line_frame(shape=(300, 300), through=(150, 150), height=0.3)
    texture = speckle(frame.shape, 6)
    gap = np.abs(np.indices(frame.shape)[0] - 150) < 10
    frame = np.where(gap, 0.25, frame) + texture - 0.3
    found = segment(np.clip(frame, 0, 1).astype(np.float32)).centre_line
    labels, count = ndimage.label(found & (np.abs(across) < 8), np.ones((3, 3)))
    heights = [np.ptp(np.nonzero(labels == k)[0]) for k in range(1, count + 1)]
    assert max(heights) > 290


@pytest.mark.parametrize("seed", range(3))
def test_bare_texture_has_no_nerves(seed):
    assert segment(speckle((384, 384), seed)).centre_line.sum() * PIXEL_UM / 1000 / 0.16 < 1.0  # mm/mm2


def test_surround_of_a_mosaic_is_left_alone():
    frame, _ = plexus(seed=3)
    imaged = np.zeros(frame.shape, dtype=bool)
    imaged[60:330, 40:350] = True
    frame[~imaged] = 0
    found = segment(frame, imaged=imaged)
    assert not found.mask[~imaged].any()
    along = ndimage.binary_dilation(~imaged, iterations=8) & imaged
    # Only the three nerves cross the margin; nothing follows the border.
    assert (found.centre_line & along).sum() < 6 * 14


def test_a_black_surround_cuts_no_nerve_short():
    frame, _ = line_frame(shape=(240, 240), through=(120, 120), noise=0.03)
    imaged = np.zeros((340, 360), dtype=bool)
    imaged[40:280, 70:310] = True
    wide = np.zeros(imaged.shape, dtype=np.float32)
    wide[40:280, 70:310] = frame
    rows = np.flatnonzero(segment(wide, imaged=imaged).centre_line.any(axis=1))
    assert rows[0] <= 41
    assert rows[-1] >= 278


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 400), (64, 1)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_tiny_and_constant_frames(shape, level):
    found = segment(np.full(shape, level, dtype=np.float32))
    assert found.probability.shape == shape
    assert not found.mask.any()


def test_batch_of_different_sizes():
    frames = [plexus()[0], plexus()[0][:200, :300]]
    found = RidgeSegmenter().segment(frames, [PIXEL_UM, PIXEL_UM])
    assert [each.probability.shape for each in found] == [(384, 384), (200, 300)]
    with pytest.raises(ValueError, match="zip"):
        RidgeSegmenter().segment(frames, [PIXEL_UM])
