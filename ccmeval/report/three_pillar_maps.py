"""Pictures of the whole: the t-SNE map of features and the correlations among biomarkers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ccmeval.fidelity.schema import Embedding, EmbeddingPoint
from ccmeval.morphometry.definitions import COLUMNS, definition
from ccmeval.preservation.schema import CorrelationStructure
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.numbers import NONE, fixed_text
from ccmeval.report.style import BLUE, VERMILLION, hex_colour
from ccmeval.report.view import plural

MOST_POINTS = 600
"""Of each set in a map on the page; the vector file shows all."""

MOST_BIOMARKERS = 18
_MOST_NUMBERED = 9
_MAP_PX, _TOP_PX = 300, 26


def embedding_plot(it: Embedding) -> Markup:
    """Draw a t-SNE map, real rounds and synthetic crosses.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing without points.

    Examples
    --------
    >>> embedding_plot(Embedding(features="clip", perplexity=30, seed=0))
    Markup('')
    """
    if not it.points:
        return Markup("")
    places = np.array([(point.x, point.y) for point in it.points])
    low, high = places.min(axis=0), places.max(axis=0)
    across = svg.Scale(float(low[0]), float(high[0]), 12, svg.WIDTH_PX - 12)
    up = svg.Scale(float(low[1]), float(high[1]), _TOP_PX + _MAP_PX - 10, _TOP_PX + 10)
    body = [svg.box(1, _TOP_PX, svg.WIDTH_PX - 1, _TOP_PX + _MAP_PX, "rim")]
    entries = []
    for side, words in (("real", "real"), ("synth", "synthetic")):
        points = [point for point in it.points if point.set == side]
        body.append(svg.dots(side, [(across(p.x), up(p.y)) for p in evenly(points, MOST_POINTS)]))
        entries.append((svg.dots(side, [(0, 0)]), f"{plural(len(points), f'{words} frame')}"))
    body.append(svg.key(2, 16, entries))
    return svg.figure(
        body, height=_TOP_PX + _MAP_PX + 4, alt=f"t-SNE map of {it.features} features; for the eye only."
    )


def evenly(points: Sequence[EmbeddingPoint], most: int) -> list[EmbeddingPoint]:
    """Keep at most so many, spread evenly over the list.

    Examples
    --------
    >>> evenly([], 3)
    []
    """
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def short_name(column: str) -> str:
    """Name a biomarker as a reader knows it.

    Examples
    --------
    >>> short_name("cnfl_mm_per_mm2"), short_name("own_measure")
    ('CNFL', 'own_measure')
    """
    return definition(column).label if column in COLUMNS else column


def correlation_plot(it: CorrelationStructure) -> Markup:
    """Draw the correlations: real below the diagonal, synthetic above, so that mirrored cells compare.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element, or nothing with fewer than two biomarkers.

    Examples
    --------
    >>> correlation_plot(CorrelationStructure())
    Markup('')
    """
    names = [short_name(column) for column in it.biomarkers[:MOST_BIOMARKERS]]
    if len(names) < 2 or len(it.real) < len(names) or len(it.synth) < len(names):
        return Markup("")
    left, top = 104, 84
    side = min((svg.WIDTH_PX - left - 44) / len(names), 48.0)
    body = []
    for i, name in enumerate(names):
        y = top + side * (i + 0.5)
        body.append(svg.label(left - 6, y + 4, name, room_px=left - 10))
        turn = Markup('<g transform="translate({} {}) rotate(-55)">{}</g>')
        words = svg.label(0, 0, name, kind="start", room_px=104)
        body.append(turn.format(round(left + side * (i + 0.5), 1), top - 6, words))
        for j in range(len(names)):
            if i != j:
                value = (it.real if i > j else it.synth)[i][j]
                body.append(_cell(left + side * j, top + side * i, side, value, len(names)))
    bottom = top + side * len(names)
    body.append(svg.line(left, top, left + side * len(names), bottom, "zero"))
    for number, said in enumerate(("below the diagonal: real", "above the diagonal: synthetic")):
        body.append(svg.label(left, bottom + 18 + 16 * number, said, kind="start small", room_px=280))
    alt = "Correlations of the biomarkers: real below the diagonal, synthetic above; see correlation.csv."
    return svg.figure(body, height=bottom + 40, alt=alt)


def _cell(x: float, y: float, side: float, value: float | None, count: int) -> Markup:
    colour, strength = cell_colour(value)
    rect = Markup(
        '<rect class="cell" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"'
        ' fill-opacity="{:.2f}"/>'
    ).format(x, y, side, side, colour, strength)
    if count > _MOST_NUMBERED and value is not None:
        return rect
    words = fixed_text(value, 2) if value is not None else NONE
    return rect + svg.label(round(x + side / 2, 1), round(y + side / 2 + 4, 1), words, kind="inside")


def cell_colour(value: float | None) -> tuple[str, float]:
    """Give a correlation's colour and its opacity: blue below zero, vermillion above.

    Examples
    --------
    >>> cell_colour(None), cell_colour(-1.0)
    (('none', 0.0), ('#0072b2', 0.75))
    """
    if value is None:
        return "none", 0.0
    return hex_colour(BLUE if value < 0 else VERMILLION), round(0.75 * min(abs(value), 1.0), 2)
