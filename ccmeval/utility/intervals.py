"""Intervals of scores and differences over test subjects and trained models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.utility.two_way import TwoWayError

BOTH = "Student's t on the variance over bootstrapped subjects plus that over models"
SUBJECTS_ONLY = "Student's t on the variance over bootstrapped subjects; one model, whose luck is not in it"
RULE_OF_THREE = "rule of three: no subject and no model differs from the others"


@dataclass(frozen=True)
class Interval:
    """An interval, how it was made, and why there is none."""

    low: float
    high: float
    method: str = ""
    reason: str = ""


def interval_of(
    value: float,
    error: TwoWayError,
    n_subjects: int,
    confidence: float,
    bounds: tuple[float, float] | None,
) -> Interval:
    """Make the interval of a number.

    Parameters
    ----------
    value : float
    error : TwoWayError
    n_subjects : int
    confidence : float
    bounds : (float, float) or None
        Between which the number must lie; None for a number with a unit, which may be anything.

    Returns
    -------
    Interval
        Ends are NaN, with a reason, where the number is undefined, there is one subject only, or nothing
        varies in a number without bounds.

    Notes
    -----
    Where every subject and model gives the same, their spread tells nothing of a subject who would differ.
    Of such subjects there are fewer than ``1 - (alpha / 2) ** (1 / n)`` (Clopper and Pearson, Biometrika
    1934;26:404), and each would move the number to one of its bounds at most.

    Examples
    --------
    >>> found = interval_of(1.0, TwoWayError(0.0, 0.0, 18.0, 2.0), 20, 0.95, (0.0, 1.0))
    >>> round(found.low, 4), found.high, found.method[:13]
    (0.8316, 1.0, 'rule of three')
    """
    nan = float("nan")
    if not np.isfinite(value):
        return Interval(nan, nan, reason="It is undefined on these test frames.")
    if not np.isfinite(error.error):
        return Interval(nan, nan, reason="One test subject alone tells nothing of others.")
    if error.is_nothing and bounds is None:
        return Interval(nan, nan, reason="All subjects and models give the same number.")
    low, high = bounds or (-np.inf, np.inf)
    if error.is_nothing:
        others = 1 - ((1 - confidence) / 2) ** (1 / n_subjects)
        return Interval(value - others * (value - low), value + others * (high - value), RULE_OF_THREE)
    reach, method = error.reach(confidence), BOTH if error.models_degrees > 0 else SUBJECTS_ONLY
    return Interval(max(value - reach, low), min(value + reach, high), method)
