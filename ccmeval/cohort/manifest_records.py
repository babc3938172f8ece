"""Rows of a manifest to records."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from ccmeval.cohort.diagnosis import fold_diagnosis
from ccmeval.cohort.manifest import COLUMNS, Row, read_manifest
from ccmeval.cohort.names import printable
from ccmeval.cohort.record import Record
from ccmeval.cohort.subjects import fold_eye
from ccmeval.errors import CcmevalError

_PAGE = re.compile(r"^(?P<file>.+)#(?P<page>[1-9]\d{0,6})$")


def manifest_records(path: Path) -> tuple[list[Record], list[str]]:
    """Read the records of a manifest; frames that do not exist are kept, so that they become rows.

    Parameters
    ----------
    path : pathlib.Path
        The manifest. Paths in it are relative to its folder.

    Returns
    -------
    records : list of Record
        Without keys, one a row.
    notes : list of str
        Columns that were taken for one of ours.

    Raises
    ------
    CcmevalError
        If a frame is listed twice, or a pixel size is no number.
    """
    rows, notes = read_manifest(path)
    records = [_record(row, path) for row in rows]
    seen: dict[tuple[str, int], str] = {}
    names: set[str] = set()
    for record in records:
        place = (os.path.realpath(record.path), record.page)
        if place in seen or record.frame in names:
            raise CcmevalError(f"{path.name} lists {record.frame} twice; keep one line a frame.")
        seen[place] = record.frame
        names.add(record.frame)
    return records, notes


def _record(row: Row, manifest: Path) -> Record:
    file, page = _located(row["frame"], manifest.parent)
    try:
        name = os.path.relpath(file, manifest.parent)
    except ValueError:  # another drive on Windows
        name = str(file)
    name = Path(name).as_posix() if not name.startswith("..") else file.as_posix()
    mask, trace = row.get("mask"), row.get("trace")
    return Record(
        frame=printable(name if page is None else f"{name}#{page + 1}"),
        key="",
        path=file,
        page=page or 0,
        mask=_path(mask, manifest.parent) if mask else None,
        trace=_path(trace, manifest.parent) if trace else None,
        diagnosis=fold_diagnosis(row.get("diagnosis")),
        subject=row.get("subject"),
        eye=fold_eye(row.get("eye")),
        pixel_size_um=_number(row.get("pixel_size_um"), name, manifest.name),
        source=row.get("source"),
        extra={column: value for column, value in row.items() if column and column not in COLUMNS},
    )


def _located(written: str, root: Path) -> tuple[Path, int | None]:
    file = _path(written, root)
    match = _PAGE.match(written)
    if match and not file.exists():
        return _path(match["file"], root), int(match["page"]) - 1
    return file, None


def _path(written: str, root: Path) -> Path:
    written = written.replace("\x00", "")
    file = root / (Path(written).expanduser() if written.startswith("~/") else written)
    if "\\" in written and not file.exists():
        # Tables made on Windows are read elsewhere too.
        file = root / written.replace("\\", "/")
    return file


def _number(value: str | None, frame: str, manifest: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise CcmevalError(
            f"{manifest} gives {frame} the pixel_size_um {value!r}, which is no number; write e.g. 1.0417."
        )
    return number
