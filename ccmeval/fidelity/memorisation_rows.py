"""Rows of memorisation: distances to training frames, authenticity, and the data-copying test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ccmeval.fidelity.distances import Indices, nearest
from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.memorisation import (
    LEAST_IN_CELL,
    authentic,
    authenticity,
    cells_of,
    copying,
    in_cells,
    rank_z,
)
from ccmeval.fidelity.schema import MetricRow
from ccmeval.fidelity.subsampling import (
    LEAST_CLUSTERS,
    draw_halves,
    joint_clusters,
    resamples_of,
)
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.fidelity.views import NO_FLOOR, KeptFloors, View, floor_streams, floors, number
from ccmeval.statistics.estimate import Vector

LABELS = {
    "nearest_distance_ratio": "Median nearest distance to training frames, synthetic / unseen",
    "authenticity": "Authenticity",
    "c_t": "C_T, whole space",
    "c_t_cells": "C_T, over cells",
}
METHOD = "percentile bootstrap over clusters, training frames fixed"
MOST_CELLS = 20
NO_HELD_OUT = "C_T compares with real frames that the generator never saw; name them with --held-out."
OWN_SUBJECTS = (
    "Without held-out frames the comparison is each real frame's nearest frame of another subject: it says"
    " how near a new subject comes, but of frames that the generator saw, with one subject fewer to be near."
)
OWN_FRAMES = (
    "Without held-out frames and subjects the comparison is each real frame's nearest other frame, which may"
    " be of the same eye and very near: copies can go unseen. Name held-out frames with --held-out."
)


def memorisation_rows(
    train: FeatureSet,
    synth: FeatureSet,
    held_out: FeatureSet | None,
    features: str,
    *,
    rng: np.random.Generator,
    splits: int = 50,
    resamples: int = 999,
    memo: FloorMemo | None = None,
) -> list[MetricRow]:
    """Tell whether synthetic frames are nearer to the training frames than unseen frames are.

    Parameters
    ----------
    train : FeatureSet
        The real set, which the generator may have seen.
    synth : FeatureSet
    held_out : FeatureSet or None
        Real frames that it never saw.
    features : str
        Name of the feature extractor.
    rng : numpy.random.Generator
    splits : int
        Splits of the real set for the floor of authenticity.
    resamples : int
        Bootstrap resamples of clusters of synthetic and held-out frames. A frame drawn twice distorts
        nothing here, since the training set stays as it is.
    memo : FloorMemo, optional
        Floors of the real set that are known already.

    Returns
    -------
    list of MetricRow
        `nearest_distance_ratio`, `authenticity`, `c_t`, `c_t_cells`, pooled: a training frame of another
        diagnosis can be copied too. C_T is unavailable without held-out frames, with the reason.

    Notes
    -----
    Authenticity of frames that were certainly not copied is far from 1 (its floor: one real half against
    another), about a half for independent frames; only a value below the floor speaks for copies.
    """
    view = View("pooled", None, train, synth)
    reason = view.why_empty(least=2) or (_why_odd(held_out) if held_out is not None else "")
    if reason:
        return [_none(view, name, features, "undefined", reason) for name in LABELS]
    to_train = nearest(synth.values, train.values).distances
    rows = [
        _ratio(view, features, to_train, held_out, rng, resamples),
        _authenticity(view, features, rng, splits, resamples, memo),
    ]
    if held_out is None:
        return rows + [
            _none(view, name, features, "unavailable", NO_HELD_OUT) for name in ("c_t", "c_t_cells")
        ]
    return [
        *rows,
        _global(view, features, to_train, held_out, rng, resamples),
        _cells(view, features, held_out, rng, resamples),
    ]


def _why_odd(held_out: FeatureSet) -> str:
    if not len(held_out):
        return "The held-out set has no frames."
    odd = int((~np.isfinite(held_out.values)).any(axis=1).sum())
    return f"Features of {odd} held-out frames are not finite; leave these frames out." if odd else ""


def _ratio(
    view: View,
    features: str,
    to_train: Vector,
    held_out: FeatureSet | None,
    rng: np.random.Generator,
    resamples: int,
) -> MetricRow:
    other, unseen, note = _unseen(view.real, held_out)
    kept = np.isfinite(unseen)
    if not kept.any() or not np.median(unseen[kept]) > 0:
        reason = "Unseen real frames are at distance 0 from the training frames: the two sets overlap."
        return _none(view, "nearest_distance_ratio", features, "undefined", reason)

    def statistic(a: Indices, b: Indices) -> float:
        middle = np.median(unseen[b][kept[b]]) if kept[b].any() else 0.0
        return float(np.median(to_train[a]) / middle) if middle > 0 else float("nan")

    quarters = [np.quantile(one, [0.25, 0.5, 0.75]) for one in (to_train, unseen[kept])]
    notes = [
        f"Quartiles: synthetic {_words(quarters[0])}, unseen {_words(quarters[1])}; 1 is as near as unseen,"
        " below 1 nearer."
    ]
    value = float(quarters[0][1] / quarters[1][1])
    ends = _interval(view.synth, other, statistic, rng, resamples)
    return _row(view, "nearest_distance_ratio", features, value, ends, notes + ([note] if note else []))


def _words(values: Vector) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _unseen(train: FeatureSet, held_out: FeatureSet | None) -> tuple[FeatureSet, Vector, str]:
    """Frames to compare with, their nearest distances to training frames, and what that costs."""
    if held_out is not None:
        return held_out, nearest(held_out.values, train.values).distances, ""
    by_subject = train.by_subject and train.n_clusters > 1
    labels = list(train.clusters) if by_subject else [str(i) for i in range(len(train))]
    found = nearest(train.values, train.values, apart=(labels, labels)).distances
    return train, found, OWN_SUBJECTS if by_subject else OWN_FRAMES


def _authenticity(
    view: View,
    features: str,
    rng: np.random.Generator,
    splits: int,
    resamples: int,
    memo: FloorMemo | None,
) -> MetricRow:
    rng, halving = floor_streams(rng, memo)
    found = authentic(view.synth.values, view.real.values).astype(np.float64)
    thin = view.thinned(rng)
    real, synth = thin.real.values, thin.synth.values
    (floor,) = floors(
        draw_halves(thin.real, thin.synth, halving, splits),
        lambda a, b: [authenticity(real[b], real[a])],
        lambda a, b: [authenticity(synth[b], real[a])],
        1,
        None if memo is None else KeptFloors(memo, f"authenticity {features}", thin.real),
    )
    ends = _interval(view.synth, view.synth, lambda a, _: float(found[a].mean()), rng, resamples)
    row = _row(view, "authenticity", features, float(found.mean()), ends, [] if floor else [NO_FLOOR])
    return row.model_copy(update={"floor": floor, "better": "higher"})


def _global(
    view: View,
    features: str,
    to_train: Vector,
    held_out: FeatureSet,
    rng: np.random.Generator,
    resamples: int,
) -> MetricRow:
    unseen = nearest(held_out.values, view.real.values).distances
    z, share = rank_z(to_train, unseen)
    if not np.isfinite(z):
        return _none(view, "c_t", features, "undefined", "All nearest distances are equal.")
    ends = _interval(view.synth, held_out, lambda a, b: rank_z(to_train[a], unseen[b])[0], rng, resamples)
    return _row(view, "c_t", features, z, ends, [_share(share)])


def _cells(
    view: View, features: str, held_out: FeatureSet, rng: np.random.Generator, resamples: int
) -> MetricRow:
    count = min(MOST_CELLS, min(len(held_out), len(view.synth), len(view.real)) // (2 * LEAST_IN_CELL))
    if count < 2:
        least = 4 * LEAST_IN_CELL
        reason = f"Two cells need at least {least} frames in each of the three sets."
        return _none(view, "c_t_cells", features, "undefined", reason)
    centres = cells_of(view.real.values, count, rng)
    a, b = (in_cells(one.values, view.real.values, centres) for one in (view.synth, held_out))
    found = copying(a, b)
    if not found.cells:
        reason = f"No cell has {LEAST_IN_CELL} synthetic and {LEAST_IN_CELL} held-out frames."
        return _none(view, "c_t_cells", features, "undefined", reason)

    def statistic(rows: Indices, others: Indices) -> float:
        first = a._replace(cells=a.cells[rows], distances=a.distances[rows])
        return copying(first, b._replace(cells=b.cells[others], distances=b.distances[others])).z

    ends = _interval(view.synth, held_out, statistic, rng, min(resamples, 199))
    notes = [_share(found.share_nearer), f"{found.cells} of {count} cells have frames enough to count."]
    return _row(view, "c_t_cells", features, found.z, ends, notes)


def _share(share: float) -> str:
    return (
        f"A synthetic frame is nearer to its nearest training frame than a held-out one {share:.1%} of the"
        " time (50 % without copying); below about -2 speaks for copies, above 2 for underfitting."
    )


def _interval(
    synth: FeatureSet,
    other: FeatureSet,
    statistic: Callable[[Indices, Indices], float],
    rng: np.random.Generator,
    resamples: int,
) -> tuple[float, float]:
    clusters = joint_clusters(synth, other)
    if clusters.fewest < LEAST_CLUSTERS or resamples < 2:
        return float("nan"), float("nan")
    found = np.array([statistic(a, b) for a, b in resamples_of(clusters, rng, resamples)])
    found = found[np.isfinite(found)]
    if found.size < resamples / 2:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [0.025, 0.975]).tolist()
    return low, high


def _row(
    view: View, name: str, features: str, value: float, ends: tuple[float, float], notes: list[str]
) -> MetricRow:
    known = bool(np.isfinite(ends[0]))
    missing = [] if known else [f"No interval: fewer than {LEAST_CLUSTERS} clusters on a side."]
    return view.row(
        metric=name,
        label=LABELS[name],
        features=features,
        better="neither",
        value=value,
        low=number(ends[0]),
        high=number(ends[1]),
        interval_method=METHOD if known else "",
        notes=notes + missing,
    )


def _none(view: View, name: str, features: str, status: str, reason: str) -> MetricRow:
    better = "higher" if name == "authenticity" else "neither"
    return view.row(
        metric=name, label=LABELS[name], features=features, better=better, status=status, reason=reason
    )
