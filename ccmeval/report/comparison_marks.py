"""Marks of sets: each of its own colour and, where colours start again, of another shape."""

from __future__ import annotations

from markupsafe import Markup

from ccmeval.report.style import SERIES, hex_colour

_SHAPES = (
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z",
    "M-4-4h8v8h-8Z",
    "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "M0-5L5 4H-5Z",
    "M0 5L5-4H-5Z",
    "M-5-3L-3-5L0-2L3-5L5-3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0Z",
)
MATPLOTLIB_MARKS = ("o", "s", "D", "^", "v", "X")
"""The same shapes in the same order, for the files."""


def colour_of(number: int) -> str:
    """Give the colour of a series by its number, from 0.

    Examples
    --------
    >>> colour_of(0), colour_of(0) == colour_of(len(SERIES))
    ('#0072b2', True)
    """
    return hex_colour(SERIES[number % len(SERIES)])


def shape_of(number: int) -> int:
    """Give the shape's place: another for each series, and others again where the colours repeat.

    Examples
    --------
    >>> shape_of(0) != shape_of(len(SERIES))
    True
    """
    return number % len(_SHAPES)


def series_mark(number: int, x: float, y: float, words: str = "") -> Markup:
    """Draw a series' mark, with a text where the pointer rests."""
    title = Markup("<title>{}</title>").format(words) if words else Markup("")
    return Markup('<path class="mark" transform="translate({} {})" d="{}" fill="{}">{}</path>').format(
        x, y, _SHAPES[shape_of(number)], colour_of(number), title
    )
