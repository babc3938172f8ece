"""Inline figures of pillar 3: the forest of differences, and scores of groups with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.figures import ticks
from ccmeval.report.numbers import fixed_text, number_text
from ccmeval.report.three_pillar_utility_differences import (
    comparison_words,
    difference_decimals,
    primary_differences,
    signed_text,
)
from ccmeval.report.three_pillar_utility_marks import clipped_bar, group_mark
from ccmeval.report.three_pillar_utility_scores import mean_text, score_decimals
from ccmeval.report.three_pillar_utility_words import (
    BASELINE,
    GROUP_COLOURS,
    MOST_LEARNERS,
    full_label,
    group_order,
    learners_in,
    percent_words,
)
from ccmeval.report.three_pillar_words import SYMBOLS
from ccmeval.utility.schema import DifferenceRow, ScoreRow, UnitRow

MOST_FOREST_ROWS = 48
MOST_DOTS = 60
"""Training runs drawn of a group."""

GREY = "#7a828a"
_ROW_PX, _HEAD_PX, _TOP_PX = 21, 22, 34
_LEFT_PX, _RIGHT_PX = 108, 128
_MOST_MARGINS = 8.0
"""The forest reaches at most so many margins; what lies beyond is drawn at the rim with an arrow."""


def forest_rows(differences: Sequence[DifferenceRow]) -> list[DifferenceRow]:
    """Choose what the forest shows: differences of the primary metric that have a number.

    Examples
    --------
    >>> forest_rows([])
    []
    """
    found = primary_differences(differences)
    names = learners_in(found)[:MOST_LEARNERS]
    shown = [row for row in found if row.value is not None and row.learner in names]
    return shown[:MOST_FOREST_ROWS]


def forest_reach(rows: Sequence[DifferenceRow]) -> float:
    """Choose how far the forest's axis goes to each side.

    Examples
    --------
    >>> row = DifferenceRow(task="diagnosis", learner="l", group="B", against="A", metric="m", label="M",
    ...                     level="frame", value=0.02, low=-0.1, high=0.14, margin=0.05)
    >>> round(forest_reach([row]), 3)
    0.151
    """
    margins = [row.margin for row in rows if row.margin]
    known = [
        abs(value)
        for row in rows
        for value in (row.value, row.low, row.high, row.margin)
        if value is not None
    ]
    widest = 1.08 * max(known, default=1.0) or 1.0
    return min(widest, _MOST_MARGINS * max(margins)) if margins else widest


def way_words(row: DifferenceRow) -> str:
    """Say which side of zero is the better one.

    Examples
    --------
    >>> way_words(DifferenceRow(task="diagnosis", learner="l", group="B", against="A", metric="m", label="M",
    ...                         level="frame", better="lower"))
    'left of zero is better'
    """
    return {"higher": "right of zero is better", "lower": "left of zero is better", "neither": ""}[row.better]


def forest_plot(differences: Sequence[DifferenceRow]) -> Markup:
    """Draw the differences of the primary metric with intervals, the margin and the zero line.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing where no difference has a number.

    Examples
    --------
    >>> forest_plot([])
    Markup('')
    """
    rows = forest_rows(differences)
    if not rows:
        return Markup("")
    reach, decimals = forest_reach(rows), difference_decimals(rows)
    scale = svg.Scale(-reach, reach, _LEFT_PX, svg.WIDTH_PX - _RIGHT_PX)
    body, y, last = [], float(_TOP_PX), None
    for row in rows:
        if row.learner != last:
            body.append(svg.label(4, y + 15, row.learner, kind="part", room_px=380))
            y, last = y + _HEAD_PX, row.learner
        body.append(_forest_row(scale, y + _ROW_PX / 2, row))
        y += _ROW_PX
    marks = svg.inside(ticks(-reach, reach, 5), -reach, reach)
    margins = {row.margin for row in rows if row.margin}
    back = [
        svg.box(scale.clipped(-max(margins)), _TOP_PX, scale.clipped(max(margins)), y, "margin")
        if margins
        else Markup(""),
        svg.columns(scale, marks, _TOP_PX, y, _axis_words(rows[0])),
        svg.line(scale(0), _TOP_PX, scale(0), y, "zero"),
        _forest_key(rows[0], max(margins, default=None)),
    ]
    return svg.figure([*back, *body], height=y + 40, alt=_forest_alt(rows, decimals), extra="tall")


def _axis_words(row: DifferenceRow) -> str:
    way = way_words(row)
    return f"difference; {way}" if way else "difference"


def _forest_key(row: DifferenceRow, margin: float | None) -> Markup:
    entries = [(svg.line(-8, 0, 8, 0, "thin interval", GREY), percent_words(row.confidence))]
    if margin is not None:
        entries.insert(0, (svg.box(-8, -6, 8, 6, "margin"), f"± {margin:g}: margin"))
    if row.smallest_detectable is not None:
        entries.append((_bracket(0, 0), "smallest detectable"))
    return svg.key(4, 16, entries)


def _bracket(x: float, y: float) -> Markup:
    return Markup('<path class="bracket" d="M{} {}v9"/>').format(x, y - 4.5)


def _forest_row(scale: svg.Scale, middle: float, row: DifferenceRow) -> Markup:
    assert row.value is not None
    colour = GROUP_COLOURS[row.group]
    parts = [svg.label(_LEFT_PX - 8, middle + 4, comparison_words(row), room_px=_LEFT_PX - 12)]
    if row.smallest_detectable is not None and row.smallest_detectable <= scale.high:
        parts += [_bracket(scale(sign * row.smallest_detectable), middle) for sign in (-1, 1)]
    if row.low is not None and row.high is not None:
        parts.append(clipped_bar(scale, middle, row.low, row.high, "thin interval", colour))
    parts.append(group_mark(row.group, scale.clipped(row.value), middle))
    right = svg.WIDTH_PX - _RIGHT_PX + 12
    effect = {"no detectable effect": "none detectable"}.get(row.effect, row.effect)
    words = f"{SYMBOLS[row.effect]} {effect}"
    return Markup("").join([*parts, svg.label(right, middle + 4, words, kind="verdict-word", room_px=126)])


def _forest_alt(rows: Sequence[DifferenceRow], decimals: int) -> str:
    said = [
        f"{row.learner}, {comparison_words(row)}: {signed_text(row.value, decimals)}, {row.effect}"
        for row in rows
    ]
    return f"Differences in {full_label(rows[0])}. {'; '.join(said)}."


def shown_scores(scores: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Choose what the figure of scores shows: the primary metric, by learner and group.

    Examples
    --------
    >>> shown_scores([])
    []
    """
    primary = [row for row in scores if row.primary and row.diagnosis is None and row.value is not None]
    names = learners_in(primary)[:MOST_LEARNERS]
    chosen = [row for row in primary if row.learner in names]
    return sorted(chosen, key=lambda row: (names.index(row.learner), group_order(row.group)))


def run_scores(row: ScoreRow, units: Sequence[UnitRow]) -> list[float]:
    """Give the validation scores of the training runs behind a row, evenly chosen where there are many.

    Examples
    --------
    >>> row = ScoreRow(task="diagnosis", learner="l", group="A", metric="m", label="M", level="frame")
    >>> run_scores(row, [])
    []
    """
    wanted = (row.task, row.learner, row.group, None)
    found = [
        it.validation_score
        for it in units
        if (it.task, it.learner, it.group, it.curve) == wanted and it.validation_score is not None
    ]
    step = max(1, -(-len(found) // MOST_DOTS))
    return sorted(found)[::step]


def scores_plot(scores: Sequence[ScoreRow], units: Sequence[UnitRow] = ()) -> Markup:
    """Draw the primary metric of every group: mean, SD, interval, and validation scores of single runs.

    Parameters
    ----------
    scores : sequence of ScoreRow
        Of one task.
    units : sequence of UnitRow
        Whose validation scores are drawn as ticks.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing without numbers.

    Examples
    --------
    >>> scores_plot([])
    Markup('')
    """
    rows = shown_scores(scores)
    if not rows:
        return Markup("")
    runs = [run_scores(row, units) for row in rows]
    marks = _score_ticks(rows, runs)
    scale = svg.Scale(marks[0], marks[-1], _LEFT_PX, svg.WIDTH_PX - _RIGHT_PX + 36)
    decimals = score_decimals(rows)
    body, y, last = [], float(_TOP_PX), None
    for row, of_row in zip(rows, runs, strict=True):
        if row.learner != last:
            name = f"{row.learner} (interpretable baseline)" if row.learner == BASELINE else row.learner
            body.append(svg.label(4, y + 15, name, kind="part", room_px=380))
            y, last = y + _HEAD_PX, row.learner
        body.append(_score_row(scale, y + _ROW_PX / 2, row, of_row, decimals))
        y += _ROW_PX
    back = [
        svg.columns(scale, marks, _TOP_PX, y, ""),
        svg.label(4, y + 32, full_label(rows[0]), kind="start", room_px=390),
        _scores_key(rows[0], any(runs)),
    ]
    return svg.figure([*back, *body], height=y + 40, alt=_scores_alt(rows, decimals), extra="tall")


def _score_ticks(rows: Sequence[ScoreRow], runs: Sequence[Sequence[float]]) -> list[float]:
    known = [value for of_row in runs for value in of_row]
    for row in rows:
        assert row.value is not None
        spread = row.sd or 0.0
        ends = (row.low, row.high, row.value - spread, row.value + spread)
        known += [value for value in ends if value is not None]
    return ticks(min(known), max(known), 5)


def _scores_key(row: ScoreRow, runs: bool) -> Markup:
    entries = [
        (svg.line(-8, 0, 8, 0, "thick interval", GREY), "± SD"),
        (svg.line(-8, 0, 8, 0, "thin interval", GREY), percent_words(row.confidence)),
    ]
    if runs:
        entries.append((_tick(0, 0), "a model on its validation frames"))
    return svg.key(4, 16, entries)


def _tick(x: float, y: float) -> Markup:
    return Markup('<path class="run" d="M{} {}v5"/>').format(x, y + 4)


def _score_row(
    scale: svg.Scale, middle: float, row: ScoreRow, runs: Sequence[float], decimals: int
) -> Markup:
    assert row.value is not None
    colour = GROUP_COLOURS[row.group]
    parts = [svg.label(_LEFT_PX - 8, middle + 4, row.group, room_px=_LEFT_PX - 12)]
    parts += [_tick(scale(value), middle) for value in runs]
    if row.sd is not None:
        ends = (scale(row.value - row.sd), scale(row.value + row.sd))
        parts.append(svg.line(ends[0], middle, ends[1], middle, "thick interval", colour))
    if row.low is not None and row.high is not None:
        parts.append(svg.line(scale(row.low), middle, scale(row.high), middle, "thin interval", colour))
    parts.append(group_mark(row.group, scale(row.value), middle))
    words = mean_text(row.value, row.sd, decimals)
    right = svg.WIDTH_PX - _RIGHT_PX + 48
    return Markup("").join([*parts, svg.label(right, middle + 4, words, kind="verdict-word", room_px=90)])


def _scores_alt(rows: Sequence[ScoreRow], decimals: int) -> str:
    said = [
        f"{row.learner}, {row.group}: {fixed_text(row.value, decimals)}, SD {number_text(row.sd)}"
        for row in rows
    ]
    return f"{full_label(rows[0])} by group. {'; '.join(said)}."
