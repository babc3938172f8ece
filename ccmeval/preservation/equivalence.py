"""Equivalence of two means by two one-sided tests, and the verdict with the test of difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.preservation.overlap import Overlap
from ccmeval.preservation.schema import Equivalence


@dataclass(frozen=True)
class Tost:
    """Two one-sided tests of a difference against a margin.

    Attributes
    ----------
    p : float
        The larger of the two one-sided p-values; NaN where the tests are not defined.
    low, high : float
        Interval of coverage 1 - 2 alpha; it lies within the margin just where `p` is below alpha.
    """

    p: float
    low: float
    high: float


def tost(found: Overlap, margin: float, *, alpha: float = 0.05) -> Tost:
    """Test whether a difference lies within plus and minus a margin.

    Parameters
    ----------
    found : Overlap
        The difference; see `overlapping_t`.
    margin : float
        In the unit of the difference.
    alpha : float
        Level of each one-sided test.

    Returns
    -------
    Tost
        NaN where nothing varies on either side, or a side has fewer than two values: no error, no test.

    Notes
    -----
    Schuirmann, J Pharmacokinet Biopharm 1987;15:657, with the standard error of `overlapping_t`. The
    margin is taken as fixed. One that is itself a multiple of the real set's SD is not:
    `benchmarks/calibration.py` measures what that does to the size.

    Examples
    --------
    >>> from ccmeval.preservation.overlap import overlapping_t
    >>> found = overlapping_t([1, 2, 3, 4, *[float("nan")] * 4], [*[float("nan")] * 4, 1, 2, 3, 4])
    >>> round(tost(found, 2.0).p, 4), round(tost(found, 0.5).p, 4)
    (0.0355, 0.3018)
    """
    if not found.error > 0:
        return Tost(float("nan"), float("nan"), float("nan"))
    low, high = found.interval(1 - 2 * alpha)
    p = max(found.p(-margin, side=1), found.p(margin, side=-1)) if margin > 0 else float("nan")
    return Tost(p, low, high)


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


def default_margin(real_means: npt.ArrayLike, diagnoses: npt.ArrayLike, in_sd: float) -> float:
    """Give `in_sd` times the SD of the real set's units within diagnoses.

    Parameters
    ----------
    real_means : array-like of float, shape (N,)
        Means of the real units; NaN ones are left out.
    diagnoses : array-like, shape (N,)
        Disease differences are no scatter: over several diagnoses the SD is pooled within them.
    in_sd : float

    Returns
    -------
    float
        NaN for fewer than two units in every diagnosis, or units that do not differ.

    Examples
    --------
    >>> round(default_margin([1, 2, 3, 11, 12, 13], ["a"] * 3 + ["b"] * 3, 0.5), 3)
    0.5
    """
    values, labels = np.asarray(real_means, dtype=np.float64), np.asarray(diagnoses).astype(str)
    squares, degrees = 0.0, 0
    for name in np.unique(labels):
        part = values[(labels == name) & np.isfinite(values)]
        if part.size > 1:
            squares += float(((part - part.mean()) ** 2).sum())
            degrees += part.size - 1
    if degrees == 0 or squares <= 1e-24 * float(np.nansum(values**2)):
        return float("nan")
    return in_sd * float(np.sqrt(squares / degrees))
