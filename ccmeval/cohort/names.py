"""Names of frames: order, and stems that are safe and unique on every file system."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_DIGITS = re.compile(r"(\d+)", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_MOST_BYTES = 120
"""Leaves room for a hash, a suffix and a temporary name within the 255 bytes of most file systems."""


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that counts: ``2.png`` before ``10.png``.

    Examples
    --------
    >>> sorted(["10.png", "2.png", "B/1.png", "a/1.png"], key=natural)
    ['2.png', '10.png', 'a/1.png', 'B/1.png']
    """
    parts = _DIGITS.split(name)
    folded = (
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part.casefold())
        for part in parts
        if part
    )
    return (*folded, (2, 0, name))


def printable(path: str) -> str:
    r"""Make a path fit for a table and a terminal: control characters and broken bytes are escaped.

    Examples
    --------
    >>> printable("a\x1b[31m.png")
    'a\\x1b[31m.png'
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(
        letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}
        else letter
        for letter in text
    )


def keys_of(frames: Sequence[str]) -> list[str]:
    """Give each frame its key.

    The key is the frame's stem (``_pN`` added for page N) where that is a plain name that no other
    frame of the cohort has in any case. Otherwise eight digits of the frame name's hash follow it, so
    that a key depends on other frames only where stems clash.

    Parameters
    ----------
    frames : sequence of str
        `Record.frame` of each, all different.

    Returns
    -------
    list of str
        One a frame, all different.

    Examples
    --------
    >>> keys_of(["a.png", "b.png", "sub/A.bmp", "stack.tif#2"])
    ['a-...', 'b', 'A-...', 'stack_p2']
    """
    stems = [_safe_stem(frame) for frame in frames]
    counts = Counter(stem.casefold() for stem, _ in stems)
    keys = [
        stem if plain and counts[stem.casefold()] == 1 else f"{stem}-{_digest(frame, 8)}"
        for frame, (stem, plain) in zip(frames, stems, strict=True)
    ]
    taken = Counter(key.casefold() for key in keys)
    return [
        f"{stem}-{_digest(frame, 32)}" if taken[key.casefold()] > 1 else key
        for frame, key, (stem, _) in zip(frames, keys, stems, strict=True)
    ]


def _digest(frame: str, digits: int) -> str:
    return hashlib.sha256(frame.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def _safe_stem(frame: str) -> tuple[str, bool]:
    name = frame.rsplit("/", 1)[-1]
    page = ""
    if match := re.search(r"#(\d+)$", name):
        name, page = name[: match.start()], f"_p{match[1]}"
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    wanted = stem + page
    safe = "".join(
        letter if letter.isalnum() or letter in "._-" else "_"
        for letter in unicodedata.normalize("NFC", wanted)
    )
    safe = re.sub(r"^[.-]+|[.]+$", "_", safe)
    if _RESERVED.match(safe):
        safe = f"_{safe}"
    while len(safe.encode()) > _MOST_BYTES:
        safe = safe[:-1]
    return safe or "_", safe == wanted
