"""All metrics of a group's models, on the whole test set and on draws of its subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.utility.outcomes import Floats, MetricSpec, Outcome
from ccmeval.utility.resampling import Integers, SubjectDraws
from ccmeval.utility.schema import Group

SECONDARY_RESAMPLES = 500
"""Draws for metrics that no verdict rests on: enough for a standard error to 3 %."""

_AT_ONCE = 1_000_000  # weights that go through a metric at once, to bound memory

Replicates = Sequence[Outcome | None]
"""Of one group, in the order of folds and seeds that all groups share; None where training failed."""

MetricKey = tuple[str, str]
"""Name and level of a metric."""


def key_of(spec: MetricSpec) -> MetricKey:
    """Give what tells a metric from all others: one name may stand at two levels."""
    return spec.name, spec.level


@dataclass(frozen=True)
class GroupScores:
    """What each metric gave, by its name and level.

    Attributes
    ----------
    group : str
    replicates : sequence of Outcome or None
    draws : SubjectDraws
    values : mapping of key to float array (R,)
        On all test frames; NaN where undefined or where the replicate failed.
    deviations : mapping of key to float array (B, M)
        On drawn subjects minus that on all, of the models of the draw.
    fold_values : mapping of key to float array (R, K)
        On the test frames of each fold, where every fold is tested by its own model (cross-fit); K is 0
        otherwise.
    """

    group: Group
    replicates: Replicates
    draws: SubjectDraws
    values: Mapping[MetricKey, Floats]
    deviations: Mapping[MetricKey, Floats]
    fold_values: Mapping[MetricKey, Floats]


def score_group(
    group: Group,
    replicates: Replicates,
    specs: Sequence[MetricSpec],
    draws: SubjectDraws,
    frame_folds: Integers | None = None,
) -> GroupScores:
    """Compute all metrics of a group.

    Parameters
    ----------
    group : str
    replicates : sequence of Outcome or None
        All on the frames of `draws`, in that order.
    specs : sequence of MetricSpec
    draws : SubjectDraws
        The same for all groups that will be compared.
    frame_folds : int array (N,), optional
        Fold of each test frame, under cross-fit.

    Returns
    -------
    GroupScores

    Raises
    ------
    ValueError
        If a replicate has other frames than the draws.

    Notes
    -----
    The cost is that of ``B * M`` calls of a metric, with B the resamples (`SECONDARY_RESAMPLES` at most
    but for a primary metric) and M the models a draw, four at most. A metric whose `compute` has a method
    ``many(outcome, weights)`` for tables of weights (B, N) is called with those instead.
    """
    for one in replicates:
        if one is not None and len(one.clusters) != draws.codes.size:
            raise ValueError("All replicates must be of the same test frames.")
    values = {key_of(spec): np.array([value_of(spec, one) for one in replicates]) for spec in specs}
    deviations = {key_of(spec): _deviations(spec, replicates, draws, values[key_of(spec)]) for spec in specs}
    folds = {key_of(spec): _fold_values(spec, replicates, frame_folds) for spec in specs}
    return GroupScores(group, replicates, draws, values, deviations, folds)


def value_of(spec: MetricSpec, outcome: Outcome | None) -> float:
    """Give a metric of one replicate; NaN where the replicate failed."""
    if outcome is None:
        return float("nan")
    return float(spec.compute(outcome, np.ones(len(outcome.clusters))))


def weighted_values(spec: MetricSpec, outcome: Outcome, weights: Floats) -> Floats:
    """Give a metric for each row of a table of weights (B, N), all at once where it can do so."""
    many = getattr(spec.compute, "many", None)
    if many is None:
        return np.array([spec.compute(outcome, row) for row in weights], dtype=np.float64)
    return np.asarray(many(outcome, weights), dtype=np.float64)


def _deviations(spec: MetricSpec, replicates: Replicates, draws: SubjectDraws, values: Floats) -> Floats:
    count = len(draws.counts) if spec.primary else min(len(draws.counts), SECONDARY_RESAMPLES)
    found = np.full((count, draws.models.shape[1]), np.nan)
    step = max(1, _AT_ONCE // max(1, draws.codes.size))
    for model, outcome in enumerate(replicates):
        if outcome is None:
            continue
        rows, columns = np.nonzero(draws.models[:count] == model)
        for start in range(0, rows.size, step):
            some = slice(start, start + step)
            drawn = weighted_values(spec, outcome, draws.frame_weights(rows[some]))
            found[rows[some], columns[some]] = drawn - values[model]
    return found


def _fold_values(spec: MetricSpec, replicates: Replicates, frame_folds: Integers | None) -> Floats:
    if frame_folds is None:
        return np.empty((len(replicates), 0))
    folds = np.unique(frame_folds)
    weights = (frame_folds == folds[:, None]).astype(np.float64)
    found = np.full((len(replicates), folds.size), np.nan)
    for model, outcome in enumerate(replicates):
        if outcome is not None:
            found[model] = weighted_values(spec, outcome, weights)
    return found
