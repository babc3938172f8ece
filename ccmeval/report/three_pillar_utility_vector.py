"""Which figures of pillar 3 are drawn as vector files, and how large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from ccmeval.report import three_pillar_utility_drawings as drawings
from ccmeval.report.three_pillar_utility_curves import curves_of, histories_of
from ccmeval.report.three_pillar_utility_matrices import is_square, known_bins
from ccmeval.report.three_pillar_utility_plots import forest_rows, run_scores, shown_scores
from ccmeval.report.three_pillar_utility_words import group_order, tasks_of
from ccmeval.utility.schema import UtilityResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FIGURES = 12
"""Of a kind."""

_Planned = tuple[str, tuple[float, float], Callable[["Figure"], None]]
"""A name, a size in inches, and what draws it."""


def utility_figures(found: UtilityResult) -> Iterator[_Planned]:
    """Plan the figures that a result has numbers for.

    Examples
    --------
    >>> list(utility_figures(UtilityResult()))
    []
    """
    for task in tasks_of(found):
        rows = forest_rows([it for it in found.differences if it.task == task])
        if rows:
            size = (5.6, 1.2 + 0.26 * len(rows))
            yield f"utility_differences_{task}", size, partial(drawings.forest, rows=rows)
        scores = shown_scores([it for it in found.scores if it.task == task])
        if scores:
            runs = [run_scores(it, found.units) for it in scores]
            size = (5.2, 1.2 + 0.26 * len(scores))
            yield f"utility_scores_{task}", size, partial(drawings.scores, rows=scores, runs=runs)
    yield from _matrices(found)
    yield from _curves(found)


def _matrices(found: UtilityResult) -> Iterator[_Planned]:
    named = list(dict.fromkeys((it.learner, it.level) for it in found.confusions))[:MOST_FIGURES]
    for learner, level in named:
        chosen = [
            it for it in found.confusions if (it.learner, it.level) == (learner, level) and is_square(it)
        ]
        chosen.sort(key=lambda it: group_order(it.group))
        if chosen:
            across = min(len(chosen), 3)
            size = (2.5 * across, 2.7 * -(-len(chosen) // across))
            name = f"utility_confusion_{learner}_{level}"
            yield name, size, partial(drawings.confusions, rows=chosen)
    for learner in list(dict.fromkeys(it.learner for it in found.calibrations))[:MOST_FIGURES]:
        bins = [it for it in found.calibrations if it.learner == learner and known_bins(it)]
        bins.sort(key=lambda it: group_order(it.group))
        if bins:
            across = min(len(bins), 3)
            size = (2.3 * across, 2.5 * -(-len(bins) // across))
            yield f"utility_reliability_{learner}", size, partial(drawings.reliability, rows=bins)


def _curves(found: UtilityResult) -> Iterator[_Planned]:
    for data in curves_of(found.curves, found.scores)[:MOST_FIGURES]:
        it = data.points[0]
        if any(data.of(group) for group in data.groups):
            yield f"utility_{it.curve}_{it.task}_{it.learner}", (4.6, 3.2), partial(drawings.curve, data=data)
    for (task, learner), groups in list(histories_of(found.units).items())[:MOST_FIGURES]:
        size = (2.1 * len(groups) + 0.4, 2.2)
        yield f"utility_losses_{task}_{learner}", size, partial(drawings.losses, groups=groups)
