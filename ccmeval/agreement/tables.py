"""Agreement of two tables of biomarkers of the same frames: two tools, two raters, two settings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ccmeval.agreement.biomarker import AgreementSettings, PairedTables, compare_biomarker
from ccmeval.agreement.foreign import ForeignTable, TableError, read_foreign_table
from ccmeval.agreement.matching import Matching, match_frames
from ccmeval.agreement.names import read_heading
from ccmeval.errors import CcmevalError
from ccmeval.morphometry.definitions import COLUMNS, definition
from ccmeval.report.agreement_schema import AgreementResult
from ccmeval.report.tables import FIXED_COLUMNS
from ccmeval.report.view import plural, some

_NAMES_SHOWN = 12


def compare_tables(
    first: Path, second: Path, settings: AgreementSettings | None = None, *, command: str = ""
) -> AgreementResult:
    """Compare two tables of biomarkers of the same frames.

    Parameters
    ----------
    first : pathlib.Path
        Usually `biomarkers.csv` of a run; any table that `second` may be.
    second : pathlib.Path
        Another tool's or a rater's table; see :func:`ccmeval.agreement.foreign.read_foreign_table`.
    settings : AgreementSettings, optional
    command : str
        The command line, for the record.

    Returns
    -------
    AgreementResult
        Differences are first - second. Values are compared as they stand: units that seem to differ
        are warned of, never converted, unless `settings.scale` says so.

    Raises
    ------
    TableError
        If a table cannot be read, or the two share no frame or no biomarker.
    """
    settings = settings or AgreementSettings()
    ours = read_foreign_table(first)
    other = read_foreign_table(second, known_frames=ours.frames)
    matching = match_frames(ours.frames, other.frames)
    if not matching.pairs:
        raise TableError(_no_common_frames(ours, other, matching))
    columns = [column for column in COLUMNS if column in ours.values and column in other.values]
    if not columns:
        raise TableError(
            f"{first} and {second} share no biomarker: the first has {', '.join(ours.headers.values())},"
            f" the second {', '.join(other.headers.values())}."
        )
    scale = _scales(settings.scale, columns)
    tables = PairedTables(ours, other, matching.pairs)
    return AgreementResult(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        versions=_versions(),
        settings=settings.model_dump(mode="json"),
        first_name=settings.first_name or _name(ours, other),
        second_name=settings.second_name or _name(other, ours),
        **_files(first, second),
        **_counts(tables, matching),
        notes=_notes(tables, matching),
        biomarkers=[
            compare_biomarker(column, tables, scale=scale.get(column, 1.0), settings=settings)
            for column in columns
        ],
    )


def _files(first: Path, second: Path) -> dict[str, Any]:
    return {
        "first_file": str(first),
        "second_file": str(second),
        "first_sha256": hashlib.sha256(first.read_bytes()).hexdigest(),
        "second_sha256": hashlib.sha256(second.read_bytes()).hexdigest(),
    }


def _counts(tables: PairedTables, matching: Matching) -> dict[str, Any]:
    subjects = tables.subjects
    return {
        "n_frames": len(matching.pairs),
        "n_subjects": len(set(subjects)) if all(subjects) else 0,
        "unmatched_first": list(matching.unmatched_first),
        "unmatched_second": list(matching.unmatched_second),
        "ambiguous": list(matching.ambiguous),
    }


def _versions() -> dict[str, str]:
    from ccmeval.batch.conclusion import library_versions

    return library_versions()


def _name(table: ForeignTable, beside: ForeignTable) -> str:
    own = [column for column, header in table.headers.items() if header == column]
    if own and not all(header == column for column, header in beside.headers.items()):
        return "ccmeval"
    same = table.path.stem == beside.path.stem
    return f"{table.path.resolve().parent.name}/{table.path.stem}" if same else table.path.stem


def _no_common_frames(ours: ForeignTable, other: ForeignTable, matching: Matching) -> str:
    if matching.ambiguous:
        return (
            f"{ours.path} and {other.path} share no frame that can be told apart: {matching.ambiguous[0]!r}"
            f" and {len(matching.ambiguous) - 1} more names each fit several rows; give each frame one row."
        )
    return (
        f"{ours.path} and {other.path} share no frame: names like {ours.frames[0]!r} and {other.frames[0]!r}"
        " do not match even without folder and suffix; make them alike."
    )


def _scales(given: dict[str, float], columns: Sequence[str]) -> dict[str, float]:
    scales = {}
    for name, factor in given.items():
        heading = read_heading(name)
        if heading is None or heading.column not in columns:
            known = ", ".join(definition(column).label for column in columns)
            raise CcmevalError(f"--scale {name}: no such biomarker in both tables; they share {known}.")
        scales[heading.column] = factor
    return scales


def _notes(tables: PairedTables, matching: Matching) -> list[str]:
    ours, other, subjects = tables.first, tables.second, tables.subjects
    notes = [*ours.notes, *other.notes]
    for table, names in ((ours, matching.unmatched_first), (other, matching.unmatched_second)):
        if names:
            notes.append(f"{plural(len(names), 'frame')} of {table.path.name} without a partner left out.")
    only = [other.headers[column] for column in other.headers if column not in ours.headers]
    if unused := [*only, *(name for name in other.unused if name not in FIXED_COLUMNS)]:
        notes.append(f"Columns of {other.path.name} that are not compared: {some(unused, _NAMES_SHOWN)}.")
    if matching.ambiguous:
        notes.append(f"{plural(len(matching.ambiguous), 'name')} that fit several rows left out.")
    if any(subjects) and not all(subjects):
        notes.append(
            "Some frames have no subject, so that all intervals treat frames as independent; where subjects"
            " have several frames the intervals are too narrow."
        )
    elif not any(subjects):
        notes.append(
            "No subjects are named, so that all intervals treat frames as independent; where subjects have"
            " several frames the intervals are too narrow."
        )
    return notes
