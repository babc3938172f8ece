"""Beads: local maxima of grey level along a nerve."""

from __future__ import annotations

import math

import numpy as np

from ccmeval.arrays import FloatArray


def count_beads(level: FloatArray, prominence: float, blur: float = 1.0) -> float:
    """Count the beads along one stretch of nerve.

    A bead is a maximum of the lightly smoothed grey level, towards which it rises, and from which it
    falls again, by at least `prominence` times its mean.

    Parameters
    ----------
    level : float array (N,)
        Grey level along the centre line, about one sample a pixel.
    prominence : float
        Least rise and fall, as a share of the mean level.
    blur : float
        Standard deviation of the Gaussian that smooths the level first, in samples.

    Returns
    -------
    float
        A whole number.

    Examples
    --------
    >>> import numpy as np
    >>> count_beads(0.5 + 0.2 * np.sin(np.arange(100) * 2 * np.pi / 20), 0.08)
    5.0
    """
    if len(level) < 3:
        return 0.0
    reach = math.ceil(3.0 * blur)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(blur, 1e-6)) ** 2)
    padded = np.concatenate([np.full(reach, level[0]), level, np.full(reach, level[-1])])
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return float(_count_swings(smooth.tolist(), prominence * max(float(level.mean()), 1e-6)))


def _count_swings(level: list[float], least: float) -> int:
    """Count the rises by at least `least` that are followed by a fall of at least as much."""
    count, rising = 0, False
    low = high = level[0]
    for value in level:
        if rising:
            high = max(high, value)
            if value <= high - least:
                count, rising, low = count + 1, False, value
        else:
            low = min(low, value)
            if value >= low + least:
                rising, high = True, value
    return count
