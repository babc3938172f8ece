"""What is wrong with which file, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = ("file", "problem", "what_is_wrong", "what_was_done", "other_file", "frame")

LEFT_OUT: Final = "Left out."
KEPT: Final = "Kept."

_PHRASES: Final = (
    ("(0 bytes)", "empty"),
    ("holds no picture", "no picture"),
    ("truncated or damaged", "damaged"),
    ("unpacks to more", "damaged"),
    ("too few to hold", "too small"),
    ("more than the limit", "too large"),
    ("more pixels than any frame", "too large"),
    ("one grey level", "one grey level"),
    ("black throughout", "one grey level"),
    ("two grey levels", "mask"),
    ("is a colour picture", "colour"),
    ("no declared range", "unknown range"),
    ("negative values", "unknown range"),
    ("does not exist", "absent"),
)


@dataclass(frozen=True)
class Problem:
    """One line of `problems.csv`.

    Attributes
    ----------
    file : str
        The source, by its path below RAW.
    code : str
        Kind of problem, to count and filter by.
    wrong, done : str
        One sentence each; neither names a file.
    other : str
        The other file concerned, if there is one.
    left_out : bool
        Whether the frame is not in the cohort because of it.
    harmless : bool
        Whether nothing is lost by leaving it out: the same frame is in the cohort.
    """

    file: str
    code: str
    wrong: str
    done: str = LEFT_OUT
    other: str = ""
    left_out: bool = True
    harmless: bool = False


def unreadable_code(sentence: str) -> str:
    """Give the kind of problem of a reader's sentence.

    Examples
    --------
    >>> unreadable_code("The file is empty (0 bytes); copy or export it again.")
    'empty'
    >>> unreadable_code("The file is a GIF file; save it as PNG.")
    'unreadable'
    """
    return next((code for phrase, code in _PHRASES if phrase in sentence), "unreadable")


def counts_of(problems: Iterable[Problem]) -> dict[str, int]:
    """Count problems by kind, the most frequent first."""
    counts: dict[str, int] = {}
    for one in problems:
        counts[one.code] = counts.get(one.code, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
