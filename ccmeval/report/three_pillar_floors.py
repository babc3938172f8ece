"""A figure of distances beside their floors, in units of the floor, so that metrics share one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ccmeval.fidelity.schema import MetricRow
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.three_pillar_words import MOST_DIAGNOSES, short_scope

MOST_ROWS = 12
_ROW_PX, _TOP_PX, _LEFT_PX = 24, 30, 172
_FARTHEST = 64.0


def shown_rows(rows: Sequence[MetricRow]) -> list[MetricRow]:
    """Choose the rows whose ratio to the floor means something: distances with a positive floor.

    An unbiased estimator such as KID's has a floor around zero, of which nothing is a multiple.

    Examples
    --------
    >>> shown_rows([MetricRow(metric="kid", label="KID")])
    []
    """
    found = [
        row
        for row in rows
        if row.better == "lower"
        and row.floor
        and row.floor.matched_median is not None
        and row.floor.median
        and (row.floor.low or 0.0) > 0
    ]
    names = list(dict.fromkeys(row.diagnosis for row in found if row.diagnosis))[:MOST_DIAGNOSES]
    return [row for row in found if row.diagnosis is None or row.diagnosis in names][:MOST_ROWS]


def floor_plot(rows: Sequence[MetricRow]) -> Markup:
    """Draw synthetic against real beside real against real, both over the floor's median.

    Parameters
    ----------
    rows : sequence of MetricRow
        Of one extractor.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing where no row has a positive floor.

    Examples
    --------
    >>> floor_plot([])
    Markup('')
    """
    shown = shown_rows(rows)
    if not shown:
        return Markup("")
    ends = [value for row in shown for value in _ratios(row)]
    low = max(2.0 ** math.floor(math.log2(max(min(ends), 1 / _FARTHEST))), 1 / _FARTHEST)
    high = min(2.0 ** math.ceil(math.log2(max(ends) * 1.02)), _FARTHEST)
    scale = svg.Scale(math.log2(low), math.log2(max(high, 2 * low)), _LEFT_PX, svg.WIDTH_PX - 16)
    bottom = _TOP_PX + _ROW_PX * len(shown)
    marks = [2.0**power for power in range(round(scale.low), round(scale.high) + 1)]
    body = [_axis(scale, marks, bottom), *[_row(scale, i, row) for i, row in enumerate(shown)], _key()]
    said = "; ".join(f"{_name(row)}: {_ratios(row)[0]:.2f} times the floor" for row in shown)
    return svg.figure(body, height=bottom + 40, alt=f"Distances in units of their floor. {said}.")


def _ratios(row: MetricRow) -> list[float]:
    it = row.floor
    assert it is not None
    assert it.median is not None
    values = (it.matched_median, it.low, it.high, it.matched_low, it.matched_high)
    return [max(value / it.median, 1e-6) for value in values if value is not None]


def _name(row: MetricRow) -> str:
    return f"{row.label}, {short_scope(row.scope, row.diagnosis)}"


def _axis(scale: svg.Scale, marks: Sequence[float], bottom: float) -> Markup:
    parts = [
        Markup(
            '<line class="grid" x1="{x}" x2="{x}" y1="{a}" y2="{b}"/><text x="{x}" y="{t}"'
            ' class="tick">{v}</text>'
        ).format(x=scale(math.log2(mark)), a=_TOP_PX, b=bottom, t=bottom + 15, v=svg.tick_text(mark))
        for mark in marks
    ]
    middle = (scale.start + scale.end) / 2
    words = "times the floor’s median (at matched n)"
    parts.append(Markup('<text x="{}" y="{}" class="axis">{}</text>').format(middle, bottom + 32, words))
    return Markup("").join(parts)


def _row(scale: svg.Scale, number: int, row: MetricRow) -> Markup:
    it = row.floor
    assert it is not None
    assert it.median
    assert it.matched_median is not None
    middle = _TOP_PX + _ROW_PX * number + _ROW_PX / 2

    def at(value: float) -> float:
        assert it is not None
        assert it.median
        return scale.clipped(math.log2(max(value / it.median, 1e-6)))

    parts = [svg.label(_LEFT_PX - 8, middle + 4, _name(row), room_px=_LEFT_PX - 12)]
    if it.low is not None and it.high is not None:
        parts.append(svg.box(at(it.low), middle - 7, at(it.high), middle + 7, "floor"))
    if it.matched_low is not None and it.matched_high is not None:
        parts.append(
            svg.line(at(it.matched_low), middle, at(it.matched_high), middle, "thick", svg.COLOURS["synth"])
        )
    parts.append(svg.mark("synth", at(it.matched_median), middle))
    return Markup("").join(parts)


def _key() -> Markup:
    floor = svg.box(-8, -6, 8, 6, "floor")
    return svg.key(
        6, 16, [(floor, "floor: real – real"), (svg.mark("synth", 0, 0), "synthetic – real, with range")]
    )
