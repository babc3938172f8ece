"""The registry of metrics by which groups are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ccmeval.utility import diagnosis_metrics as diagnosis
from ccmeval.utility import segmentation_metrics as segmentation
from ccmeval.utility.learning import Task
from ccmeval.utility.outcomes import Floats, Level, MetricSpec, Outcome

Better = Literal["higher", "lower", "neither"]

_AT_ONCE = 1_000_000
"""Weights of resamples that go through a metric at once, to bound memory."""


@dataclass(frozen=True)
class _One:
    """The `compute` of a spec: one number, from a function that can do many."""

    many: Callable[[Any, Floats], Floats]

    def __call__(self, outcome: Outcome, weights: Floats) -> float:
        return float(self.many(outcome, weights))


def resampled(spec: MetricSpec, outcome: Outcome, weights: Floats) -> Floats:
    """Compute a metric for many resamples; the fast way, as what they share is done once.

    Parameters
    ----------
    spec : MetricSpec
        Of `METRICS`, or another, which is then called once for each resample.
    outcome : DiagnosisOutcome or SegmentationOutcome
        Of N frames.
    weights : float array (R, N)
        How often each resample drew each frame.

    Returns
    -------
    float64 array (R,)
        What ``spec.compute(outcome, weights[r])`` gives for each r, up to rounding.

    Raises
    ------
    ValueError
        If the weights are no table.

    Examples
    --------
    >>> from ccmeval.utility.outcomes import DiagnosisOutcome
    >>> outcome = DiagnosisOutcome(np.eye(2)[[0, 1, 1]], np.array([0, 0, 1]), list("abc"), ("x", "y"))
    >>> spec = primary_metric("diagnosis")
    >>> spec.compute(outcome, np.ones(3)), resampled(spec, outcome, np.array([[1, 1, 1], [2, 0, 1]]))
    (0.75, array([0.75, 1.  ]))
    """
    given = np.asarray(weights, dtype=np.float64)
    if given.ndim != 2:
        raise ValueError(f"Weights of resamples must have shape (R, N), not {given.shape}.")
    if not isinstance(spec.compute, _One):
        return np.array([spec.compute(outcome, row) for row in given], dtype=np.float64)
    step = max(1, _AT_ONCE // max(1, given.shape[1]))
    parts = [spec.compute.many(outcome, given[k : k + step]) for k in range(0, len(given), step)]
    return np.concatenate(parts) if parts else np.empty(0)


def metrics_of(task: Task) -> tuple[MetricSpec, ...]:
    """Give the metrics of a task, the primary one first.

    Examples
    --------
    >>> [(spec.name, spec.level) for spec in metrics_of("diagnosis")][:2]
    [('balanced_accuracy', 'frame'), ('balanced_accuracy', 'subject')]
    """
    return tuple(spec for spec in METRICS if spec.task == task)


def primary_metric(task: Task) -> MetricSpec:
    """Give the metric that the verdict of a task rests on.

    Examples
    --------
    >>> primary_metric("segmentation").label
    'Dice of nerve pixels (mean over frames)'
    """
    return next(spec for spec in metrics_of(task) if spec.primary)


def _diagnosis(
    name: str, label: str, better: Better, metric: diagnosis.DiagnosisMetric, primary: bool = False
) -> list[MetricSpec]:
    frame = MetricSpec(name, f"{label} (frames)", "diagnosis", "frame", better, _One(metric), primary=primary)
    of_subjects = _One(diagnosis.at_subject_level(metric))
    return [frame, MetricSpec(name, f"{label} (subjects)", "diagnosis", "subject", better, of_subjects)]


def _share(
    name: str, label: str, better: Better, share: segmentation.Share, primary: bool = False
) -> list[MetricSpec]:
    mean, pooled = segmentation.mean_over_frames(share), segmentation.pooled_over_frames(share)
    return [
        _segmentation(name, label, "mean over frames", better, mean, primary=primary),
        _segmentation(name, label, "pooled over frames", better, pooled),
    ]


def _segmentation(
    name: str,
    label: str,
    level: Level,
    better: Better,
    metric: segmentation.SegmentationMetric,
    unit: str = "",
    primary: bool = False,
) -> MetricSpec:
    return MetricSpec(
        name, f"{label} ({level})", "segmentation", level, better, _One(metric), unit=unit, primary=primary
    )


_CNFL_UNIT = "mm/mm²"

METRICS: Final[tuple[MetricSpec, ...]] = (
    *_diagnosis("balanced_accuracy", "Balanced accuracy", "higher", diagnosis.balanced_accuracy, True),
    *_diagnosis("accuracy", "Accuracy", "higher", diagnosis.accuracy),
    *_diagnosis("macro_f1", "Macro-F1", "higher", diagnosis.macro_f1),
    *_diagnosis("macro_auc", "AUC, one against the rest, mean of diagnoses", "higher", diagnosis.macro_auc),
    *_diagnosis("log_loss", "Log loss", "lower", diagnosis.log_loss),
    *_diagnosis(
        "calibration_error", "Expected calibration error, 15 bins", "lower", diagnosis.calibration_error
    ),
    *_share("dice", "Dice of nerve pixels", "higher", segmentation.dice, True),
    *_share("nerve_iou", "IoU of nerve pixels", "higher", segmentation.nerve_iou),
    *_share("two_class_miou", "mIoU of nerve and background", "higher", segmentation.two_class_miou),
    *_share("cl_dice", "clDice", "higher", segmentation.cl_dice),
    *_share("length_sensitivity", "Length sensitivity", "higher", segmentation.length_sensitivity),
    *_share("length_false_discovery", "Length false discovery", "lower", segmentation.length_false_discovery),
    *_share("length_f1", "Length F1", "higher", segmentation.length_f1),
    _segmentation(
        "cnfl_bias",
        "CNFL, predicted minus true",
        "mean over frames",
        "neither",
        segmentation.cnfl_bias,
        _CNFL_UNIT,
    ),
    _segmentation(
        "cnfl_absolute_error",
        "CNFL, absolute error",
        "mean over frames",
        "lower",
        segmentation.cnfl_absolute_error,
        _CNFL_UNIT,
    ),
)
"""Every metric at every level; name and level together are unique, and each task has one primary one."""
