"""Effect sizes between two diagnoses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.estimate import (
    Estimate,
    Vector,
    finite,
    midranks,
    normal_quantile,
    t_quantile,
    undefined,
)


def mean_difference(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Mean of `b` minus mean of `a`, with Welch's interval (unequal variances).

    Parameters
    ----------
    a, b : array-like of float
        Independent values, one a subject; non-finite ones are dropped. Lengths may differ.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        `n` counts both sides. The interval is NaN where a side has fewer than two values.

    Examples
    --------
    >>> mean_difference([1, 2, 3], [2, 3, 4]).value
    1.0
    """
    first, second = finite(a), finite(b)
    n, method = first.size + second.size, "Welch"
    if not (first.size and second.size):
        return undefined(n, confidence, method)
    value = float(second.mean() - first.mean())
    error, degrees = welch_error(first, second)
    margin = t_quantile(confidence, degrees) * error if error > 0 else error
    return Estimate(value, value - margin, value + margin, n, confidence, method)


def welch_error(first: Vector, second: Vector) -> tuple[float, float]:
    """Give the standard error of the difference of means, and Welch-Satterthwaite degrees of freedom."""
    if min(first.size, second.size) < 2:
        return float("nan"), float("nan")
    va, vb = first.var(ddof=1) / first.size, second.var(ddof=1) / second.size
    if va + vb == 0:
        return 0.0, float(first.size + second.size - 2)
    degrees = (va + vb) ** 2 / (va**2 / (first.size - 1) + vb**2 / (second.size - 1))
    return float(np.sqrt(va + vb)), float(degrees)


def hedges_g(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Hedges' g: (mean of `b` - mean of `a`) over the pooled SD, corrected for small samples.

    Parameters
    ----------
    a, b : array-like of float
        Independent values, one a subject; non-finite ones are dropped.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        NaN where a side has fewer than two values or nothing varies.

    Notes
    -----
    Hedges, J Educ Stat 1981;6:107, with the exact gamma-function correction. The interval inverts
    the non-central t (Cumming & Finch, Educ Psychol Meas 2001;61:532), scaled by the same correction.

    Examples
    --------
    >>> round(hedges_g([1, 2, 3, 4, 5], [3, 4, 5, 6, 7]).value, 4)
    1.1418
    """
    first, second = finite(a), finite(b)
    n, method = first.size + second.size, "non-central t"
    if min(first.size, second.size) < 2:
        return undefined(n, confidence, method)
    degrees = n - 2
    pooled = ((first.size - 1) * first.var(ddof=1) + (second.size - 1) * second.var(ddof=1)) / degrees
    floor = np.finfo(float).eps * 8 * float((first**2).mean() + (second**2).mean())
    if pooled <= floor:
        return undefined(n, confidence, method)
    d = float((second.mean() - first.mean()) / np.sqrt(pooled))
    correct = float(np.exp(special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)))
    correct /= float(np.sqrt(degrees / 2))
    root = float(np.sqrt(first.size * second.size / n))
    tail = (1 - confidence) / 2
    ends = [float(special.nctdtrinc(degrees, p, d * root)) / root for p in (1 - tail, tail)]
    return Estimate(correct * d, correct * ends[0], correct * ends[1], n, confidence, method)


def auc(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Area under the ROC curve: probability that a value of `b` exceeds one of `a`, ties half.

    Parameters
    ----------
    a, b : array-like of float
        Independent values, one a subject; non-finite ones are dropped.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        Below 0.5 where `b` has the lower values (1 - AUC then tells how well low values mark `b`).
        NaN where a side is empty; the interval is NaN where a side has one value.

    Notes
    -----
    Mann-Whitney's U over n_a n_b. Variance by DeLong et al., Biometrics 1988;44:837; the interval
    on the logit scale, which keeps it within 0 and 1. For complete separation DeLong's variance is
    zero, and the interval is method 5 of Newcombe, Stat Med 2006;25:559; `method` says which.

    Examples
    --------
    >>> auc([1, 2, 3, 4], [3, 5, 6, 7]).value
    0.90625
    """
    first, second = finite(a), finite(b)
    n, method = first.size + second.size, "DeLong (logit)"
    if not (first.size and second.size):
        return undefined(n, confidence, method)
    # DeLong's structural components from ranks within and over the two samples.
    ranks = midranks(np.concatenate([first, second]))
    above = (ranks[first.size :] - midranks(second)) / first.size
    below = 1 - (ranks[: first.size] - midranks(first)) / second.size
    value = float(above.mean())
    if min(first.size, second.size) < 2:
        return Estimate(value, float("nan"), float("nan"), n, confidence, method)
    variance = float(above.var(ddof=1) / second.size + below.var(ddof=1) / first.size)
    if variance <= 1e-15 or value in (0.0, 1.0):
        low, high = _newcombe(value, first.size, second.size, normal_quantile(confidence))
        return Estimate(value, low, high, n, confidence, "Newcombe 2006, method 5")
    margin = normal_quantile(confidence) * np.sqrt(variance) / (value * (1 - value))
    low, high = special.expit(special.logit(value) + np.array([-margin, margin]))
    return Estimate(value, float(low), float(high), n, confidence, method)


def _newcombe(value: float, n_a: int, n_b: int, z: float) -> tuple[float, float]:
    """Find the ends of Newcombe's score-like interval by bisection on either side of `value`."""

    def excess(theta: float) -> float:
        half = (n_a + n_b) / 2 - 1
        variance = theta * (1 - theta) / (n_a * n_b)
        variance *= 1 + half * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (theta - value) ** 2 - z**2 * variance

    ends = []
    for limit in (0.0, 1.0):
        outside, inside = limit, value
        for _ in range(60):
            middle = (outside + inside) / 2
            if excess(middle) > 0:
                outside = middle
            else:
                inside = middle
        ends.append(inside)
    return ends[0], ends[1]
