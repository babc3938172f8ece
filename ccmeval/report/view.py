"""What a page shows, as words: tables with heads and cells, tiles and links.

Templates only lay these out; no number is made here that the result does not hold, except counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from ccmeval.report.numbers import NONE, fixed_text


@dataclass(frozen=True)
class Head:
    """Head of a column: words, a line below them, whether numbers stand in it, whether words may wrap."""

    words: str
    below: str = ""
    number: bool = False
    long: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: words, a quieter line below them, and the tone of a verdict, shown as a badge."""

    words: str
    below: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    caption : str
        What the table shows, in one sentence.
    heads : sequence of Head
    rows : sequence of sequence of Cell
        The first cell of a row is its head; a row of one cell heads the rows below it.
    more : str
        Said below the table, e.g. what was left out.
    """

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)
    more: str = ""


@dataclass(frozen=True)
class Tile:
    """A number that stands out; `tone` is ``""``, ``"warn"`` or ``"bad"``."""

    value: str
    words: str
    tone: str = ""


@dataclass(frozen=True)
class File:
    """A file beside the page."""

    name: str
    words: str

    @property
    def link(self) -> str:
        """Relative address, safe for any name."""
        return link(self.name)


def link(path: str) -> str:
    """Write a relative path as an address, whatever characters it has.

    Examples
    --------
    >>> link("overlays/50% #1?.png")
    'overlays/50%25%20%231%3F.png'
    """
    # Surrogates stand for bytes of a file name that are not UTF-8: they go out as those bytes.
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


def plural(count: int, word: str) -> str:
    """Write a count with its word.

    Examples
    --------
    >>> plural(1, "frame"), plural(10000, "frame")
    ('1 frame', '10,000 frames')
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def time_text(created: str) -> str:
    """Write a UTC time as people do; anything else as it stands.

    Examples
    --------
    >>> time_text("2026-11-20T20:03:59+00:00")
    '2026-11-20 20:03 UTC'
    """
    if created[10:11] == "T" and created.endswith(("Z", "+00:00")):
        return f"{created[:10]} {created[11:16]} UTC"
    return created


def interval_text(low: float | None, high: float | None, decimals: int) -> str:
    """Write an interval, or nothing where there is none.

    Examples
    --------
    >>> interval_text(17.25, 21.54, 1), interval_text(None, None, 1)
    ('17.2 to 21.5', '')
    """
    words = [fixed_text(bound, decimals) for bound in (low, high)]
    return "" if NONE in words else " to ".join(words)


def some(names: Iterable[str], most: int) -> str:
    """List names, at most so many.

    Examples
    --------
    >>> some(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    everything = list(names)
    shown = ", ".join(everything[:most])
    return f"{shown} and {len(everything) - most:,} more" if len(everything) > most else shown
