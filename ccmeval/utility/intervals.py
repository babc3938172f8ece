"""Intervals of scores and differences over test subjects and trained models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ccmeval.statistics.estimate import normal_quantile, t_quantile
from ccmeval.utility.two_way import TwoWayError

BOTH = "Student's t on the variance over bootstrapped subjects plus that over models"
SUBJECTS_ONLY = "Student's t on the variance over bootstrapped subjects; one model, whose luck is not in it"
RULE_OF_THREE = "rule of three: no subject and no model differs from the others"


SHARE = "; as a share of the subjects that would give this error (Korn and Graubard)"


@dataclass(frozen=True)
class Interval:
    """An interval, how it was made, and why there is none."""

    low: float
    high: float
    method: str = ""
    reason: str = ""


def share_interval(value: float, error: TwoWayError, n_subjects: int, confidence: float) -> Interval:
    """Make the interval of a number between 0 and 1, which must not be symmetric near either.

    Parameters
    ----------
    value : float
    error : TwoWayError
    n_subjects : int
    confidence : float

    Returns
    -------
    Interval
        As :func:`interval_of`, of which it differs by its shape.

    Notes
    -----
    Korn and Graubard, Survey Methodology 1998;24:193: Clopper and Pearson's interval for as many subjects as
    would give this standard error, ``value (1 - value) / error**2``, fewer by ``(z / t)**2`` for the degrees
    of freedom. Student's interval of an accuracy of 0.98 covers 74 % in `benchmarks/utility_coverage.py`
    where this covers 95 % (8 subjects, 25 models).

    Examples
    --------
    >>> found = share_interval(0.9, TwoWayError(0.0025, 0.0, 1e9, 2.0), 36, 0.95)  # 36 times 0.0025 is 0.09
    >>> round(found.low, 3), round(found.high, 3)
    (0.754, 0.975)
    """
    plain = interval_of(value, error, n_subjects, confidence, (0.0, 1.0))
    if plain.reason or error.is_nothing or not 0 < value < 1:
        return plain
    shrink = normal_quantile(confidence) / t_quantile(confidence, error.degrees)
    n = value * (1 - value) / error.error**2 * shrink**2
    tail, right = (1 - confidence) / 2, value * n
    low = special.betaincinv(right, n - right + 1, tail)
    high = special.betaincinv(right + 1, n - right, 1 - tail)
    return Interval(float(low), float(high), plain.method + SHARE)


def interval_of(
    value: float,
    error: TwoWayError,
    n_subjects: int,
    confidence: float,
    bounds: tuple[float, float] | None,
) -> Interval:
    """Make the interval of a number, symmetric about it as far as its bounds allow.

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
