"""Scores along an axis, inline: a line a series, its interval as a band."""

from __future__ import annotations

from markupsafe import Markup

from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.comparison_ablation import Chart
from ccmeval.report.comparison_marks import colour_of, series_mark
from ccmeval.report.comparison_words import BETTER_WORDS
from ccmeval.report.figures import text_px, ticks
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_utility_marks import path, ribbon

_LINE = "reference-line neutral"
"""No colour: the first series is blue, as real frames are elsewhere."""
_LEFT_PX, _RIGHT_PX, _HEIGHT_PX, _KEY_PX = 46, 18, 150, 16
_NARROWEST_PX = 26
_DODGE_PX = 5.0
_MOST_BANDS = 3
"""More series overlap: each point then has a bar instead of its part of a band."""


def chart_values(it: Chart) -> list[float]:
    """List all values that the upright axis must hold."""
    found = [value for line in it.series for p in line.points for value in (p.value, p.low, p.high)]
    if it.reference is not None:
        found += [it.reference.value, it.reference.low, it.reference.high]
    return [value for value in found if value is not None]


def chart_figure(it: Chart) -> Markup:
    """Draw a chart inline, or nothing without points."""
    if not any(line.points for line in it.series):
        return Markup("")
    known = chart_values(it)
    key, top = _key(it)
    bottom, right = top + _HEIGHT_PX, svg.WIDTH_PX - _RIGHT_PX
    pad = 0.05 * (max(known) - min(known)) or 0.05 * abs(known[0]) or 0.02
    low = max(min(known) - pad, 0.0) if min(known) >= 0 else min(known) - pad
    # Shares end at 1: an axis that goes on says that more is possible.
    high = min(max(known) + pad, 1.0) if min(known) >= 0 and max(known) <= 1 else max(known) + pad
    marks = ticks(low, high, 5)
    up = svg.Scale(marks[0], marks[-1], bottom, top)
    places = [x for x, _ in it.columns]
    margin = 0.06 * (max(places) - min(places)) or 0.5
    across = svg.Scale(min(places) - margin, max(places) + margin, _LEFT_PX, right)
    better = f"; {BETTER_WORDS[it.better]}" if it.better else ""
    body = [
        svg.rows(up, marks, _LEFT_PX, right, f"{it.label}{better}"),
        _columns(it, across, bottom),
        svg.label((_LEFT_PX + right) / 2, bottom + 32, it.axis, kind="axis", room_px=380),
        _reference(it, up, right),
        *[_spread(it, number, across, up) for number in range(len(it.series))],
        *[_course(it, number, across, up) for number in range(len(it.series))],
        key,
    ]
    return svg.figure(body, height=bottom + 40, alt=_alt(it))


def _reference(it: Chart, up: svg.Scale, right: float) -> Markup:
    """Draw what real frames reach, as a line through the whole chart."""
    one = it.reference
    if one is None:
        return Markup("")
    band = Markup("")
    if one.low is not None and one.high is not None:
        band = svg.box(_LEFT_PX, up(one.high), right, up(one.low), "reference neutral")
    return band + svg.line(_LEFT_PX, up(one.value), right, up(one.value), _LINE)


def _columns(it: Chart, across: svg.Scale, bottom: float) -> Markup:
    parts, last = [], -99.0
    room = (across.end - across.start) / max(len(it.columns), 1)
    for place, words in it.columns:
        x = across(place)
        parts.append(svg.line(x, bottom, x, bottom + 4, "zero"))
        if x - last >= _NARROWEST_PX:
            parts.append(svg.label(x, bottom + 16, words, kind="tick", room_px=max(room, _NARROWEST_PX)))
            last = x
    return Markup("").join(parts)


def _shift(it: Chart, number: int) -> float:
    """Move a series aside where its bars would hide those of others."""
    if _banded(it):
        return 0.0
    step = min(_DODGE_PX, 24.0 / len(it.series))
    return round(step * (number - (len(it.series) - 1) / 2), 1)


def _banded(it: Chart) -> bool:
    return it.joined and len(it.series) <= _MOST_BANDS


def _spread(it: Chart, number: int, across: svg.Scale, up: svg.Scale) -> Markup:
    colour, shift = colour_of(number), _shift(it, number)
    ends = [
        (across(p.x) + shift, p.low, p.high)
        for p in it.series[number].points
        if p.low is not None and p.high is not None
    ]
    if _banded(it) and len(ends) > 1:
        return ribbon([(x, up(high)) for x, _, high in ends], [(x, up(low)) for x, low, _ in ends], colour)
    return Markup("").join(svg.line(x, up(low), x, up(high), "thin", colour) for x, low, high in ends)


def _course(it: Chart, number: int, across: svg.Scale, up: svg.Scale) -> Markup:
    shift = _shift(it, number)
    places = [(across(p.x) + shift, up(p.value)) for p in it.series[number].points]
    marks = [
        series_mark(number, *place, f"{p.name}: {number_text(p.value)}")
        for place, p in zip(places, it.series[number].points, strict=True)
    ]
    drawn = path(places, "course", colour_of(number)) if it.joined else Markup("")
    return Markup("").join([drawn, *marks])


def _key(it: Chart) -> tuple[Markup, float]:
    """Write the legend in as many lines as it needs, and say where the drawing may begin."""
    entries: list[tuple[int | None, str]] = []
    if len(it.series) > 1 or it.series[0].name:
        entries += [(number, line.name or "all") for number, line in enumerate(it.series)]
    entries += [(None, it.reference.label)] if it.reference is not None else []
    if not entries:
        return Markup(""), 26.0
    parts, x, y = [], 2.0, 32.0
    for number, words in entries:
        room = 180.0 if number is not None else 300.0
        width = 30 + min(text_px(words), room)
        if x + width > svg.WIDTH_PX and x > 2:
            x, y = 2.0, y + _KEY_PX
        if number is None:
            parts.append(svg.line(x, y - 4, x + 16, y - 4, _LINE))
        else:
            parts.append(series_mark(number, x + 8, y - 4))
        parts.append(svg.label(x + 18, y, words, kind="key", room_px=room))
        x += width
    return Markup("").join(parts), y + 12


def _alt(it: Chart) -> str:
    words = dict(it.columns)
    said = [
        f"{line.name + ', ' if line.name else ''}{words.get(p.x, '')}: {number_text(p.value)}"
        for line in it.series
        for p in line.points
    ]
    if it.reference is not None:
        said.append(f"{it.reference.label}: {number_text(it.reference.value)}")
    return f"{it.title}. {'; '.join(said)}."
