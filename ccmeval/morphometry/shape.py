"""How nerves bend: tortuosity of one path in three definitions, and coherence of many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.paths import arc_lengths, smooth_paths, unit

_STEP_UM = 2.0


def resample(path: FloatArray, step: float) -> FloatArray:
    """Give a path evenly spaced points, about one every `step`, both ends kept."""
    s = arc_lengths(path)
    count = max(2, round(float(s[-1]) / step) + 1)
    t = np.linspace(0.0, s[-1], count)
    return np.column_stack([np.interp(t, s, path[:, 0]), np.interp(t, s, path[:, 1])])


def dense_points(paths: Sequence[FloatArray], spacing: float) -> FloatArray:
    """Give all points of some paths, those of coarse paths replaced by points `spacing` apart."""
    dense = []
    for path in paths:
        longest = float(np.abs(np.diff(path, axis=0)).max())
        dense.append(path if longest <= 1.5 * spacing else resample(path, spacing))
    return np.concatenate(dense)


def arc_over_chord(path: FloatArray) -> float:
    """Arc length over chord, minus one; NaN for a closed path.

    Examples
    --------
    >>> import numpy as np
    >>> round(arc_over_chord(np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 3.0]])), 6)
    0.4
    """
    chord = float(np.hypot(*(path[-1] - path[0])))
    return float(arc_lengths(path)[-1]) / chord - 1.0 if chord > 0.0 else float("nan")


def integrated_squared_curvature(path: FloatArray, smoothing_um: float) -> float:
    """Integral of squared curvature along a path, in 1/um.

    An arc of radius R and length L has L / R^2.

    Parameters
    ----------
    path : float array (N, 2)
        In micrometres.
    smoothing_um : float
        Bends of a shorter wavelength are noise and removed first.

    Returns
    -------
    float
        0 for a path shorter than five steps of 2 um.
    """
    even = resample(path, _STEP_UM)
    if len(even) < 5:
        return 0.0
    smooth = smooth_paths([even], [np.ones(len(even))], smoothing_um / _STEP_UM)[0]
    first = (smooth[2:] - smooth[:-2]) / 2.0
    second = smooth[2:] - 2.0 * smooth[1:-1] + smooth[:-2]
    speed = np.maximum(np.hypot(first[:, 0], first[:, 1]), 1e-12)
    bend = (first[:, 1] * second[:, 0] - first[:, 0] * second[:, 1]) / speed**3
    # The two end points have no second difference; they count with the mean of the others.
    return float((bend**2).mean() * arc_lengths(smooth)[-1])


def orientation_coherence(paths: Sequence[FloatArray]) -> float:
    """Length-weighted mean resultant of the doubled directions of all steps, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> up = np.array([[0.0, 0.0], [10.0, 0.0]])
    >>> orientation_coherence([up, up[::-1]])
    1.0
    """
    steps = np.concatenate([np.diff(path, axis=0) for path in paths])
    length = np.hypot(steps[:, 0], steps[:, 1])
    if not length.sum() > 0.0:
        return float("nan")
    direction = unit(steps)
    doubled = (direction[:, 1] + 1j * direction[:, 0]) ** 2
    return float(min(1.0, abs((doubled * length).sum()) / length.sum()))


KALLINIKOS_UNIT_UM = 400.0 / 384.0
"""Pixel of the HRT3-RCM frames that the coefficient was defined on."""


def kallinikos_coefficient(path: FloatArray, smoothing_um: float) -> float:
    """Tortuosity coefficient of Kallinikos et al., without unit.

    The nerve is turned until its ends lie on the x axis and read as a function y = f(x), x and y in
    pixels of the HRT3-RCM (1.0417 um), one sample a pixel; the coefficient is the square root of the
    sum over all samples of ``f'(x)^2 + f''(x)^2`` times the step of one pixel. It grows with the square
    root of the length. A slope beyond 80 degrees, where y is no function of x, counts as 80 degrees.

    Parameters
    ----------
    path : float array (N, 2)
        In micrometres.
    smoothing_um : float
        Bends of a shorter wavelength are noise and removed first.

    Returns
    -------
    float
        NaN for a closed path.

    References
    ----------
    Kallinikos et al., "Corneal nerve tortuosity in diabetic patients with neuropathy", Invest.
    Ophthalmol. Vis. Sci. 45 (2004) 418-422.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.column_stack([np.linspace(0.0, 300.0, 100), np.linspace(0.0, 200.0, 100)])
    >>> abs(kallinikos_coefficient(line, 25.0)) < 1e-6
    True
    """
    chord = path[-1] - path[0]
    if not np.hypot(*chord) > 0.0:
        return float("nan")
    even = resample(path, _STEP_UM)
    if len(even) < 5:
        return 0.0
    even = smooth_paths([even], [np.ones(len(even))], smoothing_um / _STEP_UM)[0]
    along = unit(chord)
    x = even @ along / KALLINIKOS_UNIT_UM
    y = even @ np.array([-along[1], along[0]]) / KALLINIKOS_UNIT_UM
    angle = np.arctan2(np.gradient(y), np.gradient(x))
    limit = np.radians(80.0)
    slope = np.tan(np.clip(angle, -limit, limit))
    step = np.maximum(np.gradient(x), 1e-3 + np.cos(limit) * np.hypot(np.gradient(x), np.gradient(y)))
    second = np.gradient(slope) / step
    return float(np.sqrt(((slope**2 + second**2) * step).sum()))
