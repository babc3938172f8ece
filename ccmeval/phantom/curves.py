"""Plane curves as dense polylines in micrometres: (row, column) points about 1 um apart."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

STEP_UM = 1.0
"""Distance of neighbouring points. A chord of 1 um on an arc of radius 10 um is 0.04 % short."""


def arc_length(points: FloatArray) -> FloatArray:
    """Arc length from the first point to each point.

    Parameters
    ----------
    points : float array (N, 2)

    Returns
    -------
    float array (N,)

    Examples
    --------
    >>> arc_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]]))
    array([0., 5., 6.])
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def resample(points: FloatArray, step: float = STEP_UM) -> FloatArray:
    """Give a curve points at equal arc lengths, its ends kept.

    Parameters
    ----------
    points : float array (N, 2)
    step : float
        Wanted distance of neighbours in micrometres.

    Returns
    -------
    float array (M, 2)

    Examples
    --------
    >>> resample(np.array([[0.0, 0.0], [0.0, 3.0]]))[:, 1]
    array([0., 1., 2., 3.])
    """
    along = arc_length(points)
    count = max(round(float(along[-1]) / step), 1)
    at = np.linspace(0.0, along[-1], count + 1)
    return np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])])


def smooth_noise(
    rng: np.random.Generator, at: FloatArray, wavelengths: tuple[float, float], rows: int
) -> FloatArray:
    """Draw smooth random functions of unit variance as sums of five sine waves.

    Parameters
    ----------
    rng : numpy.random.Generator
    at : float array (N,)
        Where to evaluate, in micrometres.
    wavelengths : (float, float)
        Shortest and longest wavelength in micrometres.
    rows : int
        Number of functions.

    Returns
    -------
    float array (rows, N)
    """
    waves = 5
    low, high = np.log(wavelengths)
    number = 2 * np.pi / np.exp(rng.uniform(low, high, (rows, waves, 1)))
    phase = rng.uniform(0, 2 * np.pi, (rows, waves, 1))
    # Long waves carry more: the amplitude grows with the root of the wavelength.
    weight = rng.uniform(0.5, 1.0, (rows, waves, 1)) / np.sqrt(number)
    weight *= np.sqrt(2.0 / (weight**2).sum(axis=1, keepdims=True))
    return np.asarray((weight * np.sin(number * at + phase)).sum(axis=1))


def inside(points: FloatArray, shape_um: tuple[float, float], margin: float = 0.0) -> BoolArray:
    """Tell which points lie inside the frame, at least `margin` from its border (negative: outside)."""
    rows, columns = points[..., 0], points[..., 1]
    return np.asarray(
        (rows >= margin)
        & (columns >= margin)
        & (rows <= shape_um[0] - margin)
        & (columns <= shape_um[1] - margin)
    )


def border_point(inner: FloatArray, outer: FloatArray, shape_um: tuple[float, float]) -> tuple[float, float]:
    """Cut the segment from a point inside to one outside exactly at the frame's border.

    Examples
    --------
    >>> border_point(np.array([5.0, 5.0]), np.array([-5.0, 7.0]), (10.0, 10.0))
    (0.0, 6.0)
    """
    best, side, value = 1.0, -1, 0.0
    for axis in (0, 1):
        move = outer[axis] - inner[axis]
        for limit in (0.0, shape_um[axis]):
            beyond = outer[axis] < limit if limit == 0.0 else outer[axis] > limit
            if beyond and (limit - inner[axis]) / move <= best:
                best, side, value = float((limit - inner[axis]) / move), axis, limit
    point = [float(inner[axis] + best * (outer[axis] - inner[axis])) for axis in (0, 1)]
    if side >= 0:
        point[side] = value  # exactly on the border, free of rounding
    return point[0], point[1]
