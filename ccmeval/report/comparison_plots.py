"""What is drawn in the figures of a comparison that lie beside its page; see :mod:`comparison_vector`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ccmeval.comparison.schema import Reference
from ccmeval.fidelity.schema import Floor
from ccmeval.report.comparison_ablation import Chart
from ccmeval.report.comparison_dots import DotPlot
from ccmeval.report.comparison_marks import MATPLOTLIB_MARKS, colour_of, shape_of
from ccmeval.report.comparison_matrices import Matrix
from ccmeval.report.comparison_ranks import leading
from ccmeval.report.comparison_words import BETTER_WORDS
from ccmeval.report.figures import shortened
from ccmeval.report.style import drawable_text
from ccmeval.report.three_pillar_plots import GREY, REAL, SYNTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FLOOR = "#c9cdd2"
_ROOM_PX = 190.0
_MOST_BANDS = 3


def _words(text: str, room_px: float = _ROOM_PX) -> str:
    return drawable_text(shortened(text, room_px), 12)


def dots(figure: Figure, plot: DotPlot) -> None:
    """Draw values with their intervals beside the floor."""
    axes = figure.subplots()
    if plot.floor is not None:
        _band(axes, plot.floor, -0.5, len(plot.rows) - 0.5)
    if plot.reference is not None:
        _reference_band(axes, plot.reference, -0.5, len(plot.rows) - 0.5)
    for y, row in enumerate(plot.rows):
        it = row.value
        if it is None or it.value is None:
            axes.annotate(
                "no number", (0.01, y), xycoords=("axes fraction", "data"), va="center", size=7, color=GREY
            )
            continue
        if plot.floor is None and it.floor is not None:
            _band(axes, it.floor, y - 0.4, y + 0.4)
        if plot.reference is None and it.reference is not None:
            _reference_band(axes, it.reference, y - 0.4, y + 0.4)
        if it.low is not None and it.high is not None:
            axes.plot([it.low, it.high], [y, y], color=SYNTH, lw=1.6)
        axes.plot(it.value, y, "D", color=SYNTH, mec="white", ms=5.5)
        _matched(axes, it.floor, y + 0.3)
        axes.annotate(
            _words(row.letters),
            (1.01, y),
            xycoords=("axes fraction", "data"),
            va="center",
            size=7,
            color=GREY,
        )
    axes.set_yticks(range(len(plot.rows)), [_words(row.name) for row in plot.rows])
    better = BETTER_WORDS[plot.definition.better]
    axes.set(xlabel=_words(f"{plot.title}; {better}", 400), ylim=(len(plot.rows) - 0.4, -0.6))
    if any(row.value is not None and row.value.floor is not None for row in plot.rows):
        words = "grey: floor, real – real; rings: at the floor’s number of frames"
        axes.set_title(words, size=7, loc="left", color=GREY)
    elif plot.references:
        label = plot.references[0].label
        words = f"blue: {label[:1].lower()}{label[1:]}"
        axes.set_title(_words(words, 400), size=7, loc="left", color=GREY)


def _reference_band(axes: Axes, it: Reference, low: float, high: float) -> None:
    if it.low is not None and it.high is not None:
        axes.fill_betweenx([low, high], it.low, it.high, color=REAL, alpha=0.14, lw=0, zorder=0)
    axes.plot([it.value, it.value], [low, high], color=REAL, lw=1.1, ls="--", zorder=1)


def _band(axes: Axes, it: Floor, low: float, high: float) -> None:
    if it.low is not None and it.high is not None:
        axes.fill_betweenx([low, high], it.low, it.high, color=_FLOOR, lw=0, zorder=0)
    if it.median is not None:
        axes.plot([it.median, it.median], [low, high], color=GREY, lw=0.9, zorder=1)


def _matched(axes: Axes, it: Floor | None, y: float) -> None:
    if it is None or it.matched_median is None:
        return
    if it.matched_low is not None and it.matched_high is not None:
        axes.plot([it.matched_low, it.matched_high], [y, y], color=SYNTH, lw=0.8)
    axes.plot(it.matched_median, y, "o", mfc="white", mec=SYNTH, ms=3.6)


def matrix(figure: Figure, it: Matrix) -> None:
    """Draw who is placed above whom."""
    shades = {"above": 0.9, "neither": 0.5, "below": 0.1, "": np.nan}
    signs = {"above": "▲", "neither": "○", "below": "▼", "": ""}
    axes = figure.subplots()
    values = np.array([[shades[cell] for cell in row] for row in it.cells], dtype=float)
    axes.imshow(values, cmap="PuOr_r", vmin=-0.6, vmax=1.6)
    for i, row in enumerate(it.cells):
        for j, cell in enumerate(row):
            axes.text(j, i, signs[cell], ha="center", va="center", size=8)
    heads = [leading(name, i) for i, name in enumerate(it.names, 1)]
    names = [
        name if name.startswith(f"{head} ") else f"{head} {name}"
        for head, name in zip(heads, it.names, strict=True)
    ]
    axes.set_yticks(range(len(names)), [_words(name) for name in names])
    axes.set_xticks(range(len(names)), heads)
    axes.tick_params(length=0, labelbottom=False, labeltop=True)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    title = _words(f"{it.title}: ▲ row above column, ▼ below, ○ not told apart", 420)
    figure.suptitle(title, size=7, color=GREY)


def chart(figure: Figure, it: Chart) -> None:
    """Draw a score along an axis."""
    axes = figure.subplots()
    banded = it.joined and len(it.series) <= _MOST_BANDS
    places = [x for x, _ in it.columns]
    step = 0.0 if banded else 0.012 * ((max(places) - min(places)) or 1.0)
    for number, line in enumerate(it.series):
        colour, mark = colour_of(number), MATPLOTLIB_MARKS[shape_of(number)]
        x = np.array([p.x for p in line.points]) + step * (number - (len(it.series) - 1) / 2)
        value = np.array([p.value for p in line.points])
        low, high = (
            np.array([np.nan if end is None else end for end in ends], dtype=float)
            for ends in ([p.low for p in line.points], [p.high for p in line.points])
        )
        if banded and len(x) > 1:
            axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
        else:
            axes.vlines(x, low, high, color=colour, lw=1.2)
        style = "-" if it.joined else "none"
        axes.plot(
            x, value, marker=mark, ls=style, color=colour, ms=4.5, lw=1.4, label=_words(line.name) or None
        )
    if it.reference is not None:
        _reference_line(axes, it.reference)
    axes.set_xticks(places, [_words(words, 90) for _, words in it.columns])
    axes.set_xlabel(_words(it.axis, 400))
    better = f"; {BETTER_WORDS[it.better]}" if it.better else ""
    axes.set_ylabel(_words(it.label, 220))
    axes.set_title(_words(f"{it.title}{better}", 420), size=7, loc="left", color=GREY)
    axes.margins(x=0.08)
    if any(line.name for line in it.series) or it.reference is not None:
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=6.5)


def _reference_line(axes: Axes, it: Reference) -> None:
    if it.low is not None and it.high is not None:
        axes.axhspan(it.low, it.high, color=GREY, alpha=0.12, lw=0, zorder=0)
    axes.axhline(it.value, color=GREY, lw=1.1, ls="--", zorder=1, label=_words(it.label, 260))
