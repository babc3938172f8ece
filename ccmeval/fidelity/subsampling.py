"""Draws of whole clusters: halves for floors, half-samples and resamples for intervals.

Neighbour, pairwise and entropy metrics take a frame that is drawn twice for two frames at distance 0,
so a bootstrap distorts them. Their intervals come from half-samples drawn without replacement instead:
the delete-d jackknife with d = half of the clusters, whose standard error is the standard deviation over
the half-samples times sqrt((n - d) / d) = 1 (Shao & Wu, Ann Stat 1989;17:1176).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.distances import Indices
from ccmeval.fidelity.schema import Unit
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.statistics.estimate import t_quantile

LEAST_CLUSTERS = 4
"""Fewer on a side have too few half-samples for an interval."""

HALF_SAMPLES = "half-samples of clusters (delete-d jackknife, d = half), t interval"
BY_FRAME = (
    "Split by frame: frames of one eye are alike, so this floor is lower than one between subjects, and a"
    " difference from it may be one of subjects."
)

Vector = npt.NDArray[np.float64]


class Spread(NamedTuple):
    """Standard error and degrees of freedom; NaN where there are too few clusters."""

    error: Vector
    degrees: int


class Halves(NamedTuple):
    """Disjoint halves of the real set and as many synthetic frames, all by row index.

    `first`, `second`, `synth` are (splits, n) index arrays.
    """

    first: Indices
    second: Indices
    synth: Indices
    unit: Unit
    warning: str


class Clusters(NamedTuple):
    """Cluster of each row of two sets, and the strata in which clusters are drawn.

    Strata are the clusters of both sets, of the first alone and of the second alone, each by diagnosis, so
    that no draw loses one.
    """

    first: Indices
    second: Indices
    strata: list[Indices]

    @property
    def fewest(self) -> int:
        """Clusters of the set that has fewer."""
        return min(np.unique(self.first).size, np.unique(self.second).size)


def joint_clusters(first: FeatureSet, second: FeatureSet) -> Clusters:
    """Give the clusters of two sets numbers, those of one subject alike.

    Clusters are shared only where both sets name subjects: equal frame names mean nothing.
    """
    shared = first.by_subject and second.by_subject
    places: dict[tuple[int, str], int] = {}
    kinds: dict[int, tuple[str | None, set[int]]] = {}
    codes: list[list[int]] = [[], []]
    for side, one in enumerate((first, second)):
        for name, diagnosis in zip(one.clusters, one.diagnoses, strict=True):
            code = places.setdefault((0 if shared else side, name), len(places))
            codes[side].append(code)
            kinds.setdefault(code, (diagnosis, set()))[1].add(side)
    strata: dict[tuple[str | None, tuple[int, ...]], list[int]] = {}
    for code, (diagnosis, sides) in kinds.items():
        strata.setdefault((diagnosis, tuple(sorted(sides))), []).append(code)
    return Clusters(
        np.array(codes[0], dtype=np.intp),
        np.array(codes[1], dtype=np.intp),
        [np.array(names, dtype=np.intp) for names in strata.values()],
    )


def half_samples(
    clusters: Clusters, rng: np.random.Generator, count: int
) -> Iterator[tuple[Indices, Indices]]:
    """Draw half of each stratum's clusters, without replacement; give the rows of both sets.

    An odd cluster out is in or out by chance.
    """
    most = sum(names.size for names in clusters.strata)
    for _ in range(count):
        kept = np.zeros(most, dtype=bool)
        for names in clusters.strata:
            size = (names.size + int(rng.integers(0, 2))) // 2
            kept[rng.permutation(names)[:size]] = True
        yield np.flatnonzero(kept[clusters.first]), np.flatnonzero(kept[clusters.second])


def resamples_of(
    clusters: Clusters, rng: np.random.Generator, count: int
) -> Iterator[tuple[Indices, Indices]]:
    """Draw each stratum's clusters with replacement, shared ones jointly; give the rows of both sets."""
    most = sum(names.size for names in clusters.strata)
    for _ in range(count):
        times = np.zeros(most, dtype=np.intp)
        for names in clusters.strata:
            np.add.at(times, rng.choice(names, names.size), 1)
        first = np.repeat(np.arange(clusters.first.size), times[clusters.first])
        yield first, np.repeat(np.arange(clusters.second.size), times[clusters.second])


def spread(
    statistic: Callable[[Indices, Indices], Sequence[float] | Vector],
    clusters: Clusters,
    rng: np.random.Generator,
    count: int,
) -> Spread:
    """Estimate standard errors of a vector of statistics of two sets by half-samples of clusters.

    Parameters
    ----------
    statistic : callable
        Takes the rows of both sets and gives numbers.
    clusters : Clusters
        From :func:`joint_clusters`.
    rng : numpy.random.Generator
    count : int
        Half-samples.
    """
    if clusters.fewest < LEAST_CLUSTERS or count < 2:
        return Spread(np.array(np.nan), 0)
    found = np.array([statistic(*rows) for rows in half_samples(clusters, rng, count)], dtype=np.float64)
    usable = np.isfinite(found).all(axis=0)
    errors = np.where(usable, np.where(usable, found, 0.0).std(axis=0, ddof=1), np.nan)
    return Spread(errors, clusters.fewest - 1)


def interval(value: float, error: float, degrees: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the t interval; NaN where the error is."""
    if not np.isfinite(error) or degrees < 1:
        return float("nan"), float("nan")
    margin = t_quantile(confidence, degrees) * error
    return value - margin, value + margin


def draw_halves(real: FeatureSet, synth: FeatureSet, rng: np.random.Generator, splits: int) -> Halves | None:
    """Draw disjoint halves of the real set by cluster, and as many synthetic frames.

    Returns
    -------
    Halves or None
        None where the real set has fewer than two frames, the synthetic one none, or no split is asked for.

    Notes
    -----
    With a single subject, or none known, the split is by frame and `warning` says so.
    """
    if len(real) < 2 or not len(synth) or splits < 1:
        return None
    by_subject = real.by_subject and real.n_clusters > 1
    names = real.clusters if by_subject else [str(i) for i in range(len(real))]
    codes = np.unique(np.asarray(names), return_inverse=True)[1].ravel()
    pairs = [_split(codes, rng) for _ in range(splits)]
    n = min(min(len(a), len(b), len(synth)) for a, b in pairs)
    others = np.unique(np.asarray(synth.clusters, dtype=str), return_inverse=True)[1].ravel()
    return Halves(
        np.array([rng.permutation(a)[:n] for a, _ in pairs]),
        np.array([rng.permutation(b)[:n] for _, b in pairs]),
        np.array([_whole_clusters(others, rng)[:n] for _ in pairs]),
        "subject" if by_subject else "frame",
        "" if by_subject else BY_FRAME,
    )


def _whole_clusters(codes: Indices, rng: np.random.Generator) -> Indices:
    """Rows with the clusters in random order."""
    order = rng.permutation(int(codes.max()) + 1)
    places = np.empty_like(order)
    places[order] = np.arange(order.size)
    found: Indices = np.argsort(places[codes], kind="stable")
    return found


def _split(codes: Indices, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Cut the clusters, in random order, where the two sides come nearest to each other in frames."""
    rows = _whole_clusters(codes, rng)
    ends = np.flatnonzero(np.diff(codes[rows])) + 1
    cut = int(ends[np.argmin(np.abs(ends - len(rows) / 2))])
    return rows[:cut], rows[cut:]
