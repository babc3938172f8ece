"""What a test set of this size could show at all."""

from __future__ import annotations

import math

from ccmeval.statistics.estimate import normal_quantile
from ccmeval.utility.two_way import POWER


def accuracy_standard_error(accuracy: float, n_subjects: int) -> float:
    """Binomial standard error of the accuracy over independent subjects.

    Parameters
    ----------
    accuracy : float
        In [0, 1].
    n_subjects : int

    Raises
    ------
    ValueError
        If the accuracy lies outside [0, 1] or there is no subject.

    Examples
    --------
    The published study (arXiv 2602.13693) tested 64 subjects at an accuracy of about 0.7; its gain was 0.021.

    >>> round(accuracy_standard_error(0.7, 64), 3)
    0.057
    """
    if not 0 <= accuracy <= 1:
        raise ValueError(f"An accuracy lies in [0, 1], not {accuracy}.")
    if n_subjects < 1:
        raise ValueError(f"At least one subject is needed, not {n_subjects}.")
    return math.sqrt(accuracy * (1 - accuracy) / n_subjects)


def smallest_detectable(error: float, confidence: float = 0.95) -> float:
    """Difference of known standard error that is found in four of five repeats.

    Examples
    --------
    >>> round(smallest_detectable(0.057), 2)
    0.16
    """
    return (normal_quantile(confidence) + normal_quantile(2 * POWER - 1)) * error


def power_sentence(accuracy: float, n_subjects: int, gain: float | None = None) -> str:
    """Say how sure an accuracy of so many test subjects is, and whether a gain stands out of that.

    Parameters
    ----------
    accuracy : float
    n_subjects : int
    gain : float, optional
        A difference of accuracies to judge.

    Examples
    --------
    >>> print(power_sentence(0.7, 64, 0.021))
    With 64 test subjects and an accuracy of 70.0 %, the standard error of the accuracy is 5.7 points; a gain
    of 2.1 points is within the noise.
    """
    error = accuracy_standard_error(accuracy, n_subjects)
    sentence = (
        f"With {n_subjects} test subject{'s' if n_subjects != 1 else ''} and an accuracy of"
        f" {100 * accuracy:.1f} %, the standard error of the accuracy is {100 * error:.1f} points"
    )
    if gain is None:
        return f"{sentence}."
    return f"{sentence}; a gain of {100 * gain:.1f} points is {_beside(abs(gain), error)}."


def _beside(gain: float, error: float) -> str:
    if gain <= error:
        return "within the noise"
    if gain <= normal_quantile(0.95) * error:
        return "not clearly beyond the noise"
    return "beyond the noise of a single accuracy"
