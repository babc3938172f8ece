"""Difference of two means over units: its bootstrap interval, and its size in SDs."""

from __future__ import annotations

import numpy as np
from scipy import special

from ccmeval.preservation.frames import Vector
from ccmeval.preservation.overlap import Overlap
from ccmeval.preservation.resampling import (
    FEWEST_FOR_BOOTSTRAP,
    Counts,
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


def effect_size(a: Vector, b: Vector, found: Overlap, confidence: float) -> Estimate:
    """Hedges' g of `b` against `a`, in SDs pooled over both sides, whether or not units are shared.

    Parameters are those of `mean_interval`.

    Returns
    -------
    Estimate
        NaN where a side has fewer than two values or neither varies.

    Notes
    -----
    Without shared units `ccmeval.statistics.hedges_g`. With them the same g (so that sets with and
    without shared units compare), and the interval inverts the non-central t of `overlapping_t`, whose
    error knows of the correlation; to first order, since the SD is estimated from correlated values too.
    """
    if found.n_pairs == 0:
        return hedges_g(a, b, confidence=confidence)
    n, method = found.n_a + found.n_b, "non-central t of the overlapping samples"
    if not found.error > 0:
        return undefined(n, confidence, method)
    degrees = n - 2
    squares = (found.n_a - 1) * sd(a) ** 2 + (found.n_b - 1) * sd(b) ** 2
    scale = float(np.sqrt(squares / degrees))
    if not scale > 0:
        return undefined(n, confidence, method)
    correct = small_sample_factor(degrees)
    tail, t = (1 - confidence) / 2, found.difference / found.error
    ends = [float(special.nctdtrinc(found.degrees, p, t)) * found.error / scale for p in (1 - tail, tail)]
    g = correct * found.difference / scale
    return Estimate(g, correct * ends[0], correct * ends[1], n, confidence, method)


def small_sample_factor(degrees: float) -> float:
    """Hedges' correction of a standardised difference (J Educ Stat 1981;6:107), exact."""
    if degrees < 2:
        return float("nan")
    log = special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)
    return float(np.exp(log) / np.sqrt(degrees / 2))
