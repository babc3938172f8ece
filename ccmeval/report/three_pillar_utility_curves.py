"""Curves of pillar 3 inline: the primary metric as training sets change, and losses as training goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.figures import ticks
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_utility_marks import SMALL_PX, group_mark, path, ribbon
from ccmeval.report.three_pillar_utility_words import GROUP_COLOURS, group_order
from ccmeval.utility.schema import Curve, CurvePoint, ScoreRow, UnitRow

CURVE_TITLES: dict[Curve, str] = {
    "ratio": "More synthetic frames for each real one",
    "per-diagnosis": "More synthetic frames of each diagnosis",
    "loss-weight": "Weight of the real frames’ loss",
}
_AXES: dict[Curve, str] = {
    "ratio": "synthetic frames per real one (square-root axis)",
    "per-diagnosis": "synthetic frames a diagnosis",
    "loss-weight": "λ, weight of the real frames’ loss; 0.5 is plain averaging",
}
_LEFT_PX, _RIGHT_PX, _TOP_PX, _HEIGHT_PX = 46, 16, 42, 150
MOST_LINES = 30
"""Training runs drawn of a group."""

MOST_STEPS = 60
"""Points drawn of a training run."""


@dataclass(frozen=True)
class CurveData:
    """The points of one curve, and what group A reached.

    Attributes
    ----------
    points : sequence of CurvePoint
        Of one task, learner and curve.
    reference : float or None
        The same metric of group A, trained on real frames only.
    """

    points: Sequence[CurvePoint]
    reference: float | None = None

    @property
    def groups(self) -> list[str]:
        """Groups of the curve, in their order."""
        return sorted({it.group for it in self.points}, key=group_order)

    def of(self, group: str) -> list[tuple[CurvePoint, float]]:
        """Points of a group that have a value, with it, from left to right."""
        known = [(it, it.value) for it in self.points if it.group == group and it.value is not None]
        return sorted(known, key=lambda pair: pair[0].x)


def curves_of(points: Sequence[CurvePoint], scores: Sequence[ScoreRow]) -> list[CurveData]:
    """Bring the points of each learner and curve together, with what group A reached in the primary metric.

    Examples
    --------
    >>> curves_of([], [])
    []
    """
    found: dict[tuple[str, str, str, str], list[CurvePoint]] = {}
    for it in points:
        found.setdefault((it.task, it.learner, it.curve, it.metric), []).append(it)
    reached = {
        (row.task, row.learner, row.metric, row.label): row.value
        for row in scores
        if row.group == "A" and row.primary and row.diagnosis is None
    }
    return [
        CurveData(of_one, reached.get((of_one[0].task, of_one[0].learner, of_one[0].metric, of_one[0].label)))
        for of_one in found.values()
    ]


def placed(curve: Curve, x: float, lowest: float) -> float:
    """Give the place of a value on the axis of a curve.

    Frames a diagnosis stand on a logarithmic axis (a square-root one where there are none), ratios on a
    square-root one, loss weights on a plain one.

    Examples
    --------
    >>> placed("ratio", 4.0, 0.0), placed("per-diagnosis", 100.0, 10.0), placed("loss-weight", 0.5, 0.1)
    (2.0, 2.0, 0.5)
    """
    if curve == "loss-weight":
        return x
    return math.log10(x) if curve == "per-diagnosis" and lowest > 0 else math.sqrt(max(x, 0.0))


def axis_words(curve: Curve, lowest: float) -> str:
    """Name a curve's axis and its scale.

    Examples
    --------
    >>> axis_words("per-diagnosis", 25.0)
    'synthetic frames a diagnosis (logarithmic axis)'
    """
    if curve == "per-diagnosis":
        return f"{_AXES[curve]} ({'logarithmic' if lowest > 0 else 'square-root'} axis)"
    return _AXES[curve]


def curve_plot(data: CurveData) -> Markup:
    """Draw a curve with its intervals, and a dashed line where group A stands.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing without numbers.

    Examples
    --------
    >>> curve_plot(CurveData([]))
    Markup('')
    """
    known = [pair for group in data.groups for pair in data.of(group)]
    if not known:
        return Markup("")
    curve, lowest = known[0][0].curve, min(it.x for it, _ in known)
    places = {it.x: placed(curve, it.x, lowest) for it, _ in known}
    bottom, right = _TOP_PX + _HEIGHT_PX, svg.WIDTH_PX - _RIGHT_PX
    low, high = min(places.values()), max(places.values())
    pad = 0.04 * (high - low) or 0.5
    across = svg.Scale(low - pad, high + pad, _LEFT_PX, right)
    marks = _value_ticks(data, [it for it, _ in known])
    up = svg.Scale(marks[0], marks[-1], bottom, _TOP_PX)
    columns = [(across(place), x) for x, place in sorted(places.items())]
    body = [
        svg.rows(up, marks, _LEFT_PX, right, known[0][0].label),
        _column_marks(columns, bottom),
        svg.label((_LEFT_PX + right) / 2, bottom + 32, axis_words(curve, lowest), kind="axis", room_px=380),
    ]
    if data.reference is not None:
        body.append(svg.line(_LEFT_PX, up(data.reference), right, up(data.reference), "limit"))
    drawn = {
        group: [(across(places[it.x]), it, value) for it, value in data.of(group)] for group in data.groups
    }
    body += [_band(points, up, GROUP_COLOURS[group]) for group, points in drawn.items()]
    body += [_course(points, up, group) for group, points in drawn.items()]
    body.append(_curve_key(data))
    return svg.figure(body, height=bottom + 40, alt=_curve_alt(known, data))


def _value_ticks(data: CurveData, points: Sequence[CurvePoint]) -> list[float]:
    known = [value for it in points for value in (it.value, it.low, it.high) if value is not None]
    known += [data.reference] if data.reference is not None else []
    pad = 0.05 * (max(known) - min(known)) or 0.02
    return ticks(min(known) - pad, max(known) + pad, 5)


def _column_marks(columns: Sequence[tuple[float, float]], bottom: float) -> Markup:
    """Mark every point of the curve; print is left out where it would run into its neighbour."""
    parts, last = [], -99.0
    for place, value in columns:
        parts.append(svg.line(place, bottom, place, bottom + 4, "zero"))
        if place - last >= 26:
            parts.append(svg.label(place, bottom + 16, svg.tick_text(value), kind="tick", room_px=60))
            last = place
    return Markup("").join(parts)


def _band(points: Sequence[tuple[float, CurvePoint, float]], up: svg.Scale, colour: str) -> Markup:
    ends = [(x, it.low, it.high) for x, it, _ in points if it.low is not None and it.high is not None]
    if len(ends) > 1:
        return ribbon([(x, up(high)) for x, _, high in ends], [(x, up(low)) for x, low, _ in ends], colour)
    return Markup("").join(svg.line(x, up(low), x, up(high), "thin", colour) for x, low, high in ends)


def _course(points: Sequence[tuple[float, CurvePoint, float]], up: svg.Scale, group: str) -> Markup:
    places = [(x, up(value)) for x, _, value in points]
    marks = [group_mark(group, x, y) for x, y in places]
    return Markup("").join([path(places, "course", GROUP_COLOURS[group]), *marks])


def _curve_key(data: CurveData) -> Markup:
    entries = [(group_mark(group, 0, 0), group) for group in data.groups]
    if data.reference is not None:
        entries.append((svg.line(-8, 0, 8, 0, "limit"), "A, real frames only"))
    entries.append((Markup('<rect class="ribbon" x="-8" y="-5" width="16" height="10"/>'), "interval"))
    return svg.key(2, 30, entries)


def _curve_alt(known: Sequence[tuple[CurvePoint, float]], data: CurveData) -> str:
    said = [f"{it.group} at {it.x:g}: {number_text(value)}" for it, value in known]
    about = known[0][0]
    against = f" Group A: {number_text(data.reference)}." if data.reference is not None else ""
    return f"{about.label} of {about.learner}. {CURVE_TITLES[about.curve]}: {'; '.join(said)}.{against}"


Line = list[tuple[int, float]]


@dataclass(frozen=True)
class Histories:
    """Losses of a group's training runs, thinned to what is drawn."""

    group: str
    training: list[Line]
    validation: list[Line]
    n_runs: int


def histories_of(units: Sequence[UnitRow]) -> dict[tuple[str, str], list[Histories]]:
    """Bring the losses of each task and learner together, by group.

    Examples
    --------
    >>> histories_of([])
    {}
    """
    found: dict[tuple[str, str], list[Histories]] = {}
    for task, learner in dict.fromkeys((it.task, it.learner) for it in units):
        of_one = [
            it
            for it in units
            if (it.task, it.learner, it.curve) == (task, learner, None) and len(it.history) > 1
        ]
        for group in sorted({it.group for it in of_one}, key=group_order):
            runs = [it for it in of_one if it.group == group]
            shown = runs[:: max(1, -(-len(runs) // MOST_LINES))]
            lines = [[_line(it, column) for it in shown] for column in (1, 2)]
            training, validation = ([line for line in some if len(line) > 1] for some in lines)
            if training or validation:
                found.setdefault((task, learner), []).append(
                    Histories(group, training, validation, len(runs))
                )
    return found


def _line(unit: UnitRow, column: int) -> Line:
    known = [(row[0], row[column]) for row in unit.history if row[column] is not None]
    step = max(1, -(-len(known) // MOST_STEPS))
    kept = known[::step]
    if known and kept[-1] != known[-1]:
        kept.append(known[-1])
    return [(number, float(value)) for number, value in kept if value is not None]


def loss_bounds(groups: Sequence[Histories]) -> tuple[float, float]:
    """Choose the axis of losses: what lies above the 98 % quantile is drawn at the rim.

    Examples
    --------
    >>> loss_bounds([Histories("A", [[(0, 1.0), (1, 0.5)]], [], 1)])
    (0.5, 1.0)
    """
    known = sorted(v for it in groups for line in (*it.training, *it.validation) for _, v in line)
    return known[0], known[min(len(known) - 1, math.ceil(0.98 * len(known)))]


def history_plot(it: Histories, groups: Sequence[Histories]) -> Markup:
    """Draw the losses of a group's training runs on the axes that all groups share.

    Examples
    --------
    >>> one = Histories("A", [[(0, 1.0), (1, 0.5)]], [], 1)
    >>> "training" in history_plot(one, [one])
    True
    """
    low, high = loss_bounds(groups)
    last = max(line[-1][0] for one in groups for line in (*one.training, *one.validation))
    left, top, bottom = 42.0, 32.0, 142.0
    marks = ticks(low, high, 4)
    across = svg.Scale(0.0, float(max(last, 1)), left, SMALL_PX - 10.0)
    up = svg.Scale(marks[0], marks[-1], bottom, top)
    body = [
        svg.columns(across, svg.inside(ticks(0.0, float(last), 3), 0.0, float(last)), top, bottom, "steps"),
        svg.rows(up, marks, left, SMALL_PX - 10.0, "loss"),
    ]
    for lines, kind, colour in (
        (it.training, "loss training", "#8a9199"),
        (it.validation, "loss validation", GROUP_COLOURS[it.group]),
    ):
        body += [path([(across(n), up.clipped(v)) for n, v in line], kind, colour) for line in lines]
    entries = [
        (svg.line(-8, 0, 8, 0, "loss training", "#8a9199"), "training"),
        (svg.line(-8, 0, 8, 0, "loss validation", GROUP_COLOURS[it.group]), "validation"),
    ]
    body.append(svg.key(40, 22, entries))
    ends = [line[-1][1] for line in it.validation]
    said = f"; last validation losses {number_text(min(ends))} to {number_text(max(ends))}" if ends else ""
    alt = f"Losses of {it.n_runs:,} training runs of group {it.group}{said}."
    return svg.figure(body, height=bottom + 40, alt=alt, width=SMALL_PX)
