"""Marks of groups in inline SVG, each of its own colour and its own shape."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.three_pillar_utility_words import GROUP_COLOURS

MATPLOTLIB_MARKS = {"A": "o", "A-dup": "s", "A-balanced": "^", "B": "D", "C": "X"}
"""The same shapes as :func:`group_mark`, for the vector files."""

DASHES = {"A": "-", "A-dup": "--", "A-balanced": ":", "B": "-", "C": "-."}
SMALL_PX = 230
"""Width of figures that stand several side by side."""

_SHAPES = {
    "A": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z",
    "A-dup": "M-4-4h8v8h-8Z",
    "A-balanced": "M0-5L5 4H-5Z",
    "B": "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "C": "M-5-3L-3-5L0-2L3-5L5-3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0Z",
}


def group_mark(group: str, x: float, y: float, kind: str = "mark") -> Markup:
    """Draw a group's mark: round, square, triangle, diamond or cross.

    Examples
    --------
    >>> group_mark("B", 10, 20)
    Markup('<path class="mark" transform="translate(10 20)" d="M0-5.5L5.5 0L0 5.5L-5.5 0Z" fill="#cc79a7"/>')
    """
    return Markup('<path class="{}" transform="translate({} {})" d="{}" fill="{}"/>').format(
        kind, x, y, _SHAPES[group], GROUP_COLOURS[group]
    )


def clipped_bar(scale: svg.Scale, y: float, low: float, high: float, kind: str, colour: str) -> Markup:
    """Draw a horizontal bar; where it goes on beyond the axis an arrow says so."""
    parts = [svg.line(scale.clipped(low), y, scale.clipped(high), y, kind, colour)]
    if high > scale.high:
        parts.append(_arrow(scale.end, y, 1, colour))
    if low < scale.low:
        parts.append(_arrow(scale.start, y, -1, colour))
    return Markup("").join(parts)


def _arrow(x: float, y: float, way: int, colour: str) -> Markup:
    return Markup('<path d="M{} {}l{} 4v-8Z" fill="{}"/>').format(x + 5 * way, y, -6 * way, colour)


def path(places: Sequence[tuple[float, float]], kind: str, colour: str) -> Markup:
    """Draw a line through places."""
    drawn = "M" + "L".join(f"{x:g} {y:g}" for x, y in places) if places else ""
    return Markup('<path class="{}" d="{}" stroke="{}"/>').format(kind, drawn, colour)


def ribbon(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], colour: str) -> Markup:
    """Fill what lies between two lines."""
    places = [*upper, *reversed(lower)]
    points = " ".join(f"{x:g},{y:g}" for x, y in places)
    return Markup('<polygon class="ribbon" points="{}" fill="{}"/>').format(points, colour)
