"""An estimate with its interval, and the small tools every statistic here shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence interval.

    Attributes
    ----------
    value : float
        The point estimate; NaN where there are too few values to have one.
    low, high : float
        Ends of the interval; NaN where there are too few values.
    n : int
        Values (or pairs, or subjects) it rests on, after dropping what is not finite.
    confidence : float
        Coverage of the interval, e.g. 0.95.
    method : str
        How the interval was made.
    """

    value: float
    low: float
    high: float
    n: int
    confidence: float = 0.95
    method: str = ""


def undefined(n: int, confidence: float, method: str) -> Estimate:
    """Give the estimate of a quantity that `n` values do not define."""
    nan = float("nan")
    return Estimate(nan, nan, nan, n, confidence, method)


def finite(values: npt.ArrayLike) -> Vector:
    """Flatten to float64 and drop NaN and infinities.

    Examples
    --------
    >>> finite([1.0, float("nan"), 3.0]).tolist()
    [1.0, 3.0]
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def finite_pairs(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Vector, Vector]:
    """Keep the pairs of which both members are finite.

    Raises
    ------
    ValueError
        If the two are not of one length.

    Examples
    --------
    >>> [x.tolist() for x in finite_pairs([1, 2, 3], [4, float("nan"), 6])]
    [[1.0, 3.0], [4.0, 6.0]]
    """
    first = np.asarray(a, dtype=np.float64).ravel()
    second = np.asarray(b, dtype=np.float64).ravel()
    if first.shape != second.shape:
        raise ValueError(f"Paired values must be equally many, not {first.size} and {second.size}.")
    both = np.isfinite(first) & np.isfinite(second)
    return first[both], second[both]


def normal_quantile(confidence: float) -> float:
    """Two-sided standard normal quantile, 1.96 for 0.95.

    Raises
    ------
    ValueError
        If `confidence` is not strictly between 0 and 1.
    """
    _check(confidence)
    return float(special.ndtri(0.5 + confidence / 2))


def t_quantile(confidence: float, degrees: float) -> float:
    """Two-sided quantile of Student's t with `degrees` degrees of freedom."""
    _check(confidence)
    return float(special.stdtrit(degrees, 0.5 + confidence / 2))


def t_p_value(t: float, degrees: float) -> float:
    """Two-sided p of Student's t.

    Examples
    --------
    >>> round(t_p_value(2.0, 10), 4)
    0.0734
    """
    return float(2 * special.stdtr(degrees, -abs(t)))


def midranks(values: npt.ArrayLike) -> Vector:
    """Rank from 1, ties sharing their mean rank.

    Examples
    --------
    >>> midranks([3, 1, 3]).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Vector = ((last - counts + 1 + last) / 2.0)[inverse.ravel()]
    return ranks


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"A confidence lies between 0 and 1, not {confidence}.")
