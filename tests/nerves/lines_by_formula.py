"""Frames drawn by formula, so that centre line and width are known exactly."""

from __future__ import annotations

import numpy as np


def line_frame(
    *,
    shape=(160, 160),
    angle_deg=20.0,
    through=(80.3, 79.6),
    fwhm_um=4.0,
    pixel_size_um=400 / 384,
    height=0.4,
    noise=0.0,
    seed=0,
    box=False,
):
    """A straight bright line; returns frame and signed distance to its centre, um."""
    rows, columns = np.indices(shape, dtype=float)
    angle = np.deg2rad(angle_deg)
    across = ((columns - through[1]) * np.cos(angle) - (rows - through[0]) * np.sin(angle)) * pixel_size_um
    if box:  # the exact share of a box line over one pixel, for a line steep enough: an edge ramp
        edge = pixel_size_um * (abs(np.cos(angle)) + abs(np.sin(angle))) / 2
        profile = np.clip((fwhm_um / 2 + edge - np.abs(across)) / (2 * edge), 0, 1)
    else:
        sigma = fwhm_um / (2 * np.sqrt(2 * np.log(2)))
        profile = np.exp(-(across**2) / (2 * sigma**2))
    rng = np.random.default_rng(seed)
    frame = 0.25 + height * profile + noise * rng.standard_normal(shape)
    return np.clip(frame, 0, 1).astype(np.float32), across


def speckle(shape, seed=0, level=0.3, spread=0.06):
    """Bare texture: blurred noise about a level."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 0.7)
    return np.clip(level + spread * noise / noise.std(), 0, 1).astype(np.float32)
