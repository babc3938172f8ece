"""Test of two means of which some units are measured on both sides: partially overlapping samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.estimate import Vector, midranks

_FEWEST_PAIRS = 3
"""A correlation of fewer pairs says nothing; they count as unpaired unless all units are pairs."""


@dataclass(frozen=True)
class Overlap:
    """Difference of two means, its standard error and degrees of freedom.

    Attributes
    ----------
    difference : float
        Mean of `b` minus mean of `a`.
    error, degrees : float
        Standard error and degrees of freedom of Student's t; NaN where a side has fewer than two values.
    n_a, n_b, n_pairs : int
        Values on each side, and units that have both.
    exact : bool
        All units are pairs that differ by one amount (a set against itself), though units vary: the
        difference is then known, its p is 1 or 0, and `error` is 0.
    """

    difference: float
    error: float
    degrees: float
    n_a: int
    n_b: int
    n_pairs: int
    exact: bool = False

    @property
    def method(self) -> str:
        """Name of the t-test that this is."""
        if self.n_pairs == 0:
            return "Welch's t"
        if self.n_pairs == self.n_a == self.n_b:
            return "paired t"
        return "partially overlapping samples t (Derrick 2017, unequal variances)"

    def p(self, shift: float = 0.0, side: int = 0) -> float:
        """P of the hypothesis that the difference is `shift`.

        Parameters
        ----------
        shift : float
            Difference under the hypothesis.
        side : {-1, 0, 1}
            Alternative: smaller, other, or greater.

        Returns
        -------
        float
            NaN where nothing varies or too few values are there.
        """
        if self.exact:
            held = {0: self.difference == shift, 1: self.difference <= shift, -1: self.difference >= shift}
            return float(held[side])
        if not self.error > 0:
            return float("nan")
        t = (self.difference - shift) / self.error
        if side == 0:
            return float(2 * special.stdtr(self.degrees, -abs(t)))
        return float(special.stdtr(self.degrees, -t if side > 0 else t))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Interval of Student's t; the value itself where nothing varies."""
        if self.error == 0:
            return self.difference, self.difference
        margin = float(special.stdtrit(self.degrees, 0.5 + confidence / 2)) * self.error
        return self.difference - margin, self.difference + margin


def overlapping_t(a: npt.ArrayLike, b: npt.ArrayLike) -> Overlap:
    """Compare two means where some units have a value on both sides and others on one.

    Parameters
    ----------
    a, b : array-like of float, shape (U,)
        Value of each unit on either side, NaN where the unit has none there.

    Returns
    -------
    Overlap

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    Derrick, Russ, Toher & White, J Mod Appl Stat Methods 2017;16(1):137, statistic T_new2 (unequal
    variances). It is Welch's test without pairs and the paired t-test where all units are pairs. The
    correlation is that of the pairs; where there are one or two pairs among other units they are taken as
    unpaired, which errs to the safe side for the positive correlations that one subject's frames have.

    Examples
    --------
    >>> nan = float("nan")
    >>> found = overlapping_t([1, 2, 3, 4, nan, nan], [2, 2, 5, 4, 6, 7])
    >>> found.n_a, found.n_b, found.n_pairs, round(found.difference, 3), round(found.p(), 3)
    (4, 6, 4, 1.833, 0.051)
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError("Both sides must have a place for every unit.")
    in_a, in_b = np.isfinite(first), np.isfinite(second)
    n_a, n_b, n_pairs = int(in_a.sum()), int(in_b.sum()), int((in_a & in_b).sum())
    x, y = first[in_a], second[in_b]
    if min(n_a, n_b) < 2:
        difference = float(y.mean() - x.mean()) if n_a and n_b else float("nan")
        return Overlap(difference, float("nan"), float("nan"), n_a, n_b, n_pairs)
    difference = float(y.mean() - x.mean())
    both = in_a & in_b
    if n_pairs == n_a == n_b:
        return _paired(first[both], second[both])
    paired = n_pairs if n_pairs >= _FEWEST_PAIRS else 0
    error, degrees = _partial(x, y, first[both], second[both], paired)
    return Overlap(difference, error, degrees, n_a, n_b, n_pairs)


def _paired(a: Vector, b: Vector) -> Overlap:
    change, n = b - a, a.size
    error = _without_rounding(float(change.std(ddof=1)), a, b) / float(np.sqrt(n))
    exact = error == 0 and _without_rounding(float(a.std(ddof=1)), a) > 0
    difference = float(b.mean() - a.mean())
    if error == 0:
        difference = _without_rounding(abs(difference), a, b) * float(np.sign(difference))
    return Overlap(difference, error, n - 1.0, n, n, n, exact)


def _partial(x: Vector, y: Vector, pairs_x: Vector, pairs_y: Vector, paired: int) -> tuple[float, float]:
    sd_x = _without_rounding(float(x.std(ddof=1)), x)
    sd_y = _without_rounding(float(y.std(ddof=1)), y)
    part_x, part_y = sd_x**2 / x.size, sd_y**2 / y.size
    if part_x + part_y == 0:
        return 0.0, float(x.size + y.size - 2)
    shared = 0.0
    if paired and (spread := float(pairs_x.std() * pairs_y.std())) > 0:
        r = float(np.mean((pairs_x - pairs_x.mean()) * (pairs_y - pairs_y.mean()))) / spread
        shared = 2 * float(np.clip(r, -1, 1)) * sd_x * sd_y * paired / (x.size * y.size)
    gamma = (part_x + part_y) ** 2 / (part_x**2 / (x.size - 1) + part_y**2 / (y.size - 1))
    alone = x.size + y.size - 2 * paired
    degrees = paired - 1 + (gamma - paired + 1) / (alone + 2 * paired) * alone
    variance = part_x + part_y - shared
    floor = 1e-12 * (part_x + part_y)
    return float(np.sqrt(variance)) if variance > floor else 0.0, float(degrees)


def _without_rounding(sd: float, *samples: Vector) -> float:
    """Take an SD that the rounding of equal values alone could leave as zero."""
    scale = max(float(abs(values).max()) for values in samples)
    return sd if sd > 16 * float(np.finfo(float).eps) * scale else 0.0


def rank_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """P of the partially overlapping samples test on ranks over both sides, two-sided.

    It takes the place of Mann-Whitney's test, which pairs make too cautious. Parameters are those of
    `overlapping_t`. One where all values are equal.

    Notes
    -----
    Derrick, White & Toher, J Mod Appl Stat Methods 2020;18(1):eP2847 (T_RNK2): `overlapping_t` on joint
    midranks.

    Examples
    --------
    >>> round(rank_p([1, 2, 3, 4, 5], [2, 1, 4, 5, 7]), 3)
    0.258
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = np.concatenate([first, second])
    known = np.isfinite(both)
    if known.any() and np.ptp(both[known]) == 0:
        return 1.0
    ranks = np.full(both.shape, np.nan)
    ranks[known] = midranks(both[known])
    return overlapping_t(ranks[: first.size], ranks[first.size :]).p()
