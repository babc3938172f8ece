"""The picture grid: sets, the real one included, by diagnoses, with the same mask in a column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from ccmeval.cohort.load import load_cohort
from ccmeval.cohort.record import Cohort, Record
from ccmeval.comparison.schema import CompareResult
from ccmeval.errors import CcmevalError
from ccmeval.report.comparison_words import MOST_SETS, scored
from ccmeval.report.three_pillar_words import MOST_DIAGNOSES

MOST_COLUMNS = 6
MOST_LOOKED_AT = 400
"""Frames of a set and diagnosis among which a common mask is looked for."""

Mark = tuple[str, ...]
"""Something that two records share only if their masks are the same."""


@dataclass(frozen=True)
class GridColumn:
    """A column: a diagnosis, the name of its mask, and whether one mask is behind several of its frames."""

    diagnosis: str
    mask: str = ""
    shared: bool = False


@dataclass(frozen=True)
class GridFrame:
    """A frame of a column: where it is, its name, and whether it was made from the column's mask."""

    record: Record
    same_mask: bool


class GridSource(Protocol):
    """Says which frames stand in the grid."""

    def columns(self) -> Sequence[GridColumn]:
        """List the columns, diagnoses in order."""
        ...

    def mask(self, column: int) -> Path | None:
        """Give the picture of a column's mask."""
        ...

    def frame(self, name: str | None, column: int) -> GridFrame | None:
        """Give the frame of a set, None for the real one, in a column."""
        ...

    def reasons(self) -> Mapping[str, str]:
        """Say of which sets no frame can be shown, and why."""
        ...


@dataclass
class _Chosen:
    column: GridColumn
    mask: Path | None
    frames: dict[str | None, GridFrame] = field(default_factory=dict)


class CohortGrid:
    """Chooses frames from cohorts: for each diagnosis the masks that most sets have a frame of.

    Parameters
    ----------
    real : Cohort or None
    sets : mapping of str to Cohort
        By name, in order.
    diagnoses : sequence of str
    reasons : mapping of str to str, optional
        Of sets that cannot be shown.

    Examples
    --------
    >>> record = Record("a.png", "a", Path("a.png"), diagnosis="Control")
    >>> CohortGrid(Cohort([record], Path()), {}, ["Control"]).columns()
    [GridColumn(diagnosis='Control', mask='', shared=False)]
    """

    def __init__(
        self,
        real: Cohort | None,
        sets: Mapping[str, Cohort],
        diagnoses: Sequence[str],
        reasons: Mapping[str, str] | None = None,
    ) -> None:
        self._reasons = dict(reasons or {})
        cohorts: dict[str | None, Cohort] = {None: real} if real is not None else {}
        cohorts.update(sets)
        shown = list(diagnoses[:MOST_DIAGNOSES])
        each = max(1, MOST_COLUMNS // max(len(shown), 1))
        self._chosen = [it for name in shown for it in _columns_of(cohorts, name, each)]

    def columns(self) -> Sequence[GridColumn]:
        """List the columns, diagnoses in order."""
        return [it.column for it in self._chosen]

    def mask(self, column: int) -> Path | None:
        """Give the picture of a column's mask."""
        return self._chosen[column].mask

    def frame(self, name: str | None, column: int) -> GridFrame | None:
        """Give the frame of a set, None for the real one, in a column."""
        return self._chosen[column].frames.get(name)

    def reasons(self) -> Mapping[str, str]:
        """Say of which sets no frame can be shown, and why."""
        return self._reasons


def grid_of(result: CompareResult, out: Path) -> CohortGrid:
    """Look for the frames of all sets where the result says that they are.

    Parameters
    ----------
    result : CompareResult
    out : pathlib.Path
        The run's folder, to which the sources of sets made there are relative.
    """
    reasons: dict[str, str] = {}
    real = _cohort(result.real.source, out, "the real set", reasons)
    sets = {}
    for one in scored(result)[:MOST_SETS]:
        found = _cohort(one.source, out, one.name, reasons)
        if found is not None:
            sets[one.name] = found
    return CohortGrid(real, sets, result.diagnoses, reasons)


def _cohort(source: str, out: Path, name: str, reasons: dict[str, str]) -> Cohort | None:
    try:
        inside = out / source
        return load_cohort(inside if inside.exists() else Path(source))
    except (CcmevalError, OSError, ValueError) as error:
        reasons[name] = str(error)
        return None


def _columns_of(cohorts: Mapping[str | None, Cohort], diagnosis: str, most: int) -> Iterator[_Chosen]:
    """Choose the masks of a diagnosis; where no two sets share one, one column of each set's own."""
    records = {
        name: [it for it in cohort if it.diagnosis == diagnosis][:MOST_LOOKED_AT]
        for name, cohort in cohorts.items()
    }
    records = {name: of_one for name, of_one in records.items() if of_one}
    ranked = sorted(_same_masks(records), key=lambda it: (-len(it), None not in it))
    used: set[tuple[str | None, str]] = set()
    count = 0
    for members in ranked:
        keys = {(name, record.frame) for name, record in members.items()}
        if count == most or len(members) < 2 or keys & used:
            continue
        used |= keys
        count += 1
        yield _shared(diagnosis, members, records, used)
    if count == 0 and records:
        frames = {name: GridFrame(of_one[0], same_mask=False) for name, of_one in records.items()}
        yield _Chosen(GridColumn(diagnosis), None, frames)


def _same_masks(records: Mapping[str | None, Sequence[Record]]) -> list[dict[str | None, Record]]:
    """Bring together the records of one mask, at most one a set, in the order in which masks come up.

    A mask may be known by several marks: a set that shares one mark with the real set and a set that shares
    another with it have the same mask.
    """
    groups: list[dict[str | None, Record]] = []
    of_mark: dict[Mark, int] = {}
    for name, of_one in records.items():
        for record in of_one:
            marks = list(marks_of(record, name is None))
            known = sorted({of_mark[mark] for mark in marks if mark in of_mark})
            place = known[0] if known else len(groups)
            if not known:
                groups.append({})
            for other in known[1:]:
                groups[place] = {**groups[other], **groups[place]}
                groups[other] = {}
            groups[place].setdefault(name, record)
            of_mark.update((mark, place) for mark, at in list(of_mark.items()) if at in known[1:])
            of_mark.update(dict.fromkeys(marks, place))
    return [it for it in groups if it]


def _shared(
    diagnosis: str,
    members: Mapping[str | None, Record],
    records: Mapping[str | None, Sequence[Record]],
    used: set[tuple[str | None, str]],
) -> _Chosen:
    first = next(iter(members.values()))
    with_mask = members.get(None, first)
    label = with_mask.extra.get("source_mask") or with_mask.frame
    frames = {name: GridFrame(record, same_mask=True) for name, record in members.items()}
    for name, of_one in records.items():
        if name not in frames:
            fresh = [it for it in of_one if (name, it.frame) not in used] or of_one
            frames[name] = GridFrame(_alike(fresh, first), same_mask=False)
            used.add((name, frames[name].record.frame))
    return _Chosen(GridColumn(diagnosis, PurePosixPath(label).name, shared=True), with_mask.mask, frames)


def _alike(records: Sequence[Record], wanted: Record) -> Record:
    """Choose a frame of the subject whose mask it is, or else the first."""
    subject = wanted.extra.get("source_subject") or wanted.subject
    return next((it for it in records if subject and it.subject == subject), records[0])


def marks_of(record: Record, real: bool) -> Iterator[Mark]:
    """Give what a record's mask is known by: its file's content, and the record that it was taken from.

    Parameters
    ----------
    record : Record
    real : bool
        Whether it is of the real set, whose records masks are taken from.
    """
    if record.mask is None:
        return
    try:
        yield ("file", hashlib.sha256(record.mask.read_bytes()).hexdigest())
    except OSError:
        return
    source = record.frame if real else record.extra.get("source_mask", "")
    diagnosis = record.diagnosis if real else record.extra.get("mask_diagnosis") or record.diagnosis
    subject = record.subject if real else record.extra.get("source_subject", "")
    if source:
        # Subject and diagnosis too: masks of another cohort may have the same names.
        yield ("record", diagnosis or "", subject or "", PurePosixPath(source).stem)
