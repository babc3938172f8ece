"""Equivalence of two means by two one-sided tests, and the verdict with the test of difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.preservation.frames import Vector
from ccmeval.preservation.overlap import Overlap
from ccmeval.preservation.schema import Equivalence


@dataclass(frozen=True)
class Margin:
    """An equivalence margin, and what is to be known of its own error.

    Attributes
    ----------
    value : float
        In the unit; NaN where there is none.
    variance : float
        Of the margin; 0 for one set beforehand.
    covariance : float
        Of the margin with the difference.
    """

    value: float
    variance: float = 0.0
    covariance: float = 0.0


@dataclass(frozen=True)
class Tost:
    """Two one-sided tests of a difference against a margin.

    Attributes
    ----------
    p : float
        The larger of the two one-sided p-values; NaN where the tests are not defined.
    low, high : float
        Interval of coverage 1 - 2 alpha; it lies within the margin just where `p` is below alpha. Where
        the margin is estimated, it holds the margin's error too.
    """

    p: float
    low: float
    high: float


def tost(found: Overlap, margin: Margin | float, *, alpha: float = 0.05) -> Tost:
    """Test whether a difference lies within plus and minus a margin.

    Parameters
    ----------
    found : Overlap
        The difference; see `overlapping_t`.
    margin : Margin or float
        In the unit of the difference; a plain number is one set beforehand.
    alpha : float
        Level of each one-sided test.

    Returns
    -------
    Tost
        NaN where nothing varies on either side, or a side has fewer than two values: no error, no test.
        A set against itself is equivalent to itself.

    Notes
    -----
    Schuirmann, J Pharmacokinet Biopharm 1987;15:657, with the standard error of `overlapping_t`. For an
    estimated margin m the one-sided tests are of difference + m and difference - m, each with its own
    standard error (delta method): to take such a margin as fixed let 5 to 15 % of inequivalent sets pass
    at a nominal 5 % with 30 subjects or more, most where values are skewed and subjects shared
    (`benchmarks/calibration.py`).

    Examples
    --------
    >>> from ccmeval.preservation.overlap import overlapping_t
    >>> found = overlapping_t([1, 2, 3, 4, *[float("nan")] * 4], [*[float("nan")] * 4, 1, 2, 3, 4])
    >>> round(tost(found, 2.0).p, 4), round(tost(found, 0.5).p, 4)
    (0.0355, 0.3018)
    """
    limit = margin if isinstance(margin, Margin) else Margin(float(margin))
    if not (found.error > 0 or found.exact):
        return Tost(float("nan"), float("nan"), float("nan"))
    quantile = float(special.stdtrit(found.degrees, 1 - alpha))
    errors = [_error(found, limit, sign) for sign in (1, -1)]
    low, high = found.difference - quantile * errors[0], found.difference + quantile * errors[1]
    if not limit.value > 0:
        return Tost(float("nan"), low, high)
    if min(errors) == 0:
        return Tost(float(abs(found.difference) >= limit.value), low, high)
    above = special.stdtr(found.degrees, -(found.difference + limit.value) / errors[0])
    below = special.stdtr(found.degrees, (found.difference - limit.value) / errors[1])
    return Tost(float(max(above, below)), low, high)


def _error(found: Overlap, margin: Margin, sign: int) -> float:
    """Give the standard error of the difference plus or minus the margin."""
    variance = found.error**2 + margin.variance + sign * 2 * margin.covariance
    return float(np.sqrt(max(variance, found.error**2 / 4)))


def verdict(difference_p: float, tost_p: float, alpha: float = 0.05) -> Equivalence:
    """Name what both tests together show.

    No significant difference alone is `inconclusive`, never `equivalent`.

    Parameters
    ----------
    difference_p : float
        P of the test of difference; NaN where it has none.
    tost_p : float
        P of the two one-sided tests; NaN where they have none.
    alpha : float
        Both count as passed strictly below it.

    Examples
    --------
    >>> verdict(0.4, 0.3), verdict(0.4, 0.01), verdict(0.01, 0.3), verdict(0.01, 0.01)
    ('inconclusive', 'equivalent', 'different', 'both')
    """
    if not np.isfinite(tost_p) or not np.isfinite(difference_p):
        return "undefined"
    different, equivalent = difference_p < alpha, tost_p < alpha
    if different and equivalent:
        return "both"
    if different:
        return "different"
    return "equivalent" if equivalent else "inconclusive"


def default_margin(
    real: npt.ArrayLike, synth: npt.ArrayLike, diagnoses: npt.ArrayLike, in_sd: float
) -> Margin:
    """Give `in_sd` times the SD of the real set's units within diagnoses, with its error.

    Parameters
    ----------
    real, synth : array-like of float, shape (U,)
        Means of the units on either side, NaN where a unit is not on it.
    diagnoses : array-like, shape (U,)
        Disease differences are no scatter: over several diagnoses the SD is pooled within them.
    in_sd : float

    Returns
    -------
    Margin
        NaN for fewer than two real units in every diagnosis, or real units that do not differ.

    Examples
    --------
    >>> values, nothing = [1, 2, 3, 11, 12, 13], [float("nan")] * 6
    >>> default_margin(values, nothing, ["a"] * 3 + ["b"] * 3, 0.5).value
    0.5
    """
    values, labels = np.asarray(real, dtype=np.float64), np.asarray(diagnoses).astype(str)
    known = np.isfinite(values)
    squares, degrees = np.zeros(values.shape), 0
    for name in np.unique(labels[known]):
        part = known & (labels == name)
        squares[part] = (values[part] - values[part].mean()) ** 2
        degrees += int(part.sum()) - 1
    if degrees < 1 or squares.sum() <= 1e-24 * float((values[known] ** 2).sum()):
        return Margin(float("nan"))
    spread = float(np.sqrt(squares.sum() / degrees))
    influence = known * (squares - spread**2) * in_sd / (2 * spread * degrees)
    return Margin(
        in_sd * spread, float(influence @ influence), float(influence @ _of_difference(values, synth))
    )


def _of_difference(real: Vector, synth: npt.ArrayLike) -> Vector:
    """Influence of each unit on the difference of the means."""
    found = np.zeros(real.shape)
    for sign, values in ((-1, real), (1, np.asarray(synth, dtype=np.float64))):
        known = np.isfinite(values)
        if known.any():
            found[known] += sign * (values[known] - values[known].mean()) / known.sum()
    return found
