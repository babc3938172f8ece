"""From predictions of frames to predictions of subjects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.utility.outcomes import DiagnosisOutcome, Floats
from ccmeval.utility.weighting import checked_weights


def subject_units(outcome: DiagnosisOutcome) -> npt.NDArray[np.intp]:
    """Tell which frames are one unit at the level of subjects.

    A unit is a subject. Where frames of one subject have different diagnoses (two visits, two eyes), those
    of each diagnosis are a unit of their own, as one truth for all of them does not exist.

    Parameters
    ----------
    outcome : DiagnosisOutcome

    Returns
    -------
    int array (N,)
        Unit of each frame, from 0, in the order of the sorted subjects and, within one, of the labels.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(2)[[0, 1, 1, 0]], np.array([1, 0, 1, 0]), list("baab"), "xy")
    >>> subject_units(outcome).tolist()
    [3, 0, 1, 2]
    """
    subjects = np.unique(np.asarray(outcome.clusters, dtype=np.str_), return_inverse=True)[1].ravel()
    labels = np.asarray(outcome.labels, dtype=np.intp)
    codes = subjects * (len(outcome.classes) + 1) + labels
    return np.asarray(np.unique(codes, return_inverse=True)[1].ravel(), dtype=np.intp)


def by_subject(outcome: DiagnosisOutcome, units: npt.NDArray[np.intp] | None = None) -> DiagnosisOutcome:
    """Average the probabilities of each subject's frames.

    Parameters
    ----------
    outcome : DiagnosisOutcome
        Of N frames.
    units : int array (N,), optional
        As :func:`subject_units` gives them, if known already.

    Returns
    -------
    DiagnosisOutcome
        Of U units, in the order of their numbers: mean probabilities (U, C), the unit's label, and its
        subject, which stands twice where its frames have two diagnoses.

    Examples
    --------
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    >>> found = by_subject(DiagnosisOutcome(probabilities, np.array([0, 0, 1]), ["a", "a", "b"], ("x", "y")))
    >>> found.probabilities.tolist(), found.labels.tolist(), list(found.clusters)
    ([[0.65, 0.35], [0.5, 0.5]], [0, 1], ['a', 'b'])
    """
    of_frame = subject_units(outcome) if units is None else units
    first = first_frames(of_frame)
    count = np.bincount(of_frame, minlength=first.size)
    given = np.asarray(outcome.probabilities, dtype=np.float64)
    sums = np.zeros((first.size, given.shape[1]))
    np.add.at(sums, of_frame, given)
    return DiagnosisOutcome(
        sums / np.maximum(count, 1)[:, None],
        np.asarray(outcome.labels, dtype=np.intp)[first],
        [str(outcome.clusters[index]) for index in first],
        outcome.classes,
    )


def first_frames(units: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Give the first frame of each unit, int array (U,)."""
    return np.unique(units, return_index=True)[1].astype(np.intp)


def unit_weights(weights: Floats, units: npt.NDArray[np.intp]) -> Floats:
    """Give the weight of each unit: that which all frames of its subject have.

    Parameters
    ----------
    weights : float array (..., N)
    units : int array (N,)

    Returns
    -------
    float64 array (..., U)

    Raises
    ------
    ValueError
        If frames of one unit differ in weight: subjects are drawn whole or not at all.

    Examples
    --------
    >>> unit_weights(np.array([2.0, 0.0, 2.0]), np.array([1, 0, 1]))
    array([0., 2.])
    """
    given = checked_weights(weights, units.size)
    first = first_frames(units)
    of_units = given[..., first]
    if not np.array_equal(of_units[..., units], given):
        raise ValueError("Frames of one subject must have one weight: subjects are drawn whole.")
    return of_units
