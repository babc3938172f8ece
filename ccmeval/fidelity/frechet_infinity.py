"""Frechet distance extrapolated to infinitely many frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.frechet import prepare_frechet
from ccmeval.fidelity.vectors import as_matrices

MINIMUM = 100
"""Frames in either set from where a line is drawn: the smallest subset then still has 50."""

_SMALLEST = 0.5  # share of the frames in the smallest subset


@dataclass(frozen=True)
class Extrapolation:
    """Intercept of a line through distances at several numbers of frames.

    Attributes
    ----------
    value : float
        The intercept. It may lie below 0 where the sets are alike. NaN below `MINIMUM` frames.
    standard_error : float
        Of the intercept about the line alone. The subsets overlap, so it is too small to be an interval's.
    points : int
        Subset sizes.
    smallest, largest : int
        Frames of the smaller set in the smallest and largest subset.
    """

    value: float
    standard_error: float
    points: int
    smallest: int
    largest: int


def frechet_infinity(
    real: npt.ArrayLike, synth: npt.ArrayLike, *, rng: np.random.Generator, points: int = 15
) -> Extrapolation:
    """Extrapolate the Frechet distance to infinitely many frames in both sets.

    The distance of finite sets is too high by about a constant over the number of frames. Distances of random
    subsets of both sets, of one share of each, are laid against the inverse of that share; the line's value
    where the inverse is 0 is the result.

    Parameters
    ----------
    real : array-like of float, shape (N, D)
    synth : array-like of float, shape (M, D)
    rng : numpy.random.Generator
        Draws the subsets, without replacement.
    points : int
        Number of subset sizes, evenly spaced from half of the frames to all.

    Returns
    -------
    Extrapolation

    Raises
    ------
    ValueError
        If the two sets have not equally many features, or fewer than 3 points are asked for.

    Notes
    -----
    The paper subsamples only the generated set, from 5,000 frames of 50,000, since its real set is as large
    as one likes; here both sets are small, so both are subsampled. It is an extrapolation: the next term of
    the bias falls with the square of the number of frames and is not removed, so that for fewer frames than
    features the result is still too high.

    References
    ----------
    M. Chong, D. Forsyth, Effectively Unbiased FID and Inception Score, CVPR 2020, section 4.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one, other = rng.normal(size=(2, 400, 20))
    >>> frechet = prepare_frechet(np.vstack([one, other]))(np.arange(400), np.arange(400, 800))
    >>> found = frechet_infinity(one, other, rng=rng)
    >>> abs(found.value) < frechet / 2, found.smallest, found.largest
    (True, 200, 400)
    """
    first, second = as_matrices(real, synth)
    if points < 3:
        raise ValueError(f"A line with a standard error needs at least 3 points, not {points}.")
    n, m = len(first), len(second)
    smallest = round(_SMALLEST * min(n, m))
    if min(n, m) < MINIMUM or not (np.isfinite(first).all() and np.isfinite(second).all()):
        return Extrapolation(float("nan"), float("nan"), points, smallest, min(n, m))
    evaluate = prepare_frechet(np.vstack([first, second]))
    shares = np.linspace(_SMALLEST, 1, points)
    found = np.empty(points)
    for i, share in enumerate(shares):
        rows = rng.choice(n, round(share * n), replace=False)
        found[i] = evaluate(rows, n + rng.choice(m, round(share * m), replace=False))
    value, error = _intercept(1 / shares, found)
    return Extrapolation(value, error, points, smallest, min(n, m))


def _intercept(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Least-squares intercept and its standard error."""
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.inv(design.T @ design)
    solution = inverse @ design.T @ y
    scatter = float(np.square(y - design @ solution).sum()) / (x.size - 2)
    return float(solution[0]), float(np.sqrt(scatter * inverse[0, 0]))
