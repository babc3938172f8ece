"""The figures of a comparison as files beside its page: SVG for a paper, PNG for a slide."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from ccmeval.comparison.schema import CompareResult
from ccmeval.report import comparison_plots as plots
from ccmeval.report.comparison_ablation import Chart, charts, families, utility_charts
from ccmeval.report.comparison_dots import dot_plots
from ccmeval.report.comparison_matrices import matrices
from ccmeval.report.comparison_pictures import Grid, grid_sheet
from ccmeval.report.files import replacing
from ccmeval.report.three_pillar_vector import MOST_FIGURES, Planned, rendered, write_drawn

KINDS = ("svg", "png")


def write_comparison_figures(result: CompareResult, folder: Path, grid: Grid | None = None) -> list[Path]:
    """Write each figure that the result has numbers for, and the picture grid.

    Parameters
    ----------
    result : CompareResult
    folder : pathlib.Path
        Made if need be.
    grid : Grid, optional

    Returns
    -------
    list of pathlib.Path
        The same result gives the same bytes.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    paths = write_drawn(rendered(planned_figures(result), KINDS), folder)
    if grid is not None:
        paths.append(folder / "grid.png")
        with replacing(paths[-1]) as unfinished:
            unfinished.write_bytes(grid_sheet(grid))
    return paths


def planned_figures(result: CompareResult) -> Iterator[Planned]:
    """List the figures: name, size in inches, and what draws them."""
    for plot in dot_plots(result)[:MOST_FIGURES]:
        size = (5.6, 1.2 + 0.3 * len(plot.rows))
        yield f"score_{plot.definition.key}", size, partial(plots.dots, plot=plot)
    for it in matrices(result)[:MOST_FIGURES]:
        side = 0.32 * len(it.names)
        yield f"placements_{it.title}", (2.6 + side, 0.7 + side), partial(plots.matrix, it=it)
    for name, chart in islice(_charts(result), MOST_FIGURES):
        yield name, (4.6, 3.1), partial(plots.chart, it=chart)


def _charts(result: CompareResult) -> Iterator[tuple[str, Chart]]:
    for family in families(result):
        for it in charts(result, family):
            yield f"ablation_{family.name}_{it.title}", it
    for it in utility_charts(result):
        yield f"curve_{it.title}", it
