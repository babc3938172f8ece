"""Intraclass correlation and repeatability."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.estimate import Estimate, finite, undefined

_METHOD = "F (McGraw & Wong 1996)"
_FEWEST_ROWS = 3


@dataclass(frozen=True)
class Repeatability:
    """Scatter of repeated measurements of the same thing.

    Attributes
    ----------
    within_sd : float
        Within-group SD (root of the pooled within-group variance), in the unit of the values.
    coefficient : float
        Repeatability coefficient, 1.96 x sqrt(2) x `within_sd`: two measurements of one thing
        differ by less in 95 % of pairs.
    n_groups, n_values : int
        Groups of at least two finite values, and the values in them.
    """

    within_sd: float
    coefficient: float
    n_groups: int
    n_values: int


def icc(scores: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Intraclass correlation ICC(2,1): two-way random, absolute agreement, single measurement.

    Parameters
    ----------
    scores : array-like of float, shape (N, K)
        N things (frames, subjects), each measured by K raters or tools. A row with a non-finite
        member is dropped.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        NaN for fewer than three complete rows (of two the interval reaches far below -1) or where
        nothing varies. May be negative. The interval is NaN where all rows have one mean.

    Raises
    ------
    ValueError
        If `scores` is not of shape (N, K) with K >= 2.

    Notes
    -----
    Shrout & Fleiss, Psychol Bull 1979;86:420, ICC(2,1); the interval by McGraw & Wong, Psychol
    Methods 1996;1:30, Table 7, ICC(A,1). The rows must be independent: give one row a subject (the
    mean over its frames) where the interval is to be believed.

    Examples
    --------
    >>> round(icc([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]).value, 2)
    0.29
    """  # noqa: E501
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(f"Scores must be of shape (N, K) with K of at least 2, not {table.shape}.")
    table = table[np.isfinite(table).all(axis=1)]
    n, k = table.shape
    if n < _FEWEST_ROWS:
        return undefined(n, confidence, _METHOD)
    rows, columns, error = _mean_squares(table)
    scale = np.finfo(float).eps * 8 * float((table**2).mean())
    denominator = rows + (k - 1) * error + k / n * (columns - error)
    if denominator <= scale:
        return undefined(n, confidence, _METHOD)
    value = (rows - error) / denominator
    if error <= scale and columns <= scale:
        return Estimate(1.0, 1.0, 1.0, n, confidence, _METHOD)
    if rows <= scale:  # rows that do not differ at all say nothing of how much they might
        return Estimate(float(value), float("nan"), float("nan"), n, confidence, _METHOD)
    low, high = _icc_interval(rows, columns, error, (n, k), float(value), confidence)
    return Estimate(float(value), low, high, n, confidence, _METHOD)


def _mean_squares(table: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    n, k = table.shape
    grand = table.mean()
    row_effect = table.mean(axis=1) - grand
    column_effect = table.mean(axis=0) - grand
    residual = table - grand - row_effect[:, None] - column_effect[None, :]
    return (
        float(k * (row_effect**2).sum() / (n - 1)),
        float(n * (column_effect**2).sum() / (k - 1)),
        float((residual**2).sum() / ((n - 1) * (k - 1))),
    )


def _icc_interval(
    rows: float, columns: float, error: float, shape: tuple[int, int], value: float, confidence: float
) -> tuple[float, float]:
    n, k = shape
    part_columns = k * value / (n * (1 - value)) * columns
    part_error = (1 + k * value * (n - 1) / (n * (1 - value))) * error
    spread = part_columns**2 / (k - 1) + part_error**2 / ((n - 1) * (k - 1))
    degrees = max((part_columns + part_error) ** 2 / spread, 1e-6)
    upper_tail = 0.5 + confidence / 2
    rest = k * columns + (k * n - k - n) * error
    f_low = float(special.fdtri(n - 1, degrees, upper_tail))
    f_high = float(special.fdtri(degrees, n - 1, upper_tail))
    low = n * (rows - f_low * error) / (f_low * rest + n * rows)
    high = n * (f_high * rows - error) / (rest + n * f_high * rows)
    return float(low), float(high)


def repeatability(groups: Iterable[npt.ArrayLike]) -> Repeatability:
    """Within-group SD and repeatability coefficient of repeated measurements.

    Parameters
    ----------
    groups : iterable of array-like of float
        One array a thing measured repeatedly (a sequence of frames of one eye). Non-finite values
        are dropped, then groups of fewer than two values.

    Returns
    -------
    Repeatability
        NaN where no group is left.

    Notes
    -----
    Bland & Altman, BMJ 1996;313:744.

    Examples
    --------
    >>> found = repeatability([[1.0, 3.0], [5.0, 5.0]])
    >>> found.within_sd, round(found.coefficient, 2), found.n_groups
    (1.0, 2.77, 2)
    """
    kept = [values for values in map(finite, groups) if values.size >= 2]
    if not kept:
        return Repeatability(float("nan"), float("nan"), 0, 0)
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in kept)
    degrees = sum(values.size - 1 for values in kept)
    within = float(np.sqrt(squares / degrees))
    factor = float(special.ndtri(0.975)) * np.sqrt(2.0)
    return Repeatability(within, float(factor * within), len(kept), sum(v.size for v in kept))


def coefficient_of_variation_within(groups: Iterable[npt.ArrayLike]) -> float:
    """Within-group coefficient of variation: root mean square of SD / mean over groups.

    Parameters
    ----------
    groups : iterable of array-like of float
        As for `repeatability`. A group whose mean is not positive has no coefficient and is left out.

    Returns
    -------
    float
        A fraction (0.05 for 5 %); NaN where no group is left.

    Notes
    -----
    The root-mean-square approach of Hyslop & White, Stat Med 2009;28:1206, which weights all groups
    alike.

    Examples
    --------
    >>> round(coefficient_of_variation_within([[9.0, 11.0], [20.0, 20.0]]), 4)
    0.1
    """
    kept = [values for values in map(finite, groups) if values.size >= 2 and values.mean() > 0]
    if not kept:
        return float("nan")
    squares = [float(values.var(ddof=1) / values.mean() ** 2) for values in kept]
    return float(np.sqrt(np.mean(squares)))
