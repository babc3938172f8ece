r"""The main tables of a three-pillar run as LaTeX, for a paper.

Each file holds a ``tabular`` (or ``longtable``-free part of one) that needs the package ``booktabs`` alone;
``tables.tex`` is a document that shows them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import MetricRow
from ccmeval.preservation.schema import BiomarkerComparison, GradientRow, PreservationResult
from ccmeval.report.files import replacing
from ccmeval.report.numbers import NONE, common_decimals, fixed_text, number_text, p_text
from ccmeval.report.three_pillar_tabular import bracketed, escaped, tabular
from ccmeval.report.three_pillar_utility_latex import utility_tables
from ccmeval.report.three_pillar_words import (
    fixed_cell,
    plain_text,
    scope_words,
)


def write_latex(result: ThreePillarResult, folder: Path) -> list[Path]:
    """Write the tables that the result has numbers for, and a document that shows them.

    Parameters
    ----------
    result : ThreePillarResult
    folder : pathlib.Path
        Made if need be.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    tables = {name: table for name, table in latex_tables(result).items() if table}
    return write_tex(tables, folder)


def write_tex(tables: Mapping[str, str], folder: Path) -> list[Path]:
    """Write tables, each as a file of its name, and ``tables.tex``, a document that shows them.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    paths = []
    for name, table in {**tables, "tables": _document(list(tables))}.items():
        paths.append(folder / f"{name}.tex")
        with replacing(paths[-1]) as partial:
            partial.write_text(table, encoding="ascii")
    return paths


def latex_tables(result: ThreePillarResult) -> dict[str, str]:
    """Write the tables as text by name; one without rows is empty.

    Examples
    --------
    >>> latex_tables(ThreePillarResult(created=""))["fidelity"]
    ''
    """
    preservation = result.preservation or PreservationResult()
    return {
        "criteria": _criteria(result),
        "fidelity": _fidelity(result.fidelity.metrics if result.fidelity else []),
        "preservation": _comparisons(preservation.comparisons),
        "gradient": _gradients(preservation.gradients),
        "adherence": _adherence(preservation),
        **utility_tables(result.utility),
    }


def _document(names: Sequence[str]) -> str:
    parts = [
        f"\\section*{{{escaped(name.replace('_', ' ').capitalize())}}}\n"
        f"\\resizebox{{\\textwidth}}{{!}}{{\\input{{{name}.tex}}}}"
        for name in names
    ]
    body = "\n\n".join(parts) or "No table has a row."
    return (
        "\\documentclass[10pt]{article}\n\\usepackage[a4paper,landscape,margin=1.5cm]{geometry}\n"
        "\\usepackage{booktabs}\n\\usepackage{graphicx}\n\\begin{document}\n"
        f"{body}\n\\end{{document}}\n"
    )


def _criteria(result: ThreePillarResult) -> str:
    rows: list[list[str]] = []
    for card in result.verdicts:
        rows.append([f"{card.pillar}: {card.verdict}"])
        for it in card.criteria:
            value = (
                bracketed(fixed_cell(it.value, it.low, it.high, 2))
                if it.low is not None
                else plain_text(it.value)
            )
            unit = f" {it.unit}" if it.unit and it.value is not None else ""
            rows.append([it.sentence, value + unit, plain_text(it.floor), plain_text(it.limit), it.verdict])
    heads = ("Criterion", "Value [95 % CI]", "Floor", "Limit", "Verdict")
    return tabular("p{0.4\\textwidth}rrrl", heads, rows, "criteria.csv")


def _fidelity(metrics: Sequence[MetricRow]) -> str:
    """Set a row a metric and features, a column a scope, as the page does."""
    computed = [row for row in metrics if row.status == "computed"]
    scopes = list(dict.fromkeys((row.scope, row.diagnosis) for row in computed))
    order = {"diagnosis": 0, "mean over diagnoses": 1, "pooled": 2}
    scopes.sort(key=lambda it: order[it[0]])
    found = {(row.features, row.metric, row.label, row.scope, row.diagnosis): row for row in computed}
    rows: list[list[str]] = []
    for features in dict.fromkeys(row.features for row in computed):
        rows.append([f"Features: {features or 'none'}"])
        of_one = [row for row in computed if row.features == features]
        for metric, label in dict.fromkeys((row.metric, row.label) for row in of_one):
            cells = [found.get((features, metric, label, *scope)) for scope in scopes]
            rows += _metric_rows(label, cells)
    heads = ["Metric", *[scope_words(*scope) for scope in scopes]]
    return tabular("l" + "r" * len(scopes), heads, rows, "fidelity.csv")


def _metric_rows(label: str, cells: Sequence[MetricRow | None]) -> list[list[str]]:
    known = [row for row in cells if row]
    halves = [
        (row.high - row.low) / 2 if row.low is not None and row.high is not None else None for row in known
    ]
    decimals = min(5, common_decimals([row.value for row in known], halves))
    rows = [
        [
            label,
            *[
                bracketed(fixed_cell(row.value, row.low, row.high, decimals)) if row else NONE
                for row in cells
            ],
        ]
    ]
    if any(row.floor for row in known):
        rows.append(["  at matched n (floor)", *[_floor(row, decimals) for row in cells]])
    return rows


def _floor(row: MetricRow | None, decimals: int) -> str:
    if row is None or row.floor is None:
        return NONE
    floor = bracketed(fixed_cell(row.floor.median, row.floor.low, row.floor.high, decimals))
    return f"{fixed_text(row.floor.matched_median, decimals)} ({floor}), n = {row.floor.n}"


def _comparisons(comparisons: Sequence[BiomarkerComparison]) -> str:
    primary = [row for row in comparisons if row.family == "primary"]
    rows: list[list[str]] = []
    for name in dict.fromkeys(row.biomarker for row in primary):
        of_one = [row for row in primary if row.biomarker == name]
        means = [value for row in of_one for value in (row.mean_real, row.mean_synth)]
        decimals = common_decimals(means, [value for row in of_one for value in (row.sd_real, row.sd_synth)])
        rows.append([f"{of_one[0].label} ({of_one[0].unit})" if of_one[0].unit else of_one[0].label])
        rows += [_comparison(row, decimals) for row in of_one]
    heads = (
        "Over",
        "Real",
        "Synthetic",
        "Difference [95 % CI]",
        "SD ratio",
        "Hedges' g",
        "p (Holm)",
        "Margin",
        "Verdict",
    )
    return tabular("lrrrrrrrl", heads, rows, "preservation.csv")


def _mean(mean: float | None, sd: float | None, decimals: int) -> str:
    words = fixed_text(mean, decimals)
    return f"{words} ± {fixed_text(sd, decimals)}" if mean is not None and sd is not None else words


def _comparison(row: BiomarkerComparison, decimals: int) -> list[str]:
    return [
        scope_words(row.scope, row.diagnosis),
        _mean(row.mean_real, row.sd_real, decimals),
        _mean(row.mean_synth, row.sd_synth, decimals),
        bracketed(fixed_cell(row.difference, row.difference_low, row.difference_high, decimals)),
        fixed_text(row.sd_ratio, 2),
        fixed_text(row.hedges_g, 2),
        p_text(row.welch_p_holm),
        fixed_text(row.margin, decimals),
        row.verdict,
    ]


def _gradients(gradients: Sequence[GradientRow]) -> str:
    rows = [
        [
            it.label,
            " > ".join(it.order),
            it.direction,
            f"{number_text(it.difference_real)}; {number_text(it.difference_synth)}",
            bracketed(fixed_cell(it.difference_ratio, it.difference_ratio_low, it.difference_ratio_high, 2)),
            p_text(it.jonckheere_p_real),
            p_text(it.jonckheere_p_synth),
            it.verdict,
        ]
        for it in gradients
    ]
    heads = ("Biomarker", "Order", "Real set", "Last - first, real; synth.", "Share kept [95 % CI]", "p,"
    " real", "p, synth.", "Verdict")  # fmt: skip
    return tabular("lllrrrrl", heads, rows, "gradient.csv")


def _adherence(preservation: PreservationResult) -> str:
    rows = [
        [it.label, scope_words(it.scope, it.diagnosis), f"{it.n_frames:,}",
         bracketed(fixed_cell(it.mean, it.low, it.high, 3)), number_text(it.ceiling)]
        for it in preservation.adherence
    ]  # fmt: skip
    return tabular("llrrr", ("Measure", "Over", "Frames", "Mean [95 % CI]", "Ceiling"), rows, "adherence.csv")
