"""Phantoms beside real frames, by number; the benchmark of the same name prints the whole table."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ccmeval.phantom import TARGETS, make_phantom

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "frames"


def statistics(grey: np.ndarray) -> np.ndarray:
    """Median, SD, 5th and 99th percentile, noise over level, its grain, and darkness of the corners."""
    fine = grey - ndimage.gaussian_filter(grey, 3)
    noise = np.median(np.sqrt(ndimage.gaussian_filter(fine**2, 8)) / ndimage.gaussian_filter(grey, 8))
    grain = (fine[:, :-1] * fine[:, 1:]).mean() / fine.var()
    corners = np.mean(
        [part.mean() for part in (grey[:40, :40], grey[:40, -40:], grey[-40:, :40], grey[-40:, -40:])]
    )
    levels = (np.median(grey), grey.std(), *np.percentile(grey, [5, 99]))
    return np.array([*levels, noise, grain, corners / grey[152:232, 152:232].mean()])


def test_grey_levels_are_those_of_real_frames() -> None:
    if not REAL.is_dir():
        pytest.skip(f"real frames are absent: {REAL}")
    means = []
    for folder in sorted(REAL.iterdir()):
        frames = sorted(folder.iterdir())[::5]
        read = [Image.open(io.BytesIO(path.read_bytes())).convert("L") for path in frames]
        means.append(np.mean([statistics(np.asarray(frame, dtype=float)) for frame in read], axis=0))
    drawn = []
    for seed in range(24):
        phantom = make_phantom(np.random.default_rng(seed), diagnosis=list(TARGETS)[seed % 3])
        drawn.append(statistics(np.rint(phantom.frame * 255.0).astype(float)))
    found = np.mean(drawn, axis=0)
    # The three subjects differ among themselves; phantoms lie among them, a tenth beyond at most.
    assert (found > 0.9 * np.min(means, axis=0)).all()
    assert (found < 1.1 * np.max(means, axis=0)).all()
