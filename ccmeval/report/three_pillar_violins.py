"""Real and synthetic values of a biomarker side by side, with the margin that equivalence is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ccmeval.evaluation.schema import SetSummary, ThreePillarResult
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.figures import (
    FEWEST_FOR_OUTLINE,
    FEWEST_FOR_QUARTILES,
    MOST_POINTS,
    density,
    ticks,
)
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_words import MOST_DIAGNOSES, set_named

Values = npt.NDArray[np.float64]

ALL = "all frames"
_ROW_PX, _TEST_PX, _GAP_PX, _TOP_PX, _LEFT_PX, _RIGHT_PX = 28, 18, 12, 44, 116, 14


@dataclass(frozen=True)
class Block:
    """One diagnosis: values of both sets and the row of the table that compares them."""

    name: str
    real: Values
    synth: Values
    row: BiomarkerComparison | None


def unit_means(of: SetSummary | None, column: str, diagnosis: str | None, by_subject: bool) -> Values:
    """Collect a biomarker's values: each subject's mean over its frames, or each frame's own.

    Parameters
    ----------
    of : SetSummary or None
    column : str
        Biomarker.
    diagnosis : str or None
        None takes all frames.
    by_subject : bool
        Whether subjects are what the table's means are over.

    Returns
    -------
    float array (N,)
        Sorted.

    Examples
    --------
    >>> unit_means(None, "cnfl_mm_per_mm2", None, True).size
    0
    """
    by_unit: dict[str, list[float]] = {}
    for row in of.frames if of else ():
        value = row.biomarkers.get(column)
        if value is not None and np.isfinite(value) and diagnosis in (None, row.diagnosis):
            by_unit.setdefault(row.cluster if by_subject else row.frame, []).append(value)
    return np.sort(np.array([float(np.mean(found)) for found in by_unit.values()], dtype=np.float64))


def blocks(result: ThreePillarResult, column: str) -> list[Block]:
    """Collect what a biomarker's figure shows, a block a diagnosis (or one of all frames).

    Examples
    --------
    >>> blocks(ThreePillarResult(created=""), "cnfl_mm_per_mm2")
    []
    """
    rows = [
        it
        for it in (result.preservation.comparisons if result.preservation else ())
        if it.biomarker == column
    ]
    by_diagnosis = [it for it in rows if it.scope == "diagnosis"][:MOST_DIAGNOSES]
    chosen = by_diagnosis or [it for it in rows if it.scope == "pooled"]
    real, synth = set_named(result, "real"), set_named(result, "synth")
    return [Block(row.diagnosis or ALL, _means(real, row), _means(synth, row), row) for row in chosen]


def _means(of: SetSummary | None, row: BiomarkerComparison) -> Values:
    return unit_means(of, row.biomarker, row.diagnosis, row.unit_of_analysis == "subject")


def violins(found: Sequence[Block], *, label: str, unit: str) -> Markup:
    """Draw values of both sets by diagnosis.

    Parameters
    ----------
    found : sequence of Block
    label, unit : str
        Of the axis.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element: points with the density's outline and the quartiles, real above synthetic; below
        both, shaded, the real mean ± margin, and on it the synthetic mean with the interval that is compared.
        A real set known by mean and SD alone is a bar. Empty where there is nothing to draw.

    Examples
    --------
    >>> violins([], label="CNFL", unit="mm/mm²")
    Markup('')
    """
    reach = [value for block in found for value in _reach(block)]
    if not reach:
        return Markup("")
    low, high = min(reach), max(reach)
    low = 0.0 if 0 <= low < 0.6 * high else low
    marks = ticks(low, high)
    scale = svg.Scale(marks[0], marks[-1], _LEFT_PX, svg.WIDTH_PX - _RIGHT_PX)
    step = 2 * _ROW_PX + _TEST_PX + _GAP_PX
    bottom = _TOP_PX + step * len(found) - _GAP_PX / 2
    body = [svg.columns(scale, marks, _TOP_PX, bottom, f"{label} ({unit})" if unit else label), _key()]
    body += [_block(scale, _TOP_PX + step * number, block) for number, block in enumerate(found)]
    return svg.figure(body, height=bottom + 40, alt=f"{label}, real and synthetic. {_alt(found)}")


def _alt(found: Sequence[Block]) -> str:
    said = []
    for block in found:
        for words, values in (("real", block.real), ("synthetic", block.synth)):
            if values.size:
                said.append(
                    f"{block.name}, {words}: median {number_text(float(np.median(values)))}, n ="
                    f" {values.size}"
                )
    return "; ".join(said) + "."


def _reach(block: Block) -> list[float]:
    found = [
        float(it) for values in (block.real, block.synth) if values.size for it in (values[0], values[-1])
    ]
    row = block.row
    if row and row.mean_real is not None:
        spread = max(row.margin or 0.0, (row.sd_real or 0.0) if not block.real.size else 0.0)
        found += [row.mean_real - spread, row.mean_real + spread]
        found += [row.mean_real + it for it in (row.equivalence_low, row.equivalence_high) if it is not None]
    return found


def _block(scale: svg.Scale, top: float, block: Block) -> Markup:
    parts = [svg.label(_LEFT_PX - 8, top + 12, block.name, room_px=_LEFT_PX - 12)]
    row = block.row
    for number, (side, values) in enumerate((("real", block.real), ("synth", block.synth))):
        middle = top + _ROW_PX * (number + 0.5)
        words = f"{side} n = {values.size}" if values.size else ""
        if side == "real" and not values.size and row and row.mean_real is not None:
            words = "real, mean ± SD"
            parts.append(_mean_bar(scale, middle, row))
        parts.append(svg.label(_LEFT_PX - 8, middle + (12 if number == 0 else 4), words, kind="count"))
        if values.size:
            parts.append(_values(scale, middle, values, side))
    if row and row.mean_real is not None and row.difference is not None:
        parts.append(_tested(scale, top + 2 * _ROW_PX + _TEST_PX / 2, row, row.mean_real, row.difference))
    return Markup("").join(parts)


def _mean_bar(scale: svg.Scale, middle: float, row: BiomarkerComparison) -> Markup:
    assert row.mean_real is not None
    spread = row.sd_real or 0.0
    ends = scale(row.mean_real - spread), scale(row.mean_real + spread)
    bar = svg.line(ends[0], middle, ends[1], middle, "thick", svg.COLOURS["real"])
    return bar + svg.mark("real", scale(row.mean_real), middle)


def _tested(
    scale: svg.Scale, middle: float, row: BiomarkerComparison, mean: float, difference: float
) -> Markup:
    parts = []
    if row.margin:
        ends = scale(mean - row.margin), scale(mean + row.margin)
        parts.append(svg.box(ends[0], middle - 7, ends[1], middle + 7, "margin"))
    parts.append(svg.line(scale(mean), middle - 7, scale(mean), middle + 7, "zero"))
    if row.equivalence_low is not None and row.equivalence_high is not None:
        ends = scale(mean + row.equivalence_low), scale(mean + row.equivalence_high)
        parts.append(svg.line(ends[0], middle, ends[1], middle, "tested"))
    parts.append(svg.mark("synth", scale(mean + difference), middle))
    return Markup("").join(parts)


def _values(scale: svg.Scale, middle: float, values: Values, side: str) -> Markup:
    parts = []
    if values.size >= FEWEST_FOR_OUTLINE and values[-1] > values[0]:
        parts.append(_outline(scale, middle, values, side))
    shown = values
    if values.size > MOST_POINTS:
        shown = values[np.linspace(0, values.size - 1, MOST_POINTS).round().astype(int)]
    # The golden ratio spreads neighbours apart without chance: the same values give the same page.
    spread = ((np.arange(shown.size) * 0.618034 + 0.5) % 1.0 - 0.5) * 13
    places = [(scale(x), round(middle + y, 1)) for x, y in zip(shown.tolist(), spread.tolist(), strict=True)]
    parts.append(svg.dots(side, places))
    if values.size >= FEWEST_FOR_QUARTILES:
        low, median, high = (scale(float(it)) for it in np.percentile(values, [25, 50, 75]))
        parts.append(svg.line(low, middle, high, middle, "quartiles"))
        parts.append(svg.line(median, middle - 7, median, middle + 7, "median"))
    return Markup("").join(parts)


def _outline(scale: svg.Scale, middle: float, values: Values, side: str) -> Markup:
    grid = np.linspace(values[0], values[-1], 64)
    found = density(values, grid)
    half = (found / found.max() * (_ROW_PX / 2 - 2)).tolist()
    upper = [f"{scale(x)},{middle - y:.1f}" for x, y in zip(grid.tolist(), half, strict=True)]
    lower = [f"{scale(x)},{middle + y:.1f}" for x, y in zip(grid.tolist(), half, strict=True)]
    return Markup('<polygon points="{}" fill="{}" fill-opacity="0.2"/>').format(
        " ".join(upper + lower[::-1]), svg.COLOURS[side]
    )


def _key() -> Markup:
    values = [(svg.dots("real", [(0, 0)]), "real"), (svg.dots("synth", [(0, 0)]), "synthetic")]
    quartiles = svg.line(-9, 0, 9, 0, "quartiles") + svg.line(0, -6, 0, 6, "median")
    band = svg.box(-8, -6, 8, 6, "margin") + svg.line(0, -6, 0, 6, "zero")
    tested = svg.line(-9, 0, 9, 0, "tested") + svg.mark("synth", 0, 0)
    first = svg.key(2, 14, [*values, (quartiles, "median, quartiles")])
    return first + svg.key(2, 32, [(band, "real mean ± margin"), (tested, "synthetic mean, 90 % CI")])
