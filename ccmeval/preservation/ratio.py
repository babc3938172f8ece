"""Ratio of two effects with an interval that knows when there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ccmeval.preservation.difference import standardised_difference
from ccmeval.preservation.frames import Codes, Vector
from ccmeval.preservation.resampling import Counts, Table, Value, pivotal_quantile, weighted_mean
from ccmeval.statistics.estimate import Estimate

Effect = Callable[[Table], Value]


def gap(means: Vector, stratum: Codes, first: int, last: int) -> Effect:
    """Mean of the units of the last diagnosis less that of the first, as a function of weights.

    Parameters
    ----------
    means : float array (U,)
        Means of the units in one set, NaN where a unit is not in it.
    stratum : int array (U,)
        Place of each unit's diagnosis in the order.
    first, last : int
    """
    ends = [np.where(stratum == it, means, np.nan) for it in (first, last)]

    def effect(weights: Table) -> Value:
        return weighted_mean(weights, ends[1]).minus(weighted_mean(weights, ends[0]))

    return effect


def standardised_gap(means: Vector, stratum: Codes, first: int, last: int) -> Effect:
    """Hedges' g of the last diagnosis against the first, as a function of weights; see `gap`."""
    ends = [np.where(stratum == it, means, np.nan) for it in (first, last)]
    return standardised_difference(ends[0], ends[1])


def ratio_interval(real: Effect, synth: Effect, weights: Counts, *, confidence: float, n: int) -> Estimate:
    """Effect of the synthetic set over that of the real one.

    Parameters
    ----------
    real, synth : callable
        Effects as functions of weights.
    weights : uint8 array (B, U)
        Resamples of the units of both sets, each diagnosis drawn apart and shared units jointly.
    confidence : float
    n : int
        Units, for the record.

    Returns
    -------
    Estimate
        The interval is NaN where the real effect is not clear of zero at this confidence: any ratio, or
        any outside some range, would then be possible.

    Notes
    -----
    Fieller (J R Stat Soc B 1954;16:175) with the quantile of |synth - ratio x real| over its error from a
    bootstrap in place of Student's t (Hwang, J R Stat Soc B 1995;57:161).
    """
    method = f"bootstrap of Fieller's pivot over units, {len(weights)} resamples"
    whole = np.ones((1, weights.shape[1]))
    a, b = real(whole), synth(whole)
    x, y = float(a.value[0]), float(b.value[0])
    nan = float("nan")
    if not (np.isfinite(x) and np.isfinite(y)) or x == 0:
        return Estimate(nan, nan, nan, n, confidence, method)
    ratio = y / x
    quantile = pivotal_quantile(lambda w: synth(w).minus(real(w), ratio), weights, 0.0, confidence)
    if not np.isfinite(quantile):  # a synthetic set without any spread leaves the real one's error alone
        quantile = pivotal_quantile(real, weights, x, confidence)
    xx, yy, xy = (float((p.influence * q.influence).sum()) for p, q in ((a, a), (b, b), (a, b)))
    low, high = fieller(x, y, xx, yy, xy, quantile)
    return Estimate(ratio, low, high, n, confidence, method)


def fieller(x: float, y: float, xx: float, yy: float, xy: float, quantile: float) -> tuple[float, float]:
    """Solve (y - r x)^2 = quantile^2 (yy - 2 r xy + r^2 xx) for r; NaN where x is not clear of zero."""
    square = quantile**2
    a, b, c = x**2 - square * xx, x * y - square * xy, y**2 - square * yy
    if not a > 0:
        return float("nan"), float("nan")
    root = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return (b - root) / a, (b + root) / a
