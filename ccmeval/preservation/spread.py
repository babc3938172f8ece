"""Ratio of the spreads of two sets: a collapsed set may match every mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.preservation.frames import Codes, Units, Vector
from ccmeval.preservation.resampling import FEWEST_FOR_BOOTSTRAP, Counts, Statistic, Table, Value, studentised
from ccmeval.statistics.estimate import Estimate, finite


def sd(values: npt.ArrayLike) -> float:
    """SD with n - 1 of the finite values; NaN for fewer than two, 0 where rounding alone differs.

    Examples
    --------
    >>> sd([1.0, 3.0, float("nan")]), sd([0.1, 0.1, 0.1])
    (1.4142135623730951, 0.0)
    """
    kept = finite(values)
    if kept.size < 2:
        return float("nan")
    found = float(kept.std(ddof=1))
    return found if found > 16 * float(np.finfo(float).eps) * float(abs(kept).max()) else 0.0


def sd_ratio(real: Vector, synth: Vector, units: Units, weights: Counts, *, confidence: float) -> Estimate:
    """SD over frames, synthetic over real, with an interval over units.

    Parameters
    ----------
    real, synth : float arrays
        Values over frames; NaN ones are left out.
    units : Units
        Of these frames.
    weights : uint8 array (B, U)
        Resamples of the units; see `draw_weights`.
    confidence : float

    Returns
    -------
    Estimate
        NaN where the real frames do not vary or a side has fewer than two values. 0 without an
        interval where the synthetic frames do not vary. No interval for fewer than five units a side.

    Notes
    -----
    Symmetric studentised bootstrap of the log ratio over units (see `studentised`), with the
    cluster-robust error of the log SD.
    """
    ratio_method = "symmetric studentised bootstrap of the log ratio over units"
    spreads = sd(real), sd(synth)
    n = int(units.in_real.sum() + units.in_synth.sum())
    nan = float("nan")
    if not spreads[0] > 0 or not np.isfinite(spreads[1]):
        return Estimate(nan, nan, nan, n, confidence, ratio_method)
    if spreads[1] == 0:
        return Estimate(0.0, nan, nan, n, confidence, ratio_method)
    if min(int(units.in_real.sum()), int(units.in_synth.sum())) < FEWEST_FOR_BOOTSTRAP:
        return Estimate(spreads[1] / spreads[0], nan, nan, n, confidence, ratio_method)
    found = studentised(log_ratio(real, synth, units), weights, confidence=confidence, n=n)
    low, high = _exp(found.low), _exp(found.high)
    return Estimate(spreads[1] / spreads[0], low, high, n, confidence, ratio_method)


def log_ratio(real: Vector, synth: Vector, units: Units) -> Statistic:
    """Log SD over frames of the synthetic set less that of the real one, as a function of weights."""
    sides = [_totals(real, units.real, units.count), _totals(synth, units.synth, units.count)]

    def statistic(weights: Table) -> Value:
        return _log_sd(weights, sides[1]).minus(_log_sd(weights, sides[0]))

    return statistic


def _totals(values: Vector, codes: Codes, count: int) -> Table:
    """Frames, sum and sum of squares of each unit, of values standardised over the set."""
    kept = np.isfinite(values)
    x = (values[kept] - values[kept].mean()) / sd(values)
    sums = [np.bincount(codes[kept], weights=x**power, minlength=count) for power in (0, 1, 2)]
    return np.stack([*sums, np.full(count, np.log(sd(values)))], axis=1)


def _log_sd(weights: Table, totals: Table) -> Value:
    frames, total, squares = (weights @ totals[:, :3]).T
    safe = np.maximum(frames, 2)
    mean = total / safe
    variance = (squares - safe * mean**2) / (safe - 1)
    usable = (frames >= 2) & (variance > 1e-12)
    variance = np.where(usable, variance, 1.0)
    value = np.where(usable, np.log(variance) / 2 + totals[0, 3], np.nan)
    n_units = weights @ (totals[:, 0] > 0)
    factor = np.where(n_units > 1, np.sqrt(n_units / np.maximum(n_units - 1, 1)), np.nan)
    scale = factor / (2 * variance * safe)
    influence = (
        totals[None, :, 2]
        - 2 * mean[:, None] * totals[None, :, 1]
        + (mean**2 - variance)[:, None] * totals[None, :, 0]
    )
    return Value(value, influence * scale[:, None])


def _exp(log: float) -> float:
    return float(np.exp(min(log, 700.0)))
