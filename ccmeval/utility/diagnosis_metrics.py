"""Metrics of diagnosis, each for many resamples at once.

Each takes an outcome of N frames and their weights (..., N) and gives an array (...): one number for weights
(N,), and R numbers for R resamples (R, N). A weight is how often a resample drew the frame, so that a metric
with whole weights is that of the frames repeated so often; with weights of 1 it is the metric itself, and a
frame of weight 0 is not there. What is predicted is the class of the largest probability, and the first of
those where several are equally large. A metric is NaN where all weights are 0, and where any probability is
not finite: a model that gives no numbers has no score.

At the level of subjects the probabilities of a subject's frames are averaged first (`at_subject_level`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
import numpy.typing as npt

from ccmeval.utility.by_subject import by_subject, subject_units, unit_weights
from ccmeval.utility.outcomes import DiagnosisOutcome, Floats
from ccmeval.utility.weighting import checked_weights, mean_of_defined, ratio, weighted_mean

N_BINS = 15
"""Bins of the calibration error, as in Guo et al. 2017."""

DiagnosisMetric = Callable[[DiagnosisOutcome, Floats], Floats]


def at_subject_level(metric: DiagnosisMetric) -> DiagnosisMetric:
    """Make a metric of subjects of a metric of frames; it still takes the weights of the frames.

    Examples
    --------
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    >>> outcome = DiagnosisOutcome(probabilities, np.array([0, 0, 1]), ["a", "a", "b"], ("x", "y"))
    >>> float(at_subject_level(accuracy)(outcome, np.ones(3))), round(float(accuracy(outcome, np.ones(3))), 3)
    (1.0, 0.667)
    """

    @wraps(metric)
    def of_subjects(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
        units = subject_units(outcome)
        return metric(by_subject(outcome, units), unit_weights(weights, units))

    return of_subjects


def predicted(outcome: DiagnosisOutcome) -> npt.NDArray[np.intp]:
    """Give the index of the most probable class of each frame, (N,); the first of equals."""
    return np.asarray(np.argmax(outcome.probabilities, axis=1), dtype=np.intp)


def weighted_confusion(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Sum the weights by true and predicted class.

    Parameters
    ----------
    outcome : DiagnosisOutcome
    weights : float array (..., N)

    Returns
    -------
    float64 array (..., C, C)
        Row: true class; column: predicted class.

    Raises
    ------
    ValueError
        If a label is none of the classes, or weights do not fit.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(2)[[0, 1, 1]], np.array([0, 0, 1]), list("abc"), ("x", "y"))
    >>> weighted_confusion(outcome, np.array([1.0, 1.0, 2.0])).tolist()
    [[1.0, 1.0], [0.0, 2.0]]
    """
    labels, given = _checked(outcome, weights)
    n_classes = len(outcome.classes)
    cell = np.zeros((labels.size, n_classes * n_classes))
    if labels.size:
        cell[np.arange(labels.size), labels * n_classes + predicted(outcome)] = 1.0
    sums: Floats = (given @ cell).reshape(*given.shape[:-1], n_classes, n_classes)
    return sums if np.isfinite(outcome.probabilities).all() else np.full_like(sums, np.nan)


def accuracy(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Share of frames whose diagnosis is predicted.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(2)[[0, 1, 1, 1]], np.array([0, 0, 0, 1]), list("abcd"), ("x", "y"))
    >>> float(accuracy(outcome, np.ones(4))), accuracy(outcome, np.array([[3, 1, 0, 0], [0, 1, 1, 2]]))
    (0.5, array([0.75, 0.5 ]))
    """
    counts = weighted_confusion(outcome, weights)
    return ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def class_recalls(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Share of each class's frames that are predicted as it, (..., C); NaN for a class without frames."""
    counts = weighted_confusion(outcome, weights)
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def class_precisions(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Share of frames predicted as each class that are of it, (..., C); NaN where none is predicted so."""
    counts = weighted_confusion(outcome, weights)
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def class_f1s(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Twice the hits of each class over its frames plus its predictions, (..., C).

    NaN for a class that is neither in the truth nor predicted.
    """
    counts = weighted_confusion(outcome, weights)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return ratio(2.0 * hits, counts.sum(axis=-1) + counts.sum(axis=-2))


def balanced_accuracy(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Mean recall over the classes that occur in the truth, as scikit-learn has it (not adjusted).

    A class whose frames a resample did not draw is left out of that resample's mean.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(3)[[0, 1, 1]], np.array([0, 0, 1]), list("abc"), ("x", "y", "z"))
    >>> float(balanced_accuracy(outcome, np.ones(3)))
    0.75
    """
    return _over_classes(class_recalls(outcome, weights))


def macro_f1(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Mean F1 over the classes that occur in the truth or among the predictions.

    This is scikit-learn's ``f1_score(average="macro")`` with its default labels: a class in neither is
    left out, one that is only predicted, or never predicted, counts as 0.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(3)[[0, 1, 1]], np.array([0, 0, 1]), list("abc"), ("x", "y", "z"))
    >>> round(float(macro_f1(outcome, np.ones(3))), 4)
    0.6667
    """
    return _over_classes(class_f1s(outcome, weights))


def class_aucs(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Area under the ROC curve of each class against all others, (..., C).

    It is the probability that a frame of the class has a larger probability of it than a frame of another
    class, where ties count half (Mann and Whitney 1947); NaN where either side has no frame.
    """
    labels, given = _checked(outcome, weights)
    scores = np.asarray(outcome.probabilities, dtype=np.float64)
    if not labels.size or not np.isfinite(scores).all():
        return np.full((*given.shape[:-1], len(outcome.classes)), np.nan)
    areas = [_auc(scores[:, k], labels == k, given) for k in range(len(outcome.classes))]
    return np.stack(areas, axis=-1)


def macro_auc(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """One-against-the-rest AUC, averaged over the classes for which it is defined.

    With all classes present it is scikit-learn's
    ``roc_auc_score(multi_class="ovr", average="macro")``, which refuses absent ones.

    Examples
    --------
    >>> probabilities = np.array([[0.8, 0.2], [0.6, 0.4], [0.6, 0.4], [0.1, 0.9]])
    >>> outcome = DiagnosisOutcome(probabilities, np.array([0, 0, 1, 1]), list("abcd"), ("x", "y"))
    >>> float(macro_auc(outcome, np.ones(4)))
    0.875
    """
    return _over_classes(class_aucs(outcome, weights))


def log_loss(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Mean of minus the natural logarithm of the true class's probability.

    Probabilities are cut at the machine's epsilon from below, as in scikit-learn, so that one certain
    mistake costs 36 and not infinity.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1]), "ab", ("x", "y"))
    >>> round(float(log_loss(outcome, np.ones(2))), 4)
    0.3466
    """
    labels, given = _checked(outcome, weights)
    chances = np.asarray(outcome.probabilities, dtype=np.float64)
    if not np.isfinite(chances).all():
        return np.full(given.shape[:-1], np.nan)
    of_truth = chances[np.arange(labels.size), labels]
    eps = np.finfo(np.float64).eps
    return weighted_mean(-np.log(np.clip(of_truth, eps, 1.0)), given)


def calibration_error(outcome: DiagnosisOutcome, weights: Floats) -> Floats:
    """Compute the expected calibration error of the predicted class, in 15 bins of equal width.

    Frames are put in bins by the probability of the predicted class; the error is the mean over frames of
    the distance between a bin's accuracy and its mean probability. Bins are open below and closed above,
    as in the paper; a confidence of exactly 1 is in the last one.

    Notes
    -----
    In small samples it is too large, and in resamples of them even more so: a bin of few frames is never
    quite even. It is fit to compare groups on the same frames, less so to be believed by itself.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, section 2,
    equation 3.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.array([[0.9, 0.1]] * 4), np.array([0, 0, 0, 1]), "abcd", ("x", "y"))
    >>> round(float(calibration_error(outcome, np.ones(4))), 4)
    0.15
    """
    labels, given = _checked(outcome, weights)
    chances = np.asarray(outcome.probabilities, dtype=np.float64)
    if not labels.size or not np.isfinite(chances).all():
        return np.full(given.shape[:-1], np.nan)
    confidence = chances.max(axis=1)
    gap = np.zeros((labels.size, N_BINS))
    gap[np.arange(labels.size), confidence_bins(confidence)] = (predicted(outcome) == labels) - confidence
    return ratio(np.abs(given @ gap).sum(axis=-1), given.sum(axis=-1))


def confidence_bins(confidence: Floats) -> npt.NDArray[np.intp]:
    """Give the bin of each confidence, (N,), from 0; bins are open below, but for the first.

    Examples
    --------
    >>> confidence_bins(np.array([0.0, 1 / 15, 0.07, 1.0])).tolist()
    [0, 0, 1, 14]
    """
    edges = np.linspace(0.0, 1.0, N_BINS + 1)
    bins = np.searchsorted(edges, confidence, side="left") - 1
    return np.clip(bins, 0, N_BINS - 1).astype(np.intp)


def _over_classes(values: Floats) -> Floats:
    return mean_of_defined(values, ~np.isnan(values))


def _checked(outcome: DiagnosisOutcome, weights: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    labels = np.asarray(outcome.labels, dtype=np.intp)
    n_classes = len(outcome.classes)
    if np.shape(outcome.probabilities) != (labels.size, n_classes):
        raise ValueError(f"Of {labels.size} frames and {n_classes} classes, probabilities must have a value.")
    if labels.size and not (labels.min() >= 0 and labels.max() < n_classes):
        raise ValueError("Every frame must have a diagnosis among the classes.")
    return labels, checked_weights(weights, labels.size)


def _auc(scores: Floats, positive: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Area of one class, (...): sums over tied scores, then of positives over the negatives below."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf) > 0)
    sorted_weights = weights[..., order]
    hits = np.add.reduceat(sorted_weights * positive[order], starts, axis=-1)
    rest = np.add.reduceat(sorted_weights * ~positive[order], starts, axis=-1)
    won = (hits * (np.cumsum(rest, axis=-1) - 0.5 * rest)).sum(axis=-1)
    return ratio(won, hits.sum(axis=-1) * rest.sum(axis=-1))
