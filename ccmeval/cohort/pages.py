"""How many frames a file holds, told from its headers alone."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO

from ccmeval.cohort.formats import HEAD_BYTES, sniff
from ccmeval.cohort.quiet import quiet

_SUBFILE_TYPE = 254
_NOT_A_FRAME = 0b101  # reduced resolution, or a transparency mask
_MOST_PAGES = 1_000_000


def pages_of(path: Path) -> list[int]:
    """Find the pages of a file that hold frames.

    Parameters
    ----------
    path : pathlib.Path
        A file of any kind.

    Returns
    -------
    list of int
        Indices from 0. A TIFF's thumbnails and transparency masks are left out. A file without
        pages, or too damaged to tell, has page 0, and reading it gives the sentence.
    """
    try:
        if not path.is_file():  # a pipe would never end
            return [0]
        with path.open("rb") as file:
            return _pages(file)
    except (OSError, ValueError):
        return [0]


def pages_of_bytes(data: bytes) -> list[int]:
    """Do as :func:`pages_of` for a file already read.

    Examples
    --------
    >>> pages_of_bytes(b"no picture")
    [0]
    """
    return _pages(io.BytesIO(data))


def _pages(file: BinaryIO) -> list[int]:
    kind = sniff(file.read(HEAD_BYTES))
    file.seek(0)
    if kind == "DICOM":
        from ccmeval.cohort.decode_dicom import dicom_frames

        with quiet():
            return list(range(dicom_frames(file)))
    if kind != "TIFF":
        return [0]
    try:
        return _tiff_pages(file) or [0]
    except (struct.error, OverflowError):
        return [0]


def _tiff_pages(file: BinaryIO) -> list[int]:
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    offset_form, count_form, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    offset = struct.unpack_from(order + offset_form, head, 8 if big else 4)[0]
    frames, seen = [], set[int]()
    while offset and offset not in seen and len(seen) < _MOST_PAGES:
        seen.add(offset)
        file.seek(offset)
        size = struct.calcsize(count_form)
        raw = file.read(size)
        if len(raw) < size:
            break
        count = struct.unpack(order + count_form, raw)[0]
        if count > 4096:
            break
        entries = file.read(count * entry)
        if not _subfile_type(entries, entry, order, big) & _NOT_A_FRAME:
            frames.append(len(seen) - 1)
        offset = struct.unpack(order + offset_form, file.read(struct.calcsize(offset_form)))[0]
    return frames


def _subfile_type(entries: bytes, entry: int, order: str, big: bool) -> int:
    for start in range(0, len(entries) - entry + 1, entry):
        if struct.unpack_from(order + "H", entries, start)[0] == _SUBFILE_TYPE:
            return int(struct.unpack_from(order + "I", entries, start + (12 if big else 8))[0])
    return 0
