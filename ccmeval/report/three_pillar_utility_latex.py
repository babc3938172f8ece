"""Tables of pillar 3 as LaTeX: groups by metrics, and differences."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.report.numbers import NONE, fixed_text, p_text
from ccmeval.report.three_pillar_tabular import bracketed, tabular
from ccmeval.report.three_pillar_utility_differences import (
    comparison_words,
    difference_decimals,
    primary_differences,
    signed_text,
)
from ccmeval.report.three_pillar_utility_scores import mean_text, metric_columns, score_decimals
from ccmeval.report.three_pillar_utility_words import (
    TASK_WORDS,
    TASKS,
    full_label,
    group_order,
    learners_in,
    percent_words,
)
from ccmeval.report.view import Cell, interval_text
from ccmeval.utility.schema import DifferenceRow, ScoreRow, UtilityResult


def utility_tables(found: UtilityResult | None) -> dict[str, str]:
    """Write the tables of pillar 3 as text by name; one without rows is empty.

    Examples
    --------
    >>> utility_tables(None)["utility_differences"]
    ''
    """
    found = found or UtilityResult()
    tables = {f"utility_{task}": _scores([row for row in found.scores if row.task == task]) for task in TASKS}
    return {**tables, "utility_differences": _differences(found.differences)}


def _scores(scores: Sequence[ScoreRow]) -> str:
    columns = metric_columns(scores)
    decimals = {key: score_decimals(rows) for key, rows in columns.items()}
    whole = [row for rows in columns.values() for row in rows]
    rows: list[list[str]] = []
    for name in learners_in(whole):
        rows.append([f"Learner: {name}"])
        for group in sorted({row.group for row in whole if row.learner == name}, key=group_order):
            cells = []
            for key, of_metric in columns.items():
                row = next((it for it in of_metric if (it.learner, it.group) == (name, group)), None)
                cells.append(_score(row, decimals[key]))
            rows.append([group, *cells])
    heads = [
        "Group",
        *[f"{full_label(of_one[0])} [{percent_words(of_one[0].confidence)}]" for of_one in columns.values()],
    ]
    return tabular("l" + "r" * len(columns), heads, rows, "utility_scores.csv")


def _score(row: ScoreRow | None, decimals: int) -> str:
    if row is None:
        return NONE
    return bracketed(Cell(mean_text(row.value, row.sd, decimals), interval_text(row.low, row.high, decimals)))


def _differences(differences: Sequence[DifferenceRow]) -> str:
    rows: list[list[str]] = []
    for task in TASKS:
        of_task = primary_differences([row for row in differences if row.task == task])
        decimals = difference_decimals(of_task)
        for name in learners_in(of_task):
            rows.append([f"{TASK_WORDS[task]}, {name}: {full_label(of_task[0])}"])
            rows += [_difference(row, decimals) for row in of_task if row.learner == name]
    heads = (
        "Groups",
        "Difference [CI]",
        "SD",
        "Corrected t (df)",
        "p",
        "McNemar, better : worse",
        "p",
        "Detectable",
        "Margin",
        "Effect",
    )
    return tabular("lrrrrrrrrl", heads, rows, "utility_differences.csv")


def _difference(row: DifferenceRow, decimals: int) -> list[str]:
    t = fixed_text(row.corrected_t, 2)
    if row.corrected_t is not None and row.corrected_df is not None:
        t += f" ({row.corrected_df:.3g})"
    pair = (row.mcnemar_better, row.mcnemar_worse)
    return [
        comparison_words(row),
        bracketed(Cell(signed_text(row.value, decimals), interval_text(row.low, row.high, decimals))),
        fixed_text(row.sd, decimals),
        t,
        p_text(row.corrected_p),
        NONE if None in pair else f"{pair[0]} : {pair[1]}",
        p_text(row.mcnemar_p),
        fixed_text(row.smallest_detectable, decimals),
        NONE if row.margin is None else f"{row.margin:.4g}",
        row.effect,
    ]
