"""Pillar 1 in tables: the metrics of each feature extractor beside their floors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ccmeval.fidelity.schema import ExtractorRow, FidelityResult, Floor, MetricRow, Scope
from ccmeval.report.numbers import NONE, common_decimals, fixed_text
from ccmeval.report.three_pillar_floors import floor_plot
from ccmeval.report.three_pillar_memory import BETTER, is_memorisation
from ccmeval.report.three_pillar_words import (
    MOST_DIAGNOSES,
    fixed_cell,
    known_diagnoses,
    left_out,
    scope_words,
    unique,
)
from ccmeval.report.view import Cell, Head, Table, interval_text

_Column = tuple[Scope, str | None]


@dataclass(frozen=True)
class ExtractorPart:
    """What is shown of one feature extractor (or of metrics that need none)."""

    title: str
    words: str
    table: Table
    figure: Markup
    warnings: list[str]


def extractor_parts(fidelity: FidelityResult) -> list[ExtractorPart]:
    """Lay out the computed metrics, one part a feature extractor.

    Examples
    --------
    >>> row = MetricRow(metric="kid", label="KID", features="morphometric", value=0.1)
    >>> [it.title for it in extractor_parts(FidelityResult(metrics=[row]))]
    ['morphometric']
    """
    by_features: dict[str, list[MetricRow]] = {}
    for row in fidelity.metrics:
        if row.status == "computed" and not is_memorisation(row):
            by_features.setdefault(row.features, []).append(row)
    extractors = {it.name: it for it in fidelity.extractors}
    return [_part(name, rows, extractors.get(name)) for name, rows in by_features.items()]


def _part(name: str, rows: Sequence[MetricRow], extractor: ExtractorRow | None) -> ExtractorPart:
    said = []
    if extractor:
        said = [
            f"{extractor.dimension:,} dimensions" if extractor.dimension else "",
            f"resizing: {extractor.resizer}" if extractor.resizer else "",
            f"weights SHA-256 {extractor.weights_sha256[:16]}…" if extractor.weights_sha256 else "",
            f"licence: {extractor.licence}" if extractor.licence else "",
        ]
    warnings = [
        f"{row.label}, {scope_words(row.scope, row.diagnosis, row.n_diagnoses)}: {row.floor.warning}"
        for row in rows
        if row.floor and row.floor.warning
    ]
    notes = [f"{row.label}: {note}" for row in rows for note in row.notes]
    return ExtractorPart(
        title=name or "Without feature extractor",
        words="; ".join(filter(None, said)),
        table=_metric_table(name, rows),
        figure=floor_plot(rows),
        warnings=_grouped(warnings) + unique(notes),
    )


def _grouped(warnings: Sequence[str]) -> list[str]:
    """Say each warning once, with what it concerns."""
    by_words: dict[str, list[str]] = {}
    for it in warnings:
        about, _, words = it.partition(": ")
        by_words.setdefault(words, []).append(about)
    return [
        f"{'; '.join(about[:4])}{f' and {len(about) - 4} more' if len(about) > 4 else ''}: {words}"
        for words, about in by_words.items()
    ]


def _columns(rows: Sequence[MetricRow]) -> list[_Column]:
    columns: list[_Column] = []
    if any(row.scope == "pooled" for row in rows):
        columns.append(("pooled", None))
    if any(row.scope == "mean over diagnoses" for row in rows):
        columns.append(("mean over diagnoses", None))
    return columns + [("diagnosis", name) for name in known_diagnoses(rows)[:MOST_DIAGNOSES]]


def _metric_table(name: str, rows: Sequence[MetricRow]) -> Table:
    columns = _columns(rows)
    found = {(row.metric, row.label, row.scope, row.diagnosis): row for row in rows}
    body: list[list[Cell]] = []
    for metric, label in dict.fromkeys((row.metric, row.label) for row in rows):
        cells = [found.get((metric, label, *column)) for column in columns]
        known = [row for row in cells if row]
        if not known:
            continue
        decimals = _row_decimals(known)
        body.append([Cell(label, BETTER[known[0].better]), *[_value_cell(row, decimals) for row in cells]])
        if any(row.floor for row in known):
            body.append(
                [Cell("at matched n", "and its floor"), *[_floor_cell(row, decimals) for row in cells]]
            )
    heads = [Head("Metric", long=True), *[_head(rows, column) for column in columns]]
    total = len(known_diagnoses(rows))
    more = left_out(total, MOST_DIAGNOSES, "fidelity.csv").replace("The first", "Diagnoses: the first")
    return Table(f"Metrics on {name or 'pixels'}: value and 95 % interval.", heads, body, more)


def _head(rows: Sequence[MetricRow], column: _Column) -> Head:
    scope, diagnosis = column
    of_column = [row for row in rows if (row.scope, row.diagnosis) == column]
    n_diagnoses = next((row.n_diagnoses for row in of_column if row.n_diagnoses), None)
    words = scope_words(scope, diagnosis, n_diagnoses)
    sizes = unique([f"{row.n_real:,} real, {row.n_synth:,} synth." for row in of_column if row.n_real])
    below = "plain mean of their values" if scope == "mean over diagnoses" else "; ".join(sizes[:1])
    return Head(words[:1].upper() + words[1:], below, number=True, long=len(words) > 16)


def _row_decimals(rows: Sequence[MetricRow]) -> int:
    """Choose the decimals of a metric, that its columns compare."""
    halves = [
        (row.high - row.low) / 2 if row.low is not None and row.high is not None else None for row in rows
    ]
    return min(common_decimals([row.value for row in rows], halves), 5)


def _value_cell(row: MetricRow | None, decimals: int) -> Cell:
    return Cell(NONE) if row is None else fixed_cell(row.value, row.low, row.high, decimals)


def reading(row: MetricRow) -> str:
    """Say where a value at matched n lies, seen from the floor's range.

    Examples
    --------
    >>> from ccmeval.fidelity.schema import Floor
    >>> floor = Floor(n=50, splits=20, unit="subject", median=9, low=8, high=10, matched_median=12)
    >>> reading(MetricRow(metric="frechet", label="FID", value=11, floor=floor))
    'worse than the floor'
    """
    floor = row.floor
    if floor is None or floor.matched_median is None or floor.low is None or floor.high is None:
        return ""
    if floor.low <= floor.matched_median <= floor.high:
        return "within the floor"
    above = floor.matched_median > floor.high
    if row.better == "neither":
        return "above the floor" if above else "below the floor"
    return "worse than the floor" if above == (row.better == "lower") else "better than the floor"


def _floor_cell(row: MetricRow | None, decimals: int) -> Cell:
    if row is None or row.floor is None:
        return Cell(NONE)
    it = row.floor
    spread = interval_text(it.low, it.high, decimals)
    where = reading(row).partition(" ")[0]
    lines = [
        f"floor {fixed_text(it.median, decimals)}",
        spread and f"({spread})",
        f"{where}, n = {it.n:,}" if where else f"n = {it.n:,}",
    ]
    return Cell(fixed_text(it.matched_median, decimals), "\n".join(filter(None, lines)))


def floor_words(fidelity: FidelityResult) -> str:
    """Say how the floors were made.

    Examples
    --------
    >>> floor_words(FidelityResult())
    ''
    """
    floors = [row.floor for row in fidelity.metrics if row.floor]
    if not floors:
        return ""
    made = unique([_floor_source(it) for it in floors])
    return (
        "A distance between finite samples of one and the same distribution is not zero. The floor is the"
        f" same metric between real frames and other real frames ({'; '.join(made)}): median, and in"
        " brackets the range of the middle 95 % of splits. “At matched n” is synthetic against real at that"
        " very number of frames, the only value that may be compared with the floor: “within” lies in the"
        " floor’s range, “worse” and “better” beyond it."
    )


def _floor_source(it: Floor) -> str:
    if it.source == "held-out frames":
        return f"held-out frames, {it.splits:,} draws"
    return f"{it.splits:,} random splits of the real set into halves that share no {it.unit}"
