"""Limits of agreement between two methods that measured the same frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.estimate import Vector, normal_quantile, t_p_value, t_quantile

EXACT = "exact (non-central t)"
MOVER = "MOVER over subjects"

_ROUNDING = 8 * float(np.finfo(float).eps)
"""Part of a value by which rounding alone may change it."""


@dataclass(frozen=True)
class BlandAltman:
    """Bias and limits of agreement of `a` - `b`.

    Attributes
    ----------
    n, n_clusters : int
        Pairs with both members finite, and subjects among them (equal to `n` without subjects).
    bias, bias_low, bias_high : float
        Mean difference and its interval (Student's t over pairs, or over subjects).
    sd : float
        SD of the differences; with subjects, of one new difference in a new subject.
    lower, lower_low, lower_high : float
        Lower limit of agreement, bias - 1.96 SD, and its interval.
    upper, upper_low, upper_high : float
        Upper limit of agreement, bias + 1.96 SD, and its interval.
    slope, slope_low, slope_high, slope_p : float
        Proportional bias: change of the difference per unit of the mean of the two methods, its
        interval and p (robust to clustering where subjects are given). It also rises where one
        method merely scatters more than the other.
    confidence : float
        Coverage of the intervals.
    method : str
        How the intervals of the limits were made.
    """

    n: int
    n_clusters: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    lower: float
    lower_low: float
    lower_high: float
    upper: float
    upper_low: float
    upper_high: float
    slope: float
    slope_low: float
    slope_high: float
    slope_p: float
    confidence: float
    method: str


@dataclass(frozen=True)
class _Limits:
    n_clusters: int
    bias: float
    bias_margin: float
    sd: float
    inner: float  # distance of the limits' inner interval ends from the bias
    outer: float
    method: str


def bland_altman(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> BlandAltman:
    """Compare two methods on the same frames by their differences `a` - `b`.

    Parameters
    ----------
    a, b : array-like of float, shape (N,)
        What each method measured. A pair with a non-finite member is dropped.
    clusters : array-like, shape (N,), optional
        The subject of each pair. Frames of one subject are not independent: with subjects, the
        bias is the mean of the subjects' mean differences and every interval is over subjects.
        Left out of use where each subject has one pair, or there is one subject only.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    BlandAltman
        All NaN but the counts for fewer than three pairs.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    Limits of agreement: Bland & Altman, Lancet 1986;327:307. Their exact intervals: Carkeet, Optom
    Vis Sci 2015;92:e71 (each limit is a quantile of a normal, so the non-central t). With several
    frames a subject: Zou, Stat Methods Med Res 2013;22:630, section 3 (method of variance estimates
    recovery; true values vary between frames).

    Examples
    --------
    >>> found = bland_altman([10.0, 12.0, 15.0, 11.0], [9.0, 12.0, 13.0, 10.0])
    >>> found.n, found.bias, round(found.lower, 2), round(found.upper, 2)
    (4, 1.0, -0.6, 2.6)
    """
    first = np.asarray(a, dtype=np.float64).ravel()
    second = np.asarray(b, dtype=np.float64).ravel()
    labels = np.arange(first.size) if clusters is None else np.asarray(clusters).ravel()
    if not first.shape == second.shape == labels.shape:
        raise ValueError("Paired values and their subjects must be equally many.")
    both = np.isfinite(first) & np.isfinite(second)
    difference, mean = _differences(first[both], second[both]), (first[both] + second[both]) / 2
    codes = np.unique(labels[both].astype(str), return_inverse=True)[1].ravel()
    n = int(difference.size)
    if n < 3:
        return _undefined(n, int(codes.max(initial=-1)) + 1, confidence)
    if 1 < codes.max() + 1 < n:
        limits = _limits_over_clusters(difference, codes, confidence)
    else:
        limits = _limits_over_pairs(difference, confidence)
        codes = np.arange(n)
    slope = _slope(mean, difference, codes, confidence)
    return _assemble(n, limits, slope, confidence)


def _differences(first: Vector, second: Vector) -> Vector:
    """Subtract; what is left of equal values by the rounding of a change of unit is zero."""
    difference = first - second
    found: Vector = np.where(
        abs(difference) <= _ROUNDING * np.maximum(abs(first), abs(second)), 0.0, difference
    )
    return found


def _assemble(
    n: int, limits: _Limits, slope: tuple[float, float, float, float], confidence: float
) -> BlandAltman:
    bias, reach = limits.bias, normal_quantile(0.95) * limits.sd
    return BlandAltman(
        n=n,
        n_clusters=limits.n_clusters,
        bias=bias,
        bias_low=bias - limits.bias_margin,
        bias_high=bias + limits.bias_margin,
        sd=limits.sd,
        lower=bias - reach,
        lower_low=bias - limits.outer,
        lower_high=bias - limits.inner,
        upper=bias + reach,
        upper_low=bias + limits.inner,
        upper_high=bias + limits.outer,
        slope=slope[0],
        slope_low=slope[1],
        slope_high=slope[2],
        slope_p=slope[3],
        confidence=confidence,
        method=limits.method,
    )


def _undefined(n: int, n_clusters: int, confidence: float) -> BlandAltman:
    nan = float("nan")
    limits = _Limits(n_clusters, nan, nan, nan, nan, nan, "too few pairs")
    return _assemble(n, limits, (nan, nan, nan, nan), confidence)


def _limits_over_pairs(difference: Vector, confidence: float) -> _Limits:
    n = difference.size
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    margin = t_quantile(confidence, n - 1) * sd / np.sqrt(n)
    shift = normal_quantile(0.95) * np.sqrt(n)
    tail = (1 - confidence) / 2
    inner, outer = special.nctdtrit(n - 1, shift, [tail, 1 - tail]) / np.sqrt(n) * sd
    return _Limits(n, bias, float(margin), sd, float(inner), float(outer), EXACT)


def _limits_over_clusters(difference: Vector, codes: npt.NDArray[np.intp], confidence: float) -> _Limits:
    sizes = np.bincount(codes)
    means = np.bincount(codes, weights=difference) / sizes
    k, n = sizes.size, difference.size
    bias, between = float(means.mean()), float(means.var(ddof=1))
    within = float(((difference - means[codes]) ** 2).sum() / (n - k))
    within_share = float(1 - np.mean(1 / sizes)) * within
    variance = between + within_share
    tail = (1 - confidence) / 2
    parts = ((between, k - 1), (within_share, n - k))
    low = variance - _recovered(parts, 1 - tail)
    high = variance + _recovered(parts, tail)
    sd, z = float(np.sqrt(variance)), normal_quantile(0.95)
    margin = t_quantile(confidence, k - 1) * np.sqrt(between / k)
    outer = np.hypot(margin, z * (np.sqrt(high) - sd))
    inner = np.hypot(margin, z * (sd - np.sqrt(max(low, 0.0))))
    return _Limits(k, bias, float(margin), sd, float(z * sd - inner), float(z * sd + outer), MOVER)


def _recovered(parts: tuple[tuple[float, int], ...], probability: float) -> float:
    """Distance from a sum of variances to the end of its interval, from those of its parts."""
    ends = [v * (degrees / special.chdtri(degrees, 1 - probability) - 1) for v, degrees in parts]
    return float(np.sqrt(np.sum(np.square(ends))))


def _slope(
    mean: Vector, difference: Vector, codes: npt.NDArray[np.intp], confidence: float
) -> tuple[float, float, float, float]:
    """Slope, interval and p; ordinary errors over pairs, the sandwich over clusters (CR1)."""
    n, k = mean.size, int(codes.max()) + 1
    x = mean - mean.mean()
    spread = float(x @ x)
    if spread <= 1e-24 * max(1.0, float(mean @ mean)):
        nan = float("nan")
        return nan, nan, nan, nan
    if np.ptp(difference) <= _ROUNDING * float(abs(mean).max()):
        return 0.0, 0.0, 0.0, 1.0
    slope = float(x @ difference) / spread
    residual = difference - difference.mean() - slope * x
    if k == n:
        degrees, error = n - 2, float(np.sqrt(residual @ residual / (n - 2) / spread))
    else:
        scores = np.bincount(codes, weights=x * residual)
        inflate = k / (k - 1) * (n - 1) / (n - 2)
        degrees, error = k - 1, float(np.sqrt(inflate * (scores @ scores))) / spread
    margin = t_quantile(confidence, degrees) * error
    p = t_p_value(slope / error, degrees) if error > 0 else float(slope == 0)
    return slope, slope - margin, slope + margin, p
