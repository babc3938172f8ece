"""From finished units to the rows of the result: scores, differences, verdicts, tables and curves."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ccmeval.utility.diagnosis_tables import calibration_bins, confusion, per_class_scores
from ccmeval.utility.differences import difference_row
from ccmeval.utility.group_scores import GroupScores, score_group, value_of
from ccmeval.utility.label_agreement import label_agreements
from ccmeval.utility.metrics import metrics_of, primary_metric
from ccmeval.utility.outcomes import DiagnosisOutcome, Outcome
from ccmeval.utility.plan import CurvePlace
from ccmeval.utility.replicates import Results, Tested, bare
from ccmeval.utility.resampling import SubjectDraws, subject_draws
from ccmeval.utility.schema import (
    Calibration,
    Confusion,
    CurvePoint,
    Group,
    ScoreRow,
    UtilityResult,
)
from ccmeval.utility.score_rows import mean_of, score_rows, sd_of
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.units import UnitSpec
from ccmeval.utility.verdicts import task_verdict

PAIRS: tuple[tuple[Group, Group], ...] = (
    ("B", "A"),
    ("B", "A-balanced"),
    ("B", "A-dup"),
    ("C", "A"),
    ("A-balanced", "A"),
    ("A-dup", "A"),
)
"""Groups that are compared: the first minus the second."""


@dataclass(frozen=True)
class Trained:
    """What a learner was trained to for a task.

    Attributes
    ----------
    learner : str
    tested : Tested
    results : mapping of UnitSpec to UnitResult
    specs : sequence of UnitSpec
        Of the groups, without those of curves.
    places : sequence of CurvePlace
        Of this task and learner.
    settings : UtilitySettings
    seed : int
        Of the run.
    """

    learner: str
    tested: Tested
    results: Results
    specs: Sequence[UnitSpec]
    places: Sequence[CurvePlace]
    settings: UtilitySettings
    seed: int

    @property
    def task(self) -> Any:
        """The task."""
        return self.tested.split.task

    def rng(self, what: str) -> np.random.Generator:
        """Give the randomness of a part, which other parts do not touch."""
        name = zlib.crc32(f"{self.task} {self.learner} {what}".encode())
        return np.random.default_rng([self.seed, name])


def add_learner(found: UtilityResult, trained: Trained) -> None:
    """Add all that a learner's units of a task come to.

    Parameters
    ----------
    found : UtilityResult
        Its lists grow.
    trained : Trained
    """
    groups = _replicates(trained)
    known = next((one for of_group in groups.values() for one in of_group if one is not None), None)
    if known is None:
        reasons = [trained.results[bare(s)].row.reason for s in trained.specs if bare(s) in trained.results]
        why = next(filter(None, reasons), "nothing was trained")
        found.unavailable[f"{trained.learner}, {trained.task}"] = f"No training run came to an end: {why}"
        return
    n_models = max(len(of_group) for of_group in groups.values())
    draws = subject_draws(known, n_models, trained.settings.resamples, trained.rng("draws"))
    scores = _scores(trained, groups, draws)
    for group, of_group in scores.items():
        validation = trained.tested.validations(trained.results, _of_group(trained, group))
        found.scores += score_rows(
            trained.task, trained.learner, of_group, metrics_of(trained.task), trained.settings, validation
        )
    _add_differences(found, trained, scores)
    if trained.task == "diagnosis":
        _add_diagnosis_tables(found, trained, groups)
    found.curves += [_point(trained, place, draws) for place in trained.places]


def _of_group(trained: Trained, group: Group) -> list[UnitSpec]:
    return [spec for spec in trained.specs if spec.group == group]


def _replicates(trained: Trained) -> dict[Group, list[Outcome | None]]:
    groups = dict.fromkeys(spec.group for spec in trained.specs)
    return {group: trained.tested.replicates(trained.results, _of_group(trained, group)) for group in groups}


def _scores(
    trained: Trained, groups: dict[Group, list[Outcome | None]], draws: SubjectDraws
) -> dict[Group, GroupScores]:
    specs, folds = metrics_of(trained.task), trained.tested.frame_folds
    return {group: score_group(group, of_group, specs, draws, folds) for group, of_group in groups.items()}


def _add_differences(found: UtilityResult, trained: Trained, scores: dict[Group, GroupScores]) -> None:
    settings, n_folds = trained.settings, len(trained.tested.split.folds)
    rows = [
        difference_row(trained.task, trained.learner, scores[group], scores[against], spec, settings, n_folds)
        for group, against in PAIRS
        if group in scores and against in scores
        for spec in metrics_of(trained.task)
    ]
    found.differences += rows
    found.verdicts.append(task_verdict(rows, trained.learner, trained.task, settings.split_by))


def _add_diagnosis_tables(
    found: UtilityResult, trained: Trained, groups: dict[Group, list[Outcome | None]]
) -> None:
    for group, replicates in groups.items():
        known = [one for one in replicates if isinstance(one, DiagnosisOutcome)]
        if known:
            found.scores += _class_rows(trained, group, known)
            found.confusions += _confusions(trained, group, known)
            found.calibrations.append(_calibration(trained, group, known))
    if "A" in groups:
        found.agreements += _agreements(trained, groups["A"])


def _class_rows(trained: Trained, group: Group, known: Sequence[DiagnosisOutcome]) -> list[ScoreRow]:
    tables = [per_class_scores(one) for one in known]
    rows = []
    for scores in zip(*tables, strict=True):
        values = np.array([score.value for score in scores])
        rows.append(
            ScoreRow(
                task="diagnosis", learner=trained.learner, group=group, metric=f"class_{scores[0].metric}",
                label=scores[0].label, level="frame", diagnosis=scores[0].diagnosis,
                value=_number(mean_of(values)), sd=_number(sd_of(values)),
                n_units=int(np.isfinite(values).sum()),
            )
        )  # fmt: skip
    return rows


def _confusions(trained: Trained, group: Group, known: Sequence[DiagnosisOutcome]) -> list[Confusion]:
    classes = list(known[0].classes)
    return [
        Confusion(
            learner=trained.learner,
            group=group,
            level=level,
            classes=classes,
            counts=np.mean([confusion(one, level) for one in known], axis=0).tolist(),
        )
        for level in ("frame", "subject")
    ]


def _calibration(trained: Trained, group: Group, known: Sequence[DiagnosisOutcome]) -> Calibration:
    spec = next(s for s in metrics_of("diagnosis") if (s.name, s.level) == ("calibration_error", "frame"))
    together = DiagnosisOutcome(
        np.concatenate([one.probabilities for one in known]),
        np.concatenate([one.labels for one in known]),
        [cluster for one in known for cluster in one.clusters],
        known[0].classes,
    )
    return Calibration(
        learner=trained.learner,
        group=group,
        error=_number(mean_of(np.array([value_of(spec, one) for one in known]))),
        bins=calibration_bins(together),
    )


def _agreements(trained: Trained, real: Sequence[Outcome | None]) -> list[Any]:
    done = [trained.results.get(bare(spec)) for spec in _of_group(trained, "A")]
    said = [one for one in done if one is not None and "synth" in one.arrays]
    if not said:
        return []
    rows = [int(row) for row in said[0].arrays["synth_rows"]]
    frames = [trained.tested.members[row] for row in rows]
    classes = trained.tested.split.classes
    labels = [classes.index(it.diagnosis) if it.diagnosis in classes else -1 for it in frames]
    return label_agreements(
        trained.learner,
        [one.arrays["synth"] for one in said],
        labels,
        [frame.cluster for frame in frames],
        classes,
        [one for one in real if isinstance(one, DiagnosisOutcome)],
        trained.rng("label agreement"),
        resamples=trained.settings.resamples,
        confidence=trained.settings.confidence,
    )


def _point(trained: Trained, place: CurvePlace, draws: SubjectDraws) -> CurvePoint:
    spec = primary_metric(trained.task)
    point = CurvePoint(
        task=trained.task, learner=trained.learner, curve=place.curve, x=place.x, group=place.group,
        metric=spec.name, label=spec.label, reason=place.reason,
    )  # fmt: skip
    if not place.units:
        return point
    replicates = trained.tested.replicates(trained.results, place.units)
    scores = score_group(place.group, replicates, [spec], draws, trained.tested.frame_folds)
    row = score_rows(trained.task, trained.learner, scores, [spec], trained.settings)[0]
    done = [trained.results[bare(unit)].row for unit in place.units if bare(unit) in trained.results]
    numbers = {name: getattr(row, name) for name in ("value", "sd", "low", "high", "n_units")}
    means = {name: float(np.mean([getattr(it, name) for it in done])) for name in ("n_real", "n_synth")}
    return point.model_copy(update={**numbers, **means, "reason": row.reason})


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
