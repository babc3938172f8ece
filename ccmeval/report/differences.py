"""The tables of the biomarkers page on tests between diagnoses."""

from __future__ import annotations

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.report.numbers import fixed_text, p_text, shared_decimals
from ccmeval.report.schema import BiomarkersResult
from ccmeval.report.summary import Row, biomarker_cell, count, diagnosis_rows, number, text, unit_of_analysis
from ccmeval.report.view import Cell, Head, Table, interval_text


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
    rows = [
        _test_row(row, wanted[text(row, "biomarker")], bool(adjusted))
        for row in result.tests
        if text(row, "biomarker") in wanted
    ]
    return Table(f"{family.capitalize()} biomarkers between diagnoses.", heads, rows)


def _test_row(row: Row, it: Definition, adjusted: bool) -> list[Cell]:
    cells = [
        biomarker_cell(it),
        Cell(f"{text(row, 'diagnosis_b')} against {text(row, 'diagnosis_a')}", text(row, "warning")),
        Cell(f"{count(row, 'n_b')} / {count(row, 'n_a')}"),
        _estimate_cell(row, "difference"),
        _estimate_cell(row, "hedges_g", 2),
        _estimate_cell(row, "auc", 2),
        Cell(p_text(number(row, "welch_p_holm"))),
        Cell(p_text(number(row, "mann_whitney_p_holm"))),
    ]
    if adjusted:
        cell = _estimate_cell(row, "adjusted_difference", of="adjusted")
        p = p_text(number(row, "adjusted_p_holm"))
        cells.append(Cell(cell.words, f"{cell.below}; p {p}" if cell.below else ""))
    return cells


def _estimate_cell(row: Row, name: str, decimals: int | None = None, of: str | None = None) -> Cell:
    value, low, high = number(row, name), number(row, f"{of or name}_low"), number(row, f"{of or name}_high")
    if decimals is None:
        half = None if low is None or high is None else (high - low) / 2
        decimals = shared_decimals(value, half)
    return Cell(fixed_text(value, decimals), interval_text(low, high, decimals))


def tests_text(result: BiomarkersResult) -> str:
    """Say how the tests are to be read."""
    unit = unit_of_analysis(diagnosis_rows(result))
    return (
        f"Over {unit}s. A difference, Hedges’ g and AUC are of the first diagnosis"
        " against the second: negative, or below 0.5, where the first is lower. P values are adjusted"
        " by Holm’s method over all pairs of the family. Unadjusted values, ANOVA and Kruskal–Wallis"
        " are in diagnosis_tests.csv."
    )
