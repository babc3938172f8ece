"""Floors: what a metric gives between real frames and real frames, at one number of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.fidelity.schema import Floor, Unit
from ccmeval.fidelity.vectors import FeatureSet, Metric, Preparation, Rows, by_indexing

Vector = npt.NDArray[np.float64]
Sides = tuple[Rows, Rows, Rows]
"""Rows of a real half, of what it is held against for the floor, and of synthetic frames that may be used."""

SPLITS = 50
LARGE_SPLITS = 10
"""Splits by default with up to, and with more than 1000 frames on each side, where they differ little."""

BY_FRAME = (
    "The halves were split by frame, because {}: frames of one eye are alike, so this floor is too low and "
    "a synthetic set looks worse beside it than it is."
)
UNEQUAL_MIX = (
    "Diagnosis {} has one subject, which is in one half only: the halves differ in their mix of diagnoses, "
    "so this floor is too high."
)
SAME_SUBJECTS = (
    "The synthetic frames were made from subjects of the same half of the real set, so the matched value is "
    "lower than it would be for subjects apart."
)


def matched_floor(
    metric: Metric,
    real: FeatureSet,
    synth: FeatureSet,
    *,
    rng: np.random.Generator,
    splits: int | None = None,
    n: int | None = None,
    minimum: int = 2,
    prepare: Preparation | None = None,
    memo: FloorMemo | None = None,
    name: str = "",
) -> Floor:
    """Metric between two halves of the real set, and between such a half and as many synthetic frames.

    Halves share no subject and have about the same mix of diagnoses. Synthetic frames made from a subject of
    the half that they are held against are left out while others suffice, as the other real half has no
    such frames either.

    Parameters
    ----------
    metric : callable
        Takes features (N, D) and (M, D).
    real, synth : FeatureSet
    rng : numpy.random.Generator
    splits : int, optional
        Random splits; by default 50, and 10 for more than 1000 frames on each side.
    n : int, optional
        Most frames on each side. By default as many as the smallest half and the synthetic set allow.
    minimum : int
        Fewest frames on each side for which the metric has a meaning.
    prepare : callable, optional
        A quicker way to evaluate `metric` on many subsets; see `Preparation`.
    memo : FloorMemo, optional
        Floors of these real frames that are known already. Real frames are then drawn from a stream of
        their own, so that any other synthetic set of as many frames meets the same halves.
    name : str
        Of the metric, for the memo.

    Returns
    -------
    Floor
        With ``None`` in place of numbers, and the reason as its warning, where there are too few frames.
        The quantiles tell how the values move from split to split of these very frames; they are no
        confidence interval.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = [str(i) for i in range(40)]
    >>> subjects = [str(i // 4) for i in range(40)]
    >>> real, synth = (
    ...     FeatureSet(rng.normal(at, 1, (40, 1)), names, subjects, [None] * 40, by)
    ...     for at, by in ((0, True), (3, False))
    ... )
    >>> floor = matched_floor(lambda a, b: abs(float(a.mean() - b.mean())), real, synth, rng=rng)
    >>> floor.n, floor.unit, floor.median < 1 < floor.matched_low
    (20, 'subject', True)
    """
    unit, warnings = _unit(real)
    clusters = list(real.clusters) if unit == "subject" else list(range(len(real)))
    if splits is None:
        splits = SPLITS if min(len(real) // 2, len(synth), n or len(real)) <= 1000 else LARGE_SPLITS
    halving = rng if memo is None else rng.spawn(1)[0]
    halves = [split_in_halves(clusters, real.diagnoses, halving) for _ in range(splits)]
    sides: list[Sides] = [(one, other, np.arange(len(synth))) for one, other in halves]
    if unit == "subject" and synth.by_subject and not set(real.clusters).isdisjoint(synth.clusters):
        apart: list[Sides] = [(one, other, _apart(real, one, synth)) for one, other in halves]
        if min(it[2].size for it in apart) >= max(minimum, 2):
            sides = apart
        else:
            warnings.append(SAME_SUBJECTS)
    size = min([min(part.size for part in it) for it in sides] + ([] if n is None else [n]))
    empty = Floor(n=size, splits=splits, unit=unit, median=None, low=None, high=None, matched_median=None)
    drawn = _Drawn((real, real, synth), sides, size, memo, name)
    return _evaluated(metric, drawn, minimum, rng, prepare, empty, warnings)


def held_out_floor(
    metric: Metric,
    real: FeatureSet,
    held_out: FeatureSet,
    synth: FeatureSet,
    *,
    rng: np.random.Generator,
    splits: int | None = None,
    n: int | None = None,
    minimum: int = 2,
    prepare: Preparation | None = None,
    memo: FloorMemo | None = None,
    name: str = "",
) -> Floor:
    """Metric between real and held-out frames, and between real and synthetic ones, at one number of frames.

    Each draw takes half of the smallest of the three sets from every one of them, so that draws differ; the
    parameters and the result are those of `matched_floor`.
    """
    unit: Unit = "subject" if real.by_subject and held_out.by_subject else "frame"
    warnings = []
    if unit == "frame":
        warnings.append(BY_FRAME.format("no subjects are known").replace("halves were split", "sets differ"))
    elif not set(real.clusters).isdisjoint(held_out.clusters):
        warnings.append("Held-out frames share subjects with the real set, so this floor is too low.")
    smallest = min(len(real), len(held_out), len(synth))
    size = min(smallest // 2, n or smallest)
    count = splits or (SPLITS if size <= 1000 else LARGE_SPLITS)
    sides: list[Sides] = [
        (np.arange(len(real)), np.arange(len(held_out)), np.arange(len(synth))) for _ in range(count)
    ]
    empty = Floor(
        n=size, splits=count, unit=unit, median=None, low=None, high=None, matched_median=None,
        source="held-out frames",
    )  # fmt: skip
    drawn = _Drawn((real, held_out, synth), sides, size, memo, name)
    return _evaluated(metric, drawn, minimum, rng, prepare, empty, warnings)


@dataclass(frozen=True)
class _Drawn:
    """The sets of a floor, what may be drawn of each in every split, and how many of it."""

    sets: tuple[FeatureSet, FeatureSet, FeatureSet]
    sides: Sequence[Sides]
    size: int
    memo: FloorMemo | None
    name: str

    def rows(self, rng: np.random.Generator) -> list[Sides]:
        """Draw the rows of every split; those of real frames from their own stream where they are kept."""
        own, other = (rng, rng) if self.memo is None else rng.spawn(2)
        real, against, synth = self.sets
        return [
            (
                drawn_rows(real, parts[0], self.size, own),
                drawn_rows(against, parts[1], self.size, own),
                drawn_rows(synth, parts[2], self.size, other),
            )
            for parts in self.sides
        ]

    def values(
        self,
        rows: Sequence[Sides],
        floor: Callable[[Rows, Rows], float],
        matched: Callable[[Rows, Rows], float],
    ) -> tuple[Vector, Vector]:
        """Give both values of every split; those between real frames from the memo where it knows them."""
        if self.memo is None:
            both = np.array([(floor(one, other), matched(one, made)) for one, other, made in rows])
            return both[:, 0], both[:, 1]
        real, against, _ = self.sets
        kept = [part for one, other, _ in rows for part in (one, other)]
        own = self.memo.once(
            self.name,
            [real.values, against.values],
            kept,
            lambda: np.array([floor(one, other) for one, other, _ in rows]),
        )
        return own, np.array([matched(one, made) for one, _, made in rows])


def _evaluated(
    metric: Metric,
    drawn: _Drawn,
    minimum: int,
    rng: np.random.Generator,
    prepare: Preparation | None,
    empty: Floor,
    warnings: list[str],
) -> Floor:
    """Draw the matched frames of every split and take both values."""
    if drawn.size < max(minimum, 1):
        reason = (
            f"No floor: {drawn.size} frames on each side are left, and this metric needs {max(minimum, 1)}."
        )
        return empty.model_copy(update={"warning": reason})
    real, against, synth = drawn.sets
    tables = [real.values, synth.values] if against is real else [real.values, synth.values, against.values]
    evaluate = (prepare or by_indexing(metric))(np.vstack(tables))
    offset = 0 if against is real else len(real) + len(synth)
    floor, matched = drawn.values(
        drawn.rows(rng),
        lambda one, other: evaluate(one, other + offset),
        lambda one, made: evaluate(one, made + len(real)),
    )
    if min(np.isfinite(floor).mean(), np.isfinite(matched).mean()) < 0.5:
        return empty.model_copy(
            update={"warning": "No floor: the metric is undefined in most of the splits."}
        )
    fields = {**_quantiles(floor, ""), **_quantiles(matched, "matched_"), "warning": " ".join(warnings)}
    return empty.model_copy(update=fields)


def _quantiles(values: Vector, prefix: str) -> dict[str, float]:
    low, median, high = np.quantile(values[np.isfinite(values)], [0.025, 0.5, 0.975])
    return {f"{prefix}low": float(low), f"{prefix}median": float(median), f"{prefix}high": float(high)}


def _unit(real: FeatureSet) -> tuple[Unit, list[str]]:
    """Tell what the halves can be made of, and what is to be said of it."""
    if not real.by_subject:
        return "frame", [BY_FRAME.format("no subjects are known")]
    subjects: dict[str | None, set[str]] = {}
    for cluster, diagnosis in zip(real.clusters, real.diagnoses, strict=True):
        subjects.setdefault(diagnosis, set()).add(cluster)
    lone = sorted(str(name) for name, found in subjects.items() if len(found) == 1)
    if len(lone) == len(subjects):
        return "frame", [BY_FRAME.format("no diagnosis has two subjects")]
    return "subject", [UNEQUAL_MIX.format(name) for name in lone]


def split_in_halves(
    clusters: Sequence[str | int], diagnoses: Sequence[str | None], rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Rows of two halves that share no cluster, of about equal size in every diagnosis."""
    rows: dict[str | int, list[int]] = {}
    for i, cluster in enumerate(clusters):
        rows.setdefault(cluster, []).append(i)
    names = list(rows)
    sizes: dict[str | None, list[int]] = {}
    total, halves = [0, 0], ([], [])  # type: tuple[list[int], tuple[list[int], list[int]]]
    for at in rng.permutation(len(names)):
        members = rows[names[at]]
        own = sizes.setdefault(_most_common([diagnoses[i] for i in members]), [0, 0])
        # To the half that is behind in this diagnosis, else over all, else to either.
        order = sorted((0, 1), key=lambda half: (own[half], total[half]))
        side = order[0] if (own[0], total[0]) != (own[1], total[1]) else int(rng.integers(2))
        halves[side].extend(members)
        own[side] += len(members)
        total[side] += len(members)
    return np.array(sorted(halves[0]), dtype=np.intp), np.array(sorted(halves[1]), dtype=np.intp)


def _apart(real: FeatureSet, half: Rows, synth: FeatureSet) -> Rows:
    """Rows of the synthetic frames that were not made from a subject of this half."""
    subjects = {real.clusters[int(i)] for i in half}
    return np.flatnonzero([cluster not in subjects for cluster in synth.clusters])


def drawn_rows(found: FeatureSet, rows: Rows, size: int, rng: np.random.Generator) -> Rows:
    """Draw rows without replacement, keeping the mix of diagnoses and, as far as it goes, whole clusters."""
    if size >= rows.size:
        return rows
    groups: dict[str | None, list[int]] = {}
    for i in rows:
        groups.setdefault(found.diagnoses[int(i)], []).append(int(i))
    shares = _shares([len(it) for it in groups.values()], size, rng)
    drawn: list[int] = []
    for members, share in zip(groups.values(), shares, strict=True):
        clusters = [found.clusters[i] for i in members]
        places = {name: at for at, name in enumerate(rng.permutation(sorted(set(clusters))))}
        order = np.lexsort((rng.random(len(members)), np.array([places[name] for name in clusters])))
        drawn.extend(members[int(at)] for at in order[:share])
    return np.array(sorted(drawn), dtype=np.intp)


def _shares(counts: Sequence[int], size: int, rng: np.random.Generator) -> list[int]:
    """Divide `size` in proportion to the counts, by largest remainder, ties by lot."""
    exact = np.asarray(counts) * (size / sum(counts))
    shares = np.floor(exact + 1e-9).astype(int)
    order = np.lexsort((rng.random(len(counts)), -(exact - shares)))
    shares[order[: size - int(shares.sum())]] += 1
    return [int(it) for it in shares]


def _most_common(names: Sequence[str | None]) -> str | None:
    return max(names, key=names.count)
