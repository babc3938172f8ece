"""Frechet distance of many subsets of synthetic frames from moments that stay the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ccmeval.fidelity.frechet import Moments, frechet_from_moments, moments
from ccmeval.fidelity.resampling import Interval
from ccmeval.fidelity.vectors import FeatureSet, Matrix, Rows
from ccmeval.statistics.estimate import t_quantile

Distance = Callable[[Rows], float]

GROUPS = 50
FEWER_GROUPS = 20
"""Clusters are left out in so many groups at most; the fewer where each distance is slow."""

METHOD = "delete-{} jackknife over the synthetic {}s; the bundle's frames are taken as they are"


def prepare_distance(real: Moments, synth: Matrix) -> Distance:
    """Give the distance as a function of the rows of `synth`.

    Parameters
    ----------
    real : Moments
    synth : float64 array (M, D)

    Returns
    -------
    callable
        As `frechet_from_moments(real, moments(synth[rows]))`. Where the real covariance is a factor and
        the rows are no more than the features, its product with the synthetic frames is computed once.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> real, synth = moments(rng.normal(size=(4, 9))), rng.normal(1, 2, (6, 9))
    >>> distance = prepare_distance(real, synth)
    >>> rows = np.array([0, 2, 3])
    >>> bool(np.isclose(distance(rows), frechet_from_moments(real, moments(synth[rows]))))
    True
    """
    if real.factor is None or not np.isfinite(synth).all():
        return lambda rows: frechet_from_moments(real, moments(synth[rows]))
    # Centred on the real mean, so that a mean far from 0 costs no digits.
    table = synth - real.mean
    product, squares = real.factor @ table.T, np.square(table).sum(axis=1)

    def distance(rows: Rows) -> float:
        n = rows.size
        if n > table.shape[1] or min(n, real.n) < 2:
            return frechet_from_moments(real, moments(synth[rows]))
        gap = float(np.square(table[rows].mean(axis=0)).sum())
        trace = (float(squares[rows].sum()) - n * gap) / (n - 1)
        part = product[:, rows]
        part = (part - part.mean(axis=1, keepdims=True)) / np.sqrt(n - 1)
        norm = float(np.linalg.svd(part, compute_uv=False).sum()) if part.size else 0.0
        return max(0.0, gap + real.trace + trace - 2 * norm)

    return distance


def synthetic_interval(
    real: Moments, synth: FeatureSet, *, rng: np.random.Generator, confidence: float = 0.95
) -> Interval:
    """Interval of the distance that knows of the synthetic clusters' chance alone.

    Parameters
    ----------
    real : Moments
    synth : FeatureSet
    rng : numpy.random.Generator
        Puts clusters into groups where they are many.
    confidence : float

    Returns
    -------
    Interval
        Jackknife with Student's t; NaN with the reason for one cluster. It tells how the value would move
        with other synthetic frames against these very real ones, so it is narrower than that of two sets.

    Notes
    -----
    As `ccmeval.fidelity.resampling.cluster_interval`, with one side fixed.
    """
    nan = float("nan")
    if synth.n_clusters < 2:
        return Interval(nan, nan, "none: one cluster cannot show how clusters differ")
    distance = prepare_distance(real, synth.values)
    slow = real.factor is None or len(synth) > synth.values.shape[1]
    most = FEWER_GROUPS if slow else GROUPS
    codes = np.unique(np.asarray(synth.clusters, dtype=str), return_inverse=True)[1].ravel()
    count = int(codes.max()) + 1
    if count > most:
        codes = (rng.permutation(count) % most)[codes]
    rows = np.arange(len(synth))
    value = distance(rows)
    left_out = np.array([distance(rows[codes != code]) for code in np.unique(codes)])
    if not np.isfinite([value, *left_out]).all():
        return Interval(nan, nan, "none: the metric is undefined without some of the clusters")
    groups = left_out.size
    spread = float(np.sqrt((groups - 1) / groups * np.square(left_out - left_out.mean()).sum()))
    half = t_quantile(confidence, groups - 1) * spread
    unit = "subject" if synth.by_subject else "frame"
    what = f"a-group-of-{unit}s" if count > most else f"one-{unit}"
    return Interval(max(0.0, value - half), value + half, METHOD.format(what, unit))
