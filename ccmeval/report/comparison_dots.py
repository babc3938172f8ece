"""Dots with intervals, a row a set, beside what real frames reach against real frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ccmeval.comparison.schema import CompareResult, Ranking, Reference, ScoreDefinition, ScoreValue
from ccmeval.fidelity.schema import Floor
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.comparison_cells import rank_of
from ccmeval.report.comparison_references import references_of, shared_reference
from ccmeval.report.comparison_table import shared_floor
from ccmeval.report.comparison_words import (
    BETTER_WORDS,
    MOST_SETS,
    decimals_of,
    headline_scores,
    own_decimals,
    range_text,
    ranking_in,
    scored,
    value_text,
)
from ccmeval.report.figures import ticks

_BLUE = svg.COLOURS["real"]
_ROW_PX, _TOP_PX, _LEFT_PX, _RIGHT_PX = 26, 34, 156, 30


@dataclass(frozen=True)
class Dot:
    """A set in a figure: its value, or none; and its letters of the ranking."""

    name: str
    value: ScoreValue | None
    letters: str


@dataclass(frozen=True)
class DotPlot:
    """What one figure shows.

    Attributes
    ----------
    definition : ScoreDefinition
    rows : sequence of Dot
    floor : Floor or None
        The one that all sets share; where they differ each row has its own.
    decimals : int
    reference : Reference or None
        The one that all sets share, as the floor.
    """

    definition: ScoreDefinition
    rows: Sequence[Dot]
    floor: Floor | None
    decimals: int
    reference: Reference | None = None

    def floor_of(self, row: Dot) -> Floor | None:
        """Give the floor of a row."""
        return row.value.floor if row.value is not None else None

    @property
    def references(self) -> list[Reference]:
        """List those of all rows."""
        return references_of(row.value for row in self.rows)

    @property
    def title(self) -> str:
        """The score with its unit."""
        it = self.definition
        return f"{it.label} ({it.unit})" if it.unit else it.label


def dot_plots(result: CompareResult) -> list[DotPlot]:
    """Choose the figures: headline and ranked scores that are numbers of at least two sets with spread.

    Counts and costs are better read in the table.
    """
    headline = {it.key for it in headline_scores(result)}
    found = []
    for it in result.scores:
        if it.kind == "count" or it.group == "cost" or not (it.key in headline or it.ranked):
            continue
        ranking = ranking_in(result, it.key)
        rows = [_dot(one.name, one.value(it.key), ranking) for one in scored(result)[:MOST_SETS]]
        if any(row.value is not None and row.value.value is not None for row in rows):
            values = [row.value for row in rows]
            floor, reference = shared_floor(result, it.key), shared_reference(values)
            found.append(DotPlot(it, rows, floor, decimals_of(values), reference))
    return found


def _dot(name: str, value: ScoreValue | None, ranking: Ranking | None) -> Dot:
    rank = rank_of(ranking, name)
    return Dot(name, value, rank.letters if rank else "")


def plot_values(plot: DotPlot) -> list[float]:
    """List all values that the axis must hold."""
    found: list[float | None] = []
    for row in plot.rows:
        if row.value is not None:
            found += [row.value.value, row.value.low, row.value.high]
            floor = row.value.floor
            if floor is not None:
                found += [floor.low, floor.high, floor.median, floor.matched_median]
                found += [floor.matched_low, floor.matched_high]
    for it in plot.references:
        found += [it.value, it.low, it.high]
    return [it for it in found if it is not None]


def dot_figure(plot: DotPlot) -> Markup:
    """Draw the figure inline."""
    known = plot_values(plot)
    pad = 0.0 if max(known) > min(known) else 0.05 * abs(known[0]) or 0.02
    marks = ticks(min(known) - pad, max(known) + pad, 5)
    scale = svg.Scale(marks[0], marks[-1], _LEFT_PX, svg.WIDTH_PX - _RIGHT_PX)
    bottom = _TOP_PX + _ROW_PX * len(plot.rows)
    unit, better = plot.definition.unit, BETTER_WORDS[plot.definition.better]
    body = [
        svg.columns(scale, marks, _TOP_PX, bottom, f"{unit}; {better}" if unit else better),
        *_floors(plot, scale, bottom),
        *_references(plot, scale, bottom),
        *[_row(plot, row, scale, number) for number, row in enumerate(plot.rows)],
        _key(plot),
    ]
    return svg.figure(body, height=bottom + 40, alt=_alt(plot))


def _floors(plot: DotPlot, scale: svg.Scale, bottom: float) -> list[Markup]:
    """Draw the floor: one band through all rows where the sets share it, else one a row."""
    if plot.floor is not None:
        return _band(plot.floor, scale, _TOP_PX, bottom)
    bands: list[Markup] = []
    for number, row in enumerate(plot.rows):
        floor = plot.floor_of(row)
        if floor is not None:
            top = _TOP_PX + _ROW_PX * number
            bands += _band(floor, scale, top + 3, top + _ROW_PX - 3)
    return bands


def _references(plot: DotPlot, scale: svg.Scale, bottom: float) -> list[Markup]:
    """Draw what real frames reach: through all rows where the sets share it, else one a row."""
    if plot.reference is not None:
        return [_reference(plot.reference, scale, _TOP_PX, bottom)]
    tops = [_TOP_PX + _ROW_PX * number + 3 for number in range(len(plot.rows))]
    return [
        _reference(row.value.reference, scale, top, top + _ROW_PX - 6)
        for row, top in zip(plot.rows, tops, strict=True)
        if row.value is not None and row.value.reference is not None
    ]


def _reference(it: Reference, scale: svg.Scale, top: float, bottom: float) -> Markup:
    band = Markup("")
    if it.low is not None and it.high is not None:
        band = svg.box(scale(it.low), top, scale(it.high), bottom, "reference")
    place = scale(it.value)
    return band + svg.line(place, top, place, bottom, "reference-line", _BLUE)


def _band(it: Floor, scale: svg.Scale, top: float, bottom: float) -> list[Markup]:
    parts = []
    if it.low is not None and it.high is not None:
        parts.append(svg.box(scale(it.low), top, scale(it.high), bottom, "floor"))
    if it.median is not None:
        parts.append(svg.line(scale(it.median), top, scale(it.median), bottom, "bias"))
    return parts


def _row(plot: DotPlot, row: Dot, scale: svg.Scale, number: int) -> Markup:
    middle = _TOP_PX + _ROW_PX * (number + 0.5)
    parts = [svg.label(_LEFT_PX - 8, middle + 4, row.name, room_px=_LEFT_PX - 14)]
    it = row.value
    if it is None or it.value is None:
        parts.append(
            svg.label(
                _LEFT_PX + 6, middle + 4, "no number; see the table", kind="start small soft", room_px=220
            )
        )
        return Markup("").join(parts)
    if it.low is not None and it.high is not None:
        parts.append(svg.line(scale(it.low), middle, scale(it.high), middle, "thin", svg.COLOURS["synth"]))
    words = _value_words(plot, it)
    parts.append(
        Markup("<g><title>{}</title>{}</g>").format(words, svg.mark("synth", scale(it.value), middle))
    )
    parts.append(_matched(it, scale, middle))
    if row.letters:
        parts.append(svg.label(svg.WIDTH_PX - 4, middle + 4, row.letters, kind="count letters", room_px=26))
    return Markup("").join(parts)


def _matched(it: ScoreValue, scale: svg.Scale, middle: float) -> Markup:
    """Draw the value at the floor's number of frames, the one to hold against the band."""
    floor = it.floor
    if floor is None or floor.matched_median is None:
        return Markup("")
    y = middle + 8
    parts = []
    if floor.matched_low is not None and floor.matched_high is not None:
        ends = scale(floor.matched_low), scale(floor.matched_high)
        parts.append(svg.line(ends[0], y, ends[1], y, "matched", svg.COLOURS["synth"]))
    parts.append(_ring(scale(floor.matched_median), y))
    return Markup("").join(parts)


def _ring(x: float, y: float) -> Markup:
    return Markup('<circle class="ring" cx="{}" cy="{}" r="3.2" stroke="{}"/>').format(
        x, y, svg.COLOURS["synth"]
    )


def _key(plot: DotPlot) -> Markup:
    entries = [(svg.mark("synth", 0, 0), "set")]
    floors = [plot.floor_of(row) for row in plot.rows]
    if any(it is not None for it in floors):
        if any(it is not None and it.matched_median is not None for it in floors):
            entries.append((_ring(0, 0), "set at the floor’s n"))
        entries.append((svg.box(-8, -6, 8, 6, "floor"), "floor: real – real"))
    for label in dict.fromkeys(it.label for it in plot.references):
        drawn = svg.box(-8, -6, 8, 6, "reference") + svg.line(0, -6, 0, 6, "reference-line", _BLUE)
        entries.append((drawn, label))
    return svg.key(6, 16, entries)


def _value_words(plot: DotPlot, it: ScoreValue) -> str:
    decimals = own_decimals(it.value, it.low, it.high, plot.decimals)
    between = range_text(plot.definition, it.low, it.high, decimals)
    value = value_text(plot.definition, it.value, decimals, it.of)
    return f"{value} ({between})" if between else value


def _alt(plot: DotPlot) -> str:
    known = {row.name: row.value for row in plot.rows if row.value and row.value.value is not None}
    said = [
        f"{row.name}: {_value_words(plot, known[row.name]) if row.name in known else 'none'}"
        for row in plot.rows
    ]
    floor = plot.floor
    against = ""
    if floor is not None:
        against = f" Real against real: {value_text(plot.definition, floor.median, plot.decimals)}."
    if plot.reference is not None:
        value = value_text(plot.definition, plot.reference.value, plot.decimals)
        against += f" {plot.reference.label}: {value}."
    return f"{plot.title} of each set. {'; '.join(said)}.{against}"
