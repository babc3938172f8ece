"""The equivalence plot: every difference with its intervals against the margin set beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.figures import ticks
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_words import (
    MOST_DIAGNOSES,
    SYMBOLS,
    known_diagnoses,
    scope_words,
    short_scope,
)

MOST_ROWS = 60
_ROW_PX, _HEAD_PX, _TOP_PX = 20, 22, 32
_LEFT_PX, _RIGHT_PX = 134, 100
_LEAST, _MOST = 1.6, 5.0
"""The axis reaches so many margins to each side; what lies beyond is drawn at the rim with an arrow."""


def shown_comparisons(
    rows: Sequence[BiomarkerComparison], family: str = "primary"
) -> list[BiomarkerComparison]:
    """Choose the rows that tables and figures of a family show: bounded, whatever the number of diagnoses.

    Examples
    --------
    >>> shown_comparisons([])
    []
    """
    names = known_diagnoses(rows)[:MOST_DIAGNOSES]
    return [
        row for row in rows if row.family == family and (row.scope != "diagnosis" or row.diagnosis in names)
    ]


def by_biomarker(rows: Sequence[BiomarkerComparison]) -> list[BiomarkerComparison]:
    """Bring the rows of each biomarker together, in the order in which biomarkers and diagnoses come.

    Examples
    --------
    >>> by_biomarker([])
    []
    """
    order = list(dict.fromkeys(row.biomarker for row in rows))
    return sorted(rows, key=lambda row: order.index(row.biomarker))


def equivalence_plot(rows: Sequence[BiomarkerComparison]) -> Markup:
    """Draw synthetic minus real in units of the margin, with 90 % and 95 % intervals.

    Parameters
    ----------
    rows : sequence of BiomarkerComparison
        Of which those with a difference and a margin are drawn, under their biomarker's name.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing where there is no such row.

    Examples
    --------
    >>> equivalence_plot([])
    Markup('')
    """
    drawn = [row for row in by_biomarker(rows) if row.difference is not None and row.margin][:MOST_ROWS]
    if not drawn:
        return Markup("")
    reach = min(max([_LEAST, *[1.05 * abs(value) for row in drawn for value in _values(row)]]), _MOST)
    scale = svg.Scale(-reach, reach, _LEFT_PX, svg.WIDTH_PX - _RIGHT_PX)
    body, y, last = [], float(_TOP_PX), ""
    for row in drawn:
        if row.biomarker != last:
            words = f"{row.label}: margin ± {number_text(row.margin)} {row.unit}".strip()
            if len({it.margin for it in drawn if it.biomarker == row.biomarker}) > 1:
                words = row.label
            body.append(svg.label(4, y + 15, words, kind="part", room_px=380))
            y, last = y + _HEAD_PX, row.biomarker
        body.append(_row(scale, y, row))
        y += _ROW_PX
    marks = svg.inside(ticks(-reach, reach, 5 if reach < 3 else 7), -reach, reach)
    back = [
        svg.box(scale(-1), _TOP_PX, scale(1), y, "margin"),
        svg.columns(scale, marks, _TOP_PX, y, "synthetic − real, in margins"),
        svg.line(scale(0), _TOP_PX, scale(0), y, "zero"),
        _key(),
    ]
    return svg.figure([*back, *body], height=y + 40, alt=_alt(drawn), extra="tall")


def _alt(rows: Sequence[BiomarkerComparison]) -> str:
    said = [f"{row.label}, {scope_words(row.scope, row.diagnosis)}: {row.verdict}" for row in rows]
    return "Differences in units of the equivalence margin. " + "; ".join(said) + "."


def _values(row: BiomarkerComparison) -> list[float]:
    found = (
        row.difference,
        row.difference_low,
        row.difference_high,
        row.equivalence_low,
        row.equivalence_high,
    )
    return [value / row.margin for value in found if value is not None and row.margin]


def _row(scale: svg.Scale, top: float, row: BiomarkerComparison) -> Markup:
    assert row.margin
    assert row.difference is not None
    middle, colour = top + _ROW_PX / 2, svg.COLOURS["synth"]
    parts = [
        svg.label(_LEFT_PX - 8, middle + 4, short_scope(row.scope, row.diagnosis), room_px=_LEFT_PX - 12)
    ]
    for low, high, kind in (
        (row.difference_low, row.difference_high, "thin"),
        (row.equivalence_low, row.equivalence_high, "thick"),
    ):
        if low is not None and high is not None:
            parts.append(_bar(scale, middle, low / row.margin, high / row.margin, kind, colour))
    parts.append(svg.mark("synth", scale.clipped(row.difference / row.margin), middle))
    words = f"{SYMBOLS[row.verdict]} {row.verdict}"
    parts.append(svg.label(svg.WIDTH_PX - _RIGHT_PX + 12, middle + 4, words, kind="verdict-word"))
    return Markup("").join(parts)


def _bar(scale: svg.Scale, y: float, low: float, high: float, kind: str, colour: str) -> Markup:
    parts = [svg.line(scale.clipped(low), y, scale.clipped(high), y, kind, colour)]
    if kind == "thin":
        if high > scale.high:
            parts.append(_arrow(scale.end, y, 1, colour))
        if low < scale.low:
            parts.append(_arrow(scale.start, y, -1, colour))
    return Markup("").join(parts)


def _arrow(x: float, y: float, way: int, colour: str) -> Markup:
    return Markup('<path d="M{} {}l{} 4v-8Z" fill="{}"/>').format(x + 5 * way, y, -6 * way, colour)


def _key() -> Markup:
    colour = svg.COLOURS["synth"]
    return svg.key(
        4,
        16,
        [
            (svg.box(-8, -6, 8, 6, "margin"), "± margin"),
            (svg.line(-8, 0, 8, 0, "thick", colour), "90 % interval (TOST)"),
            (svg.line(-8, 0, 8, 0, "thin", colour), "95 %"),
        ],
    )
