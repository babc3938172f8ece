"""Reading a biomarker table of any tool: comma, semicolon or tab, decimal comma, Excel, a preamble."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ccmeval.agreement.names import Heading, read_heading
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.report.tables import unguarded
from ccmeval.report.view import plural

_PREAMBLE_ROWS = 30  # how far down a header is looked for
_FRAME_NAMES = (
    "frame", "frame name", "image", "image name", "imagename", "image file", "image id", "file", "file name",
    "filename", "name", "image_name", "file_name", "frame_name", "image_id", "path", "img",
)  # fmt: skip
_MISSING = {"", "na", "n/a", "nan", "none", "null", "-", "–", "."}


class TableError(CcmevalError):
    """A table that cannot be compared; the sentence says why."""


@dataclass(frozen=True)
class ForeignTable:
    """Biomarkers by frame, from any tool.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    frames : sequence of str
        Name of the frame of each row, as in the file.
    values : dict of str to float array (N,)
        By our column; NaN where a cell is empty or not a number.
    headings : dict of str to Heading
        How each was recognised.
    headers : dict of str to str
        The header of each in the file.
    subjects : sequence of str or None
        Subject of each row, where the file has the column.
    area_mm2 : float array (N,)
        Imaged area of each row, NaN where the file does not tell.
    notes : sequence of str
        What a reader should know of how the file was read, one sentence each.
    unused : sequence of str
        Headers that name no biomarker that we have, nor anything else that is used.
    """

    path: Path
    frames: Sequence[str]
    values: dict[str, npt.NDArray[np.float64]]
    headings: dict[str, Heading]
    headers: dict[str, str]
    subjects: Sequence[str | None]
    area_mm2: npt.NDArray[np.float64]
    notes: Sequence[str] = field(default_factory=tuple)
    unused: Sequence[str] = field(default_factory=tuple)


def read_foreign_table(path: Path, *, known_frames: Sequence[str] = ()) -> ForeignTable:
    """Read a table of biomarkers, one row a frame.

    Parameters
    ----------
    path : pathlib.Path
        CSV (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252), or XLSX with openpyxl installed.
        The header may stand below a preamble.
    known_frames : sequence of str
        Frames of the table it will be compared with: decides which column names the frame where no
        header says so.

    Returns
    -------
    ForeignTable
        Rows with status other than "measured" (our own failed frames) are left out.

    Raises
    ------
    TableError
        If the file cannot be read, names no biomarker or no frame.
    UnavailableError
        For XLSX without openpyxl.
    """
    rows = _rows(path)
    header_at = next((i for i, row in enumerate(rows[:_PREAMBLE_ROWS]) if _is_header(row)), None)
    if header_at is None:
        shown = ", ".join(cell for cell in (rows[0] if rows else []) if cell)[:120] or "nothing"
        raise TableError(
            f"{path} has no column that names a biomarker (such as CNFL, CNFD, CNBD or cnfl_mm_per_mm2);"
            f" its first line has: {shown}."
        )
    header = [unguarded(cell.strip()) for cell in rows[header_at]]
    body = [row + [""] * (len(header) - len(row)) for row in rows[header_at + 1 :] if any(row)]
    notes: list[str] = []
    body = _measured_only(path, body, header, notes)
    if not body:
        raise TableError(f"{path} has a header but no row of values below it.")
    frame_at = _frame_column(path, header, body, known_frames)
    return _assemble(path, header, body, frame_at, notes)


def _assemble(
    path: Path, header: list[str], body: list[list[str]], frame_at: int, notes: list[str]
) -> ForeignTable:
    rows = [row for row in body if row[frame_at].strip()]
    if len(rows) < len(body):
        notes.append(f"{path.name}: {plural(len(body) - len(rows), 'row')} without a frame name left out.")
    values, headings, headers = {}, {}, {}
    comma = _has_decimal_comma(rows)
    for i, name in enumerate(header):
        heading = read_heading(name)
        if heading is None or i == frame_at:
            continue
        if heading.column in values:
            notes.append(f"{path.name}: column {name!r} is a second {heading.column}; the first is used.")
            continue
        numbers, bad = _numbers([row[i] for row in rows], comma)
        if bad:
            notes.append(
                f"{path.name}: {plural(len(bad), 'cell')} of {name!r} not a number (such as {bad[0]!r})."
            )
        values[heading.column], headings[heading.column] = numbers, heading
        headers[heading.column] = name
    if comma:
        notes.append(f"{path.name}: a comma was read as the decimal sign.")
    subject_at = _find(header, ("subject", "subject id", "subject_id", "patient", "patient id", "patient_id"))
    area_at = _find(header, ("imaged_area_mm2", "image area (mm2)"))
    area = [row[area_at] for row in rows] if area_at is not None else [""] * len(rows)
    subjects = [_subject(row[subject_at]) if subject_at is not None else None for row in rows]
    frames = [unguarded(row[frame_at].strip()) for row in rows]
    used = {*headers.values(), *(header[i] for i in (frame_at, subject_at, area_at) if i is not None)}
    unused = tuple(name for name in header if name and name not in used)
    return ForeignTable(
        path, frames, values, headings, headers, subjects, _numbers(area, comma)[0], tuple(notes), unused
    )


def _subject(cell: str) -> str | None:
    """Name the subject; a dash or NA is not one, of whom all such frames would be."""
    name = unguarded(cell.strip())
    return None if name.casefold() in _MISSING else name


def _is_header(row: list[str]) -> bool:
    return any(read_heading(cell) for cell in row if cell.strip())


def _find(header: list[str], names: Sequence[str]) -> int | None:
    lowered = [name.casefold() for name in header]
    return next((lowered.index(name) for name in names if name in lowered), None)


def _measured_only(path: Path, body: list[list[str]], header: list[str], notes: list[str]) -> list[list[str]]:
    at = _find(header, ("status",))
    if at is None:
        return body
    kept = [row for row in body if row[at].strip() != "failed"]
    if len(kept) < len(body):
        notes.append(
            f"{plural(len(body) - len(kept), 'frame')} of {path.name} could not be measured and left out."
        )
    return kept


def _frame_column(path: Path, header: list[str], body: list[list[str]], known: Sequence[str]) -> int:
    named = _find(header, _FRAME_NAMES)
    if named is not None:
        return named
    from ccmeval.agreement.matching import stem

    wanted = {stem(name) for name in known}
    free = [i for i, name in enumerate(header) if read_heading(name) is None]
    hits = [sum(stem(row[i]) in wanted for row in body) for i in free]
    if hits and max(hits) > 0:
        return free[int(np.argmax(hits))]
    shown = ", ".join(repr(header[i]) for i in free[:6]) or "none"
    raise TableError(
        f"{path} has no column that names the frame (call it 'frame' or 'Image Name');"
        f" other columns: {shown}."
    )


def _rows(path: Path) -> list[list[str]]:
    if path.is_dir():
        raise TableError(f"{path} is a folder; give the table in it, such as biomarkers.csv.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not data.strip():
        raise TableError(f"{path} is empty.")
    if data.startswith(b"PK\x03\x04"):
        return _excel_rows(path)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(f"{path} is an Excel file of the old kind (XLS); save it as CSV or XLSX first.")
    text = _decoded(path, data)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)) if row]
    except csv.Error as error:
        raise TableError(
            f"{path} is not a table of comma, semicolon or tab separated text ({error})."
        ) from error


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise TableError(f"{path} is not a text table; give a CSV or XLSX file.")


def _delimiter(text: str) -> str:
    """Take the separator that splits a biomarker's header off, else the most frequent one."""
    lines = text.splitlines()[:_PREAMBLE_ROWS]
    for sign in (";", "\t", ","):
        if any(sign in line and _is_header(next(csv.reader([line], delimiter=sign), [])) for line in lines):
            return sign
    return max(",;\t", key=text.count)


def _excel_rows(path: Path) -> list[list[str]]:
    try:
        import openpyxl
    except ImportError as error:
        raise UnavailableError(
            f"{path} is an Excel file, which needs the package openpyxl; install it or save the table as CSV."
        ) from error
    try:
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        cells = [
            ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
        ]
    except Exception as error:  # openpyxl raises whatever a broken archive makes of it
        raise TableError(f"{path} cannot be read as an Excel file ({error}).") from error
    return [row for row in cells if any(row)]


_DECIMAL_COMMA = re.compile(r"^\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*$")
_DECIMAL_POINT = re.compile(r"^\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*$")


def _has_decimal_comma(rows: list[list[str]]) -> bool:
    cells = [cell for row in rows for cell in row]
    commas = sum(bool(_DECIMAL_COMMA.match(cell)) for cell in cells)
    return commas > sum(bool(_DECIMAL_POINT.match(cell)) for cell in cells)


def _numbers(cells: Sequence[str], comma: bool) -> tuple[npt.NDArray[np.float64], list[str]]:
    numbers, bad = np.full(len(cells), np.nan), []
    for i, cell in enumerate(cells):
        text = cell.strip().replace("\u2212", "-")
        if text.casefold() in _MISSING:
            continue
        try:
            numbers[i] = float(text.replace(",", ".") if comma else text)
        except ValueError:
            bad.append(cell)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers, bad
