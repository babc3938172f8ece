"""From finished units to the rows of the result: scores, differences, verdicts, tables and curves."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ccmeval.utility.diagnosis_tables import calibration_bins, confusion, per_class_scores
from ccmeval.utility.group_scores import GroupScores, value_of
from ccmeval.utility.group_statistics import group_statistics
from ccmeval.utility.label_agreement import label_agreements
from ccmeval.utility.metrics import metrics_of, primary_metric
from ccmeval.utility.outcomes import DiagnosisOutcome, Outcome
from ccmeval.utility.plan import CurvePlace
from ccmeval.utility.replicates import Results, Tested, bare
from ccmeval.utility.schema import (
    Calibration,
    Confusion,
    CurvePoint,
    Group,
    ScoreRow,
    UtilityResult,
)
from ccmeval.utility.score_rows import mean_of, sd_of
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.units import UnitSpec
from ccmeval.utility.verdicts import task_verdict


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


class ScoreWatch(Protocol):
    """Whoever looks on while groups are scored."""

    def scores(self, trained: Trained, groups: Mapping[Group, GroupScores]) -> None:
        """Take what a learner's models scored."""


def add_learner(found: UtilityResult, trained: Trained, watch: ScoreWatch | None = None) -> None:
    """Add all that a learner's units of a task come to.

    Parameters
    ----------
    found : UtilityResult
        Its lists grow.
    trained : Trained
    watch : ScoreWatch, optional
        Takes the scores of all groups in passing.
    """
    groups = _replicates(trained)
    if not any(one is not None for of_group in groups.values() for one in of_group):
        reasons = [trained.results[bare(s)].row.reason for s in trained.specs if bare(s) in trained.results]
        why = next(filter(None, reasons), "nothing was trained")
        found.unavailable[f"{trained.learner}, {trained.task}"] = f"No training run came to an end: {why}"
        return
    scores, differences = group_statistics(
        trained.task,
        trained.learner,
        groups,
        metrics_of(trained.task),
        trained.rng("draws"),
        trained.settings,
        n_folds=len(trained.tested.split.folds),
        frame_folds=trained.tested.frame_folds,
        validation={
            group: trained.tested.validations(trained.results, _of_group(trained, group)) for group in groups
        },
        watch=None if watch is None else lambda scored: watch.scores(trained, scored),
    )
    found.scores += scores
    found.differences += differences
    found.verdicts.append(task_verdict(differences, trained.learner, trained.task, trained.settings.split_by))
    if trained.task == "diagnosis":
        _add_diagnosis_tables(found, trained, groups)
    found.curves += [_point(trained, place) for place in trained.places]


def _of_group(trained: Trained, group: Group) -> list[UnitSpec]:
    return [spec for spec in trained.specs if spec.group == group]


def _replicates(trained: Trained) -> dict[Group, list[Outcome | None]]:
    groups = dict.fromkeys(spec.group for spec in trained.specs)
    return {group: trained.tested.replicates(trained.results, _of_group(trained, group)) for group in groups}


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


def _point(trained: Trained, place: CurvePlace) -> CurvePoint:
    spec = primary_metric(trained.task)
    point = CurvePoint(
        task=trained.task, learner=trained.learner, curve=place.curve, x=place.x, group=place.group,
        metric=spec.name, label=spec.label, reason=place.reason,
    )  # fmt: skip
    if not place.units:
        return point
    rows, _ = group_statistics(
        trained.task,
        trained.learner,
        {place.group: trained.tested.replicates(trained.results, place.units)},
        [spec],
        trained.rng("draws"),
        trained.settings,
        frame_folds=trained.tested.frame_folds,
    )
    if not rows:
        return point.model_copy(update={"reason": "No training run of this point came to an end."})
    row = rows[0]
    done = [trained.results[bare(unit)].row for unit in place.units if bare(unit) in trained.results]
    numbers = {name: getattr(row, name) for name in ("value", "sd", "low", "high", "n_units")}
    means = {name: float(np.mean([getattr(it, name) for it in done])) for name in ("n_real", "n_synth")}
    return point.model_copy(update={**numbers, **means, "reason": row.reason})


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
