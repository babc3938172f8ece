"""The tables of the biomarkers page on tests between diagnoses."""

from __future__ import annotations

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.report.numbers import common_decimals, fixed_text, p_text
from ccmeval.report.schema import BiomarkersResult
from ccmeval.report.summary import (
    MOST_DIAGNOSES,
    Row,
    biomarker_cell,
    count,
    diagnosis_rows,
    number,
    text,
    unit_of_analysis,
)
from ccmeval.report.view import Cell, Head, Table, interval_text

MOST_PAIRS = 6
"""All pairs of up to four diagnoses are shown; of more, only those with the first diagnosis."""


def tests_table(result: BiomarkersResult, family: str) -> Table:
    """Lay out the tests between diagnoses.

    Parameters
    ----------
    result : BiomarkersResult
    family : {"primary", "secondary"}
        Which biomarkers.
    """
    adjusted = next((text(row, "adjusted_for") for row in result.tests if text(row, "adjusted_for")), "")
    heads = [
        Head("Biomarker"),
        Head("Comparison"),
        Head("n", number=True),
        Head("Difference", "95 % CI", number=True),
        Head("Hedges’ g", "95 % CI", number=True),
        Head("AUC", "95 % CI", number=True),
        Head("p, Welch", "Holm-adjusted", number=True),
        Head("p, Mann–Whitney", "Holm-adjusted", number=True),
    ]
    if adjusted:
        heads.append(Head("Difference adjusted", f"for {adjusted}; 95 % CI, p", number=True))
    wanted = {it.column: it for it in DEFINITIONS if it.family == family}
    tests = [row for row in result.tests if text(row, "biomarker") in wanted]
    shown, more = _shown(tests)
    rows = []
    for column, it in wanted.items():
        of_column = [row for row in shown if text(row, "biomarker") == column]
        decimals = _decimals_of(of_column)
        rows += [_test_row(row, it, decimals, bool(adjusted)) for row in of_column]
    return Table(f"{family.capitalize()} biomarkers between diagnoses.", heads, rows, more)


def _shown(tests: list[Row]) -> tuple[list[Row], str]:
    """Choose the tests to show, and say which were left out."""
    pairs = dict.fromkeys((text(row, "diagnosis_a"), text(row, "diagnosis_b")) for row in tests)
    if len(pairs) <= MOST_PAIRS:
        return tests, ""
    first = next(iter(pairs))[0]
    kept = [pair for pair in pairs if pair[0] == first][: MOST_DIAGNOSES - 1]
    shown = [row for row in tests if (text(row, "diagnosis_a"), text(row, "diagnosis_b")) in kept]
    return shown, (
        f"Only comparisons with {first}; the other {len(pairs) - len(kept):,} of each biomarker are in"
        " diagnosis_tests.csv and count in Holm’s adjustment."
    )


def _half(low: float | None, high: float | None) -> float | None:
    return None if low is None or high is None else (high - low) / 2


def _decimals_of(rows: list[Row]) -> int:
    return common_decimals(
        [number(row, "difference") for row in rows],
        [_half(number(row, "difference_low"), number(row, "difference_high")) for row in rows],
    )


def _test_row(row: Row, it: Definition, decimals: int, adjusted: bool) -> list[Cell]:
    cells = [
        biomarker_cell(it),
        Cell(f"{text(row, 'diagnosis_b')} against {text(row, 'diagnosis_a')}", text(row, "warning")),
        Cell(f"{count(row, 'n_b')} / {count(row, 'n_a')}"),
        _estimate_cell(row, "difference", decimals),
        _estimate_cell(row, "hedges_g", 2),
        _estimate_cell(row, "auc", 2),
        Cell(p_text(number(row, "welch_p_holm"))),
        Cell(p_text(number(row, "mann_whitney_p_holm"))),
    ]
    if adjusted:
        cell = _estimate_cell(row, "adjusted_difference", decimals, of="adjusted")
        p = p_text(number(row, "adjusted_p_holm"))
        cells.append(Cell(cell.words, f"{cell.below}; p {p}" if cell.below else ""))
    return cells


def _estimate_cell(row: Row, name: str, decimals: int, of: str | None = None) -> Cell:
    value, low, high = number(row, name), number(row, f"{of or name}_low"), number(row, f"{of or name}_high")
    return Cell(fixed_text(value, decimals), interval_text(low, high, decimals))


def tests_text(result: BiomarkersResult) -> str:
    """Say how the tests are to be read."""
    unit = unit_of_analysis(diagnosis_rows(result))
    sizes = dict.fromkeys((text(row, "family"), count(row, "family_size")) for row in result.tests)
    families = " and, apart, ".join(f"the {size:,} of {family} biomarkers" for family, size in sizes if size)
    return (
        f"Over {unit}s; n is the first diagnosis / the second. A difference, Hedges’ g and AUC are of the"
        " first diagnosis against the second: negative, or below 0.5, where the first is lower (an AUC of"
        " 0.1 tells them apart as well as 0.9). P values are adjusted by Holm’s method for all"
        f" comparisons{f' ({families})' if families else ''}; intervals are not adjusted."
        " Unadjusted values, ANOVA and Kruskal–Wallis are in diagnosis_tests.csv."
    )
