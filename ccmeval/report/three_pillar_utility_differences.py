"""Differences between groups in tables, each with its interval, its tests and what could have been seen."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.report.numbers import NONE, common_decimals, fixed_text, p_text
from ccmeval.report.three_pillar_utility_words import (
    SHORT_GROUPS,
    by_metric,
    full_label,
    learners_in,
    metric_key,
    percent_words,
)
from ccmeval.report.three_pillar_words import badge, left_out
from ccmeval.report.view import Cell, Head, Table, interval_text
from ccmeval.utility.schema import DifferenceRow

MOST_ROWS = 80
_MOST_DECIMALS = 3


def primary_differences(differences: Sequence[DifferenceRow]) -> list[DifferenceRow]:
    """Choose the differences of the primary metric, by learner; where none is primary, of the first metric.

    Examples
    --------
    >>> primary_differences([])
    []
    """
    chosen = [row for row in differences if row.primary] or [
        row for row in differences if metric_key(row) == metric_key(differences[0])
    ]
    names = learners_in(chosen)
    return sorted(chosen, key=lambda row: names.index(row.learner))


def comparison_words(row: DifferenceRow) -> str:
    """Name a difference.

    Examples
    --------
    >>> comparison_words(DifferenceRow(task="diagnosis", learner="l", group="B", against="A-dup",
    ...                                metric="m", label="M", level="frame"))
    'B − A-dup'
    """
    return f"{row.group} − {row.against}"


def differences_table(differences: Sequence[DifferenceRow], clusters: str = "subjects") -> Table:
    """Lay out differences of one metric: a row a pair of groups, a block a learner.

    Parameters
    ----------
    differences : sequence of DifferenceRow
    clusters : str
        What was drawn together, as a plural.

    Examples
    --------
    >>> differences_table([]).rows
    []
    """
    decimals = difference_decimals(differences)
    body: list[list[Cell]] = []
    for name in learners_in(differences):
        body.append([Cell(name)])
        tested = _has_mcnemar(differences)
        body += [_row(row, decimals, tested, clusters) for row in differences if row.learner == name]
    label = full_label(differences[0]) if differences else ""
    return Table(
        f"Differences between groups: {label}.", _heads(differences, clusters), body[:MOST_ROWS],
        left_out(len(body), MOST_ROWS, "utility_differences.csv"),
    )  # fmt: skip


def other_differences_table(differences: Sequence[DifferenceRow], clusters: str = "subjects") -> Table:
    """Lay out the differences of all further metrics, a block a metric and learner.

    Examples
    --------
    >>> other_differences_table([]).rows
    []
    """
    shown = {id(row) for row in primary_differences(differences)}
    others = [row for row in differences if id(row) not in shown]
    body: list[list[Cell]] = []
    count, tested = 0, _has_mcnemar(others)
    for rows in by_metric(others).values():
        decimals = difference_decimals(rows)
        for name in learners_in(rows):
            of_one = [row for row in rows if row.learner == name]
            room = max(MOST_ROWS - count, 0)
            count += len(of_one)
            if room:
                body.append([Cell(full_label(rows[0]), name)])
                body += [_row(row, decimals, tested, clusters) for row in of_one[:room]]
    more = left_out(len(others), MOST_ROWS, "utility_differences.csv")
    return Table("Differences of the further metrics.", _heads(others, clusters), body, more)


def _heads(rows: Sequence[DifferenceRow], clusters: str) -> list[Head]:
    level = percent_words(rows[0].confidence) if rows else ""
    heads = [
        Head("Groups"),
        Head("Difference", level, number=True),
        Head("Effect"),
        Head("Detectable", "margin", number=True),
        Head("t-test", "corrected; p", number=True),
    ]
    if _has_mcnemar(rows):
        heads.append(Head("McNemar", f"better : worse\n{clusters}", number=True))
    return [*heads, Head("Models", f"SD of them\n{clusters}", number=True), Head("Why", long=True)]


def _has_mcnemar(rows: Sequence[DifferenceRow]) -> bool:
    return any(row.mcnemar_p is not None or row.mcnemar_better is not None for row in rows)


def difference_decimals(rows: Sequence[DifferenceRow]) -> int:
    """Choose the decimals that differences of one metric share.

    Examples
    --------
    >>> difference_decimals([])
    0
    """
    halves = [(row.high - row.low) / 2 if row.low is not None and row.high is not None else None
              for row in rows]  # fmt: skip
    return min(common_decimals([row.value for row in rows], halves), _MOST_DECIMALS)


def signed_text(value: float | None, decimals: int) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed_text(0.021, 3), signed_text(-0.021, 3), signed_text(0.0, 1), signed_text(None, 1)
    ('+0.021', '−0.021', '0.0', '–')
    """
    words = fixed_text(value, decimals)
    return f"+{words}" if value is not None and value > 0 and words.strip("0.") else words


def p_words(value: float | None) -> str:
    """Write a p value with its letter.

    Examples
    --------
    >>> p_words(0.2), p_words(0.0001), p_words(None)
    ('p = 0.20', 'p < 0.001', '')
    """
    words = p_text(value)
    return "" if words == NONE else f"p {words}" if words.startswith("<") else f"p = {words}"


def _row(row: DifferenceRow, decimals: int, tested: bool, clusters: str) -> list[Cell]:
    cells = [
        Cell(comparison_words(row), f"{SHORT_GROUPS[row.group]}\nagainst {SHORT_GROUPS[row.against]}"),
        Cell(signed_text(row.value, decimals), interval_text(row.low, row.high, decimals)),
        badge(row.effect),
        Cell(fixed_text(row.smallest_detectable, decimals), _plus_minus(row.margin)),
        Cell(p_text(row.corrected_p), _t_words(row)),
    ]
    if tested:
        cells.append(_mcnemar_cell(row))
    spread = f"SD {fixed_text(row.sd, decimals)}" if row.sd is not None else ""
    units = f"{row.n_clusters:,} {clusters}" if row.n_clusters else ""
    models = Cell(f"{row.n_units:,}", "\n".join(filter(None, (spread, units))))
    return [*cells, models, Cell(row.reason or row.sentence or NONE)]


def _t_words(row: DifferenceRow) -> str:
    if row.corrected_t is None:
        return ""
    freedom = f"\ndf {row.corrected_df:.3g}" if row.corrected_df is not None else ""
    return f"t = {fixed_text(row.corrected_t, 2)}{freedom}"


def _mcnemar_cell(row: DifferenceRow) -> Cell:
    if row.mcnemar_better is None or row.mcnemar_worse is None:
        return Cell(NONE, p_words(row.mcnemar_p))
    return Cell(f"{row.mcnemar_better:,} : {row.mcnemar_worse:,}", p_words(row.mcnemar_p))


def _plus_minus(value: float | None) -> str:
    return f"± {value:.4g}" if value is not None else ""
