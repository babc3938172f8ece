"""Correlation and concordance of paired measurements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.statistics.estimate import Estimate, Vector, finite_pairs, midranks, normal_quantile, undefined


def pearson(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Pearson's r with Fisher's z interval.

    Parameters
    ----------
    a, b : array-like of float, shape (N,)
        Pairs; one with a non-finite member is dropped.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        NaN for fewer than three pairs or where one side is constant; the interval is NaN for three.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> round(pearson([1, 2, 3, 4], [1, 3, 2, 4]).value, 3)
    0.8
    """
    first, second = finite_pairs(a, b)
    return _fisher(_correlation(first, second), first.size, 1.0, confidence, "Fisher z")


def spearman(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Spearman's rank correlation (ties share ranks), with Fisher's z interval.

    Parameters, NaN handling and Raises are those of `pearson`.

    Notes
    -----
    The variance of z is (1 + r^2 / 2) / (n - 3): Bonett & Wright, Psychometrika 2000;65:23.

    Examples
    --------
    >>> spearman([1, 2, 3, 4], [1, 4, 9, 16]).value
    1.0
    """
    first, second = finite_pairs(a, b)
    r = _correlation(midranks(first), midranks(second)) if first.size else float("nan")
    return _fisher(r, first.size, 1 + r**2 / 2, confidence, "Fisher z (Bonett & Wright 2000)")


def concordance(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Lin's concordance correlation coefficient.

    Parameters, NaN handling and Raises are those of `pearson`.

    Notes
    -----
    Lin, Biometrics 1989;45:255, with the 1/n variances of that paper; the interval by its z
    transform with the asymptotic variance as corrected in Biometrics 2000;56:324.

    Examples
    --------
    >>> round(concordance([1, 2, 3, 4], [2, 3, 4, 5]).value, 3)
    0.714
    """
    method = "Lin's z"
    first, second = finite_pairs(a, b)
    n = first.size
    r = _correlation(first, second)
    if not np.isfinite(r):
        return undefined(n, confidence, method)
    sd_product = float(first.std() * second.std())
    shift = float(first.mean() - second.mean())
    value = 2 * r * sd_product / float(first.var() + second.var() + shift**2)
    value = float(np.clip(value, -1, 1))  # rounding may exceed perfect agreement by one bit
    if n < 4 or r == 0:
        return Estimate(value, float("nan"), float("nan"), n, confidence, method)
    error = _concordance_error(value, r, shift**2 / sd_product, n)
    low, high = _around_z(value, error, confidence)
    return Estimate(value, low, high, n, confidence, method)


def _concordance_error(value: float, r: float, u_squared: float, n: int) -> float:
    """Give the standard error of artanh(value)."""
    rest = 1 - value**2
    if rest <= 1e-12:
        return 0.0
    variance = (
        (1 - r**2) * value**2 / (rest * r**2)
        + 2 * value**3 * (1 - value) * u_squared / (r * rest**2)
        - value**4 * u_squared**2 / (2 * r**2 * rest**2)
    ) / (n - 2)
    return float(np.sqrt(max(variance, 0.0)))


def _correlation(first: Vector, second: Vector) -> float:
    if first.size < 3:
        return float("nan")
    x, y = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((x @ x) * (y @ y)))
    # A constant whose mean is rounded leaves a spread of the order of the rounding.
    floor = np.finfo(float).eps * 4 * float(np.sqrt((first @ first) * (second @ second)))
    return float(np.clip(x @ y / spread, -1, 1)) if spread > floor else float("nan")


def _fisher(r: float, n: int, inflate: float, confidence: float, method: str) -> Estimate:
    if not np.isfinite(r):
        return undefined(n, confidence, method)
    if n < 4:
        return Estimate(r, float("nan"), float("nan"), n, confidence, method)
    low, high = _around_z(r, float(np.sqrt(inflate / (n - 3))), confidence)
    return Estimate(r, low, high, n, confidence, method)


def _around_z(r: float, error: float, confidence: float) -> tuple[float, float]:
    if abs(r) >= 1:
        return r, r
    z, margin = np.arctanh(r), normal_quantile(confidence) * error
    return float(np.tanh(z - margin)), float(np.tanh(z + margin))
