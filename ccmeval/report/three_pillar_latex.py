r"""The main tables of a three-pillar run as LaTeX, for a paper.

Each file holds a ``tabular`` (or ``longtable``-free part of one) that needs the package ``booktabs`` alone;
``tables.tex`` is a document that shows them all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import MetricRow
from ccmeval.preservation.schema import BiomarkerComparison, GradientRow, PreservationResult
from ccmeval.report.files import replacing
from ccmeval.report.numbers import NONE, common_decimals, fixed_text, number_text, p_text
from ccmeval.report.three_pillar_words import (
    fixed_cell,
    plain_text,
    scope_words,
)
from ccmeval.report.view import Cell

MOST_ROWS = 400
"""Of a table; the rest is in the CSV file, as its last line says."""

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': "''",
    "µ": r"$\mu$", "μ": r"$\mu$", "²": r"$^{2}$", "³": r"$^{3}$", "±": r"$\pm$", "×": r"$\times$",
    "−": r"$-$",
    "≈": r"$\approx$", "≠": r"$\neq$", "≤": r"$\leq$", "≥": r"$\geq$", "–": "--", "—": "---", "‘": "`",
    "’": "'",
    "“": "``", "”": "''", "…": r"\dots{}", "°": r"$^{\circ}$", "·": r"$\cdot$", "\u00a0": "~", "ß": r"{\ss}",
    "æ": r"{\ae}", "Æ": r"{\AE}", "ø": r"{\o}", "Ø": r"{\O}", "å": r"{\aa}", "Å": r"{\AA}", "ł": r"{\l}",
    "Ł": r"{\L}",
    "ı": r"{\i}", "œ": r"{\oe}", "Œ": r"{\OE}", "[": "{[}", "]": "{]}", "`": r"\textasciigrave{}", "*": "{*}",
}  # fmt: skip
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c",
            "\u030a": "r", "\u030c": "v", "\u0304": "=", "\u0307": ".", "\u030b": "H", "\u0306": "u",
            "\u0328": "k"}  # fmt: skip
_HEAD = "% Made by ccmeval from report.json. Needs \\usepackage{booktabs}.\n"


def escaped(text: str) -> str:
    r"""Write a text so that LaTeX sets it as it stands; letters that pdflatex lacks become question marks.

    Examples
    --------
    >>> print(escaped("50% & $x_1$ µm²"))
    50\% \& \$x\_1\$ $\mu$m$^{2}$
    >>> print(escaped("möß 中"))
    m\"{o}{\ss} ?
    """
    return "".join(map(_character, " ".join(text.split())))


def _character(it: str) -> str:
    if it in _ESCAPES:
        return _ESCAPES[it]
    if it.isascii():
        return it if it.isprintable() else "?"
    base, *marks = list(unicodedata.normalize("NFD", it))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return f"\\{_ACCENTS[marks[0]]}{{{base}}}"
    return "?"


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
    tables["tables"] = _document(list(tables))
    paths = []
    for name, table in tables.items():
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
    }


def _tabular(columns: str, heads: Sequence[str], rows: Sequence[Sequence[str]], file: str) -> str:
    r"""Set a table; a row of one cell heads those below it. Cells are escaped here and nowhere else."""
    if not rows:
        return ""
    lines = [
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(map(escaped, heads)) + r" \\",
        "\\midrule",
    ]
    for row in rows[:MOST_ROWS]:
        if len(row) == 1:
            lines.append(f"\\multicolumn{{{len(heads)}}}{{l}}{{\\textbf{{{escaped(row[0])}}}}} \\\\")
        else:
            lines.append(" & ".join(map(escaped, row)) + r" \\")
    if len(rows) > MOST_ROWS:
        lines.append(f"\\multicolumn{{{len(heads)}}}{{l}}{{{escaped(f'All rows are in {file}.')}}} \\\\")
    return _HEAD + "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _document(names: Sequence[str]) -> str:
    parts = [
        f"\\section*{{{name.capitalize()}}}\n\\resizebox{{\\textwidth}}{{!}}{{\\input{{{name}.tex}}}}"
        for name in names
    ]
    body = "\n\n".join(parts) or "No table has a row."
    return (
        "\\documentclass[10pt]{article}\n\\usepackage[a4paper,landscape,margin=1.5cm]{geometry}\n"
        "\\usepackage{booktabs}\n\\usepackage{graphicx}\n\\begin{document}\n"
        f"{body}\n\\end{{document}}\n"
    )


def _bracketed(cell: Cell) -> str:
    return f"{cell.words} [{cell.below}]" if cell.below else cell.words


def _criteria(result: ThreePillarResult) -> str:
    rows: list[list[str]] = []
    for card in result.verdicts:
        rows.append([f"{card.pillar}: {card.verdict}"])
        for it in card.criteria:
            value = (
                _bracketed(fixed_cell(it.value, it.low, it.high, 2))
                if it.low is not None
                else plain_text(it.value)
            )
            unit = f" {it.unit}" if it.unit and it.value is not None else ""
            rows.append([it.sentence, value + unit, plain_text(it.floor), plain_text(it.limit), it.verdict])
    heads = ("Criterion", "Value [95 % CI]", "Floor", "Limit", "Verdict")
    return _tabular("p{0.4\\textwidth}rrrl", heads, rows, "criteria.csv")


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
    return _tabular("l" + "r" * len(scopes), heads, rows, "fidelity.csv")


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
                _bracketed(fixed_cell(row.value, row.low, row.high, decimals)) if row else NONE
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
    floor = _bracketed(fixed_cell(row.floor.median, row.floor.low, row.floor.high, decimals))
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
    return _tabular("lrrrrrrrl", heads, rows, "preservation.csv")


def _mean(mean: float | None, sd: float | None, decimals: int) -> str:
    words = fixed_text(mean, decimals)
    return f"{words} ± {fixed_text(sd, decimals)}" if mean is not None and sd is not None else words


def _comparison(row: BiomarkerComparison, decimals: int) -> list[str]:
    return [
        scope_words(row.scope, row.diagnosis),
        _mean(row.mean_real, row.sd_real, decimals),
        _mean(row.mean_synth, row.sd_synth, decimals),
        _bracketed(fixed_cell(row.difference, row.difference_low, row.difference_high, decimals)),
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
            _bracketed(fixed_cell(it.difference_ratio, it.difference_ratio_low, it.difference_ratio_high, 2)),
            p_text(it.jonckheere_p_real),
            p_text(it.jonckheere_p_synth),
            it.verdict,
        ]
        for it in gradients
    ]
    heads = ("Biomarker", "Order", "Real set", "Last - first, real; synth.", "Share kept [95 % CI]", "p,"
    " real", "p, synth.", "Verdict")  # fmt: skip
    return _tabular("lllrrrrl", heads, rows, "gradient.csv")


def _adherence(preservation: PreservationResult) -> str:
    rows = [
        [it.label, scope_words(it.scope, it.diagnosis), f"{it.n_frames:,}",
         _bracketed(fixed_cell(it.mean, it.low, it.high, 3)), number_text(it.ceiling)]
        for it in preservation.adherence
    ]  # fmt: skip
    return _tabular(
        "llrrr", ("Measure", "Over", "Frames", "Mean [95 % CI]", "Ceiling"), rows, "adherence.csv"
    )
