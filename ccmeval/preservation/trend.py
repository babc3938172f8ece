"""Jonckheere-Terpstra test of a trend over ordered groups of values (diagnoses from healthy to ill)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.estimate import Vector, finite

MOST_FOR_EXACT = 60
"""Values up to which the exact distribution is used where none tie."""

MOST_FOR_PERMUTATION = 30
"""Values up to which tied ones are tested by permutation."""

_DRAWS = 9999


@dataclass(frozen=True)
class Trend:
    """A trend test.

    Attributes
    ----------
    statistic : float
        Pairs of values of different groups that rise along the order; tied pairs count half.
    z : float
        Standardised; positive where values rise. NaN where nothing is defined.
    p : float
        Two-sided.
    n : int
        Values.
    method : str
    """

    statistic: float
    z: float
    p: float
    n: int
    method: str


def jonckheere(groups: Sequence[npt.ArrayLike], rng: np.random.Generator | None = None) -> Trend:
    """Test whether values rise or fall along ordered groups.

    Parameters
    ----------
    groups : sequence of array-like of float
        Values (one a subject) of each group, in order; non-finite ones are dropped, and empty groups.
    rng : numpy.random.Generator, optional
        For permutations of few, tied values; without it their p is normal.

    Returns
    -------
    Trend
        NaN for fewer than two groups or three values, or where all values are equal. Exact for at most
        60 values without ties, by 9,999 permutations for at most 30 with ties, else normal with the
        variance corrected for ties.

    Notes
    -----
    Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed. 2014, section 6.2: J (6.13),
    exact null distribution, variance with ties (6.19). The exact one is the convolution of Mann-Whitney
    distributions of each group against all before it. Two-sided in both sets: for the real one the
    direction is not known beforehand, and a synthetic one may run the other way.

    Examples
    --------
    >>> found = jonckheere([[1, 2, 3], [4, 5], [6, 7, 8]])
    >>> found.statistic, round(found.p, 4), found.method
    (21.0, 0.0036, 'exact')
    """
    kept = [values for values in map(finite, groups) if values.size]
    sizes = [values.size for values in kept]
    n = sum(sizes)
    if len(kept) < 2 or n < 3 or np.ptp(np.concatenate(kept)) == 0:
        return Trend(float("nan"), float("nan"), float("nan"), n, "undefined")
    values = np.concatenate(kept)
    statistic = _rising_pairs(kept)
    ties = np.unique(values, return_counts=True)[1]
    mean = (n**2 - sum(m**2 for m in sizes)) / 4
    deviation = float(np.sqrt(_variance(np.asarray(sizes, dtype=float), ties.astype(float))))
    z = (statistic - mean) / deviation
    if ties.max() == 1 and n <= MOST_FOR_EXACT:
        return Trend(statistic, z, _exact_p(statistic, sizes), n, "exact")
    if rng is not None and n <= MOST_FOR_PERMUTATION:
        p = _permutation_p(values, sizes, statistic - mean, rng)
        return Trend(statistic, z, p, n, f"{_DRAWS} permutations")
    return Trend(statistic, z, float(2 * special.ndtr(-abs(z))), n, "normal, corrected for ties")


def _rising_pairs(groups: Sequence[Vector]) -> float:
    total, before = 0.0, groups[0]
    for values in groups[1:]:
        ordered = np.sort(before)
        below = np.searchsorted(ordered, values, side="left").sum()
        not_above = np.searchsorted(ordered, values, side="right").sum()
        total += float(below + not_above) / 2
        before = np.concatenate([before, values])
    return total


def _variance(sizes: Vector, ties: Vector) -> float:
    n = sizes.sum()

    def first(m: Vector) -> float:
        return float((m * (m - 1) * (2 * m + 5)).sum())

    def second(m: Vector) -> float:
        return float((m * (m - 1) * (m - 2)).sum())

    def third(m: Vector) -> float:
        return float((m * (m - 1)).sum())

    whole = np.array([n])
    variance = (first(whole) - first(sizes) - first(ties)) / 72
    if n > 2:
        variance += second(sizes) * second(ties) / (36 * second(whole))
    return float(variance + third(sizes) * third(ties) / (8 * third(whole)))


def _exact_p(statistic: float, sizes: Sequence[int]) -> float:
    chances, before = np.ones(1), sizes[0]
    for size in sizes[1:]:
        chances = np.convolve(chances, _mann_whitney(size, before))
        before += size
    place = round(statistic)
    return float(min(1.0, 2 * min(chances[: place + 1].sum(), chances[place:].sum())))


@lru_cache(maxsize=256)
def _mann_whitney(m: int, n: int) -> Vector:
    """Null distribution of Mann-Whitney's U: coefficients of a Gaussian binomial, over their sum."""
    chances = np.zeros(m * n + 1)
    chances[0] = 1.0
    for i in range(1, m + 1):
        step = n + i
        for k in range(m * n, step - 1, -1):  # times 1 - q^(n+i)
            chances[k] -= chances[k - step]
        for k in range(i, m * n + 1):  # over 1 - q^i
            chances[k] += chances[k - i]
    found: Vector = chances / chances.sum()
    return found


def _permutation_p(values: Vector, sizes: Sequence[int], deviation: float, rng: np.random.Generator) -> float:
    signs = np.sign(values[None, :] - values[:, None])
    labels = np.repeat(np.arange(len(sizes)), sizes)
    drawn = rng.permuted(np.broadcast_to(labels, (_DRAWS, labels.size)), axis=1)
    # Half the signed sum over pairs of different groups is the statistic less its mean.
    moved = np.zeros(_DRAWS)
    for later in range(1, len(sizes)):
        moved += np.einsum("bi,ij,bj->b", drawn == later - 1, signs, drawn >= later, optimize=True) / 2
    return float((1 + (abs(moved) >= abs(deviation) - 1e-9).sum()) / (1 + _DRAWS))
