"""The page of a comparison: one self-contained file, drawn from the result and some pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ccmeval import __version__
from ccmeval.comparison.schema import CompareResult
from ccmeval.report import comparison_ranks as ranks
from ccmeval.report import comparison_sets as sets
from ccmeval.report.comparison_ablation import Chart, charts, families, family_tables, utility_charts
from ccmeval.report.comparison_cells import ScoreTable
from ccmeval.report.comparison_charts import chart_figure
from ccmeval.report.comparison_diagnoses import diagnoses_table
from ccmeval.report.comparison_dots import dot_figure, dot_plots
from ccmeval.report.comparison_matrices import matrices, matrix_figure
from ccmeval.report.comparison_methods import comparison_methods, scores_table
from ccmeval.report.comparison_names import labelled, renamed, set_names, short_names
from ccmeval.report.comparison_pictures import Grid
from ccmeval.report.comparison_summary import summary_of
from ccmeval.report.comparison_table import main_tables
from ccmeval.report.comparison_words import failed, joined, scored
from ccmeval.report.page import render_template
from ccmeval.report.three_pillar_page import Drawn
from ccmeval.report.three_pillar_provenance import files_of, settings_table, versions_table
from ccmeval.report.view import plural, time_text

MOST_DOT_PLOTS = 24
MOST_CHARTS = 24
"""Of one ablation."""

_FILES = {
    "compare.json": "all of this page’s numbers, settings and versions",
    "tables/wide.csv": "a row a set, all scores beside each other",
    "tables/wide_diagnoses.csv": "a row a set and diagnosis",
    "tables/scores.csv": "every number with interval and floor, a row each",
    "tables/ranks.csv": "ranks with intervals and letters",
    "tables/pairs.csv": "every difference of two sets with its interval",
    "tables/tables.tex": "document that shows the LaTeX tables",
    "methods.md": "methods paragraph with references, for a paper",
    "figures/grid.png": "the picture grid on one sheet",
}


@dataclass(frozen=True)
class Ablation:
    """An ablation on the page: its tables, and its figures by axis."""

    title: str
    words: str
    tables: Sequence[ScoreTable]
    axes: Sequence[tuple[str, Sequence[Drawn]]]


def render_comparison(result: CompareResult, grid: Grid | None = None, *, files: Sequence[str] = ()) -> str:
    """Give the page as text.

    Parameters
    ----------
    result : CompareResult
        What the page tells.
    grid : Grid, optional
        Pictures; without it the page has none.
    files : sequence of str
        Files beside the page, by address relative to it.

    Returns
    -------
    str
        One page without scripts that asks no network.

    Examples
    --------
    >>> from ccmeval.comparison.schema import RealSide
    >>> "<script" in render_comparison(CompareResult(created="", real=RealSide(source="real.csv")))
    False
    """
    short = short_names(set_names(result))
    brief, result = renamed(result, short), labelled(result)
    view: dict[str, Any] = {
        "title": _title(result),
        "made": f"Made {time_text(result.created)} · ccmeval {result.versions.get('ccmeval', __version__)}",
        "compared": [("Real", result.real.source), *((a, b) for b, a in short.items() if a != b)],
        "summary": summary_of(brief),
        "failed": sets.failed_table(result) if failed(result) else None,
        "notes": result.notes,
        "main": main_tables(result),
        "ranks": ranks.rank_tables(result),
        "diagnosis_ranks": ranks.rank_tables(result, pooled=False),
        "overall": ranks.overall_table(result),
        "left_out": result.overall.left_out if result.overall else {},
        "placements": ranks.placements_table(result),
        "matrices": [Drawn(matrix_figure(it), it.title) for it in matrices(result)],
        "dots": [Drawn(dot_figure(it), it.definition.label) for it in dot_plots(result)[:MOST_DOT_PLOTS]],
        "by_diagnosis": diagnoses_table(result),
        "ablations": _ablations(result),
        "curves": [_drawn(it) for it in utility_charts(result)[:MOST_CHARTS]],
        "grid": grid,
        "sets": sets.sets_table(result),
        "counts": sets.diagnoses_counts(result),
        "generators": sets.generators_table(result),
        "findings": sets.findings_table(result),
        "scale": result.scale.sentence,
        "methods": comparison_methods(result),
        "scores": scores_table(result),
        "command": result.command,
        "versions": versions_table(result),
        "settings": settings_table(result, "compare.json"),
        "files": files_of(files, _FILES),
    }
    return render_template("comparison.html.j2", {"view": view, "sections": _sections(view)})


def _title(result: CompareResult) -> str:
    count = len(scored(result))
    return (
        f"{count} synthetic {'set' if count == 1 else 'sets'} compared"
        if count
        else "Comparison of synthetic sets"
    )


def _sections(view: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("summary", "Summary"), ("table", "Table"), ("ranking", "Ranks")]
    if view["dots"]:
        found.append(("scores", "Scores"))
    if view["by_diagnosis"]:
        found.append(("diagnoses", "Diagnoses"))
    if view["ablations"] or view["curves"]:
        found.append(("ablation", "Ablations"))
    if view["grid"]:
        found.append(("grid", "Pictures"))
    return [*found, ("sets", "Sets"), ("methods", "Methods"), ("provenance", "Provenance")]


def _ablations(result: CompareResult) -> list[Ablation]:
    found = []
    for number, it in enumerate(families(result), 1):
        drawn = list(charts(result, it))[:MOST_CHARTS]
        axes = [(axis, [_drawn(one) for one in drawn if one.axis_name == axis]) for axis in it.axes]
        words = f"{plural(len(it.sets), 'set')} along {joined(list(it.axes))}."
        tables = family_tables(result, it, number)
        found.append(Ablation(it.name or "Ablation", words, tables, [one for one in axes if one[1]]))
    return found


def _drawn(it: Chart) -> Drawn:
    return Drawn(chart_figure(it) or Markup(""), it.title)
