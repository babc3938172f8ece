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
_MOST_ENTRIES = 4096  # a directory has some dozens


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
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if kind == "DICOM":
        from ccmeval.cohort.decode_dicom import dicom_frames

        with quiet():
            return list(range(dicom_frames(file, size)))
    if kind != "TIFF":
        return [0]
    try:
        return _tiff_pages(file) or [0]
    except (struct.error, OverflowError):
        return [0]


def _tiff_pages(file: BinaryIO) -> list[int]:
    directories = _directories(file)
    return [page for page, (_, subfile_type) in enumerate(directories) if not subfile_type & _NOT_A_FRAME]


def _directories(file: BinaryIO) -> list[tuple[int, int]]:
    """Offset and subfile type of each of a TIFF's directories, as far as the chain holds."""
    head = file.read(16)
    order, big = _order(head), _is_big(head)
    offset_form, count_form, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    offset = struct.unpack_from(order + offset_form, head, 8 if big else 4)[0]
    count_size, offset_size = struct.calcsize(count_form), struct.calcsize(offset_form)
    found: dict[int, int] = {}
    while offset and offset not in found and len(found) < _MOST_PAGES:
        file.seek(offset)
        count = int.from_bytes(file.read(count_size), "little" if order == "<" else "big")
        if not 0 < count <= _MOST_ENTRIES:
            break
        directory = file.read(count * entry + offset_size)
        found[offset] = _subfile_type(directory, order, big)
        if len(directory) < count * entry + offset_size:
            break
        offset = struct.unpack_from(order + offset_form, directory, count * entry)[0]
    return list(found.items())


def _order(head: bytes) -> str:
    return "<" if head[:2] == b"II" else ">"


def _is_big(head: bytes) -> bool:
    return bool(struct.unpack(_order(head) + "H", head[2:4])[0] == 43)


def _subfile_type(entries: bytes, order: str, big: bool) -> int:
    # Entries are sorted by tag, and no lower tag is in use.
    if len(entries) < 16 or struct.unpack_from(order + "H", entries)[0] != _SUBFILE_TYPE:
        return 0
    return int(struct.unpack_from(order + "I", entries, 12 if big else 8)[0])


def opened_at(data: bytes, page: int) -> io.BytesIO | None:
    """Give a TIFF as a file that begins with one of its pages.

    Decoders walk to a page through all those before it, and parse each; over a stack of thousands
    that would take time by its square.

    Returns
    -------
    io.BytesIO or None
        ``None`` where there is no such page.
    """
    try:
        directories = _directories(io.BytesIO(data))
    except (struct.error, OverflowError):
        return None
    if page >= len(directories):
        return None
    offset = directories[page][0]
    if _is_big(data):
        return _Headed(data, data[:8] + struct.pack(_order(data) + "Q", offset))
    return _Headed(data, data[:4] + struct.pack(_order(data) + "I", offset))


class _Headed(io.BytesIO):
    """Bytes, not copied, of which the first few are replaced."""

    def __init__(self, data: bytes, head: bytes) -> None:
        super().__init__(data)
        self._head = head

    def read(self, size: int | None = -1, /) -> bytes:
        place = self.tell()
        piece = super().read(size)
        return (self._head[place:] + piece[max(len(self._head) - place, 0) :])[: len(piece)]
