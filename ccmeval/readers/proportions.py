"""Shares of right answers: intervals, exact tests against chance, equivalence to chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

from ccmeval.readers.settings import CHANCE
from ccmeval.statistics.estimate import Estimate, normal_quantile, undefined


def wilson(right: int, n: int, confidence: float = 0.95) -> Estimate:
    """Give a share with Wilson's score interval.

    Parameters
    ----------
    right, n : int
    confidence : float

    Returns
    -------
    Estimate
        NaN throughout without answers.

    References
    ----------
    Wilson, J Am Stat Assoc 1927;22:209, without correction for continuity.

    Examples
    --------
    >>> found = wilson(15, 20)
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (0.75, 0.5313, 0.8881)
    """
    method = "Wilson"
    if n == 0:
        return undefined(0, confidence, method)
    z, share = normal_quantile(confidence), right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    # At its ends the formula gives 0 and 1 but for rounding.
    return Estimate(share, 0.0 if right == 0 else low, 1.0 if right == n else high, n, confidence, method)


def exact_interval(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the exact interval of a share (Clopper and Pearson, Biometrika 1934;26:404).

    Examples
    --------
    >>> [round(end, 4) for end in exact_interval(15, 20)]
    [0.509, 0.9134]
    """
    if n == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low = 0.0 if right == 0 else float(stats.beta.ppf(tail, right, n - right + 1))
    high = 1.0 if right == n else float(stats.beta.ppf(1 - tail, right + 1, n - right))
    return low, high


def against_chance(right: int, n: int) -> float:
    """Give the two-sided p of the exact binomial test against one half; NaN without answers.

    Examples
    --------
    >>> round(against_chance(15, 20), 4)
    0.0414
    """
    return float(stats.binomtest(right, n, CHANCE).pvalue) if n else float("nan")


@dataclass(frozen=True)
class ChanceEquivalence:
    """Two exact one-sided tests that a share lies within a margin of chance; `p` is the larger one."""

    margin: float
    p_low: float
    p_high: float

    @property
    def p(self) -> float:
        """The p-value of equivalence."""
        return max(self.p_low, self.p_high)


def equivalent_to_chance(right: int, n: int, margin: float) -> ChanceEquivalence:
    """Test whether a share of right answers lies within a margin of one half.

    Parameters
    ----------
    right, n : int
    margin : float

    Returns
    -------
    ChanceEquivalence
        Exact binomial tests against one half minus and plus the margin (two one-sided tests of Schuirmann,
        J Pharmacokinet Biopharm 1987;15:657).

    Examples
    --------
    >>> found = equivalent_to_chance(50, 100, 0.1)
    >>> round(found.p_low, 4), round(found.p_high, 4), round(found.p, 4)
    (0.0271, 0.0271, 0.0271)
    """
    if not n:
        return ChanceEquivalence(margin, float("nan"), float("nan"))
    low = float(stats.binom.sf(right - 1, n, CHANCE - margin))
    high = float(stats.binom.cdf(right, n, CHANCE + margin))
    return ChanceEquivalence(margin, low, high)


def newcombe(first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95) -> Estimate:
    """Give the difference of two independent shares with Newcombe's hybrid score interval.

    Parameters
    ----------
    first, second : (int, int)
        Right answers and all.
    confidence : float

    Returns
    -------
    Estimate
        First minus second; `n` is the number of all answers.

    References
    ----------
    Newcombe, Stat Med 1998;17:873, method 10.

    Examples
    --------
    >>> found = newcombe((56, 70), (48, 80))
    >>> round(found.value, 2), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    a, b = wilson(*first, confidence), wilson(*second, confidence)
    n = first[1] + second[1]
    if not first[1] or not second[1]:
        return undefined(n, confidence, "Newcombe")
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(value, low, high, n, confidence, "Newcombe")
