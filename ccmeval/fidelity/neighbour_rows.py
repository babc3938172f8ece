"""Rows of precision, recall, density and coverage, with intervals over clusters and floors."""

from __future__ import annotations

import numpy as np

from ccmeval.fidelity.distances import Indices
from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.neighbours import DEFAULT_K, Prdc, prdc, prdc_of_distances, why_undefined
from ccmeval.fidelity.schema import Floor, MetricRow
from ccmeval.fidelity.subsampling import HALF_SAMPLES, Spread, draw_halves, interval, joint_clusters, spread
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.fidelity.views import (
    MOST_FRAMES,
    NO_FLOOR,
    Distances,
    KeptFloors,
    View,
    floor_streams,
    floors,
    no_interval,
    number,
    views,
)

LABELS = {
    "precision": "Improved precision",
    "recall": "Improved recall",
    "density": "Density",
    "coverage": "Coverage",
}


def prdc_rows(
    real: FeatureSet,
    synth: FeatureSet,
    features: str,
    *,
    rng: np.random.Generator,
    k: int = DEFAULT_K,
    splits: int = 50,
    resamples: int = 200,
    memo: FloorMemo | None = None,
) -> list[MetricRow]:
    """Precision, recall, density and coverage, pooled and by diagnosis.

    Parameters
    ----------
    real, synth : FeatureSet
    features : str
        Name of the feature extractor.
    rng : numpy.random.Generator
    k : int
        Neighbours.
    splits : int
        Splits of the real set for the floor.
    resamples : int
        Half-samples of clusters for the interval.
    memo : FloorMemo, optional
        Floors of the real set that are known already.

    Returns
    -------
    list of MetricRow
        Four a scope. Undefined, with the reason, where a side has no more than `k` frames.

    Notes
    -----
    The interval is t-distributed about the value with the standard error of half-samples of clusters
    (:mod:`ccmeval.fidelity.subsampling`): a bootstrap would put repeated frames at distance 0. It says how
    the value would vary with other subjects at these numbers of frames, on which all four depend. Beyond
    1,500 frames a side, floor and interval come from a random 1,500 (the interval scaled by the root of
    the clusters left out), the value from all.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = [str(i) for i in range(40)]
    >>> one, other = (FeatureSet(rng.normal(size=(40, 3)), names, names, [None] * 40) for _ in range(2))
    >>> found = prdc_rows(one, other, "radiomic", rng=rng)
    >>> [row.metric for row in found], found[0].floor.n
    (['precision', 'recall', 'density', 'coverage'], 20)
    """
    return [
        row for view in views(real, synth) for row in _rows(view, features, k, rng, splits, resamples, memo)
    ]


def _rows(
    view: View,
    features: str,
    k: int,
    rng: np.random.Generator,
    splits: int,
    resamples: int,
    memo: FloorMemo | None,
) -> list[MetricRow]:
    rng, halving = floor_streams(rng, memo)
    reason = why_undefined(view.real.values, view.synth.values, k)
    if reason:
        return [
            view.row(
                metric=name,
                label=label,
                features=features,
                better="higher",
                status="undefined",
                reason=reason,
            )
            for name, label in LABELS.items()
        ]
    thin = view.thinned(rng)
    distances = Distances.of(thin)
    whole = len(thin.real) == len(view.real) and len(thin.synth) == len(view.synth)
    value = (
        prdc_of_distances(distances.real, distances.cross, distances.synth, k)
        if whole
        else prdc(view.real.values, view.synth.values, k)
    )
    found = _spread(view, thin, distances, k, rng, resamples)
    kept = None if memo is None else KeptFloors(memo, f"prdc {k} {features}", thin.real)
    floor = _floors(thin, distances, k, halving, splits, kept)
    return [_row(view, i, value, found, floor[i], features, k, whole) for i in range(len(LABELS))]


def _row(
    view: View, i: int, value: Prdc, found: Spread, floor: Floor | None, features: str, k: int, whole: bool
) -> MetricRow:
    name = Prdc._fields[i]
    low, high = interval(value[i], found.error[i] if found.degrees else np.nan, found.degrees)
    notes = [f"k = {k}; inside a ball is nearer than its radius, as in the prdc package."]
    if not np.isfinite(low):
        notes.append(no_interval(view))
    if floor is None:
        notes.append(NO_FLOOR)
    if not whole:
        notes.append(f"Floor and interval from at most {MOST_FRAMES} frames a side, drawn at random.")
    top = np.inf if name == "density" else 1.0
    return view.row(
        metric=name,
        label=LABELS[name],
        features=features,
        better="higher",
        value=value[i],
        low=number(max(low, 0.0) if np.isfinite(low) else low),
        high=number(min(high, top) if np.isfinite(high) else high),
        interval_method=HALF_SAMPLES if np.isfinite(low) else "",
        floor=floor,
        notes=notes,
    )


def _spread(
    view: View, thin: View, distances: Distances, k: int, rng: np.random.Generator, resamples: int
) -> Spread:
    found = spread(
        lambda a, b: _of_rows(distances, a, b, k), joint_clusters(thin.real, thin.synth), rng, resamples
    )
    kept = min(thin.real.n_clusters / view.real.n_clusters, thin.synth.n_clusters / view.synth.n_clusters)
    return Spread(found.error * np.sqrt(kept), found.degrees)


def _floors(
    thin: View,
    distances: Distances,
    k: int,
    rng: np.random.Generator,
    splits: int,
    kept: KeptFloors | None,
) -> list[Floor | None]:
    real = Distances(distances.real, distances.real, distances.real)
    halves = draw_halves(thin.real, thin.synth, rng, splits)
    return floors(
        halves,
        lambda a, b: _of_rows(real, a, b, k),
        lambda a, b: _of_rows(distances, a, b, k),
        len(LABELS),
        kept,
    )


def _of_rows(distances: Distances, a: Indices, b: Indices, k: int) -> Prdc:
    """Give the metrics of some rows of both sets."""
    return prdc_of_distances(
        distances.real[np.ix_(a, a)], distances.cross[np.ix_(a, b)], distances.synth[np.ix_(b, b)], k
    )
