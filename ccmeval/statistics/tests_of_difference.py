"""P-values of differences between diagnoses, and their adjustment over a family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.effects import welch_error
from ccmeval.statistics.estimate import Vector, finite, midranks, t_p_value

_EXACT_MANN_WHITNEY = 8  # scipy's rule: exact where the smaller side has at most 8 values and none tie


def welch_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Two-sided p of Welch's t-test.

    Parameters
    ----------
    a, b : array-like of float
        Independent values, one a subject; non-finite ones are dropped.

    Returns
    -------
    float
        NaN where a side has fewer than two values or neither varies.

    Examples
    --------
    >>> round(welch_p([1, 2, 3, 4], [3, 4, 5, 6]), 4)
    0.071
    """
    first, second = finite(a), finite(b)
    error, degrees = welch_error(first, second)
    if not error > 0:
        return float("nan")
    return t_p_value(float(first.mean() - second.mean()) / error, degrees)


def mann_whitney_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Two-sided p of the Mann-Whitney U test.

    Exact where the smaller side has at most eight values and none tie, else normal with correction
    for ties and continuity (as `scipy.stats.mannwhitneyu`). Non-finite values are dropped; NaN
    where a side is empty, 1 where all values are equal.

    Examples
    --------
    >>> round(mann_whitney_p([1, 2, 3], [4, 5, 6]), 3)
    0.1
    """
    first, second = finite(a), finite(b)
    if not (first.size and second.size):
        return float("nan")
    both = np.concatenate([first, second])
    counts = np.unique(both, return_counts=True)[1]
    if min(first.size, second.size) <= _EXACT_MANN_WHITNEY and counts.max() == 1:
        from scipy import stats

        return float(stats.mannwhitneyu(first, second, method="exact").pvalue)
    n, product = both.size, first.size * second.size
    u = float(midranks(both)[: first.size].sum()) - first.size * (first.size + 1) / 2
    variance = product / 12 * (n + 1 - float((counts**3 - counts).sum()) / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    z = (abs(u - product / 2) - 0.5) / np.sqrt(variance)
    return float(min(1.0, 2 * special.ndtr(-z)))


def anova_p(groups: Sequence[npt.ArrayLike]) -> float:
    """P of one-way analysis of variance over groups (equal variances assumed).

    Non-finite values are dropped, then groups left empty. NaN for fewer than two groups, no degrees
    of freedom left, or nothing that varies within groups.

    Examples
    --------
    >>> round(anova_p([[1, 2, 3], [2, 3, 4], [5, 6, 7]]), 4)
    0.0066
    """
    kept = _kept(groups)
    n, k = sum(g.size for g in kept), len(kept)
    if k < 2 or n <= k:
        return float("nan")
    grand = float(np.concatenate(kept).mean())
    between = sum(g.size * (float(g.mean()) - grand) ** 2 for g in kept) / (k - 1)
    within = sum(float(((g - g.mean()) ** 2).sum()) for g in kept) / (n - k)
    return float(special.fdtrc(k - 1, n - k, between / within)) if within > 0 else float("nan")


def kruskal_wallis_p(groups: Sequence[npt.ArrayLike]) -> float:
    """P of the Kruskal-Wallis test over groups (chi-squared, corrected for ties).

    Non-finite values are dropped, then groups left empty; NaN for fewer than two groups, for one
    value each (whose ranks give one p whatever they are), or where all values are equal.

    Examples
    --------
    >>> round(kruskal_wallis_p([[1, 2, 3], [2, 3, 4], [5, 6, 7]]), 4)
    0.0484
    """
    kept = _kept(groups)
    if len(kept) < 2 or max(g.size for g in kept) < 2:
        return float("nan")
    both = np.concatenate(kept)
    n, counts = both.size, np.unique(both, return_counts=True)[1]
    ties = 1 - float((counts**3 - counts).sum()) / (n**3 - n)
    if ties <= 0:
        return float("nan")
    parts = np.split(midranks(both), np.cumsum([g.size for g in kept])[:-1])
    h = 12 / (n * (n + 1)) * sum(float(r.sum()) ** 2 / r.size for r in parts) - 3 * (n + 1)
    return float(special.chdtrc(len(kept) - 1, h / ties))


def holm(p_values: npt.ArrayLike) -> Vector:
    """Adjust a family of p-values by Holm's step-down method.

    Parameters
    ----------
    p_values : array-like of float, shape (N,)
        The family. NaN stays NaN and is not counted.

    Returns
    -------
    array of float64, shape (N,)
        Adjusted p-values, in the order given.

    Notes
    -----
    Holm, Scand J Stat 1979;6:65.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005]).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    p = np.asarray(p_values, dtype=np.float64).ravel()
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted


def _kept(groups: Sequence[npt.ArrayLike]) -> list[Vector]:
    return [values for values in map(finite, groups) if values.size]
