"""Outcomes and metrics made by rule, for tests of the statistics."""

from __future__ import annotations

import numpy as np

from ccmeval.utility.outcomes import DiagnosisOutcome, MetricSpec, SegmentationOutcome

CLASSES = ("Control", "T1NoDPN", "T1DPN")


def accuracy_of(outcome, weights):
    return float(np.average(outcome.probabilities.argmax(axis=1) == outcome.labels, weights=weights))


def count_of(outcome, weights):
    return float(np.average(outcome.counts["tp_px"], weights=weights))


ACCURACY = MetricSpec(
    "accuracy", "Accuracy (frames)", "diagnosis", "frame", "higher", accuracy_of, primary=True
)
ERROR = MetricSpec(
    "error", "Error (frames)", "diagnosis", "frame", "lower", lambda o, w: 1 - accuracy_of(o, w)
)
COUNT = MetricSpec(
    "count", "Count", "segmentation", "mean over frames", "higher", count_of, "px", primary=True
)


def diagnosed(right, labels, subjects):
    """One model that is right where told so and else says the next class."""
    labels = np.asarray(labels)
    said = np.where(right, labels, (labels + 1) % 3)
    return DiagnosisOutcome(np.eye(3)[said], labels, list(subjects), CLASSES)


def counted(values, subjects):
    return SegmentationOutcome({"tp_px": np.asarray(values, dtype=float)}, list(subjects))


def cohort(n_subjects=12, n_frames=2):
    """Labels and subjects of the frames of a test set."""
    codes = np.repeat(np.arange(n_subjects), n_frames)
    return codes % 3, [f"s{code:03d}" for code in codes]


def models(rng, n_models=4, share=0.7, n_subjects=12, n_frames=2):
    """Models that are right on a share of the frames, at random."""
    labels, subjects = cohort(n_subjects, n_frames)
    return [diagnosed(rng.random(labels.size) < share, labels, subjects) for _ in range(n_models)]
