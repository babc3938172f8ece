"""Studentised bootstrap over units for differences of two sets that may share units.

A resample is a row of weights: how often each unit was drawn. Statistics are functions of weights that
also give each unit's influence, from which every resample gets its own standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.preservation.frames import Vector
from ccmeval.statistics.estimate import Estimate

Table = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FEWEST_FOR_BOOTSTRAP = 5
"""Units a side below which resamples repeat one unit too often for an error of their own."""


@dataclass(frozen=True)
class Value:
    """A statistic under each row of weights.

    Attributes
    ----------
    value : float array (B,)
    influence : float array (B, U)
        What one more draw of a unit adds, to first order, times its finite-sample factor.
    """

    value: Vector
    influence: Table

    def minus(self, other: Value, factor: float = 1.0) -> Value:
        """Give this statistic less `factor` times another."""
        return Value(self.value - factor * other.value, self.influence - factor * other.influence)

    def error(self, weights: Table) -> Vector:
        """Give the standard error under each row of weights."""
        return np.asarray(np.sqrt((weights * self.influence**2).sum(axis=1)))


Statistic = Callable[[Table], Value]


def draw_weights(
    in_real: Flags, in_synth: Flags, resamples: int, rng: np.random.Generator, strata: npt.ArrayLike = 0
) -> Table:
    """Draw units with replacement and count how often each was drawn.

    Units of the two sides are drawn apart where none is shared; else from one urn, so that a shared unit
    brings both its sides.

    Parameters
    ----------
    in_real, in_synth : bool array (U,)
    resamples : int
    rng : numpy.random.Generator
    strata : int or int array (U,)
        Units of different strata (diagnoses) are drawn apart.

    Returns
    -------
    float array (resamples, U)
    """
    stratum = np.broadcast_to(np.asarray(strata), in_real.shape)
    weights = np.zeros((resamples, in_real.size))
    for name in np.unique(stratum):
        member = stratum == name
        urns = [member & (in_real | in_synth)]
        if not (in_real & in_synth & member).any():
            urns = [member & in_real, member & in_synth]
        for urn in urns:
            if count := int(urn.sum()):
                weights[:, urn] = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return weights


def weighted_mean(weights: Table, means: Vector) -> Value:
    """Mean over the units that have a value; influence scaled so that its variance is unbiased."""
    known = np.isfinite(means)
    held, x = weights * known, np.where(known, means, 0.0)
    count = held.sum(axis=1)
    safe = np.maximum(count, 1)
    value = np.where(count > 0, held @ x / safe, np.nan)
    factor = np.where(count > 1, np.sqrt(safe / np.maximum(safe - 1, 1)), np.nan) / safe
    influence = known * (x - np.nan_to_num(value)[:, None]) * factor[:, None]
    return Value(value, influence)


def once(statistic: Statistic, count: int) -> tuple[float, float]:
    """Give the statistic and its standard error on the data as they are."""
    weights = np.ones((1, count))
    found = statistic(weights)
    return float(found.value[0]), float(found.error(weights)[0])


def pivots(statistic: Statistic, weights: Table, centre: float) -> Vector:
    """Studentised deviations of the resamples, sorted; those without an error of their own left out."""
    found = statistic(weights)
    error = found.error(weights)
    usable = np.isfinite(found.value) & (error > 0)
    return np.sort((found.value[usable] - centre) / error[usable])


def studentised(statistic: Statistic, weights: Table, *, confidence: float, n: int) -> Estimate:
    """Bootstrap-t interval of a statistic.

    Parameters
    ----------
    statistic : callable
        Takes weights (B, U) and gives a `Value`.
    weights : float array (B, U)
        From `draw_weights`.
    confidence : float
    n : int
        Units, for the record.

    Returns
    -------
    Estimate
        The interval is NaN where over half of the resamples have no standard error.

    Notes
    -----
    Hall, Ann Stat 1988;16:927: second-order accurate, so that skewed biomarkers keep their coverage.
    """
    method = f"studentised bootstrap over units, {len(weights)} resamples"
    value, error = once(statistic, weights.shape[1])
    if error == 0:
        return Estimate(value, value, value, n, confidence, method)
    deviations = pivots(statistic, weights, value) if np.isfinite(error) else np.empty(0)
    if deviations.size < len(weights) / 2:
        return Estimate(value, float("nan"), float("nan"), n, confidence, method)
    tail = (1 - confidence) / 2
    low, high = np.quantile(deviations, [tail, 1 - tail])
    return Estimate(value, value - float(high) * error, value - float(low) * error, n, confidence, method)
