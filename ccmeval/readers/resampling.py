"""Intervals by drawing subjects: frames of one subject are drawn together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.statistics.bootstrap import cluster_bootstrap
from ccmeval.statistics.estimate import Estimate

RESAMPLES = 1999
LEAST_CLUSTERS = 5
"""Subjects below which a bootstrap over them says nothing."""

_LEAST_DEFINED = 0.9
"""Share of resamples in which a statistic must be defined."""

Rows = npt.NDArray[np.intp]
Statistic = Callable[[Rows], float]


def bootstrapped(
    statistic: Statistic,
    clusters: Sequence[str],
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Give a statistic of a table with a percentile interval over clusters.

    Parameters
    ----------
    statistic : callable
        Of row indices, repeated rows repeated.
    clusters : sequence of str
        Of each row: the subject, or the frame itself.
    rng : numpy.random.Generator
    confidence : float
    resamples : int

    Returns
    -------
    Estimate
        Without interval (NaN) for fewer than :data:`LEAST_CLUSTERS` clusters, or where the statistic is
        undefined in more than a tenth of the resamples.

    Examples
    --------
    >>> right = np.array([1.0, 0.0] * 10)
    >>> rng = np.random.default_rng(0)
    >>> found = bootstrapped(lambda rows: float(right[rows].mean()), [str(i) for i in range(20)], rng)
    >>> found.value, 0.2 < found.low < 0.4, 0.6 < found.high < 0.8
    (0.5, True, True)
    """
    n = len(clusters)
    value = statistic(np.arange(n, dtype=np.intp)) if n else float("nan")
    count = len(set(clusters))
    method = f"bootstrap over {count} clusters"
    if count < LEAST_CLUSTERS or not np.isfinite(value):
        return Estimate(value, float("nan"), float("nan"), n, confidence, method)
    drawn = cluster_bootstrap(statistic, list(clusters), rng=rng, resamples=resamples)
    drawn = drawn[np.isfinite(drawn)]
    if drawn.size < _LEAST_DEFINED * resamples:
        return Estimate(value, float("nan"), float("nan"), n, confidence, method)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), n, confidence, method)


def wider(first: Estimate, second: Estimate) -> Estimate:
    """Join two intervals of one value to the one that holds both; a missing one is passed over.

    Examples
    --------
    >>> joined = wider(Estimate(0.5, 0.4, 0.6, 9), Estimate(0.5, 0.3, 0.55, 9))
    >>> joined.low, joined.high
    (0.3, 0.6)
    """
    if not np.isfinite(second.low):
        return first
    if not np.isfinite(first.low):
        return second
    method = f"the wider of {first.method} and {second.method}"
    low, high = min(first.low, second.low), max(first.high, second.high)
    return Estimate(first.value, low, high, first.n, first.confidence, method)
