"""Beads on drawn profiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ccmeval.morphometry.beads import count_beads


@pytest.mark.parametrize("spacing", [8, 12, 25])
def test_drawn_beads_are_counted(spacing: int) -> None:
    places = np.arange(spacing, 300 - spacing, spacing)
    level = 0.4 + 0.25 * np.exp(-0.5 * ((np.arange(300)[:, None] - places) / 1.6) ** 2).sum(axis=1)
    assert count_beads(level, 0.08) == len(places)


def test_flat_sloping_and_short_profiles_have_none() -> None:
    assert count_beads(np.full(50, 0.5), 0.08) == 0.0
    assert count_beads(np.linspace(0.2, 0.9, 50), 0.08) == 0.0
    assert count_beads(np.array([0.1, 0.9]), 0.08) == 0.0
    assert count_beads(np.zeros(50), 0.08) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_scipy_finds_the_same_peaks(seed: int) -> None:
    """Prominent peaks of scipy, which looks further to both sides, are at least as many."""
    level = 0.5 + 0.1 * np.random.default_rng(seed).standard_normal(200)
    kernel = np.exp(-0.5 * np.arange(-3, 4) ** 2.0)
    smooth = np.convolve(np.pad(level, 3, mode="edge"), kernel / kernel.sum(), mode="valid")
    peaks, _ = find_peaks(smooth, prominence=0.08 * level.mean())
    assert count_beads(level, 0.08) == pytest.approx(len(peaks), abs=1)


def test_count_does_not_depend_on_the_pixel_size() -> None:
    """The same beads under the same speckle, sampled twice as finely, with the blur of the same width."""
    rng = np.random.default_rng(2)
    fine = 0.5 + 0.1 * np.sin(np.arange(4000) / 8.0) + gaussian_filter1d(rng.normal(0.0, 0.3, 4000), 1.5)
    expected = count_beads(fine[::2], 0.08, 2.0)
    assert count_beads(fine, 0.08, 4.0) == pytest.approx(expected, rel=0.03)
    assert count_beads(fine, 0.08, 2.0) > 1.3 * expected
    assert count_beads(fine, 0.08, 0.0) > 1.3 * expected
