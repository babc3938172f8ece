"""Rows of scores: every metric of a group with its spread over models and its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.utility.group_scores import GroupScores, Replicates, key_of, value_of
from ccmeval.utility.intervals import SUBJECTS_ONLY, interval_of, share_interval
from ccmeval.utility.learning import Task
from ccmeval.utility.numbers import number
from ccmeval.utility.outcomes import Floats, MetricSpec
from ccmeval.utility.schema import ScoreRow
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.two_way import TwoWayError, error_with_folds, two_way_error

_UNBOUNDED = frozenset(("log_loss",))


def score_rows(
    task: Task,
    learner: str,
    scores: GroupScores,
    specs: Sequence[MetricSpec],
    settings: UtilitySettings,
    validation: Replicates = (),
) -> list[ScoreRow]:
    """Describe a group by every metric.

    Parameters
    ----------
    task, learner : str
    scores : GroupScores
        With all of `specs`.
    specs : sequence of MetricSpec
    settings : UtilitySettings
        Of which the confidence is used.
    validation : sequence of Outcome or None, optional
        The same models on their validation frames.

    Returns
    -------
    list of ScoreRow
        One a metric. `value` is the mean over models, `sd` their standard deviation, and the interval is of
        the mean that other test subjects and other models would give (see
        :func:`ccmeval.utility.two_way.two_way_error`).
    """
    return [_row(task, learner, scores, spec, settings, validation) for spec in specs]


def is_share(spec: MetricSpec) -> bool:
    """Whether a metric lies between 0 and 1: it has no unit, and is not a loss."""
    return not spec.unit and spec.name not in _UNBOUNDED


def error_of(values: Floats, deviations: Floats, fold_values: Floats, degrees: int) -> TwoWayError:
    """Give the two-way error; a single cross-fitted replicate has its models' part from its folds."""
    error = two_way_error(values, deviations, degrees)
    known = np.flatnonzero(np.isfinite(values))
    if known.size == 1 and fold_values.shape[1] > 1:
        return error_with_folds(error, fold_values[known[0]])
    return error


def mean_of(values: Floats) -> float:
    """Mean of the defined values; NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def sd_of(values: Floats) -> float:
    """SD of the defined values; NaN for fewer than two."""
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if known.size > 1 else float("nan")


def _row(
    task: Task,
    learner: str,
    scores: GroupScores,
    spec: MetricSpec,
    settings: UtilitySettings,
    validation: Replicates,
) -> ScoreRow:
    key, draws = key_of(spec), scores.draws
    values = scores.values[key]
    error = error_of(values, scores.deviations[key], scores.fold_values[key], draws.degrees)
    known = (mean_of(values), error, draws.n_subjects, settings.confidence)
    found = share_interval(*known) if is_share(spec) else interval_of(*known, None)
    return ScoreRow(
        task=task,
        learner=learner,
        group=scores.group,
        metric=spec.name,
        label=spec.label,
        level=spec.level,
        unit=spec.unit,
        better=spec.better,
        primary=spec.primary,
        value=number(mean_of(values)),
        sd=number(sd_of(values)),
        low=number(found.low),
        high=number(found.high),
        confidence=settings.confidence,
        n_units=int(np.isfinite(values).sum()),
        validation_value=number(mean_of(np.array([value_of(spec, one) for one in validation]))),
        reason=found.reason or _caution(found.method),
    )


def _caution(method: str) -> str:
    return "One model: its luck is not in the interval." if method.startswith(SUBJECTS_ONLY) else ""
