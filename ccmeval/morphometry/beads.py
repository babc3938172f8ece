"""Beads: local maxima of grey level along a nerve."""

from __future__ import annotations

from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ccmeval.arrays import FloatArray


def count_beads(level: FloatArray, prominence: float) -> float:
    """Count the beads along one stretch of nerve.

    A bead is a local maximum of the lightly smoothed grey level that rises above what lies between it
    and its neighbours by at least `prominence` times the mean level.

    Parameters
    ----------
    level : float array (N,)
        Grey level along the centre line, about one sample a pixel.
    prominence : float

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
    if len(level) < 5:
        return 0.0
    smooth = gaussian_filter1d(level, 1.0, mode="nearest")
    peaks, _ = find_peaks(smooth, prominence=prominence * max(float(level.mean()), 1e-6))
    return float(len(peaks))
