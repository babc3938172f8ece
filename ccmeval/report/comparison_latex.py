r"""The tables of a comparison as LaTeX, for a paper: all need the package ``booktabs`` alone."""

from __future__ import annotations

import re
from pathlib import Path

from ccmeval.comparison.schema import CompareResult
from ccmeval.report.comparison_ablation import families, family_tables
from ccmeval.report.comparison_cells import ScoreCell, ScoreRow, ScoreTable
from ccmeval.report.comparison_diagnoses import diagnoses_table
from ccmeval.report.comparison_ranks import rank_tables
from ccmeval.report.comparison_table import main_tables, wide_table
from ccmeval.report.three_pillar_latex import write_tex
from ccmeval.report.three_pillar_tabular import Prepared, escaped, tabular

SOURCE = "compare.json"
_NOTES_WIDTH = "0.95\\linewidth"
_LONGEST_NOTE = 600


def write_comparison_latex(result: CompareResult, folder: Path) -> list[Path]:
    """Write the tables that the result has rows for, and ``tables.tex``, a document that shows them.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    tables = {name: table for name, table in comparison_latex(result).items() if table}
    return write_tex(tables, folder)


def comparison_latex(result: CompareResult) -> dict[str, str]:
    """Write the tables as text by name; one without rows is empty."""
    wide = wide_table(result)
    found = {"comparison": latex_of(wide, "wide.csv") if wide else ""}
    parts = main_tables(result)
    for number, it in enumerate(parts if len(parts) > 1 else [], 1):
        found[f"comparison_{number}"] = latex_of(it, "wide.csv")
    for number, it in enumerate(rank_tables(result), 1):
        found[f"ranks_{number}" if number > 1 else "ranks"] = latex_of(it, "ranks.csv")
    diagnoses = diagnoses_table(result)
    found["by_diagnosis"] = latex_of(diagnoses, "wide_diagnoses.csv") if diagnoses else ""
    for number, family in enumerate(families(result), 1):
        table = family_tables(result, family, number, most=len(result.scores) + len(family.axes))[0]
        found[f"ablation_{number}"] = latex_of(table, "wide.csv")
    return found


def latex_of(it: ScoreTable, file: str) -> str:
    """Set a table of scores: values with their letters above the line, intervals in a line of their own.

    Parameters
    ----------
    it : ScoreTable
    file : str
        Where all rows are.
    """
    heads = [f"{head.words} {head.below}".strip() for head in it.heads]
    rows: list[list[str]] = []
    for row in it.rows:
        rows += _rows(row, len(heads))
    rows += [[_note(number, text, len(heads))] for number, text in enumerate(it.notes, 1)]
    texts = [head.text for head in it.heads[1:]]
    columns = "l" + "".join("l" if text else "r" for text in texts)
    return _with_notes(tabular(columns, heads, rows, file, source=SOURCE) if it.rows else "")


def _rows(row: ScoreRow, width: int) -> list[list[str]]:
    if row.kind == "part":
        return [[f"{row.name} ({row.below})" if row.below else row.name]]
    cells = list(row.cells)
    if row.kind == "failed":
        reason = escaped(_cut(cells[-1].below))
        span = width - len(cells)
        failed = f"\\multicolumn{{{span}}}{{l}}{{failed: {reason}}}"
        return [[row.name, *[cell.words for cell in cells[:-1]], Prepared(failed)]]
    lines = [[row.name, *[_value(cell) for cell in cells]]]
    deep = max((len(cell.below.splitlines()) for cell in cells), default=0)
    for number in range(max(deep, 1 if row.below else 0)):
        parts = [_line(cell, number) for cell in cells]
        lines.append([_small(f"  {row.below}" if number == 0 else ""), *map(_small, parts)])
    return lines


def _line(cell: ScoreCell, number: int) -> str:
    lines = cell.below.splitlines()
    return lines[number] if number < len(lines) else ""


def _value(cell: ScoreCell) -> str:
    words = _number(cell.words)
    words = f"\\textbf{{{words}}}" if cell.best else words
    raised = [
        part
        for part in (f"\\mathrm{{{cell.letters}}}" if cell.letters.isalpha() else "", _mark(cell))
        if part
    ]
    return Prepared(f"{words}$^{{{','.join(raised)}}}$" if raised else words)


_POWER = re.compile(r"(?<![\w.,])(−?\d+(?:\.\d+)?)e(−?)(\d{1,3})(?![\w.])")


def _number(text: str) -> str:
    """Escape a cell's words, and set powers of ten as a paper does."""
    parts = _POWER.split(text)
    said = _spaced(parts[0]).lstrip()
    for number, sign, power, after in zip(parts[1::4], parts[2::4], parts[3::4], parts[4::4], strict=True):
        size = number.replace("−", "-")
        said += f"${size}\\times 10^{{{'-' if sign else ''}{power}}}$"
        said += _spaced(after)
    return said


def _spaced(text: str) -> str:
    """Escape a text that goes on after another: its outer spaces stay."""
    before = " " if text[:1].isspace() else ""
    after = " " if text.strip() and text[-1:].isspace() else ""
    return f"{before}{escaped(text)}{after}"


def _mark(cell: ScoreCell) -> str:
    return ",".join(map(str, cell.marks))


def _small(text: str) -> str:
    return Prepared(f"{{\\footnotesize {_number(text)}}}") if text.strip() else ""


_NOTE = "%note%"


def _note(number: int, text: str, width: int) -> str:
    said = f"$^{{{number}}}$ {escaped(_cut(text))}"
    return Prepared(f"{_NOTE}\\multicolumn{{{width}}}{{p{{{_NOTES_WIDTH}}}}}{{\\footnotesize {said}}}{_NOTE}")


def _with_notes(table: str) -> str:
    """Move the notes, which :func:`tabular` set as rows, below the last rule of the table's body."""
    lines = table.splitlines()
    notes = [line for line in lines if _NOTE in line]
    if not notes:
        return table
    kept = [line for line in lines if _NOTE not in line]
    bare = [line.split(_NOTE)[1] + r" \\" for line in notes]
    end = kept.index("\\bottomrule")
    return "\n".join([*kept[:end], "\\midrule", *bare, *kept[end:]]) + "\n"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NOTE else f"{text[: _LONGEST_NOTE - 1]}…"
