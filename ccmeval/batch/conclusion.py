"""The end of a run: from the journal's rows to statistics, tables, JSON and the page."""

from __future__ import annotations

import platform
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel

from ccmeval import __version__
from ccmeval.batch.journal import read_past
from ccmeval.batch.worker import labels
from ccmeval.cohort.record import Cohort, Record
from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.tables import FIXED_COLUMNS, frame_cells, frame_table, records_of, write_csv, write_json
from ccmeval.settings import RunSettings

LIBRARIES = (
    "numpy", "scipy", "scikit-image", "networkx", "pandas", "statsmodels", "joblib", "pillow", "tifffile",
    "pydantic",
)  # fmt: skip
"""Whose versions the result names: those that may change a number."""

NO_SUBJECTS = (
    "No frame has a subject, so there is no subjects.csv; name them by --subject-pattern or a manifest."
)

_MOST_REPEATS = 5
"""More copies than these are counted, not named."""

_UNLIKE_SIZES = 1.5
"""Pixel sizes that differ by more than this factor are of different microscopes, or one is wrong."""


def conclude(cohort: Cohort, out: Path, settings: RunSettings, *, command: str = "") -> BiomarkersResult:
    """Write tables, JSON and the page from the journal.

    Parameters
    ----------
    cohort : Cohort
        Decides the order of rows and their labels.
    out : pathlib.Path
        The run's folder, with its journal.
    settings : RunSettings
        All settings.
    command : str
        The command line, for the record.

    Returns
    -------
    BiomarkersResult
    """
    rows = _rows(cohort, out)
    result = BiomarkersResult(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        versions=library_versions(),
        settings=settings.model_dump(mode="json"),
        cohort_layout=cohort.layout,
        notes=[*cohort.notes, *_remarks(cohort, rows)],
        frames=rows,
    )
    _add_statistics(result, settings)
    _write(result, out)
    return result


def library_versions() -> dict[str, str]:
    """Name the versions of ccmeval, Python and the libraries that numbers depend on."""
    own = {"ccmeval": __version__, "python": platform.python_version()}
    return {**own, **{name: _version(name) for name in LIBRARIES}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # taken into an application's bundle
        return "unknown"


def _rows(cohort: Cohort, out: Path) -> list[FrameRow]:
    past = read_past(out)
    assert past is not None
    # Parsed from the bytes by pydantic, which shares the strings that all rows have in common.
    lines = (_Line.model_validate_json(past.line(record.key)) for record in cohort)
    return [_labelled(line.row, record) for line, record in zip(lines, cohort, strict=True)]


class _Line(BaseModel):
    """A line of the journal, as far as it is needed here."""

    row: FrameRow


def _labelled(row: FrameRow, record: Record) -> FrameRow:
    """Label a row as the cohort does now: a corrected manifest needs no new measurement."""
    return row.model_copy(update=labels(record))


def _remarks(cohort: Cohort, rows: list[FrameRow]) -> list[str]:
    """Say of all frames together what no single row can."""
    notes = []
    seen: dict[tuple[str | None, int], FrameRow] = {}
    for record, row in zip(cohort, rows, strict=True):
        first = seen.setdefault((row.sha256, record.page), row)
        if row.status == "measured" and first is not row:
            notes.append(f"{row.frame} is the same file as {first.frame}; both count.")
    if len(notes) > _MOST_REPEATS:
        notes = [f"{len(notes)} files are copies of others, {notes[0][:-1]} among them."]
    sizes = [row.pixel_size_um for row in rows if row.pixel_size_um]
    if sizes and max(sizes) > _UNLIKE_SIZES * min(sizes):
        notes.append(
            f"Pixel sizes differ from {min(sizes):.3g} to {max(sizes):.3g} um; check that each is right"
            " (column pixel_size_um), as every biomarker hangs on it."
        )
    return notes


def _add_statistics(result: BiomarkersResult, settings: RunSettings) -> None:
    """Add the tables over subjects and diagnoses, as far as there is anything to tell."""
    measured = [row for row in result.frames if row.status == "measured"]
    diagnoses = {row.diagnosis for row in measured} - {None}
    if not any(row.subject for row in measured):
        if len(measured) > 1:
            result.notes.append(NO_SUBJECTS)
        if not diagnoses:
            return  # without importing pandas, which a single frame would wait for
    from ccmeval.statistics import diagnosis_table, diagnosis_tests, subject_table

    table = frame_table(result.frames)
    tables = {"subjects": subject_table(table, carry=settings.covariates)}
    if diagnoses:
        tables["diagnoses"] = diagnosis_table(table)
    if len(diagnoses) > 1:
        tables["tests"] = diagnosis_tests(table, settings.covariates)
    for name, made in tables.items():
        setattr(result, name, records_of(made))
        if not made.empty:
            result.notes += [note for note in made.attrs.get("notes", ()) if note not in result.notes]


def _write(result: BiomarkersResult, out: Path) -> None:
    extra = dict.fromkeys(
        name for row in result.frames for name in list(frame_cells(row))[len(FIXED_COLUMNS) :]
    )
    write_csv(out / "biomarkers.csv", map(frame_cells, result.frames), [*FIXED_COLUMNS, *extra])
    tables = {"subjects": result.subjects, "diagnoses": result.diagnoses, "diagnosis_tests": result.tests}
    for name, rows in tables.items():
        path = out / f"{name}.csv"
        if rows:
            write_csv(path, rows, list(rows[0]))
        else:
            path.unlink(missing_ok=True)  # of this run before it was resumed
    write_json(out / "biomarkers.json", result)
    from ccmeval.report.page import write_page

    write_page(result, out)
