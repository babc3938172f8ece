"""What is drawn in the vector figures of a three-pillar run; see :mod:`three_pillar_vector`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ccmeval.fidelity.schema import Embedding, MetricRow
from ccmeval.preservation.schema import (
    BiomarkerComparison,
    CorrelationStructure,
    GradientRow,
    PairAgreement,
)
from ccmeval.report.figures import FEWEST_FOR_OUTLINE
from ccmeval.report.numbers import fixed_text, number_text
from ccmeval.report.style import BLUE, SKY_BLUE, VERMILLION, drawable_text, hex_colour
from ccmeval.report.three_pillar_maps import short_name
from ccmeval.report.three_pillar_violins import Block
from ccmeval.report.three_pillar_words import SYMBOLS, short_scope

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY = "#5a5a5a"
REAL, SYNTH, BAND = hex_colour(BLUE), hex_colour(VERMILLION), hex_colour(SKY_BLUE)
_REACH = 5.0
_MANY_POINTS = 2000  # from here on points are a picture, to keep the file small
_LONGEST = 28


def _words(text: str) -> str:
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-(_LONGEST // 2 - 1) :]}"
    return drawable_text(short, 12)


def _axis_title(label: str, unit: str) -> str:
    return drawable_text(f"{label} ({unit})" if unit else label, 12)


def floors(figure: Figure, rows: Sequence[MetricRow]) -> None:
    """Draw distances at matched n over the floor's median, with the floor's range."""
    axes = figure.subplots()
    for y, row in enumerate(rows):
        it = row.floor
        assert it is not None
        assert it.median
        assert it.matched_median is not None
        if it.low is not None and it.high is not None:
            axes.barh(
                y,
                (it.high - it.low) / it.median,
                left=it.low / it.median,
                height=0.55,
                color="#c9cdd2",
                ec=GREY,
                lw=0.6,
            )
        if it.matched_low is not None and it.matched_high is not None:
            axes.plot([it.matched_low / it.median, it.matched_high / it.median], [y, y], color=SYNTH, lw=2)
        axes.plot(it.matched_median / it.median, y, "D", color=SYNTH, ms=4.5)
    axes.use_sticky_edges = False
    axes.margins(x=0.06)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_yticks(
        range(len(rows)), [_words(f"{row.label}, {short_scope(row.scope, row.diagnosis)}") for row in rows]
    )
    axes.set(
        xlabel="times the floor’s median, at matched n (grey: floor, real – real)",
        ylim=(len(rows) - 0.4, -0.6),
    )
    axes.axvline(1, color=GREY, lw=0.6, zorder=0)


def embedding(figure: Figure, it: Embedding) -> None:
    """Draw a t-SNE map."""
    axes = figure.subplots()
    many = len(it.points) > _MANY_POINTS
    for side, marker, colour, words in (("real", "o", REAL, "real"), ("synth", "x", SYNTH, "synthetic")):
        places = np.array([(p.x, p.y) for p in it.points if p.set == side]).reshape(-1, 2)
        axes.plot(
            *places.T,
            marker,
            color=colour,
            ms=3,
            alpha=0.7,
            mew=0.8 if side == "synth" else 0,
            label=f"{words} (n = {len(places)})",
            rasterized=many,
        )
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set_title(_words(f"t-SNE, {it.features}") + ": for the eye only", size=8, loc="left")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, frameon=False)


def equivalence(figure: Figure, rows: Sequence[BiomarkerComparison]) -> None:
    """Draw differences with their 90 % and 95 % intervals in units of the margin."""
    axes = figure.subplots()
    axes.axvspan(-1, 1, color=BAND, alpha=0.3, lw=0)
    axes.axvline(0, color=GREY, lw=0.8)
    for y, row in enumerate(rows):
        assert row.margin
        assert row.difference is not None
        for low, high, width in (
            (row.difference_low, row.difference_high, 1.0),
            (row.equivalence_low, row.equivalence_high, 3.2),
        ):
            if low is not None and high is not None:
                ends = np.clip([low / row.margin, high / row.margin], -_REACH, _REACH)
                axes.plot(ends, [y, y], color=SYNTH, lw=width, solid_capstyle="butt")
        axes.plot(
            np.clip(row.difference / row.margin, -_REACH, _REACH), y, "D", color=SYNTH, mec="white", ms=5
        )
        axes.annotate(
            f"{SYMBOLS[row.verdict]} {row.verdict}",
            (1.02, y),
            xycoords=("axes fraction", "data"),
            va="center",
            size=7,
        )
    names = [f"{row.label}, {short_scope(row.scope, row.diagnosis)}" for row in rows]
    axes.set_yticks(range(len(rows)), [_words(name) for name in names])
    reach = max(1.5, *(abs(value) for value in axes.get_xlim()))
    axes.set(
        xlabel="synthetic − real, in margins (thick: 90 % interval of TOST; thin: 95 %)",
        ylim=(len(rows) - 0.4, -0.6),
        xlim=(-reach, reach),
    )
    for y in range(1, len(rows)):
        if rows[y].biomarker != rows[y - 1].biomarker:
            axes.axhline(y - 0.5, color="#d0d0d0", lw=0.6)


def violins(figure: Figure, shown: Sequence[Block], row: BiomarkerComparison) -> None:
    """Draw values of both sets by diagnosis, with the margin around the real mean."""
    axes = figure.subplots()
    ticks, names = [], []
    for number, block in enumerate(shown):
        top = 3.4 * number
        _strip(axes, block.real, top, REAL, "o")
        _strip(axes, block.synth, top + 1, SYNTH, "x")
        if block.row:
            _tested(axes, block.row, top, bool(block.real.size))
        ticks += [top, top + 1, top + 1.9]
        names += [f"{_words(block.name)}, real", "synthetic", "mean, 90 % CI"]
    axes.set_yticks(ticks, names)
    axes.set(ylim=(3.4 * len(shown) - 0.7, -0.8), xlabel=_axis_title(row.label, row.unit))


def _strip(axes: Axes, values: Any, y: float, colour: str, marker: str) -> None:
    if values.size >= FEWEST_FOR_OUTLINE and values[-1] > values[0]:
        drawn = (
            axes.violinplot([values], [y], orientation="horizontal", widths=0.85, showextrema=False)
            if _new()
            else axes.violinplot([values], [y], vert=False, widths=0.85, showextrema=False)
        )
        for body in drawn["bodies"]:  # type: ignore[attr-defined]
            body.set(facecolor=colour, alpha=0.22, lw=0)
    spread = ((np.arange(values.size) * 0.618034 + 0.5) % 1.0 - 0.5) * 0.5
    axes.plot(
        values,
        y + spread,
        marker,
        color=colour,
        ms=2.6,
        alpha=0.75,
        mew=0.7 if marker == "x" else 0,
        rasterized=values.size > _MANY_POINTS,
    )
    if values.size:
        low, median, high = np.percentile(values, [25, 50, 75])
        axes.plot([low, high], [y, y], color="black", lw=1.2)
        axes.plot([median, median], [y - 0.3, y + 0.3], color="black", lw=1.6)


def _new() -> bool:
    """Tell whether matplotlib knows `orientation` (3.10), which replaced `vert`."""
    import matplotlib as mpl

    return tuple(map(int, mpl.__version__.split(".")[:2])) >= (3, 10)


def _tested(axes: Axes, row: BiomarkerComparison, top: float, frames: bool) -> None:
    if row.mean_real is None:
        return
    if not frames and row.sd_real is not None:
        axes.errorbar(row.mean_real, top, xerr=row.sd_real, fmt="o", color=REAL, ms=4, lw=1.4)
    y = top + 1.9
    if row.margin:
        axes.barh(
            y, 2 * row.margin, left=row.mean_real - row.margin, height=0.6, color=BAND, alpha=0.35, lw=0
        )
    axes.plot([row.mean_real] * 2, [y - 0.3, y + 0.3], color=REAL, lw=1.4)
    if row.difference is not None:
        if row.equivalence_low is not None and row.equivalence_high is not None:
            axes.plot(
                [row.mean_real + row.equivalence_low, row.mean_real + row.equivalence_high],
                [y, y],
                color="black",
                lw=1.8,
            )
        axes.plot(row.mean_real + row.difference, y, "D", color=SYNTH, mec="white", ms=5)


def gradients(figure: Figure, rows: Sequence[GradientRow]) -> None:
    """Draw the means along the diagnoses, a panel a biomarker."""
    panels = figure.subplots((len(rows) + 1) // 2, min(2, len(rows)), squeeze=False).ravel()
    for axes, row in zip(panels, rows, strict=False):
        for values, style, colour, words in (
            (row.means_real, "o-", REAL, "real"),
            (row.means_synth, "D--", SYNTH, "synthetic"),
        ):
            known = [(i, value) for i, value in enumerate(values) if value is not None]
            if known:
                axes.plot(*zip(*known, strict=True), style, color=colour, ms=4.5, lw=1.3, label=words)
        axes.set_xticks(
            range(len(row.order)),
            [_words(name) for name in row.order],
            rotation=30 if len(row.order) > 4 else 0,
            ha="right" if len(row.order) > 4 else "center",
        )
        axes.set_ylabel(_axis_title(row.label, row.unit))
        axes.set_title(f"{SYMBOLS[row.verdict]} {row.verdict}", size=8, loc="right")
        axes.margins(x=0.15, y=0.2)
    panels[0].legend(frameon=False)
    for axes in panels[len(rows) :]:
        axes.set_axis_off()


def correlations(figure: Figure, it: CorrelationStructure) -> None:
    """Draw the correlations of both sets side by side."""
    names = [_words(short_name(column)) for column in it.biomarkers]
    panels = figure.subplots(1, 2, sharey=True)
    image = None
    for axes, table, words in zip(panels, (it.real, it.synth), ("real", "synthetic"), strict=True):
        values = np.array([[np.nan if v is None else v for v in row] for row in table], dtype=float)
        image = axes.imshow(values, cmap="PuOr_r", vmin=-1, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.set_title(words, size=8, loc="left")
        for i, row in enumerate(values) if len(names) <= 9 else ():
            for j, value in enumerate(row):
                shade = "white" if abs(value) > 0.75 else "black"
                axes.text(j, i, fixed_text(value, 2), ha="center", va="center", size=6, color=shade)
    if image is not None:
        figure.colorbar(image, ax=panels, shrink=0.8, label="Spearman correlation")


def pair(figure: Figure, it: PairAgreement) -> None:
    """Draw a Bland-Altman plot of declared pairs."""
    axes = figure.subplots()
    real, synth = np.array(it.real), np.array(it.synth)
    axes.plot(
        (real + synth) / 2,
        synth - real,
        "o",
        color=REAL,
        ms=3.4,
        alpha=0.65,
        mew=0,
        rasterized=real.size > _MANY_POINTS,
    )
    if it.bias_low is not None and it.bias_high is not None:
        axes.axhspan(it.bias_low, it.bias_high, color=SYNTH, alpha=0.15, lw=0)
    for value, style, words in (
        (it.bias, "-", "bias"),
        (it.lower_limit, "--", "lower limit"),
        (it.upper_limit, "--", "upper limit"),
    ):
        if value is not None:
            axes.axhline(value, color=SYNTH, lw=1.2, ls=style)
            axes.annotate(
                f"{words}\n{number_text(value)}",
                (1.01, value),
                xycoords=("axes fraction", "data"),
                va="center",
                size=7,
                color=SYNTH,
            )
    axes.axhline(0, color="#b0b0b0", lw=0.7, zorder=0)
    unit = f" ({it.unit})" if it.unit else ""
    axes.set(
        xlabel=drawable_text(f"{it.label}, mean of real and synthetic{unit}", 12),
        ylabel=f"synthetic − real{unit}",
    )
    axes.set_title(f"n = {it.n_pairs} pairs; shaded: 95 % CI of the bias", size=7, loc="left", color=GREY)
