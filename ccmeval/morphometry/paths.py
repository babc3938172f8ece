"""Sub-pixel paths: smoothing without shrinking, lengths, directions, meeting points.

Symbols: a path is (N, 2), points as (row, column); `s` is the arc length from its start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solveh_banded

from ccmeval.arrays import FloatArray, IntArray

_THIRD_DIFFERENCE = np.array([-1.0, 3.0, -3.0, 1.0])


def smooth_paths(
    paths: Sequence[FloatArray], weights: Sequence[FloatArray], cutoff: float
) -> list[FloatArray]:
    """Smooth several paths at once, each by itself.

    Minimises ``sum w |q - p|^2 + c^6 sum |third difference of q|^2`` (Whittaker's graduation of
    order three): bends of a wavelength well above the cut-off pass unchanged (so a circle does not
    shrink and a corner is not cut), shorter ones vanish, ends stay free, and stretches with weight
    zero are bridged by what their two sides say.

    Parameters
    ----------
    paths : sequence of float arrays (N, 2)
        Points about one step apart.
    weights : sequence of float arrays (N,)
        Trust in each point, 0 to 1.
    cutoff : float
        Wavelength, in steps, that is halved.

    Returns
    -------
    list of float arrays (N, 2)

    References
    ----------
    Whittaker, "On a new method of graduation", Proc. Edinburgh Math. Soc. 41 (1922); Eilers, "A
    perfect smoother", Anal. Chem. 75 (2003), equations 3 to 6.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.column_stack([np.arange(9.0), np.arange(9.0)])
    >>> bool(np.allclose(smooth_paths([line], [np.ones(9)], 25.0)[0], line))
    True
    """
    if not paths:
        return []
    counts = np.array([len(path) for path in paths])
    penalty = (cutoff / (2.0 * np.pi)) ** 6
    weight = np.concatenate(weights)
    # A trace of weight everywhere keeps the system regular where a whole path is distrusted.
    weight = np.maximum(weight, 1e-7)
    # Third differences that would straddle two paths do not exist.
    exists = np.ones(len(weight), dtype=bool)
    lasts = np.cumsum(counts) - 1
    for back in range(3):
        exists[np.maximum(lasts - back, 0)] = False
    bands = np.zeros((4, len(weight)))
    rows = penalty * exists[: len(weight) - 3].astype(float)
    for i in range(4):
        for j in range(i, 4):
            bands[3 - (j - i), j : j + len(rows)] += rows * _THIRD_DIFFERENCE[i] * _THIRD_DIFFERENCE[j]
    bands[3] += weight
    solved = solveh_banded(bands, np.concatenate(paths) * weight[:, None], check_finite=False)
    return list(np.split(solved, np.cumsum(counts)[:-1]))


def arc_lengths(path: FloatArray) -> FloatArray:
    """Arc length from the start to each point, (N,).

    Examples
    --------
    >>> import numpy as np
    >>> arc_lengths(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([0., 5.])
    """
    step = path[1:] - path[:-1]
    s = np.zeros(len(path))
    np.cumsum(np.hypot(step[:, 0], step[:, 1]), out=s[1:])
    return s


def path_length(path: FloatArray) -> float:
    """Length of a polyline."""
    step = path[1:] - path[:-1]
    return float(np.hypot(step[:, 0], step[:, 1]).sum())


def unit(vector: FloatArray) -> FloatArray:
    """Scale to length one; a zero vector stays zero."""
    length = np.hypot(vector[..., 0], vector[..., 1])
    result: FloatArray = vector / np.maximum(length, 1e-12)[..., None]
    return result


def stacked_normals(paths: FloatArray, counts: IntArray) -> FloatArray:
    """Give the unit normals (N, 2) of several paths that stand one after the other.

    Parameters
    ----------
    paths : float array (N, 2)
    counts : int array
        Number of points of each path.

    Returns
    -------
    float array (N, 2)
        The tangent turned by a quarter turn; zero for a path of one point.
    """
    index = np.arange(len(paths))
    stops = np.repeat(np.cumsum(counts), counts)
    starts = stops - np.repeat(counts, counts)
    tangent = unit(paths[np.minimum(index + 1, stops - 1)] - paths[np.maximum(index - 1, starts)])
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def end_direction(path: FloatArray, length: float) -> FloatArray:
    """Direction in which a path leaves its last point, fitted over its last stretch.

    Parameters
    ----------
    path : float array (N, 2)
    length : float
        Arc over which the direction is fitted.

    Returns
    -------
    float array (2,)
        Unit vector.
    """
    s = arc_lengths(path)
    tail = path[max(0, min(int(np.searchsorted(s, s[-1] - length)), len(path) - 2)) :]
    t = np.arange(len(tail)) - (len(tail) - 1) / 2.0
    return unit(t @ tail)


def meeting_point(origin: FloatArray, direction: FloatArray, path: FloatArray) -> tuple[float, float] | None:
    """Find where a ray first meets a path.

    Parameters
    ----------
    origin, direction : float arrays (2,)
        The ray.
    path : float array (N, 2)

    Returns
    -------
    (float, float) or None
        Index along the path, with its fraction, and distance along the ray; None if they miss.

    Examples
    --------
    >>> import numpy as np
    >>> path = np.array([[0.0, 0.0], [0.0, 10.0]])
    >>> meeting_point(np.array([4.0, 5.0]), np.array([-1.0, 0.0]), path)
    (0.5, 4.0)
    """
    start, step = path[:-1], np.diff(path, axis=0)
    across = direction[0] * step[:, 1] - direction[1] * step[:, 0]
    gap = start - origin
    with np.errstate(divide="ignore", invalid="ignore"):
        along_ray = (gap[:, 0] * step[:, 1] - gap[:, 1] * step[:, 0]) / across
        along_step = (gap[:, 0] * direction[1] - gap[:, 1] * direction[0]) / across
        hit = (along_step >= 0.0) & (along_step <= 1.0) & (along_ray >= 0.0)
    if not hit.any():
        return None
    first = int(np.argmin(np.where(hit, along_ray, np.inf)))
    return first + float(along_step[first]), float(along_ray[first])


def cut_path(path: FloatArray, start: float, stop: float) -> FloatArray:
    """Give the part of a path between two (fractional) indices, both points included."""
    inner = path[int(np.floor(start)) + 1 : int(np.ceil(stop))]
    parts = [point_at(path, start)[None], inner, point_at(path, stop)[None]]
    return np.concatenate(parts)


def point_at(path: FloatArray, index: float) -> FloatArray:
    """Point at a fractional index."""
    low = min(int(index), len(path) - 2)
    result: FloatArray = path[low] + (index - low) * (path[low + 1] - path[low])
    return result
