"""Parts of the three-pillar page's inline SVG figures: scales, marks and the frame around them.

As in :mod:`ccmeval.report.figures`, a figure is 400 units wide, so that its print stays readable on a
phone, takes the page's light or dark colours, and escapes every text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ccmeval.report.figures import shortened
from ccmeval.report.numbers import exponent_text
from ccmeval.report.style import BLUE, VERMILLION, hex_colour

WIDTH_PX = 400
COLOURS = {"real": hex_colour(BLUE), "synth": hex_colour(VERMILLION)}
"""Real frames are blue rounds everywhere, synthetic ones vermillion crosses."""

MINUS = "−"


@dataclass(frozen=True)
class Scale:
    """Turns values between `low` and `high` into places between `start` and `end`.

    Examples
    --------
    >>> Scale(0.0, 10.0, 100.0, 300.0)(5.0)
    200.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the place of a value, also outside the range."""
        span = (self.high - self.low) or 1.0
        return round(self.start + (self.end - self.start) * (value - self.low) / span, 1)

    def clipped(self, value: float) -> float:
        """Give the place of a value, at most at the rim."""
        return self(min(max(value, self.low), self.high))


def figure(
    body: Iterable[Markup], *, height: float, alt: str, extra: str = "", width: float = WIDTH_PX
) -> Markup:
    """Wrap marks as a figure with a text for those who do not see it.

    Examples
    --------
    >>> print(figure([], height=10, alt="<b>"))
    <svg class="figure" viewBox="0 0 400 10" role="img" aria-label="&lt;b&gt;"><title>&lt;b&gt;</title></svg>
    """
    return Markup(
        '<svg class="figure{extra}" viewBox="0 0 {w} {h}" role="img" aria-label="{alt}">'
        "<title>{alt}</title>{body}</svg>"
    ).format(
        w=width, h=round(height), alt=alt, body=Markup("").join(body), extra=f" {extra}" if extra else ""
    )


def tick_text(value: float) -> str:
    """Write a number at an axis.

    Examples
    --------
    >>> tick_text(-0.5), tick_text(1500.0), tick_text(20000.0), tick_text(1e-5)
    ('−0.5', '1500', '20,000', '1e−5')
    """
    return exponent_text(f"{value:{',' if abs(value) >= 1e4 else ''}.6g}")


def columns(scale: Scale, marks: Sequence[float], top: float, bottom: float, title: str) -> Markup:
    """Draw an axis below, with a line upwards at each mark."""
    lines = [
        Markup(
            '<line class="grid" x1="{x}" x2="{x}" y1="{a}" y2="{b}"/><text x="{x}" y="{t}"'
            ' class="tick">{v}</text>'
        ).format(x=scale(mark), a=top, b=bottom, t=bottom + 15, v=tick_text(mark))
        for mark in marks
    ]
    middle = (scale.start + scale.end) / 2
    lines.append(Markup('<text x="{}" y="{}" class="axis">{}</text>').format(middle, bottom + 32, title))
    return Markup("").join(lines)


def rows(scale: Scale, marks: Sequence[float], left: float, right: float, title: str) -> Markup:
    """Draw an axis on the left, with a line to the right at each mark, and its title on top."""
    lines = [
        Markup(
            '<line class="grid" x1="{a}" x2="{b}" y1="{y}" y2="{y}"/><text x="{t}" y="{z}" class="tick'
            ' side">{v}</text>'
        ).format(y=scale(mark), a=left, b=right, t=left - 5, z=scale(mark) + 4, v=tick_text(mark))
        for mark in marks
    ]
    lines.append(
        Markup('<text x="{}" y="{}" class="side-axis">{}</text>').format(2, 12, shortened(title, 380))
    )
    return Markup("").join(lines)


def inside(marks: Sequence[float], low: float, high: float) -> list[float]:
    """Keep the marks that lie within a range.

    Examples
    --------
    >>> inside([0.0, 5.0, 10.0], 1.0, 10.0)
    [5.0, 10.0]
    """
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    return [it for it in marks if low - slack <= it <= high + slack]


def label(x: float, y: float, text: str, *, kind: str = "name", room_px: float = 150) -> Markup:
    """Write a text that may be too long; its whole is its tooltip."""
    shown = shortened(text, room_px)
    whole = Markup("<title>{}</title>").format(text) if shown != text else Markup("")
    return Markup('<text x="{}" y="{}" class="{}">{}{}</text>').format(x, y, kind, shown, whole)


def line(x1: float, y1: float, x2: float, y2: float, kind: str, colour: str = "") -> Markup:
    """Draw a straight line of a class."""
    stroke = Markup(' stroke="{}"').format(colour) if colour else Markup("")
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"{}/>').format(kind, x1, y1, x2, y2, stroke)


def box(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Draw a rectangle of a class between two corners."""
    left, top = min(x1, x2), min(y1, y2)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        kind, left, top, round(abs(x2 - x1), 1), round(abs(y2 - y1), 1)
    )


def dots(side: str, places: Iterable[tuple[float, float]]) -> Markup:
    """Draw many points at once: rounds of the real set, crosses of the synthetic one."""
    if side == "real":
        path = "".join(f"M{x:g} {y:g}h0" for x, y in places)
    else:
        path = "".join(f"M{x - 2:g} {y - 2:g}l4 4m0-4l-4 4" for x, y in places)
    return Markup('<path d="{}" class="{}" stroke="{}"/>').format(path, f"points {side}", COLOURS[side])


def mark(side: str, x: float, y: float) -> Markup:
    """Draw one large mark: a round of the real set, a diamond of the synthetic one."""
    if side == "real":
        return Markup('<circle class="mark" cx="{}" cy="{}" r="4" fill="{}"/>').format(x, y, COLOURS[side])
    return Markup('<path class="mark" d="M{x} {a}L{r} {y}L{x} {b}L{l} {y}Z" fill="{c}"/>').format(
        x=x, y=y, a=y - 5, b=y + 5, l=x - 5, r=x + 5, c=COLOURS[side]
    )


def key(x: float, y: float, entries: Sequence[tuple[Markup, str]]) -> Markup:
    """Write a legend: marks drawn around (0, 0), each with its words."""
    parts = []
    for drawn, words in entries:
        parts.append(Markup('<g transform="translate({} {})">{}</g>').format(x + 8, y - 4, drawn))
        parts.append(Markup('<text x="{}" y="{}" class="key">{}</text>').format(x + 20, y, words))
        x += 32 + 6.1 * len(words)
    return Markup("").join(parts)
