"""Ablations: sets of a grid in order, and each score along each axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ccmeval.comparison.schema import AxisValue, ComparedSet, CompareResult, Reference, ScoreDefinition
from ccmeval.report.comparison_cells import (
    Footnotes,
    ScoreCell,
    ScoreHead,
    ScoreRow,
    ScoreTable,
    address_of,
    failed_cell,
    score_cell,
)
from ccmeval.report.comparison_references import Column, reference_rows, shared_reference
from ccmeval.report.comparison_table import MOST_COLUMNS, score_head, table_parts
from ccmeval.report.comparison_words import (
    MOST_SETS,
    decimals_of,
    headline_scores,
    ranking_in,
)
from ccmeval.report.numbers import NONE
from ccmeval.report.three_pillar_svg import tick_text
from ccmeval.report.three_pillar_utility_curves import axis_words, placed
from ccmeval.report.three_pillar_words import left_out
from ccmeval.utility.schema import CurvePoint

LOGARITHMIC_FROM = 4.0
"""Axes whose largest value is so many times the smallest are drawn on a logarithmic scale."""

MOST_SERIES = 12
BYTES_OF_AXIS = float(2**30)
"""Memory is drawn in GiB."""


@dataclass(frozen=True)
class Point:
    """A place along an axis, with value and interval."""

    x: float
    value: float
    low: float | None
    high: float | None
    name: str


@dataclass(frozen=True)
class Series:
    """Points that differ in the axis alone."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Chart:
    """A score along an axis.

    Attributes
    ----------
    title, label, axis : str
        What it is called, and the names of both axes.
    columns : sequence of (float, str)
        Places along the axis and what stands there.
    series : sequence of Series
    joined : bool
        Whether points are joined: not where the axis has no order.
    better : str
        Which way is better, or nothing.
    axis_name : str
        Of the settings, by which the charts of an ablation are sorted.
    reference : Reference or None
        What real frames reach, where it is the same for all points.
    """

    title: str
    label: str
    axis: str
    columns: Sequence[tuple[float, str]]
    series: Sequence[Series]
    joined: bool = True
    better: str = ""
    axis_name: str = ""
    reference: Reference | None = None


@dataclass(frozen=True)
class Family:
    """The sets that one entry of the settings was expanded to, with the axes that vary among them."""

    name: str
    sets: Sequence[ComparedSet]
    axes: dict[str, list[AxisValue]]


def axis_text(value: AxisValue) -> str:
    """Write a value of an axis.

    Examples
    --------
    >>> axis_text(True), axis_text(0.5), axis_text("mask only")
    ('yes', '0.5', 'mask only')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return tick_text(float(value)) if isinstance(value, (int, float)) else str(value)


def families(result: CompareResult) -> list[Family]:
    """List the ablations: the sets of each family, and those of its axes that take several values."""
    found = []
    for name in dict.fromkeys(it.family for it in result.sets if it.axes):
        sets = [it for it in result.sets if it.axes and it.family == name]
        named = list(dict.fromkeys([*result.axes, *(axis for it in sets for axis in it.axes)]))
        axes = {axis: _values(result, sets, axis) for axis in named}
        varying = {axis: values for axis, values in axes.items() if len(values) > 1}
        if varying:
            found.append(Family(name, _ordered(sets, axes), varying))
    return found


def _values(result: CompareResult, sets: Sequence[ComparedSet], axis: str) -> list[AxisValue]:
    """Give the values that an axis takes among some sets, in the order of the result."""
    taken = [it.axes[axis] for it in sets if axis in it.axes]
    order = [*result.axes.get(axis, []), *taken]
    unique: list[AxisValue] = []
    for value in order:
        if _has(taken, value) and not _has(unique, value):
            unique.append(value)
    return unique


def _has(values: Sequence[AxisValue], value: AxisValue) -> bool:
    return any(it == value and isinstance(it, bool) == isinstance(value, bool) for it in values)


def _place(values: Sequence[AxisValue], value: AxisValue | None) -> int:
    if value is None or not _has(values, value):
        return len(values)
    return next(i for i, it in enumerate(values) if _has([it], value))


def _ordered(sets: Sequence[ComparedSet], axes: dict[str, list[AxisValue]]) -> list[ComparedSet]:
    return sorted(sets, key=lambda it: [_place(values, it.axes.get(axis)) for axis, values in axes.items()])


def family_tables(
    result: CompareResult, it: Family, number: int, most: int = MOST_COLUMNS
) -> list[ScoreTable]:
    """Lay out an ablation: a row a set in the order of its axes, its headline scores beside them, in parts.

    Parameters
    ----------
    result : CompareResult
    it : Family
    number : int
        Of the ablation, for its anchors.
    most : int
        Columns of a part, those of the axes among them.
    """
    scores = [
        score
        for score in headline_scores(result)
        if any((value := one.value(score.key)) is not None and value.value is not None for one in it.sets)
    ]
    parts = table_parts(scores, max(most - len(it.axes), 3)) or [[]]
    return [_table(result, it, part, f"ablation-{number}-{i}") for i, part in enumerate(parts, 1)]


def _table(result: CompareResult, it: Family, scores: Sequence[ScoreDefinition], anchor: str) -> ScoreTable:
    notes = Footnotes()
    decimals = {score.key: decimals_of(one.value(score.key) for one in it.sets) for score in scores}
    columns = [
        Column(score, [one.value(score.key) for one in it.sets], decimals[score.key]) for score in scores
    ]
    rows = reference_rows(columns, notes, [ScoreCell("") for _ in it.axes])
    for one in it.sets[:MOST_SETS]:
        places = [ScoreCell(axis_text(one.axes[axis]) if axis in one.axes else NONE) for axis in it.axes]
        if one.status == "failed":
            rows.append(ScoreRow(one.name, [*places, failed_cell(one)], kind="failed"))
            continue
        cells = [
            score_cell(
                one, score, one.value(score.key), decimals[score.key], notes, ranking_in(result, score.key)
            )
            for score in scores
        ]
        rows.append(ScoreRow(one.name, [*places, *cells], address=address_of(one)))
    heads = [ScoreHead("Set"), *[ScoreHead(axis, text=True) for axis in it.axes], *map(score_head, scores)]
    more = left_out(len(it.sets), MOST_SETS, "wide.csv")
    title = f"Ablation of {it.name}." if it.name else "Ablation."
    return ScoreTable(anchor, title, heads, (), rows, notes.texts, more)


def charts(result: CompareResult, it: Family) -> Iterator[Chart]:
    """Draw each score that says which way is better along each axis.

    Left out are scores without two points along the axis, and those that are the same everywhere.
    """
    for axis, values in it.axes.items():
        for score in headline_scores(result):
            found = _chart(it, axis, values, score) if score.better != "neither" else None
            if found is not None and len({p.value for line in found.series for p in line.points}) > 1:
                yield found


def _chart(it: Family, axis: str, values: Sequence[AxisValue], score: ScoreDefinition) -> Chart | None:
    places, ordered, words = axis_places(values)
    lines: dict[str, list[Point]] = {}
    for one in it.sets:
        value = one.value(score.key)
        if axis in one.axes and one.status == "scored" and value is not None and value.value is not None:
            x = places[_place(values, one.axes[axis])]
            size = BYTES_OF_AXIS if score.unit == "bytes" else 1.0
            low, high = (end / size if end is not None else None for end in (value.low, value.high))
            point = Point(x, value.value / size, low, high, one.name)
            lines.setdefault(_others(it, one, axis), []).append(point)
    if max((len({point.x for point in line}) for line in lines.values()), default=0) < 2:
        return None
    series = [
        Series(name, sorted(line, key=lambda p: p.x)) for name, line in list(lines.items())[:MOST_SERIES]
    ]
    columns = sorted(zip(places, map(axis_text, values), strict=True))
    unit = "GiB" if score.unit == "bytes" else score.unit
    label = f"{score.label} ({unit})" if unit else score.label
    reference = shared_reference(one.value(score.key) for one in it.sets)
    return Chart(
        f"{score.label} along {axis}", label, f"{axis}{words}", columns, series, ordered, score.better, axis,
        reference,
    )  # fmt: skip


def axis_places(values: Sequence[AxisValue]) -> tuple[list[float], bool, str]:
    """Give the places of an axis' values, whether they have an order, and what to say of its scale.

    Examples
    --------
    >>> axis_places([8, 16, 24])[0], axis_places([8, 16, 64])[2], axis_places(["a", "b"])
    ([8.0, 16.0, 24.0], ' (logarithmic axis)', ([0.0, 1.0], False, ''))
    """
    numbers = [float(it) for it in values if isinstance(it, (int, float)) and not isinstance(it, bool)]
    if len(numbers) < len(values):
        return [float(i) for i in range(len(values))], False, ""
    if min(numbers) > 0 and max(numbers) / min(numbers) >= LOGARITHMIC_FROM:
        return [math.log10(it) for it in numbers], True, " (logarithmic axis)"
    return numbers, True, ""


def _others(it: Family, one: ComparedSet, axis: str) -> str:
    """Name a line by the axes that it does not run along."""
    said = [f"{name} {axis_text(one.axes[name])}" for name in it.axes if name != axis and name in one.axes]
    return ", ".join(said)


def utility_charts(result: CompareResult) -> list[Chart]:
    """Draw the curves of pillar 3, a line a set: e.g. accuracy against synthetic frames a diagnosis."""
    found: dict[tuple[str, ...], list[tuple[str, CurvePoint]]] = {}
    for one in result.sets:
        for it in one.curves:
            if it.value is not None:
                key = (it.task, it.learner, it.curve, it.group, it.metric)
                found.setdefault(key, []).append((one.name, it))
    return [_utility_chart(result, rows) for rows in found.values() if len({it.x for _, it in rows}) > 1]


def _score_of(result: CompareResult, it: CurvePoint) -> ScoreDefinition | None:
    """Find the score that a curve shows."""
    start = f"utility:{it.task}:{it.learner}:{it.group}:{it.metric}:"
    return next(
        (one for one in result.scores if f"{one.key}:".startswith(start) and one.label.startswith(it.label)),
        None,
    )


def _utility_chart(result: CompareResult, rows: Sequence[tuple[str, CurvePoint]]) -> Chart:
    about = rows[0][1]
    lowest = min(it.x for _, it in rows)
    lines: dict[str, list[Point]] = {}
    for name, it in rows:
        assert it.value is not None
        point = Point(placed(it.curve, it.x, lowest), it.value, it.low, it.high, name)
        lines.setdefault(name, []).append(point)
    columns = sorted({(placed(it.curve, it.x, lowest), tick_text(it.x)) for _, it in rows})
    series = [
        Series(name, sorted(line, key=lambda p: p.x)) for name, line in list(lines.items())[:MOST_SERIES]
    ]
    title = f"{about.label}: {about.learner}, group {about.group}"
    score = _score_of(result, about)
    reference = shared_reference(one.value(score.key) for one in result.sets) if score else None
    return Chart(
        title, about.label, axis_words(about.curve, lowest), columns, series,
        better=score.better if score else "", reference=reference,
    )  # fmt: skip
