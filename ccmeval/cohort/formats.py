"""What a file is, told from its first bytes and never from its suffix."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 132
"""Bytes of a file's head that :func:`sniff` looks at (DICOM's mark ends at byte 132)."""

READABLE: Final = frozenset({"BMP", "PNG", "JPEG", "TIFF", "DICOM"})
"""Formats that become frames."""

PICTURES: Final = READABLE | {"GIF", "WebP", "HEIF", "JPEG 2000", "Photoshop"}
"""Formats of single pictures, readable or not; other files in a folder are passed over."""

_MARKS: Final = (
    (b"BM", "BMP"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x89HDF", "HDF5"),
    (b"8BPS", "Photoshop"),
)

IMAGE_SUFFIXES: Final = frozenset(
    {".bmp", ".dib", ".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".dcm", ".dicom", ".gif", ".webp"}
    | {".jp2", ".heic", ".heif", ".avif"}
)
"""Suffixes by which a user means a picture; such a file is never passed over in silence."""


def sniff(head: bytes) -> str | None:
    r"""Name the format of a file from its first bytes.

    Parameters
    ----------
    head : bytes
        The first :data:`HEAD_BYTES` bytes, or all there are.

    Returns
    -------
    str or None
        ``"PNG"``, ``"TIFF"``, ``"GIF"``...; ``None`` where the bytes are no picture's.

    Examples
    --------
    >>> sniff(b"II*\x00\x08\x00\x00\x00")
    'TIFF'
    >>> sniff(b"frame,subject") is None
    True
    """
    if head[128:132] == b"DICM":
        return "DICOM"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"}:
        return "HEIF"
    for mark, name in _MARKS:
        if head.startswith(mark):
            return None if name == "BMP" and not _is_bitmap(head) else name
    return None


def _is_bitmap(head: bytes) -> bool:
    # Two letters are no proof: text may begin with "BM". The header's length is one of a few.
    return len(head) < 18 or head[14:18] in {
        size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)
    }
