"""The same resamples for all sets: clusters that sets share are left out, or drawn, of all of them at once.

Frames of real subjects stand behind every score of a comparison, and sets made from the same masks share
their source subjects, too. Both are left out jointly, so that what moves all scores alike cancels out of
their differences. What repeats no frame is used throughout, as in `ccmeval.fidelity.resampling`: distances
and neighbours of a bootstrap sample, in which frames stand twice, are not those of a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.comparison.joint import Joint, Matrix, Part, Vector
from ccmeval.fidelity.resampling import GROUPS

Rows = npt.NDArray[np.intp]
Evaluate = Callable[[Rows, Rows], float]
"""Gives a set's score from some rows of the real side and some of its own."""

LEAST_CLUSTERS = 4
"""Fewer on a side say too little of how clusters differ."""

_DEFINED = 0.9


@dataclass(frozen=True)
class Side:
    """The rows of one set: what each counts with, and whether that is a subject.

    Attributes
    ----------
    clusters : sequence of str
        One a row.
    by_subject : bool
        Whether equal clusters of two sides that both say so are one subject.
    strata : sequence of (str or None), optional
        One a row, e.g. its diagnosis: half-samples take half of each.
    """

    clusters: Sequence[str]
    by_subject: bool = False
    strata: Sequence[str | None] | None = None


@dataclass(frozen=True)
class Clusters:
    """The clusters of the real side and of K sets on one axis.

    Attributes
    ----------
    codes : sequence of int array
        Of the rows of the real side, then of each set.
    patterns : list of (tuple of int, int array)
        For each combination of sides that have clusters in common: the sides, and the clusters found in
        these and no others.
    sizes : tuple of int
        Clusters of each side.
    """

    codes: Sequence[Rows]
    patterns: list[tuple[tuple[int, ...], Rows]]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, sides: Sequence[Side]) -> Clusters:
        """Put the clusters of all sides on one axis; subjects of one name are one cluster.

        Examples
        --------
        >>> sides = [Side(["a", "b"], True), Side(["b", "c"], True), Side(["b"], False)]
        >>> found = Clusters.of(sides)
        >>> [(sides, codes.size) for sides, codes in found.patterns]
        [((0,), 1), ((0, 1), 1), ((1,), 1), ((2,), 1)]
        """
        places: dict[tuple[int, str], int] = {}
        found: dict[int, set[int]] = {}
        codes = []
        for number, side in enumerate(sides):
            own = -1 if side.by_subject else number
            rows = [places.setdefault((own, name), len(places)) for name in side.clusters]
            for code in rows:
                found.setdefault(code, set()).add(number)
            codes.append(np.array(rows, dtype=np.intp))
        patterns: dict[tuple[int, ...], list[int]] = {}
        for code, members in found.items():
            patterns.setdefault(tuple(sorted(members)), []).append(code)
        listed = [(members, np.array(kept, dtype=np.intp)) for members, kept in sorted(patterns.items())]
        return cls(codes, listed, tuple(int(np.unique(it).size) for it in codes))

    def fewest(self) -> int:
        """Clusters of the side that has fewest, of those that have any."""
        return min((size for size in self.sizes if size), default=0)


def joint_jackknife(
    evaluate: Iterable[Evaluate], sides: Sequence[Side], rng: np.random.Generator, groups: int = GROUPS
) -> Joint:
    """Find the joint uncertainty of K scores by leaving out one cluster at a time, of all sets at once.

    Parameters
    ----------
    evaluate : iterable of K callables
        One a set, taken one after the other, so that what they hold need not be held for all at once.
    sides : sequence of 1 + K Side
        The real side, which may have no rows, and each set.
    rng : numpy.random.Generator
        Makes random groups of clusters where there are more than `groups` of a pattern.
    groups : int

    Returns
    -------
    Joint
        Without parts where a side has too few clusters. A score that is undefined on all frames, or without
        more than a tenth of the clusters, is NaN.

    Notes
    -----
    With one set this is the interval of :func:`ccmeval.fidelity.resampling.cluster_interval`. With several,
    the variance of a difference is that of the differences left out jointly, with Satterthwaite's degrees of
    freedom over the patterns (clusters of the real side alone, of it and some sets, of a set alone, ...).

    References
    ----------
    B. Efron, C. Stein, Ann Stat 1981;9:586.
    """
    clusters = Clusters.of(sides)
    units = [(members, _units(codes, rng, groups)) for members, codes in clusters.patterns]
    known = clusters.fewest() >= 2
    values = np.full(len(sides) - 1, np.nan)
    changes = [np.zeros((len(left_out), len(values))) for _, left_out in units]
    for k, one in enumerate(evaluate):
        values[k] = one(np.arange(len(sides[0].clusters)), np.arange(len(sides[1 + k].clusters)))
        if known and np.isfinite(values[k]):
            values[k] = _leave_out(one, k, clusters, units, changes, float(values[k]))
    if not known:
        return Joint(values, [])
    parts = [
        _part(it, _most_units(clusters, members, left_out, groups))
        for it, (members, left_out) in zip(changes, units, strict=True)
    ]
    return Joint(values, parts)


def _leave_out(
    evaluate: Evaluate,
    k: int,
    clusters: Clusters,
    units: Sequence[tuple[tuple[int, ...], list[Rows]]],
    changes: Sequence[Matrix],
    value: float,
) -> float:
    """Fill a set's column of the changes; give its value, or NaN where too few of them are defined."""
    n_asked = n_defined = 0
    for (members, left_out), found in zip(units, changes, strict=True):
        if 0 not in members and 1 + k not in members:
            continue
        for place, codes in enumerate(left_out):
            kept = (np.flatnonzero(~np.isin(clusters.codes[side], codes)) for side in (0, 1 + k))
            change = evaluate(*kept) - value
            n_asked, n_defined = n_asked + 1, n_defined + bool(np.isfinite(change))
            found[place, k] = change if np.isfinite(change) else 0.0
    return value if n_defined >= _DEFINED * n_asked else float("nan")


def linear_joint(
    values: Vector,
    real: Sequence[Vector],
    own: Sequence[Vector],
    sides: Sequence[Side],
) -> Joint:
    """Find the joint uncertainty of K scores from their influence functions (infinitesimal jackknife).

    Parameters
    ----------
    values : float64 array (K,)
    real, own : sequences of K float64 arrays
        Influence of every real frame, and of every frame of the set, on the set's score; each of mean 0.
    sides : sequence of 1 + K Side
    """
    clusters = Clusters.of(sides)
    if clusters.fewest() < 2:
        return Joint(values, [])
    most = 1 + max(int(codes.max(initial=-1)) for codes in clusters.codes)
    sums = np.zeros((most, len(values)))
    for k in range(len(values)):
        for side, influence in ((0, real[k]), (1 + k, own[k])):
            size, codes = clusters.sizes[side], clusters.codes[side]
            if codes.size:
                # Leaving one of G out moves a mean by G / (G - 1) / G of its distance from it.
                totals = np.bincount(codes, weights=influence, minlength=most) / codes.size
                sums[:, k] -= totals * size / (size - 1)
    parts = [
        _part(sums[codes], max(clusters.sizes[side] for side in members))
        for members, codes in clusters.patterns
    ]
    return Joint(values, parts)


def joint_half_samples(
    evaluate: Callable[[int, Rows, Rows], Vector],
    sides: Sequence[Side],
    rng: np.random.Generator,
    count: int,
) -> list[Joint]:
    """Find the joint uncertainty of vectors of scores by half-samples of clusters, the same for all sets.

    Parameters
    ----------
    evaluate : callable
        Takes the number of a set and rows of the real side and of its own; gives S scores.
    sides : sequence of 1 + K Side
    rng : numpy.random.Generator
    count : int
        Half-samples.

    Returns
    -------
    list of S Joint
        Without parts where a side has fewer than `LEAST_CLUSTERS` clusters.

    Notes
    -----
    The delete-d jackknife with d = half of the clusters (J. Shao, C. Wu, Ann Stat 1989;17:1176), which needs
    no smooth score; see `ccmeval.fidelity.subsampling`. Halves are taken within patterns and strata.
    """
    clusters = Clusters.of(sides)
    rows = [np.arange(len(side.clusters)) for side in sides]
    n_sets = len(sides) - 1
    values = np.array([evaluate(k, rows[0], rows[1 + k]) for k in range(n_sets)])
    if clusters.fewest() < LEAST_CLUSTERS:
        return [Joint(values[:, s], []) for s in range(values.shape[1])]
    strata = _strata(clusters, sides)
    found = np.empty((count, *values.shape))
    for draw in range(count):
        kept = [np.flatnonzero(half) for half in _half(clusters, strata, rng)]
        for k in range(n_sets):
            found[draw, k] = evaluate(k, kept[0], kept[1 + k])
    return [_of_draws(values[:, s], found[:, :, s], clusters.fewest() - 1) for s in range(values.shape[1])]


def _of_draws(values: Vector, draws: Matrix, degrees: float) -> Joint:
    usable = np.isfinite(draws).all(axis=0)
    centred = np.where(usable, draws - np.where(usable, draws, 0.0).mean(axis=0), 0.0)
    return Joint(np.where(usable, values, np.nan), [Part(centred, 1 / (len(draws) - 1), degrees)])


def _units(codes: Rows, rng: np.random.Generator, groups: int) -> list[Rows]:
    """Clusters that are left out together: one at a time, or random groups where there are many."""
    if codes.size <= groups:
        return [codes[i : i + 1] for i in range(codes.size)]
    places = rng.permutation(codes.size) % groups
    return [codes[places == i] for i in range(groups)]


def _most_units(clusters: Clusters, members: tuple[int, ...], units: Sequence[Rows], groups: int) -> int:
    """Units that the fullest side of a pattern is cut into, of this and of other patterns."""
    size = max(clusters.sizes[side] for side in members)
    return size if len(units) < groups else max(len(units), min(size, groups))


def _part(changes: Matrix, most: int) -> Part:
    """Give a jackknife's part: of a stratum of `len(changes)` clusters of a set of `most`."""
    factor = (most - 1) / most
    count = len(changes)
    if count > 1:
        return Part(changes - changes.mean(axis=0), factor * factor * count / (count - 1), count - 1)
    return Part(changes, factor, 1)


def _strata(clusters: Clusters, sides: Sequence[Side]) -> list[Rows]:
    """Clusters of one pattern and stratum."""
    kind: dict[int, str] = {}
    for codes, side in zip(clusters.codes, sides, strict=True):
        if side.strata is not None:
            for code, stratum in zip(codes.tolist(), side.strata, strict=True):
                kind.setdefault(code, str(stratum))
    found = []
    for _, codes in clusters.patterns:
        by_kind: dict[str, list[int]] = {}
        for code in codes.tolist():
            by_kind.setdefault(kind.get(code, ""), []).append(code)
        found += [np.array(some, dtype=np.intp) for some in by_kind.values()]
    return found


def _half(
    clusters: Clusters, strata: Sequence[Rows], rng: np.random.Generator
) -> list[npt.NDArray[np.bool_]]:
    most = 1 + max(int(codes.max(initial=-1)) for codes in clusters.codes)
    kept = np.zeros(most, dtype=bool)
    for codes in strata:
        size = (codes.size + int(rng.integers(0, 2))) // 2
        kept[rng.permutation(codes)[:size]] = True
    return [kept[codes] for codes in clusters.codes]
