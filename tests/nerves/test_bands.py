"""Broad faint bands go, broad bright nerves and thin faint ones stay."""

import numpy as np

from ccmeval.nerves.bands import drop_bands
from ccmeval.nerves.ridge import RidgeSegmenter, RidgeSettings


def line_frame(*lines: tuple[float, float, float]) -> np.ndarray:
    """Give a noisy frame with vertical lines of (column, sigma in px, height over the ground)."""
    rng = np.random.default_rng(5)
    across = np.arange(200.0)
    profile = sum(height * np.exp(-((across - at) ** 2) / (2 * sigma**2)) for at, sigma, height in lines)
    return np.clip(0.3 + profile + 0.03 * rng.standard_normal((200, 200)), 0, 1).astype(np.float32)


def columns_found(frame: np.ndarray, **settings: float) -> set[int]:
    found = RidgeSegmenter(RidgeSettings(**settings)).segment([frame], [1.0])[0]
    assert not np.isfinite(found.width_um[~found.centre_line]).any()
    return {round(column / 5) * 5 for column in np.nonzero(found.centre_line[20:180])[1]}


def test_band_goes_and_nerves_stay():
    frame = line_frame((40, 1.8, 0.12), (100, 2.8, 0.5), (155, 3.2, 0.085))
    assert columns_found(frame) == {40, 100}
    assert columns_found(frame, band_contrast=-1.0) == {40, 100, 155}  # it is the rule that drops it


def test_pieces_are_judged_whole_and_places_follow_the_grid():
    line = np.zeros((40, 60), dtype=bool)
    line[10] = line[30] = True
    width = np.full(line.shape, 3.0)
    width[10] = 6.0
    width[10, :25] = 2.0  # less than half of it: the median stays broad
    contrast = np.zeros((20, 30))
    contrast[14:17] = 5.0  # the second line, on a grid of half the size
    kept = drop_bands(line, width, contrast, broad_um=5.0, faint=2.0)
    assert kept.any(axis=1).nonzero()[0].tolist() == [30]
    width[30] = 6.0
    assert drop_bands(line, width, contrast, broad_um=5.0, faint=2.0)[30].all()  # broad, but bright
    assert drop_bands(line, width / 2, contrast, broad_um=5.0, faint=2.0).sum() == line.sum()


def test_nothing_in_nothing_out():
    nothing = np.zeros((5, 5), dtype=bool)
    assert not drop_bands(nothing, np.full((5, 5), np.nan), np.zeros((5, 5)), broad_um=5, faint=2).any()
