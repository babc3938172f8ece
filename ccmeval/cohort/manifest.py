"""Manifests: a table of frames in CSV or Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ccmeval.cohort.diagnosis import fold
from ccmeval.cohort.names import printable
from ccmeval.errors import CcmevalError, UnavailableError

COLUMNS: Final = ("frame", "mask", "trace", "diagnosis", "subject", "eye", "pixel_size_um", "source")
"""Columns with a meaning; any other is carried through."""

_NEAR: Final = {
    "frame": ("frames", "framepath", "framefile", "image", "imagepath", "imagefile", "img", "file",
              "filename", "filepath", "path", "picture"),
    "mask": ("masks", "maskpath", "maskfile", "nervemask"),
    "trace": ("traces", "tracepath", "tracefile", "centreline", "centerline"),
    "diagnosis": ("diagnoses", "class", "clinicalclass", "dx"),
    "subject": ("subjectid", "subjects", "patient", "patientid", "participant", "participantid"),
    "eye": ("laterality", "eyeside"),
    "pixel_size_um": ("pixelsizeum", "pixelsize", "pixelsizeμm", "umperpixel", "umperpx", "micronsperpixel"),
    "source": ("sources",),
}  # fmt: skip
_NAMES: Final = {fold(near): column for column, nears in _NEAR.items() for near in (column, *nears)}
_SEPARATOR_LINE: Final = re.compile(r"sep=(?P<separator>[,;\t])\s*$", re.MULTILINE)
"""A first line by which Excel is told the separator."""

_MOST_BYTES: Final = 500_000_000  # some millions of lines
_ABSENT: Final = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "<na>", "."})
_NONE: Final = frozenset({"none", "-", "--", "–", "—"})
_SAYS_NONE: Final = frozenset(COLUMNS) - {"diagnosis"}
"""Columns in which "none" or a dash says that there is none; a diagnosis may be so called, a sign be "-"."""

Row = dict[str, str]
Line = tuple[int, list[str]]
"""Number in the file, from 1, and values."""


def read_manifest(path: Path) -> tuple[list[Row], list[str]]:
    """Read a manifest's rows by our column names.

    Parameters
    ----------
    path : pathlib.Path
        CSV (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252) or Parquet.

    Returns
    -------
    rows : list of dict
        Non-empty values by column; a value is never changed.
    notes : list of str
        Columns that were taken for one of ours.

    Raises
    ------
    CcmevalError
        If it cannot be read, or has no column ``frame``.
    UnavailableError
        If it is Parquet and pyarrow is not installed.
    """
    header, lines = _parquet(path) if _is_parquet(path) else _csv(path)
    names, notes = _columns(header, path.name)
    rows = []
    for number, values in lines:
        if len(values) > len(names) and any(value.strip() for value in values[len(names) :]):
            raise CcmevalError(
                f"Line {number} of {path.name} has {len(values)} values under {len(names)} columns;"
                " put quotes around values with a separator in them."
            )
        row = {name: value.strip() for name, value in zip(names, values, strict=False)}
        row = {name: value for name, value in row.items() if not _is_absent(name, value)}
        if row and "frame" not in row:
            raise CcmevalError(
                f"Line {number} of {path.name} names no frame; fill in its frame or remove it."
            )
        if row:
            rows.append(row)
    if not rows:
        raise CcmevalError(f"{path.name} lists no frames; add one line a frame.")
    return rows, notes


def _is_absent(name: str, value: str) -> bool:
    value = value.casefold()
    return value in _ABSENT or (value in _NONE and name in _SAYS_NONE)


def has_frame_column(path: Path) -> bool:
    """Whether a file is a manifest at all, for one found in a folder."""
    try:
        header, _ = _parquet(path) if _is_parquet(path) else _csv(path)
    except CcmevalError:
        return False
    return any(_NAMES.get(fold(name)) == "frame" for name in header)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _csv(path: Path) -> tuple[list[str], Iterable[Line]]:
    text = _text(path)
    head = _SEPARATOR_LINE.match(text)
    separator = head["separator"] if head else max(",;\t", key=text.lstrip().split("\n", 1)[0].count)
    # Strict, so that a quote never closed is told instead of swallowing the lines after it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(map(str.strip, line))]
    except csv.Error as error:
        raise CcmevalError(
            f"Line {reader.line_num} of {path.name} is no line of a table ({error}); save it as CSV in UTF-8."
        ) from error
    lines = lines[1:] if head else lines
    if not lines:
        raise CcmevalError(f"{path.name} is empty; a manifest has a line of column names and a line a frame.")
    return [name.strip() for name in lines[0][1]], lines[1:]


def _text(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise CcmevalError(
            f"{path.name} is too large for a manifest; give a picture, a folder or a manifest."
        )
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\x00" in data or data.startswith(b"PK\x03\x04"):
        raise CcmevalError(
            f"{path.name} is neither a picture nor a manifest; save the table as CSV in UTF-8."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _parquet(path: Path) -> tuple[list[str], Iterable[Line]]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UnavailableError(
            f"{path.name} is a Parquet file, which takes pyarrow; run: pip install 'ccmeval[parquet]'."
        ) from error
    try:
        table = parquet.read_table(path)
    except Exception as error:  # pyarrow has many of its own
        raise CcmevalError(f"{path.name} is a damaged Parquet file; write it again.") from error
    columns = [column.to_pylist() for column in table.columns]
    rows = ([_plain(value) for value in row] for row in zip(*columns, strict=True))
    return list(table.column_names), enumerate(rows, start=1)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _columns(header: list[str], name: str) -> tuple[list[str], list[str]]:
    exact = {column for column in header if column in COLUMNS}
    columns, notes = [], []
    for column in header:
        ours = _NAMES.get(fold(column))
        if ours is None or column in COLUMNS or ours in exact:
            columns.append(column)
        else:
            columns.append(ours)
            if fold(column) != fold(ours):
                notes.append(f"The manifest's column {column!r} was read as {ours}.")
    for column in set(columns):
        if column and columns.count(column) > 1:
            raise CcmevalError(f"{name} has several columns for {column}; keep one.")
    if "frame" not in columns:
        shown = printable(", ".join(header[:8])[:120])
        raise CcmevalError(
            f"{name} has no column 'frame' (it has: {shown}); call the column of the frames' paths so."
        )
    return columns, notes
