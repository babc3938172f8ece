"""One group against another on the same test subjects, model by model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ccmeval.utility.corrected_t import CorrectedT, corrected_resampled_t
from ccmeval.utility.effects import Evidence, effect_of
from ccmeval.utility.group_scores import GroupScores, key_of
from ccmeval.utility.intervals import Interval, interval_of
from ccmeval.utility.learning import Task
from ccmeval.utility.mcnemar import subject_mcnemar
from ccmeval.utility.numbers import group_words, number, plain, signed
from ccmeval.utility.outcomes import DiagnosisOutcome, Floats, MetricSpec
from ccmeval.utility.schema import DifferenceRow, Effect
from ccmeval.utility.score_rows import error_of, is_share, mean_of, sd_of
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.two_way import TwoWayError

_LIMITS = "; of these training frames (other ones are the corrected t-test's matter)"


@dataclass(frozen=True)
class _Found:
    """What is known of a difference before it is put in words."""

    values: Floats
    error: TwoWayError
    interval: Interval
    test: CorrectedT
    margin: float | None
    detectable: float


def difference_row(
    task: Task,
    learner: str,
    group: GroupScores,
    against: GroupScores,
    spec: MetricSpec,
    settings: UtilitySettings,
    n_folds: int | None = None,
) -> DifferenceRow:
    """Compare two groups by one metric.

    Parameters
    ----------
    task, learner : str
    group, against : GroupScores
        Of the same draws; replicate r of both comes from the same fold and seed. Where either failed, the
        pair is left out.
    spec : MetricSpec
    settings : UtilitySettings
        Of which confidence, margin, folds and split_by are used.
    n_folds : int, optional
        Folds that could be made, where that is fewer than the settings ask for.

    Returns
    -------
    DifferenceRow
        `value` is the mean of the paired differences, group minus against, and `sd` their standard deviation.
        The interval holds for other test subjects of the same diagnoses and other models trained on these
        frames (:func:`ccmeval.utility.two_way.two_way_error`). The corrected t-test
        (:func:`ccmeval.utility.corrected_t.corrected_resampled_t`, with 1 / (folds - 1) as n_test / n_train)
        is over models, or over folds and seeds under cross-fit. `effect` follows
        :func:`ccmeval.utility.effects.effect_of`; the margin applies to shares only.

    Raises
    ------
    ValueError
        If the groups were not scored on the same draws.
    """
    if group.draws is not against.draws:
        raise ValueError("Both groups must be scored on the same draws of subjects.")
    found = _find(group, against, spec, settings, n_folds or settings.folds)
    evidence = Evidence(
        found.interval.low,
        found.interval.high,
        spec.better,
        found.test,
        found.error.models_degrees > 0,
        found.margin,
        settings.confidence,
    )
    effect, reason = effect_of(evidence)
    sentence = _sentence(group, against, spec, settings, found, effect, reason)
    return DifferenceRow(
        task=task,
        learner=learner,
        group=group.group,
        against=against.group,
        metric=spec.name,
        label=spec.label,
        level=spec.level,
        unit=spec.unit,
        better=spec.better,
        primary=spec.primary,
        value=number(mean_of(found.values)),
        sd=number(sd_of(found.values)),
        low=number(found.interval.low),
        high=number(found.interval.high),
        confidence=settings.confidence,
        interval_method=found.interval.method + (_LIMITS if found.interval.method else ""),
        n_units=int(np.isfinite(found.values).sum()),
        n_clusters=group.draws.n_subjects,
        corrected_t=number(found.test.t),
        corrected_df=number(found.test.degrees),
        corrected_p=number(found.test.p),
        standard_error=number(found.error.error),
        smallest_detectable=number(found.detectable),
        margin=found.margin,
        effect=effect,
        reason=reason,
        sentence=sentence,
        **_mcnemar(group, against),
    )


def _find(
    group: GroupScores, against: GroupScores, spec: MetricSpec, settings: UtilitySettings, n_folds: int
) -> _Found:
    key = key_of(spec)
    values = group.values[key] - against.values[key]
    deviations = group.deviations[key] - against.deviations[key]
    folds = group.fold_values[key] - against.fold_values[key]
    error = error_of(values, deviations, folds, group.draws.degrees)
    bounds = (-1.0, 1.0) if is_share(spec) else None
    interval = interval_of(mean_of(values), error, group.draws.n_subjects, settings.confidence, bounds)
    crossed = folds.shape[1] > 1
    in_test = folds.shape[1] if crossed else n_folds
    test = corrected_resampled_t(folds if crossed else values, 1 / (in_test - 1))
    margin = settings.margin if is_share(spec) else None
    return _Found(values, error, interval, test, margin, _detectable(error, test, settings.confidence))


def _detectable(error: TwoWayError, test: CorrectedT, confidence: float) -> float:
    """Difference that both the interval and the corrected t-test would show."""
    found = [error.smallest_detectable(confidence), test.smallest_detectable(confidence)]
    return max(found) if np.isfinite(found).all() else found[0]


def _mcnemar(group: GroupScores, against: GroupScores) -> dict[str, Any]:
    pairs = [
        (one, other)
        for one, other in zip(group.replicates, against.replicates, strict=True)
        if isinstance(one, DiagnosisOutcome) and isinstance(other, DiagnosisOutcome)
    ]
    if not pairs:
        return {}
    found = subject_mcnemar([one for one, _ in pairs], [other for _, other in pairs])
    return {"mcnemar_better": found.better, "mcnemar_worse": found.worse, "mcnemar_p": found.p}


def _sentence(
    group: GroupScores,
    against: GroupScores,
    spec: MetricSpec,
    settings: UtilitySettings,
    found: _Found,
    effect: Effect,
    reason: str,
) -> str:
    pair = f"{spec.label}: {group_words(group.group)} against {group_words(against.group)}"
    if effect == "unavailable" and not np.isfinite(found.interval.low):
        return f"{pair} cannot be judged. {found.interval.reason}"
    n_models = int(np.isfinite(found.values).sum())
    unit = "subjects" if settings.split_by == "subject" else "frames"
    power = ""
    if np.isfinite(found.detectable):
        shown = plain(found.detectable, spec.unit)
        power = f" A difference of {shown} would be found, by interval and test, in four of five repeats."
    judged = "" if effect == "unavailable" else f" {effect[0].upper()}{effect[1:]}: {reason}."
    return (
        f"{pair}: {signed(mean_of(found.values), spec.unit)}"
        f" ({100 * settings.confidence:g} % interval {plain(found.interval.low)} to"
        f" {plain(found.interval.high)}; {group.draws.n_subjects} test {unit}, {n_models}"
        f" model{'s' if n_models != 1 else ''} a group).{judged}{power}"
    )
