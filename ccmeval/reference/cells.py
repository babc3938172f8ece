"""Which frames a bundle may speak of, and their halves: no number is over fewer subjects than the minimum.

A diagnosis with too few subjects is left out of the pooled numbers as well, or it could be had by
subtraction. For the same reason there are moments of one division into halves only: sums over several
overlapping halves can be combined into one over a few subjects.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.errors import CcmevalError
from ccmeval.fidelity.floors import split_in_halves
from ccmeval.fidelity.schema import Unit
from ccmeval.fidelity.vectors import FeatureSet, Rows
from ccmeval.reference.schema import Minimum, Scope, Side

LEAST_SUBJECTS = 5
LEAST_FRAMES = 10
"""Default minimum: subjects, or frames where no subjects are known and several may be of one eye."""


class CellError(CcmevalError):
    """Too few subjects for a bundle to speak of."""


def minimum_of(by_subject: bool, asked: int | None) -> Minimum:
    """Give the smallest cell."""
    unit: Unit = "subject" if by_subject else "frame"
    return Minimum(n=asked or (LEAST_SUBJECTS if by_subject else LEAST_FRAMES), unit=unit)


def rows_kept(
    clusters: Sequence[str], diagnoses: Sequence[str | None], minimum: Minimum
) -> tuple[Rows, list[str | None]]:
    """Choose the frames of diagnoses that are large enough.

    Parameters
    ----------
    clusters, diagnoses : sequence of length N
    minimum : Minimum

    Returns
    -------
    rows : int array
    left_out : list of (str or None)
        Diagnoses of which nothing may be told.

    Raises
    ------
    CellError
        If no diagnosis is large enough.

    Examples
    --------
    >>> rows, left_out = rows_kept(["a", "b", "c"], ["Control", "Control", "T1DPN"], Minimum(n=2, unit="subject"))
    >>> rows.tolist(), left_out
    ([0, 1], ['T1DPN'])
    """  # noqa: E501
    names = list(dict.fromkeys(diagnoses))
    units = {name: {c for c, d in zip(clusters, diagnoses, strict=True) if d == name} for name in names}
    left_out = [name for name in names if len(units[name]) < minimum.n]
    rows = [i for i, name in enumerate(diagnoses) if name not in left_out]
    if not rows:
        raise CellError(
            f"No diagnosis has {minimum.n} {minimum.unit}s, the fewest that a bundle may speak of; add"
            " frames, or lower --minimum if you may disclose numbers of so few."
        )
    return np.array(rows, dtype=np.intp), left_out


@dataclass(frozen=True)
class Part:
    """Rows of a cell: a diagnosis, or all, whole or a half."""

    scope: Scope
    diagnosis: str | None
    side: Side
    rows: Rows


def draw_splits(found: FeatureSet, count: int, rng: np.random.Generator) -> list[frozenset[Hashable]]:
    """Draw random divisions into halves that share no subject: the clusters of the first half of each."""
    units = units_of(found)
    splits: list[frozenset[Hashable]] = []
    for _ in range(count):
        first, _ = split_in_halves(units, found.diagnoses, rng)
        splits.append(frozenset(units[int(i)] for i in first))
    return splits


def units_of(found: FeatureSet) -> list[str]:
    """Name what is never divided: the subject, or the frame where subjects are unknown."""
    return list(found.clusters if found.by_subject else found.frames)


def halves_of(found: FeatureSet, first: frozenset[Hashable]) -> tuple[Rows, Rows]:
    """Rows of the two halves."""
    member = np.array([unit in first for unit in units_of(found)], dtype=bool)
    return np.flatnonzero(member), np.flatnonzero(~member)


def parts_of(found: FeatureSet, first: frozenset[Hashable] | None, minimum: Minimum) -> list[Part]:
    """Divide frames into the cells whose moments a bundle holds.

    Parameters
    ----------
    found : FeatureSet
        Of kept frames only.
    first : frozenset or None
        Units of the first half; None for no halves.
    minimum : Minimum

    Returns
    -------
    list of Part
        Where halves of every diagnosis are large enough: these alone, which make up everything else. Else
        the whole diagnoses and, where they are large enough even by the smaller half of every diagnosis
        alone, the pooled halves. No sum or difference of these is over fewer units than the minimum.
    """
    names = list(dict.fromkeys(found.diagnoses))
    whole = {name: np.flatnonzero([d == name for d in found.diagnoses]) for name in names}
    wholes = [Part("diagnosis", name, "whole", rows) for name, rows in whole.items()]
    if first is None:
        return wholes
    halves = halves_of(found, first)
    sides: tuple[Side, Side] = ("first half", "second half")
    fine = [
        Part("diagnosis", name, side, np.intersect1d(rows, half))
        for name, rows in whole.items()
        for side, half in zip(sides, halves, strict=True)
    ]
    sizes = [count_units(found, part.rows) for part in fine]
    if min(sizes) >= minimum.n:
        return fine
    if sum(min(pair) for pair in zip(sizes[::2], sizes[1::2], strict=True)) < minimum.n:
        return wholes
    return [*wholes, *(Part("pooled", None, side, half) for side, half in zip(sides, halves, strict=True))]


def count_units(found: FeatureSet, rows: Rows) -> int:
    """Count the subjects, or frames, of some rows."""
    units = units_of(found)
    return len({units[int(i)] for i in rows})
