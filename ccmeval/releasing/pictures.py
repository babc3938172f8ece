"""The pictures of a release: frames bit-true, nothing but grey levels in the file."""

from __future__ import annotations

import struct
import zlib
from typing import Final, Literal

from ccmeval.cohort.masks import read_mask
from ccmeval.cohort.reading import read_bytes
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.preparing.grey import to_grey
from ccmeval.preparing.png import encode_frame, encode_mask
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.releasing.source import SourceFrame

How = Literal["copied", "converted"]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_BARE: Final = (b"IHDR", b"IDAT", b"IEND")
_GREY: Final = 0


def frame_bytes(one: SourceFrame) -> tuple[bytes, How]:
    """Give a frame's file: as it is where it is a grey PNG with nothing else in it, else written anew.

    Returns
    -------
    data : bytes
        A PNG file with the grey levels of the source, read back and compared.
    how : {"copied", "converted"}

    Raises
    ------
    UnreadableFrameError
        If the frame is in colour, or cannot be read any more.
    """
    reading = ReadingSettings()
    data, _ = read_bytes(one.record.path, one.record.frame, reading)
    if is_bare(data):
        return data, "copied"
    grey = to_grey(data, one.record.page, PrepareSettings(colour="refuse"))
    return encode_frame(grey, reading).data, "converted"


def mask_bytes(one: SourceFrame, kind: Literal["mask", "trace"]) -> bytes:
    """Give a mask's or trace's file: 0 and 255, nothing else.

    Raises
    ------
    UnreadableFrameError
        If it is no mask of this frame.
    """
    path = one.record.mask if kind == "mask" else one.record.trace
    if path is None:
        raise ValueError(f"{one.record.frame} has no {kind}.")
    name = f"The {kind} of {one.record.frame}"
    mask, _ = read_mask(path, one.shape, page=one.record.page, name=name)
    return encode_mask(mask)


def is_bare(data: bytes) -> bool:
    """Whether a file is a grey PNG of 8 or 16 bits that holds pixels and nothing else.

    Examples
    --------
    >>> import numpy as np
    >>> from ccmeval.preparing.png import encode
    >>> plain = encode(np.zeros((2, 2), np.uint8), 255)
    >>> is_bare(plain), is_bare(plain + b"a name"), is_bare(encode(np.zeros((2, 2), np.uint16), 4095))
    (True, False, False)
    """
    if not data.startswith(_SIGNATURE):
        return False
    place, kinds, packed, expected = len(_SIGNATURE), [], b"", 0
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind = data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + length]
        check = data[place + 8 + length : place + 12 + length]
        if kind not in _BARE or check != struct.pack(">I", zlib.crc32(kind + body)):
            return False
        kinds.append(kind)
        if kind == b"IHDR":
            expected = _pixel_bytes(body)
            if not expected:
                return False
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    whole = place == len(data) and kinds[:1] == [b"IHDR"] and kinds[-1:] == [b"IEND"]
    return whole and kinds.count(b"IHDR") == 1 and kinds.count(b"IEND") == 1 and _is_all(packed, expected)


def _pixel_bytes(header: bytes) -> int:
    """Give the bytes that a grey, not interlaced picture's lines take; 0 for any other."""
    if len(header) != 13 or header[9] != _GREY or header[8] not in (8, 16) or header[12]:
        return 0
    width, height = struct.unpack_from(">II", header)
    return int(height * (1 + width * header[8] // 8))


def _is_all(packed: bytes, expected: int) -> bool:
    """Whether compressed data are so many bytes of pixels and nothing hides behind them."""
    unpack = zlib.decompressobj()
    try:
        found = len(unpack.decompress(packed, expected + 1))
        found += len(unpack.flush())
    except zlib.error:
        return False
    return found == expected and unpack.eof and not unpack.unused_data and not unpack.unconsumed_tail
