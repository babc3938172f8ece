"""What is drawn in the vector figures of pillar 3; see :mod:`three_pillar_utility_vector`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ccmeval.report.numbers import fixed_text
from ccmeval.report.style import drawable_text
from ccmeval.report.three_pillar_plots import BAND, GREY
from ccmeval.report.three_pillar_utility_curves import CurveData, Histories, axis_words, loss_bounds, placed
from ccmeval.report.three_pillar_utility_differences import comparison_words
from ccmeval.report.three_pillar_utility_marks import DASHES, MATPLOTLIB_MARKS
from ccmeval.report.three_pillar_utility_matrices import count_text, known_bins, row_shares
from ccmeval.report.three_pillar_utility_plots import forest_reach, way_words
from ccmeval.report.three_pillar_utility_words import GROUP_COLOURS, full_label, percent_words
from ccmeval.report.three_pillar_words import SYMBOLS
from ccmeval.utility.schema import Calibration, Confusion, DifferenceRow, ScoreRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST = 28


def _words(text: str, most: int = _LONGEST) -> str:
    short = text if len(text) <= most else f"{text[: most // 2]}…{text[-(most // 2 - 1) :]}"
    return drawable_text(short, 12)


def _rows(axes: Axes, names: Sequence[str], learners: Sequence[str]) -> None:
    """Name the rows, each learner's once, and part the learners by lines."""
    several = len(set(learners)) > 1
    shown = [f"{who}, {name}" if several else name for who, name in zip(learners, names, strict=True)]
    axes.set_yticks(range(len(names)), [_words(it, 34) for it in shown])
    for y in range(1, len(names)):
        if learners[y] != learners[y - 1]:
            axes.axhline(y - 0.5, color="#d0d0d0", lw=0.6)
    axes.set_ylim(len(names) - 0.4, -0.6)


def forest(figure: Figure, rows: Sequence[DifferenceRow]) -> None:
    """Draw differences with their intervals, the margin, and the smallest that could be detected."""
    axes = figure.subplots()
    reach = forest_reach(rows)
    margin = max((row.margin for row in rows if row.margin), default=None)
    if margin:
        axes.axvspan(-margin, margin, color=BAND, alpha=0.3, lw=0)
    axes.axvline(0, color=GREY, lw=0.8)
    for y, row in enumerate(rows):
        assert row.value is not None
        colour = GROUP_COLOURS[row.group]
        if row.low is not None and row.high is not None:
            axes.plot(np.clip([row.low, row.high], -reach, reach), [y, y], color=colour, lw=1.3)
        if row.smallest_detectable is not None and row.smallest_detectable <= reach:
            ends = [-row.smallest_detectable, row.smallest_detectable]
            axes.plot(ends, [y, y], "|", color=GREY, ms=6, mew=0.9)
        place = float(np.clip(row.value, -reach, reach))
        axes.plot(place, y, MATPLOTLIB_MARKS[row.group], color=colour, mec="white", ms=6)
        axes.annotate(
            f"{SYMBOLS[row.effect]} {row.effect}", (1.02, y), xycoords=("axes fraction", "data"),
            va="center", size=7,
        )  # fmt: skip
    _rows(axes, [comparison_words(row) for row in rows], [row.learner for row in rows])
    parts = [_words(full_label(rows[0]), 60), way_words(rows[0])]
    said = f"line: {percent_words(rows[0].confidence)}; ticks: smallest detectable"
    said += f"; shaded: ± {margin:g}" if margin else ""
    axes.set(xlabel=f"{'; '.join(filter(None, parts))}\n{said}", xlim=(-reach, reach))


def scores(figure: Figure, rows: Sequence[ScoreRow], runs: Sequence[Sequence[float]]) -> None:
    """Draw each group's score with SD and interval, and the validation scores of its runs."""
    axes = figure.subplots()
    for y, (row, of_row) in enumerate(zip(rows, runs, strict=True)):
        assert row.value is not None
        colour = GROUP_COLOURS[row.group]
        axes.plot(list(of_row), [y + 0.3] * len(of_row), "|", color=GREY, ms=4, mew=0.7)
        if row.sd is not None:
            axes.plot([row.value - row.sd, row.value + row.sd], [y, y], color=colour, lw=3.4, alpha=0.6,
                      solid_capstyle="butt")  # fmt: skip
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [y, y], color=colour, lw=1.1)
        axes.plot(row.value, y, MATPLOTLIB_MARKS[row.group], color=colour, mec="white", ms=6)
    _rows(axes, [row.group for row in rows], [row.learner for row in rows])
    level = percent_words(rows[0].confidence)
    ticks = "; ticks: models on their validation frames" if any(runs) else ""
    axes.set_xlabel(f"{_words(full_label(rows[0]), 60)}\nthick: ± SD; thin: {level}{ticks}")
    axes.grid(axis="x", color="#e3e3e3", lw=0.5)
    axes.set_axisbelow(True)


def _panels(figure: Figure, count: int) -> list[Axes]:
    across = min(count, 3)
    panels = list(figure.subplots(-(-count // across), across, squeeze=False).ravel())
    for axes in panels[count:]:
        axes.set_axis_off()
    return panels[:count]


def confusions(figure: Figure, rows: Sequence[Confusion]) -> None:
    """Draw confusion matrices, shaded by the share of the row, counts in the cells."""
    for axes, it in zip(_panels(figure, len(rows)), rows, strict=True):
        shares = np.array(row_shares(it), dtype=float)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        names = [_words(name, 14) for name in it.classes]
        size = range(len(names))
        axes.set_xticks(size, names, rotation=35, ha="right", rotation_mode="anchor", size=6)
        axes.set_yticks(size, names, size=6)
        axes.set_title(f"{it.group}: {_words(it.learner, 16)}, per {it.level}", size=7, loc="left")
        axes.set_xlabel("said by the model", size=6)
        axes.set_ylabel("truth", size=6)
        for i in size:
            for j in size:
                share = shares[i, j]
                below = "–" if np.isnan(share) else f"{100 * share:.0f} %"
                shade = "white" if share > 0.6 else "black"
                words = f"{count_text(it.counts[i][j])}\n{below}"
                axes.text(j, i, words, ha="center", va="center", size=5.5, color=shade)


def reliability(figure: Figure, rows: Sequence[Calibration]) -> None:
    """Draw accuracy against confidence, dots growing with the number of predictions."""
    for axes, it in zip(_panels(figure, len(rows)), rows, strict=True):
        bins = known_bins(it)
        most = max(bin_.n for bin_, _, _ in bins)
        axes.plot([0, 1], [0, 1], "--", color=GREY, lw=0.8)
        for bin_, sure, right in bins:
            axes.plot([sure, sure], [sure, right], color=GROUP_COLOURS[it.group], lw=0.9)
            size = 2.5 + 5.0 * (bin_.n / most) ** 0.5
            axes.plot(sure, right, "o", color=GROUP_COLOURS[it.group], ms=size, mec="white", mew=0.5)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="how sure (probability)")
        axes.set_ylabel("how often right")
        title = f"{it.group}: {_words(it.learner, 14)}, error {fixed_text(it.error, 3)}"
        axes.set_title(title, size=7, loc="left")


def curve(figure: Figure, data: CurveData) -> None:
    """Draw a curve with its interval, and where group A stands."""
    axes = figure.subplots()
    about = data.points[0]
    known = [pair for group in data.groups for pair in data.of(group)]
    lowest = min(it.x for it, _ in known)
    for group in data.groups:
        points, colour = data.of(group), GROUP_COLOURS[group]
        xs = [placed(it.curve, it.x, lowest) for it, _ in points]
        ends = [(x, it.low, it.high) for x, (it, _) in zip(xs, points, strict=True)
                if it.low is not None and it.high is not None]  # fmt: skip
        if len(ends) > 1:
            places, lows, highs = (np.array(it) for it in zip(*ends, strict=True))
            axes.fill_between(places, lows, highs, color=colour, alpha=0.2, lw=0)
        else:
            for x, low, high in ends:
                axes.plot([x, x], [low, high], color=colour, lw=1.3)
        values = [value for _, value in points]
        axes.plot(xs, values, DASHES[group], marker=MATPLOTLIB_MARKS[group], color=colour, ms=5, label=group)
    if data.reference is not None:
        axes.axhline(data.reference, color=GREY, ls="--", lw=0.9, label="A, real frames only")
    ticks = {placed(it.curve, it.x, lowest): f"{it.x:g}" for it, _ in known}
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set(xlabel=axis_words(about.curve, lowest), ylabel=_words(about.label, 44))
    axes.set_title(_words(about.learner), size=8, loc="left")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)


def losses(figure: Figure, groups: Sequence[Histories]) -> None:
    """Draw losses of training runs, a panel a group on shared axes."""
    panels = figure.subplots(1, len(groups), sharex=True, sharey=True, squeeze=False).ravel()
    low, high = loss_bounds(groups)
    pad = 0.05 * (high - low) or 0.05
    for axes, it in zip(panels, groups, strict=True):
        for lines, colour, words in (
            (it.training, "#9aa0a6", "training"),
            (it.validation, GROUP_COLOURS[it.group], "validation"),
        ):
            for number, line in enumerate(lines):
                steps, values = zip(*line, strict=True)
                axes.plot(
                    steps, np.clip(values, low, high), color=colour, lw=0.7, label="_" * bool(number) + words
                )
        axes.set_title(it.group, size=8, loc="left")
        axes.set(xlabel="steps", ylim=(low - pad, high + pad))
        axes.legend(frameon=False, fontsize=6)
    panels[0].set_ylabel("loss")
