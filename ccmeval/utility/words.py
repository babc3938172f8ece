"""Lists of names in sentences, of bounded length."""

from __future__ import annotations

from collections.abc import Iterable

MOST_NAMES = 6
"""Named in a sentence."""

MOST_FRAMES = 20
"""Named in a row of the result."""


def listed(names: Iterable[str], most: int = MOST_NAMES) -> str:
    """Join names, in order and without repeats; those beyond `most` are only counted.

    Examples
    --------
    >>> listed(["b", "a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    known = sorted(set(names))
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def counted(count: int, one: str, several: str = "") -> str:
    """Give a number with its noun.

    Examples
    --------
    >>> counted(1, "frame"), counted(3, "frame"), counted(2, "diagnosis", "diagnoses")
    ('1 frame', '3 frames', '2 diagnoses')
    """
    return f"{count} {one if count == 1 else several or one + 's'}"
