"""McNemar's exact test over subjects: whom only one of two groups diagnoses rightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.utility.outcomes import DiagnosisOutcome, Floats
from ccmeval.utility.resampling import Integers, cluster_codes, subject_labels


@dataclass(frozen=True)
class McNemar:
    """Subjects that only one of two groups gets right, and the exact two-sided p."""

    better: int
    worse: int
    p: float


def exact_mcnemar(better: int, worse: int) -> float:
    """Two-sided p of McNemar's exact test (binomial, Biometrika 1947;34:123 in its exact form).

    Examples
    --------
    >>> round(exact_mcnemar(8, 2), 4), exact_mcnemar(0, 0)
    (0.1094, 1.0)
    """
    return float(min(1.0, 2 * special.bdtr(min(better, worse), better + worse, 0.5)))


def subject_mcnemar(group: Sequence[DiagnosisOutcome], against: Sequence[DiagnosisOutcome]) -> McNemar:
    """Count the subjects that one group diagnoses rightly and the other does not.

    Parameters
    ----------
    group, against : sequence of DiagnosisOutcome
        Replicates on the same frames. A subject's diagnosis is the class of the highest probability, averaged
        over its frames and over models; frames without a label are left out.

    Examples
    --------
    >>> labels, subjects = np.array([0, 1]), ["a", "b"]
    >>> good = DiagnosisOutcome(np.array([[0.8, 0.2], [0.4, 0.6]]), labels, subjects, ["x", "y"])
    >>> bad = DiagnosisOutcome(np.array([[0.8, 0.2], [0.7, 0.3]]), labels, subjects, ["x", "y"])
    >>> subject_mcnemar([good], [bad])
    McNemar(better=1, worse=0, p=1.0)
    """
    first, second = _subjects_right(group), _subjects_right(against)
    better, worse = int((first & ~second).sum()), int((second & ~first).sum())
    return McNemar(better, worse, exact_mcnemar(better, worse))


def _subjects_right(replicates: Sequence[DiagnosisOutcome]) -> npt.NDArray[np.bool_]:
    labelled = np.asarray(replicates[0].labels) >= 0
    labels = np.asarray(replicates[0].labels)[labelled]
    codes = cluster_codes(np.asarray(replicates[0].clusters, dtype=str)[labelled].tolist())
    mean = np.mean([one.probabilities[labelled] for one in replicates], axis=0)
    return np.asarray(subject_means(mean, codes).argmax(axis=1) == subject_labels(labels, codes))


def subject_means(probabilities: Floats, codes: Integers) -> Floats:
    """Mean of the rows (N, C) of each subject, (n_subjects, C)."""
    sums = np.zeros((int(codes.max(initial=-1)) + 1, probabilities.shape[1]))
    np.add.at(sums, codes, probabilities)
    return np.asarray(sums / np.bincount(codes)[:, None], dtype=np.float64)
