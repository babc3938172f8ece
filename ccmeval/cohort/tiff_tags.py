"""What the tags of a TIFF page declare, and what the first page of a stack declares for the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ccmeval.cohort.raster import check_size
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
DESCRIPTION, ORIENTATION, SAMPLES = 270, 274, 277
MAXIMUM, RESOLUTION_X, RESOLUTION_Y, RESOLUTION_UNIT = 281, 282, 283, 296
TILE_WIDTH, TILE_HEIGHT, SAMPLE_FORMAT, SIGNED_MAXIMUM = 322, 323, 339, 341

_USED: Final = (
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, ORIENTATION, SAMPLES, MAXIMUM, RESOLUTION_X,
    RESOLUTION_Y, RESOLUTION_UNIT, TILE_WIDTH, TILE_HEIGHT, SAMPLE_FORMAT, SIGNED_MAXIMUM,
)  # fmt: skip
_SCALE: Final = (DESCRIPTION, RESOLUTION_X, RESOLUTION_Y, RESOLUTION_UNIT)
_RANGE: Final = (MAXIMUM, SIGNED_MAXIMUM)
_SIGNED: Final = 2
_MOST_SAMPLES: Final = 4  # red, green, blue, alpha
_SIGNIFICANT: Final = re.compile(r"""\bSignificantBits=["'](\d{1,2})["']""")

Tags = Mapping[int, Any]


def used_tags(get: Callable[[int], Any]) -> dict[int, Any]:
    """Collect the tags that are used here by a reader's own way to look one up; absent ones are left out."""
    found = {code: get(code) for code in _USED}
    return {code: value for code, value in found.items() if value is not None}


def in_stack(own: Tags, first: Tags) -> dict[int, Any]:
    r"""Complete a page's tags by those of the first page, where these speak for the whole stack.

    ImageJ and OME write their description, and many writers the range of samples, into the first page
    only. A page of another size stands alone.

    Examples
    --------
    >>> first = {256: 9, 257: 9, 270: "ImageJ=1.53\nunit=um", 282: 2.0, 283: 2.0, 281: 4095}
    >>> in_stack({256: 9, 257: 9, 282: 72.0, 283: 72.0}, first)[282]
    2.0
    >>> in_stack({256: 5, 257: 5}, first)
    {256: 5, 257: 5}
    """
    merged = dict(own)
    if any(own.get(side) != first.get(side) for side in (WIDTH, HEIGHT)):
        return merged
    speaks = _is_of_stack(first) and not _is_of_stack(own)
    if speaks or RESOLUTION_X not in own:
        merged.update({code: first[code] for code in _SCALE if code in first})
    if not any(code in own for code in _RANGE):
        merged.update({code: first[code] for code in _RANGE if code in first})
    return merged


def _is_of_stack(tags: Tags) -> bool:
    text = description(tags)
    return text.startswith("ImageJ=") or "<OME" in text


def description(tags: Tags) -> str:
    """Give the image description; UTF-8 that a reader took for Latin-1 is put right.

    Examples
    --------
    >>> description({270: "unit=\u00c2\u00b5m"}) == description({270: "unit=\u00b5m"})
    True
    """
    text = tags.get(DESCRIPTION, "")
    if not isinstance(text, str):
        return ""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def declared_maximum(tags: Tags) -> Any:
    """Largest sample value that a page declares: by MaxSampleValue, SMaxSampleValue or OME's SignificantBits.

    Examples
    --------
    >>> declared_maximum({341: 4095}), declared_maximum({270: '<OME><Pixels SignificantBits="10"'})
    (4095, 1023)
    """
    for code in _RANGE:
        if code in tags:
            return tags[code]
    match = _SIGNIFICANT.search(description(tags)) if "<OME" in description(tags) else None
    return 2 ** int(match[1]) - 1 if match and int(match[1]) else None


def bits_from_zero(tags: Tags) -> int:
    """Bits that a page's samples have for values from zero: one less where they are signed.

    Examples
    --------
    >>> bits_from_zero({258: (12,)}), bits_from_zero({258: 16, 339: 2})
    (12, 15)
    """
    bits, kind = first_of(tags.get(BITS, 1)), first_of(tags.get(SAMPLE_FORMAT, 1))
    return bits - (kind == _SIGNED)


def first_of(value: Any) -> int:
    """Give the number of a tag, or the first of several."""
    return int(value[0] if isinstance(value, (tuple, list)) else value)


def check_tags(tags: Tags, name: str, settings: ReadingSettings) -> None:
    """Refuse a page by what its tags claim, before a decoder asks for the memory.

    Raises
    ------
    UnreadableFrameError
        If its picture or one of its tiles is too large, or it has too many samples a pixel.
    """
    check_size(first_of(tags.get(HEIGHT, 0)), first_of(tags.get(WIDTH, 0)), name, settings)
    if TILE_WIDTH in tags and TILE_HEIGHT in tags:
        check_size(first_of(tags[TILE_HEIGHT]), first_of(tags[TILE_WIDTH]), name, settings)
    count = first_of(tags.get(SAMPLES, 1))
    if count > _MOST_SAMPLES:
        raise UnreadableFrameError(f"{name} has {count} samples a pixel; export it as grey.")
