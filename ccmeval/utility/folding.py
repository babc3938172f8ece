"""Folds over the real frames that are not tested on, stratified by diagnosis, clusters whole."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.clusters import Cluster
from ccmeval.utility.members import Member
from ccmeval.utility.words import counted, listed

Rows: TypeAlias = npt.NDArray[np.intp]

_ATTEMPTS = 10
"""Seeds tried before folds are made fewer: the greedy search may leave a diagnosis out of a fold where
subjects have frames of several."""


def rows_of(frames: Sequence[Member]) -> Rows:
    """Give the rows of frames, in order."""
    return np.array(sorted(member.row for member in frames), dtype=np.intp)


def make_folds(
    clusters: Sequence[Cluster],
    classes: Sequence[str],
    folds: int,
    seed: int,
    *,
    by_subject: bool = True,
    least: int = 2,
) -> tuple[list[Rows], list[str]]:
    """Deal clusters into folds.

    By subject, scikit-learn's ``StratifiedGroupKFold`` over frames; by frame its ``StratifiedKFold``.

    Parameters
    ----------
    clusters : sequence of Cluster
    classes : sequence of str
        Diagnoses that every fold must hold; empty for none.
    folds : int
        Wanted; fewer where a diagnosis has fewer clusters.
    seed : int
    by_subject : bool
    least : int
        Fewest folds that will do.

    Returns
    -------
    list of int array
        Rows of each fold.
    list of str
        Notes.

    Raises
    ------
    UnavailableError
        If not even `least` folds can be made.

    Examples
    --------
    >>> clusters = [Cluster(f"P{i}", (Member(i, "real", "", "AB"[i % 2]),)) for i in range(5)]
    >>> found, notes = make_folds(clusters, ["A", "B"], 3, 0)
    >>> sorted(len(rows) for rows in found), notes
    ([2, 3], ['2 instead of 3 folds: the diagnosis B has only 2 subjects to deal out.'])
    """
    what = "subject" if by_subject else "frame"
    most, why = _most_folds(clusters, classes, what)
    if most < least:
        raise UnavailableError(f"At least {least} folds are needed, but {why}; add subjects or frames.")
    for count in range(min(folds, most), least - 1, -1):
        for attempt in range(_ATTEMPTS):
            rng = np.random.default_rng([seed, 2, count, attempt])
            dealt = _dealt(clusters, count, int(rng.integers(2**31)), by_subject)
            if all(one and _holds(one, classes) for one in dealt):
                fewer = f"{count} instead of {folds} folds: {why}."
                rows = [rows_of([m for cluster in one for m in cluster.frames]) for one in dealt]
                return rows, [fewer] if count < folds else []
    raise UnavailableError(
        f"The {what}s cannot be dealt into {least} folds that hold every diagnosis ({listed(classes)}), since"
        " some have frames of several; add subjects or give each one diagnosis."
    )


def given_folds(
    frames: Sequence[Member], classes: Sequence[str], *, by_subject: bool = True
) -> list[Rows] | None:
    """Give the folds that the real frames name themselves.

    Parameters
    ----------
    frames : sequence of Member
        Real frames.
    classes : sequence of str
        Diagnoses that every fold must hold; empty for none.
    by_subject : bool

    Returns
    -------
    list of int array or None
        Rows of each fold; None where no frame names one.

    Raises
    ------
    CcmevalError
        If only some frames name a fold, folds are not numbered from 0 without gaps, are fewer than three, or
        hold a subject apart.
    UnavailableError
        If a fold lacks a diagnosis.
    """
    named = [member for member in frames if member.fold is not None]
    if not named:
        return None
    if len(named) < len(frames):
        raise CcmevalError(
            f"Only {len(named)} of {len(frames)} real frames name their fold; fill the column fold of their"
            " manifest."
        )
    numbers = sorted({int(m.fold) for m in named if m.fold is not None})
    if numbers != list(range(len(numbers))) or len(numbers) < 3:
        raise CcmevalError(
            f"The real frames' column fold holds {', '.join(map(str, numbers[:8]))}; at least three folds are"
            " needed, numbered from 0 without gaps."
        )
    if by_subject:
        _refuse_torn(named)
    for number in numbers:
        held = {m.diagnosis for m in named if m.fold == number}
        missing = [name for name in classes if name not in held]
        if missing:
            raise UnavailableError(
                f"Fold {number} of the column fold has no frame of {listed(missing)}; every fold must hold"
                " every diagnosis."
            )
    return [rows_of([m for m in named if m.fold == number]) for number in numbers]


def _refuse_torn(frames: Sequence[Member]) -> None:
    places: dict[str, set[int | None]] = {}
    for member in frames:
        places.setdefault(str(member.subject), set()).add(member.fold)
    torn = [name for name, folds in places.items() if len(folds) > 1]
    if torn:
        raise CcmevalError(
            f"The column fold puts frames of one subject into several folds ({listed(torn)}); give each"
            " subject one."
        )


def _most_folds(clusters: Sequence[Cluster], classes: Sequence[str], what: str) -> tuple[int, str]:
    """Give how many folds could each hold every diagnosis, and which forbids more."""
    if not classes:
        only = f"there are only {counted(len(clusters), what)} to deal out"
        return len(clusters), only
    counts = {name: sum(name in one.diagnoses for one in clusters) for name in classes}
    rarest = min(classes, key=lambda name: (counts[name], name))
    told = f"the diagnosis {rarest} has only {counted(counts[rarest], what)} to deal out"
    return counts[rarest], told


def _holds(clusters: Sequence[Cluster], classes: Sequence[str]) -> bool:
    held: frozenset[str] = frozenset().union(*(one.diagnoses for one in clusters))
    return held.issuperset(classes)


def _dealt(clusters: Sequence[Cluster], count: int, seed: int, by_subject: bool) -> list[list[Cluster]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    strata = _strata(clusters, count)
    with warnings.catch_warnings():
        # Of strata smaller than the folds; where every fold must hold them, that is checked by the caller.
        warnings.simplefilter("ignore", UserWarning)
        if not by_subject:
            splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
            labels = [strata[one.stratum] for one in clusters]
            return [[clusters[i] for i in part] for _, part in splitter.split(labels, labels)]
        owners = [i for i, one in enumerate(clusters) for _ in one.frames]
        labels = [strata[m.diagnosis or ""] for one in clusters for m in one.frames]
        grouped = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        parts = [part for _, part in grouped.split(labels, labels, owners)]
    return [[clusters[i] for i in sorted({owners[j] for j in part})] for part in parts]


def _strata(clusters: Sequence[Cluster], count: int) -> dict[str, str]:
    """Name the stratum of each diagnosis: those of fewer clusters than folds are taken together."""
    held = Counter(name for one in clusters for name in one.diagnoses)
    return {name: name if number >= count else "" for name, number in held.items()}
