"""Bootstrap over subjects: frames of one subject are drawn together, never one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.statistics.estimate import Estimate, Vector, undefined

BootstrapMethod = Literal["bca", "percentile"]
RESAMPLES = 4999
"""Resamples by default; 1 less than 5000 puts the 2.5 % quantiles on order statistics."""

_CHUNK = 4_000_000  # indices drawn at once, to bound memory


def cluster_means(values: npt.ArrayLike, clusters: npt.ArrayLike) -> Vector:
    """Mean of the finite values of each cluster, in the order of the sorted labels.

    Examples
    --------
    >>> cluster_means([1.0, 3.0, 10.0], ["a", "a", "b"]).tolist()
    [2.0, 10.0]
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    labels = np.asarray(clusters).ravel()
    if flat.shape != labels.shape:
        raise ValueError("Values and their subjects must be equally many.")
    kept = np.isfinite(flat)
    codes = np.unique(labels[kept].astype(str), return_inverse=True)[1].ravel()
    means: Vector = np.bincount(codes, weights=flat[kept]) / np.maximum(np.bincount(codes), 1)
    return means


def bootstrap_mean_ci(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    method: BootstrapMethod = "bca",
) -> Estimate:
    """Mean over subjects with a bootstrap interval over subjects.

    Parameters
    ----------
    values : array-like of float, shape (N,)
        One a subject, or one a frame with `clusters`. Non-finite ones are dropped.
    clusters : array-like, shape (N,), optional
        The subject of each value: values are averaged per subject first, so that each subject
        counts once however many frames it has, and subjects are drawn.
    rng : numpy.random.Generator
        Source of randomness; the same state gives the same interval.
    confidence : float
        Coverage of the interval.
    resamples : int
        Resamples drawn.
    method : {"bca", "percentile"}
        Bias-corrected and accelerated (Efron, J Am Stat Assoc 1987;82:171) by default. Both are
        too narrow for fewer than about ten subjects.

    Returns
    -------
    Estimate
        `n` is the number of subjects. The interval is NaN for one subject, the value itself where
        all are equal.

    Raises
    ------
    ValueError
        If the lengths differ or `resamples` is not positive.

    Examples
    --------
    >>> found = bootstrap_mean_ci([1.0, 2.0, 3.0, 4.0], rng=np.random.default_rng(0))
    >>> found.value, found.n, found.low < 2.5 < found.high
    (2.5, 4, True)
    """
    if resamples < 1:
        raise ValueError(f"At least one resample is needed, not {resamples}.")
    flat = np.asarray(values, dtype=np.float64).ravel()
    sample = flat[np.isfinite(flat)] if clusters is None else cluster_means(flat, clusters)
    name = f"{'BCa' if method == 'bca' else 'percentile'} bootstrap, {resamples} resamples"
    if sample.size == 0:
        return undefined(0, confidence, name)
    value = float(sample.mean())
    if sample.size == 1:
        return Estimate(value, float("nan"), float("nan"), 1, confidence, name)
    if np.ptp(sample) == 0:
        return Estimate(value, value, value, sample.size, confidence, name)
    means = _resampled_means(sample, resamples, rng)
    tail = (1 - confidence) / 2
    tails = np.array([tail, 1 - tail])
    if method == "bca":
        tails = _bca_tails(sample, means, value, tails)
    low, high = np.quantile(means, tails)
    return Estimate(value, float(low), float(high), sample.size, confidence, name)


def _resampled_means(sample: Vector, resamples: int, rng: np.random.Generator) -> Vector:
    step = max(1, _CHUNK // sample.size)
    means = np.empty(resamples)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, sample.size, size=(rows, sample.size))
        means[start : start + rows] = sample[drawn].mean(axis=1)
    return means


def _bca_tails(sample: Vector, means: Vector, value: float, tails: Vector) -> Vector:
    """Move the quantiles by bias and acceleration; the jackknife of a mean is known in closed form."""
    share = (np.mean(means < value) + np.mean(means <= value)) / 2
    bias = special.ndtri(np.clip(share, 0.5 / means.size, 1 - 0.5 / means.size))
    centred = sample - value
    acceleration = (centred**3).sum() / (6 * (centred**2).sum() ** 1.5)
    shifted = bias + special.ndtri(tails)
    moved: Vector = special.ndtr(bias + shifted / (1 - acceleration * shifted))
    return moved


def cluster_bootstrap(
    statistic: Callable[[npt.NDArray[np.intp]], float],
    clusters: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    resamples: int = 1999,
) -> Vector:
    """Bootstrap distribution of any statistic of a table whose rows come in clusters.

    Parameters
    ----------
    statistic : callable
        Takes row indices (repeated rows repeated) and gives a number.
    clusters : array-like, shape (N,)
        The subject of each row.
    rng : numpy.random.Generator
        Source of randomness.
    resamples : int
        Resamples drawn, each of as many clusters as there are.

    Returns
    -------
    array of float64, shape (resamples,)
        In the order drawn; quantiles of it are percentile intervals.

    Examples
    --------
    >>> x = np.array([1.0, 1.0, 5.0])
    >>> drawn = cluster_bootstrap(lambda rows: x[rows].sum(), ["a", "a", "b"], rng=np.random.default_rng(1), resamples=50)
    >>> sorted(set(drawn.tolist()))
    [4.0, 7.0, 10.0]
    """  # noqa: E501
    codes = np.unique(np.asarray(clusters).ravel().astype(str), return_inverse=True)[1].ravel()
    count = int(codes.max(initial=-1)) + 1
    if count == 0:
        return np.full(resamples, np.nan)
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    found = np.empty(resamples)
    for i in range(resamples):
        drawn = rng.integers(0, count, size=count)
        lengths = sizes[drawn]
        # Rows of cluster c lie at starts[c] ... in `order`; the drawn clusters' runs are laid end to end.
        runs = np.repeat(starts[drawn] - (np.cumsum(lengths) - lengths), lengths)
        found[i] = statistic(order[runs + np.arange(runs.size)])
    return found
