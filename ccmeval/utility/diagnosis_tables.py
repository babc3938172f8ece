"""Tables of diagnosis beside its metrics: confusion, calibration, and scores of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from ccmeval.utility.by_subject import by_subject
from ccmeval.utility.diagnosis_metrics import (
    N_BINS,
    DiagnosisMetric,
    at_subject_level,
    class_aucs,
    class_f1s,
    class_precisions,
    class_recalls,
    confidence_bins,
    predicted,
    weighted_confusion,
)
from ccmeval.utility.outcomes import DiagnosisOutcome, Floats
from ccmeval.utility.schema import CalibrationBin

DiagnosisLevel = Literal["frame", "subject"]

CLASS_METRICS: Final[Mapping[str, tuple[str, DiagnosisMetric]]] = {
    "recall": ("Recall", class_recalls),
    "precision": ("Precision", class_precisions),
    "f1": ("F1", class_f1s),
    "auc": ("AUC against the rest", class_aucs),
}
"""Label, and function of (outcome, weights (..., N)) to (..., C), of what each class has by itself."""


@dataclass(frozen=True)
class ClassScore:
    """One number of one class.

    Attributes
    ----------
    metric, label : str
        Machine name, and what tables call it.
    diagnosis : str
        The class.
    value : float
        NaN where the class gives none.
    """

    metric: str
    label: str
    diagnosis: str
    value: float


def confusion(outcome: DiagnosisOutcome, level: DiagnosisLevel = "frame") -> Floats:
    """Count frames or subjects by true and predicted class.

    Parameters
    ----------
    outcome : DiagnosisOutcome
        Of frames.
    level : {"frame", "subject"}

    Returns
    -------
    float64 array (C, C)
        Row: true class; column: predicted class. NaN where a probability is not finite.

    Examples
    --------
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    >>> outcome = DiagnosisOutcome(probabilities, np.array([0, 0, 1]), ["a", "a", "b"], ("x", "y"))
    >>> confusion(outcome).tolist(), confusion(outcome, "subject").tolist()
    ([[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    """
    units = outcome if level == "frame" else by_subject(outcome)
    return weighted_confusion(units, np.ones(len(units.labels)))


def calibration_bins(outcome: DiagnosisOutcome, level: DiagnosisLevel = "frame") -> list[CalibrationBin]:
    """Count predictions by the probability of the class that was predicted.

    Parameters
    ----------
    outcome : DiagnosisOutcome
        Of frames; put the predictions of several models behind each other to have them in one table.
    level : {"frame", "subject"}

    Returns
    -------
    list of CalibrationBin
        All 15 bins of :func:`~ccmeval.utility.diagnosis_metrics.calibration_error`, in order. Predictions
        that are not finite are in none.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.array([[0.9, 0.1]] * 4), np.array([0, 0, 0, 1]), "abcd", ("x", "y"))
    >>> last = calibration_bins(outcome)[13]
    >>> last.n, round(last.confidence, 3), last.accuracy, calibration_bins(outcome)[0].confidence
    (4, 0.9, 0.75, None)
    """
    units = outcome if level == "frame" else by_subject(outcome)
    chances = np.asarray(units.probabilities, dtype=np.float64)
    known = np.isfinite(chances).all(axis=1)
    confidence = chances[known].max(axis=1)
    right = (predicted(units) == np.asarray(units.labels))[known]
    bins = confidence_bins(confidence)
    edges = np.linspace(0.0, 1.0, N_BINS + 1)
    return [
        _bin(float(edges[k]), float(edges[k + 1]), confidence[bins == k], right[bins == k])
        for k in range(N_BINS)
    ]


def per_class_scores(outcome: DiagnosisOutcome, level: DiagnosisLevel = "frame") -> list[ClassScore]:
    """Score each class by itself.

    Parameters
    ----------
    outcome : DiagnosisOutcome
        Of frames.
    level : {"frame", "subject"}

    Returns
    -------
    list of ClassScore
        By metric of `CLASS_METRICS`, and within one by class.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(2)[[0, 1, 1]], np.array([0, 0, 1]), list("abc"), ("x", "y"))
    >>> [(row.metric, row.diagnosis, row.value) for row in per_class_scores(outcome)][:4]
    [('recall', 'x', 0.5), ('recall', 'y', 1.0), ('precision', 'x', 1.0), ('precision', 'y', 0.5)]
    """
    ones = np.ones(len(outcome.labels))
    rows = []
    for metric, (label, compute) in CLASS_METRICS.items():
        values = (compute if level == "frame" else at_subject_level(compute))(outcome, ones)
        rows += [
            ClassScore(metric, label, str(c), float(v)) for c, v in zip(outcome.classes, values, strict=True)
        ]
    return rows


def _bin(low: float, high: float, confidence: Floats, right: Floats) -> CalibrationBin:
    if not confidence.size:
        return CalibrationBin(low=low, high=high, n=0, confidence=None, accuracy=None)
    mean, accuracy = float(confidence.mean()), float(right.mean())
    return CalibrationBin(low=low, high=high, n=confidence.size, confidence=mean, accuracy=accuracy)
