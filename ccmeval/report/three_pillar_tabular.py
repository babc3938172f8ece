r"""Tables as LaTeX: texts escaped, rows set in a ``tabular`` of the package ``booktabs``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

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
    "Ł": r"{\L}", "↓": r"$\downarrow$", "↑": r"$\uparrow$",
    "ı": r"{\i}", "œ": r"{\oe}", "Œ": r"{\OE}", "[": "{[}", "]": "{]}", "`": r"\textasciigrave{}", "*": "{*}",
}  # fmt: skip
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c",
            "\u030a": "r", "\u030c": "v", "\u0304": "=", "\u0307": ".", "\u030b": "H", "\u0306": "u",
            "\u0328": "k"}  # fmt: skip
_HYPHENS = re.compile("-(?=-)")
_HEAD = "% Made by ccmeval from {source}. Needs \\usepackage{{booktabs}}.\n"


class Prepared(str):
    """A cell that is LaTeX already, made of escaped texts."""

    __slots__ = ()


def escaped(text: str) -> str:
    r"""Write a text so that LaTeX sets it as it stands; letters that pdflatex lacks become question marks.

    Examples
    --------
    >>> print(escaped("50% & $x_1$ µm²"))
    50\% \& \$x\_1\$ $\mu$m$^{2}$
    >>> print(escaped("möß 中"))
    m\"{o}{\ss} ?
    >>> print(escaped("--paired"))
    -{}-paired
    """
    return "".join(map(_character, _HYPHENS.sub("-\0", " ".join(text.split()).replace("\0", "?"))))


def _set(cell: str) -> str:
    return cell if isinstance(cell, Prepared) else escaped(cell)


def _character(it: str) -> str:
    if it == "\0":
        return "{}"  # between hyphens, which would join to a dash
    if it in _ESCAPES:
        return _ESCAPES[it]
    if it.isascii():
        return it if it.isprintable() else "?"
    base, *marks = list(unicodedata.normalize("NFD", it))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return f"\\{_ACCENTS[marks[0]]}{{{base}}}"
    return "?"


def tabular(
    columns: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    file: str,
    *,
    source: str = "report.json",
) -> str:
    r"""Set a table; a row of one cell heads those below it. Cells are escaped here unless :class:`Prepared`.

    Parameters
    ----------
    columns : str
        As LaTeX wants them, e.g. ``"lrr"``.
    heads : sequence of str
    rows : sequence of sequence of str
        At most `MOST_ROWS` are set; without any the table is an empty text.
    file : str
        Where all rows are.
    source : str
        What the table is drawn from.

    Examples
    --------
    >>> tabular("lr", ["a", "b"], [], "a.csv")
    ''
    """
    if not rows:
        return ""
    lines = [
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(map(_set, heads)) + r" \\",
        "\\midrule",
    ]
    for row in rows[:MOST_ROWS]:
        if len(row) == 1:
            lines.append(f"\\multicolumn{{{len(heads)}}}{{l}}{{\\textbf{{{_set(row[0])}}}}} \\\\")
        else:
            lines.append(" & ".join(map(_set, row)) + r" \\")
    if len(rows) > MOST_ROWS:
        lines.append(f"\\multicolumn{{{len(heads)}}}{{l}}{{{escaped(f'All rows are in {file}.')}}} \\\\")
    return _HEAD.format(source=source) + "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def bracketed(cell: Cell) -> str:
    """Write a cell's words with what stands below them in brackets.

    Examples
    --------
    >>> bracketed(Cell("1.0", "0.8 to 1.2")), bracketed(Cell("1.0"))
    ('1.0 [0.8 to 1.2]', '1.0')
    """
    return f"{cell.words} [{cell.below}]" if cell.below else cell.words
