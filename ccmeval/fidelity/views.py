"""The scopes in which two sets are compared, and the parts that their rows have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.distances import Indices, squared_distances
from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.schema import Floor, MetricRow, Scope
from ccmeval.fidelity.subsampling import LEAST_CLUSTERS, Halves
from ccmeval.fidelity.vectors import FeatureSet, Matrix

MOST_FRAMES = 1500
"""Frames of a set whose distances are kept for floors and intervals; of larger sets a random part."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """Two sets in one scope: all frames, or those of one diagnosis."""

    scope: Scope
    diagnosis: str | None
    real: FeatureSet
    synth: FeatureSet

    def row(self, **fields: Any) -> MetricRow:
        """Give a row with the counts of this view."""
        return MetricRow(
            scope=self.scope,
            diagnosis=self.diagnosis,
            n_real=len(self.real),
            n_synth=len(self.synth),
            n_real_clusters=self.real.n_clusters,
            n_synth_clusters=self.synth.n_clusters,
            **fields,
        )

    def why_empty(self, least: int = 1) -> str:
        """Say why nothing can be computed of these frames; empty where it can."""
        counts = [("real", self.real), ("synthetic", self.synth)]
        for name, one in counts:
            if len(one) < least:
                of = f" of diagnosis {self.diagnosis}" if self.diagnosis else ""
                return f"There are {len(one)} {name} frames{of}; at least {least} are needed."
        for name, one in counts:
            odd = int((~np.isfinite(one.values)).any(axis=1).sum())
            if odd:
                return f"Features of {odd} {name} frames are not finite; leave these frames out."
        return ""

    def thinned(self, rng: np.random.Generator, most: int = MOST_FRAMES) -> View:
        """Give this view with at most so many frames of each set, drawn at random."""
        return replace(self, real=_thinned(self.real, rng, most), synth=_thinned(self.synth, rng, most))


@dataclass(frozen=True)
class Distances:
    """Squared distances within and between the sets of a view."""

    real: Matrix
    cross: Matrix
    synth: Matrix

    @classmethod
    def of(cls, view: View) -> Distances:
        """Compute them once; equal frames of either set are exactly 0 apart."""
        n = len(view.real)
        both = squared_distances(np.concatenate([view.real.values, view.synth.values]))
        return cls(both[:n, :n], both[:n, n:], both[n:, n:])


def views(real: FeatureSet, synth: FeatureSet) -> list[View]:
    """All frames, then those of each diagnosis that either set has, in alphabetical order.

    Examples
    --------
    >>> one = FeatureSet(np.eye(2), ["a", "b"], ["a", "b"], ["T1DPN", "Control"])
    >>> [(view.scope, view.diagnosis, len(view.real)) for view in views(one, one)]
    [('pooled', None, 2), ('diagnosis', 'Control', 1), ('diagnosis', 'T1DPN', 1)]
    """
    names = sorted({name for one in (real, synth) for name in one.diagnoses if name is not None})
    pooled = View("pooled", None, real, synth)
    return [pooled] + [
        View("diagnosis", name, real.of_diagnosis(name), synth.of_diagnosis(name)) for name in names
    ]


def number(value: float) -> float | None:
    """Give a finite number, or None: the schema knows no NaN."""
    return float(value) if np.isfinite(value) else None


def no_interval(view: View) -> str:
    """Say why there is no interval."""
    unit = "subjects" if view.real.by_subject and view.synth.by_subject else "clusters"
    if min(view.real.n_clusters, view.synth.n_clusters) < LEAST_CLUSTERS:
        return f"No interval: fewer than {LEAST_CLUSTERS} {unit} on a side."
    return "No interval: half of the frames define no value."


@dataclass(frozen=True)
class KeptFloors:
    """Where the floors of a view's real frames are kept, and under which name."""

    memo: FloorMemo
    name: str
    real: FeatureSet

    def values(self, halves: Halves, compute: Callable[[], Vector]) -> Vector:
        """Give the values between real halves, computed where they are not known."""
        return self.memo.once(self.name, [self.real.values], [halves.first, halves.second], compute)


def floor_streams(
    rng: np.random.Generator, memo: FloorMemo | None
) -> tuple[np.random.Generator, np.random.Generator]:
    """Give the generators of a view: for thinning and intervals, and for halving the real set.

    Where floors are kept both are streams of their own, since a stream that another synthetic set has drawn
    from gives other halves.
    """
    if memo is None:
        return rng, rng
    first, second = rng.spawn(2)
    return first, second


NO_FLOOR = "No floor: the real set is too small to be halved, or no split was asked for."


def floors(
    halves: Halves | None,
    within: Callable[[Indices, Indices], Sequence[float] | Vector],
    against: Callable[[Indices, Indices], Sequence[float] | Vector],
    count: int,
    kept: KeptFloors | None = None,
) -> list[Floor | None]:
    """Floor of each of `count` statistics over the splits.

    Parameters
    ----------
    halves : Halves or None
    within : callable
        Takes the rows of two real halves, the second in the synthetic set's place.
    against : callable
        Takes the rows of a real half and of as many synthetic frames.
    count : int
        Statistics that both give.
    kept : KeptFloors, optional
        Where values between real halves are kept for other synthetic sets.
    """
    if halves is None:
        return [None] * count

    def compute() -> Vector:
        return np.array([within(a, b) for a, b in zip(halves.first, halves.second, strict=True)])

    floor = compute() if kept is None else kept.values(halves, compute)
    matched = np.array([against(a, s) for a, s in zip(halves.first, halves.synth, strict=True)])
    return [_floor(halves, floor[:, i], matched[:, i]) for i in range(count)]


def _floor(halves: Halves, floor: Vector, matched: Vector) -> Floor | None:
    kept = floor[np.isfinite(floor)]
    if not kept.size:
        return None
    low, median, high = np.quantile(kept, [0.025, 0.5, 0.975]).tolist()
    beside = matched[np.isfinite(matched)]
    ends = np.quantile(beside, [0.025, 0.5, 0.975]).tolist() if beside.size else [None] * 3
    return Floor(
        n=halves.first.shape[1],
        splits=int(kept.size),
        unit=halves.unit,
        median=median,
        low=low,
        high=high,
        matched_low=ends[0],
        matched_median=ends[1],
        matched_high=ends[2],
        warning=halves.warning,
    )


def _thinned(one: FeatureSet, rng: np.random.Generator, most: int) -> FeatureSet:
    return one if len(one) <= most else one.take(np.sort(rng.permutation(len(one))[:most]))
