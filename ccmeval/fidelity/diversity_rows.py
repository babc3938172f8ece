"""Rows of diversity and separability: the synthetic set relative to the real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity import diversity
from ccmeval.fidelity.distances import Indices, squared_distances
from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.schema import Floor, MetricRow
from ccmeval.fidelity.subsampling import HALF_SAMPLES, draw_halves, interval, joint_clusters, spread
from ccmeval.fidelity.vectors import FeatureSet, Matrix
from ccmeval.fidelity.views import (
    NO_FLOOR,
    KeptFloors,
    View,
    floor_streams,
    floors,
    no_interval,
    number,
    views,
)

LABELS = {
    "intra_class_centroid_distance": "Mean distance to the centroid, synthetic / real - 1",
    "intra_class_pairwise_distance": "Mean pairwise distance, synthetic / real - 1",
    "vendi_ratio": "Vendi score, synthetic / real - 1",
    "separability_centroids": "Distance between diagnoses, synthetic / real - 1",
    "separability_scaled": "Distance between diagnoses over the scatter within, synthetic / real - 1",
}
_VENDI_DRAWS = 10
_MOST_VENDI = 600  # frames: eigenvalues cost their cube where features are as many

Vector = npt.NDArray[np.float64]


def diversity_rows(
    real: FeatureSet,
    synth: FeatureSet,
    features: str,
    *,
    rng: np.random.Generator,
    splits: int = 50,
    resamples: int = 200,
    memo: FloorMemo | None = None,
) -> list[MetricRow]:
    """Diversity within diagnoses, separability of diagnoses and Vendi score, relative to the real set.

    Parameters
    ----------
    real, synth : FeatureSet
    features : str
        Name of the feature extractor.
    rng : numpy.random.Generator
    splits : int
        Splits of the real set for the floor.
    resamples : int
        Half-samples of clusters for the interval.
    memo : FloorMemo, optional
        Floors of the real set that are known already.

    Returns
    -------
    list of MetricRow
        The value is synthetic / real - 1: 0 is as diverse, negative less. `notes` hold both sides. Pooled
        rows of the `intra_class_` metrics and of `vendi_ratio` take all frames as one class; separability is
        pooled alone, over the diagnoses that both sets have.

    Notes
    -----
    Intervals: t interval of log(synthetic / real) from half-samples of clusters, since a bootstrap's
    repeated frames make any set look less diverse. The floor is one real half against another (about
    0; its spread is what chance does). Vendi scores grow with the number of frames and are compared at the
    smaller set's, the larger one's averaged over ten random parts of that size.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = [str(i) for i in range(40)]
    >>> one = FeatureSet(rng.normal(size=(40, 3)), names, names, [None] * 40)
    >>> half = FeatureSet(one.values / 2, names, names, [None] * 40)
    >>> found = diversity_rows(one, half, "radiomic", rng=rng)
    >>> found[0].metric, round(found[0].value, 6), found[-1].status
    ('intra_class_centroid_distance', -0.5, 'undefined')
    """
    rows = []
    for view in views(real, synth):
        rows += _within(view, features, _Draws(rng, splits, resamples, memo))
        rows.append(_vendi(view, features, _Draws(rng, splits, resamples, memo)))
    return rows + _between(views(real, synth)[0], features, _Draws(rng, splits, resamples, memo))


class _Draws:
    """How often is drawn for floors and intervals, and from where."""

    def __init__(self, rng: np.random.Generator, splits: int, resamples: int, memo: FloorMemo | None) -> None:
        self.rng, self.halving = floor_streams(rng, memo)
        self.splits, self.resamples, self.memo = splits, resamples, memo


@dataclass(frozen=True)
class _Sides:
    """Statistics of chosen rows of either set, and of all of them."""

    view: View
    of_real: Callable[[Indices], Vector]
    of_synth: Callable[[Indices], Vector]
    real: Vector
    synth: Vector
    equal_n: bool = False

    def log_ratio(self, a: Indices, b: Indices) -> Vector:
        if self.equal_n:
            a, b = _evenly(a, len(b)), _evenly(b, len(a))
        return _log_ratio(self.of_real(a), self.of_synth(b))

    def real_ratio(self, a: Indices, b: Indices) -> Vector:
        return _log_ratio(self.of_real(a), self.of_real(b))


def _log_ratio(real: Vector, synth: Vector) -> Vector:
    good = np.isfinite(real) & np.isfinite(synth) & (real > 0) & (synth > 0)
    ratio = np.divide(synth, real, out=np.ones_like(real), where=good)
    return np.where(good, np.log(ratio), np.nan)


def _within(view: View, features: str, draws: _Draws) -> list[MetricRow]:
    names = list(LABELS)[:2]
    reason = view.why_empty(least=2)
    if reason:
        return [_undefined(view, name, features, reason) for name in names]
    thin = view.thinned(draws.rng)
    real, synth = squared_distances(thin.real.values), squared_distances(thin.synth.values)
    sides = _Sides(
        thin,
        lambda rows: _spans(real[np.ix_(rows, rows)]),
        lambda rows: _spans(synth[np.ix_(rows, rows)]),
        _spans_of(view.real.values),
        _spans_of(view.synth.values),
    )
    return _rows(view, names, features, sides, draws)


def _spans_of(values: Matrix) -> Vector:
    return np.array([diversity.centroid_distance(values), diversity.pairwise_distance(values)])


def _spans(squared: Matrix) -> Vector:
    """Mean distance to the centroid and mean pairwise distance, from squared distances alone."""
    n = len(squared)
    if n < 2:
        return np.full(2, np.nan)
    means = squared.mean(axis=1)
    to_centroid = np.sqrt(np.maximum(means - means.mean() / 2, 0.0)).mean()
    return np.array([to_centroid, np.sqrt(squared).sum() / (n * (n - 1))])


def _vendi(view: View, features: str, draws: _Draws) -> MetricRow:
    reason = view.why_empty(least=2)
    if not reason and not all(one.values.any(axis=1).all() for one in (view.real, view.synth)):
        reason = "A feature vector is 0 throughout, which has no direction; leave its frame out."
    if reason:
        return _undefined(view, "vendi_ratio", features, reason)
    thin = view.thinned(draws.rng, _MOST_VENDI)
    real, synth = _unit(thin.real.values), _unit(thin.synth.values)
    n = min(len(real), len(synth))
    sides = _Sides(
        thin,
        _vendi_of(real),
        _vendi_of(synth),
        _mean_vendi(real, n, draws.rng),
        _mean_vendi(synth, n, draws.rng),
        equal_n=True,
    )
    (row,) = _rows(view, ["vendi_ratio"], features, sides, draws)
    return row.model_copy(update={"notes": [*row.notes, f"Both at {n} frames."]})


def _vendi_of(unit: Matrix) -> Callable[[Indices], Vector]:
    """Vendi score of some rows; with many features from one matrix of cosines, made once."""
    if unit.shape[1] < len(unit):
        return lambda rows: np.array([diversity.entropy_number(unit[rows])])
    cosines = unit @ unit.T
    return lambda rows: np.array([diversity.entropy_of(cosines[np.ix_(rows, rows)] / max(len(rows), 1))])


def _evenly(rows: Indices, n: int) -> Indices:
    return rows[np.linspace(0, len(rows) - 1, n).astype(np.intp)] if n < len(rows) else rows


def _unit(values: Matrix) -> Matrix:
    found: Matrix = values / np.linalg.norm(values, axis=1)[:, None]
    return found


def _mean_vendi(unit: Matrix, n: int, rng: np.random.Generator) -> Vector:
    if n == len(unit):
        return np.array([diversity.entropy_number(unit)])
    drawn = (unit[rng.permutation(len(unit))[:n]] for _ in range(_VENDI_DRAWS))
    return np.array([np.mean([diversity.entropy_number(part) for part in drawn])])


def _between(view: View, features: str, draws: _Draws) -> list[MetricRow]:
    names = list(LABELS)[3:]
    common = sorted({d for d in view.real.diagnoses if d is not None} & set(view.synth.diagnoses))
    if len(common) < 2:
        reason = f"Both sets must have at least two diagnoses in common, not {len(common)}."
        return [_undefined(view, name, features, reason) for name in names]
    kept = replace(view, real=_of(view.real, common), synth=_of(view.synth, common))
    reason = kept.why_empty(least=2)
    if reason:
        return [_undefined(kept, name, features, reason) for name in names]
    thin = kept.thinned(draws.rng)
    sides = _Sides(
        thin,
        _separability_of(thin.real, common),
        _separability_of(thin.synth, common),
        np.array(diversity.separability(kept.real.values, kept.real.diagnoses)),
        np.array(diversity.separability(kept.synth.values, kept.synth.diagnoses)),
    )
    return _rows(kept, names, features, sides, draws)


def _of(one: FeatureSet, diagnoses: Sequence[str | None]) -> FeatureSet:
    return one.take([i for i, name in enumerate(one.diagnoses) if name in diagnoses])


def _separability_of(one: FeatureSet, diagnoses: Sequence[str]) -> Callable[[Indices], Vector]:
    """Both separabilities of some rows, from squared distances made once."""
    squared = squared_distances(one.values)
    belongs = np.array([[name == d for name in one.diagnoses] for d in diagnoses], dtype=np.float64)

    def of_rows(rows: Indices) -> Vector:
        counts = belongs[:, rows].sum(axis=1)
        if not (counts > 0).all():
            return np.full(2, np.nan)
        shares = belongs[:, rows] / counts[:, None]
        means = shares @ squared[np.ix_(rows, rows)] @ shares.T
        within = np.diag(means) / 2  # mean squared distance to the own centroid
        gaps = np.sqrt(np.maximum(means - within[:, None] - within[None, :], 0.0))
        between = gaps[np.triu_indices(len(counts), 1)].mean()
        scatter = np.sqrt((counts * within).sum() / counts.sum())
        return np.array([between, between / scatter if scatter > 0 else np.nan])

    return of_rows


def _rows(
    view: View,
    names: list[str],
    features: str,
    sides: _Sides,
    draws: _Draws,
) -> list[MetricRow]:
    thin = sides.view
    clusters = joint_clusters(thin.real, thin.synth)
    found = spread(sides.log_ratio, clusters, draws.rng, draws.resamples)
    kept = min(thin.real.n_clusters / view.real.n_clusters, thin.synth.n_clusters / view.synth.n_clusters)
    errors = (found.error if found.degrees else np.full(len(names), np.nan)) * np.sqrt(kept)
    memo = draws.memo
    floor = floors(
        draw_halves(thin.real, thin.synth, draws.halving, draws.splits),
        lambda a, b: np.expm1(sides.real_ratio(a, b)),
        lambda a, b: np.expm1(sides.log_ratio(a, b)),
        len(names),
        None if memo is None else KeptFloors(memo, f"{' '.join(names)} {features}", thin.real),
    )
    return [
        _row(view, name, features, sides, i, errors[i], found.degrees, floor[i])
        for i, name in enumerate(names)
    ]


def _row(
    view: View,
    name: str,
    features: str,
    sides: _Sides,
    i: int,
    error: float,
    degrees: int,
    floor: Floor | None,
) -> MetricRow:
    real, synth = float(sides.real[i]), float(sides.synth[i])
    value = diversity.relative_difference(real, synth)
    both = f"Real {real:.6g}, synthetic {synth:.6g}."
    if not np.isfinite(value):
        reason = "The real set does not vary, so nothing can be relative to it."
        return _undefined(view, name, features, reason).model_copy(update={"notes": [both]})
    low, high = (
        interval(float(np.log1p(value)), error, degrees) if value > -1 else (float("nan"), float("nan"))
    )
    return view.row(
        metric=name,
        label=LABELS[name],
        features=features,
        better="neither",
        value=value,
        low=number(np.expm1(low)),
        high=number(np.expm1(high)),
        interval_method=f"{HALF_SAMPLES} of log ratio" if np.isfinite(low) else "",
        floor=floor,
        notes=[both] + ([] if np.isfinite(low) else [no_interval(view)]) + ([] if floor else [NO_FLOOR]),
    )


def _undefined(view: View, name: str, features: str, reason: str) -> MetricRow:
    return view.row(
        metric=name,
        label=LABELS[name],
        features=features,
        better="neither",
        status="undefined",
        reason=reason,
    )
