"""Difference of two means over units: its bootstrap interval, and its size in SDs."""

from __future__ import annotations

import numpy as np
from scipy import special

from ccmeval.preservation.frames import Vector
from ccmeval.preservation.overlap import Overlap
from ccmeval.preservation.resampling import (
    FEWEST_FOR_BOOTSTRAP,
    Counts,
    Statistic,
    Table,
    Value,
    studentised,
    weighted_mean,
)
from ccmeval.preservation.spread import sd
from ccmeval.statistics.effects import hedges_g
from ccmeval.statistics.estimate import Estimate, undefined


def mean_interval(a: Vector, b: Vector, found: Overlap, weights: Counts, confidence: float) -> Estimate:
    """Mean of `b` minus mean of `a` with its interval.

    Parameters
    ----------
    a, b : float arrays (U,)
        Means of the units, NaN where a unit is not on that side.
    found : Overlap
        The t-test of the two, whose interval stands in for fewer than five units a side.
    weights : uint8 array (B, U)
        Resamples of the units; see `draw_weights`.
    confidence : float

    Returns
    -------
    Estimate
    """
    n, fewest = found.n_a + found.n_b, min(found.n_a, found.n_b)
    if not found.error >= 0:
        return Estimate(found.difference, float("nan"), float("nan"), n, confidence, "too few units")
    if found.error > 0 and fewest >= FEWEST_FOR_BOOTSTRAP:

        def difference(drawn: Table) -> Value:
            return weighted_mean(drawn, b).minus(weighted_mean(drawn, a))

        interval = studentised(difference, weights, confidence=confidence, n=n)
        if np.isfinite(interval.low):
            return interval
    low, high = found.interval(confidence)
    return Estimate(found.difference, low, high, n, confidence, found.method)


def effect_size(a: Vector, b: Vector, found: Overlap, weights: Counts, confidence: float) -> Estimate:
    """Hedges' g of `b` against `a`, in SDs pooled over both sides, whether or not units are shared.

    Parameters are those of `mean_interval`.

    Returns
    -------
    Estimate
        NaN where a side has fewer than two values or neither varies; no interval where units are shared
        and fewer than five are on a side.

    Notes
    -----
    Without shared units `ccmeval.statistics.hedges_g` (non-central t). With them the same g, so that sets
    with and without shared units compare, and a symmetric studentised bootstrap.
    """
    if found.n_pairs == 0:
        return hedges_g(a, b, confidence=confidence)
    n = found.n_a + found.n_b
    if min(found.n_a, found.n_b) < 2 or not max(sd(a), sd(b)) > 0:
        return undefined(n, confidence, "too few units, or nothing varies")
    few = min(found.n_a, found.n_b) < FEWEST_FOR_BOOTSTRAP
    drawn = weights[:0] if few else weights
    return studentised(standardised_difference(a, b), drawn, confidence=confidence, n=n)


def standardised_difference(a: Vector, b: Vector) -> Statistic:
    """Hedges' g of `b` against `a`, as a function of weights of the units.

    Parameters
    ----------
    a, b : float arrays (U,)
        Values of the units on either side, NaN where a unit is not on it.
    """
    ends = [a, b]
    correct = small_sample_factor(sum(int(np.isfinite(it).sum()) for it in ends) - 2)

    def effect(weights: Table) -> Value:
        parts = [weighted_mean(weights, it) for it in ends]
        raw = parts[1].minus(parts[0])
        variance = _pooled_variance(weights, ends, [it.value for it in parts])
        scale = np.sqrt(np.where(variance.value > 0, variance.value, np.nan))
        slope = np.nan_to_num(raw.value / (2 * scale**3))
        influence = raw.influence / scale[:, None] - slope[:, None] * variance.influence
        return Value(correct * raw.value / scale, correct * influence)

    return effect


def _pooled_variance(weights: Table, ends: list[Vector], centres: list[Vector]) -> Value:
    squares, counts, members = [], [], np.zeros(ends[0].shape)
    for values, centre in zip(ends, centres, strict=True):
        known = np.isfinite(values)
        away = np.where(known, values, 0.0) - np.nan_to_num(centre)[:, None]
        squares.append(known * away**2)
        counts.append(weights @ known)
        members += known
    degrees = np.maximum(counts[0] + counts[1] - 2, 1)
    value = np.asarray(sum((weights * it).sum(axis=1) for it in squares) / degrees)
    influence = (squares[0] + squares[1] - members * value[:, None]) / degrees[:, None]
    return Value(value, influence)


def small_sample_factor(degrees: float) -> float:
    """Hedges' correction of a standardised difference (J Educ Stat 1981;6:107), exact."""
    if degrees < 2:
        return float("nan")
    log = special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)
    return float(np.exp(log) / np.sqrt(degrees / 2))
