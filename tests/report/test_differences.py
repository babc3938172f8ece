"""The tests between diagnoses as the page tells them."""

from __future__ import annotations

from itertools import combinations

from ccmeval.report import differences
from ccmeval.report.schema import BiomarkersResult

TIME = "2026-11-20T20:00:00Z"


def words(table: object) -> list[list[tuple[str, str]]]:
    return [[(cell.words, cell.below) for cell in line] for line in table.rows]


def test_a_test_is_told_with_its_intervals():
    test = {
        "biomarker": "cnfl_mm_per_mm2",
        "diagnosis_a": "Control",
        "diagnosis_b": "T1DPN",
        "n_a": 12,
        "n_b": 13,
        "difference": -9.64,
        "difference_low": -13.2,
        "difference_high": -6.1,
        "hedges_g": -1.7449,
        "hedges_g_low": -2.5,
        "hedges_g_high": -1.0,
        "auc": 0.104,
        "auc_low": 0.03,
        "auc_high": 0.31,
        "welch_p_holm": 0.00002,
        "mann_whitney_p_holm": 0.0123,
        "adjusted_for": "age",
        "adjusted_difference": -8.0,
        "adjusted_low": -12.0,
        "adjusted_high": -4.0,
        "adjusted_p_holm": 0.2,
        "warning": "",
    }
    table = differences.tests_table(BiomarkersResult(created=TIME, tests=[test]), "primary")
    assert words(table)[0][1:] == [
        ("T1DPN against Control", ""),
        ("13 / 12", ""),
        ("−9.64", "−13.20 to −6.10"),
        ("−1.74", "−2.50 to −1.00"),
        ("0.10", "0.03 to 0.31"),
        ("< 0.001", ""),
        ("0.012", ""),
        ("−8.00", "−12.00 to −4.00; p 0.20"),
    ]
    assert "age" in table.heads[-1].below
    assert differences.tests_table(BiomarkersResult(created=TIME, tests=[test]), "secondary").rows == []


def pairs(names: str) -> BiomarkersResult:
    common = {"biomarker": "cnfl_mm_per_mm2", "family": "primary", "n_a": 3, "n_b": 3, "auc": 0.5}
    tests = [
        {**common, "diagnosis_a": a, "diagnosis_b": b, "difference": -1.0, "family_size": 40.0}
        for a, b in combinations(names, 2)
    ]
    return BiomarkersResult(created=TIME, tests=tests)


def test_all_pairs_of_four_diagnoses_are_shown():
    table = differences.tests_table(pairs("abcd"), "primary")
    assert len(table.rows) == 6
    assert table.more == ""


def test_more_diagnoses_are_shown_against_the_first():
    table = differences.tests_table(pairs("abcde"), "primary")
    assert [line[1].words for line in table.rows] == [f"{name} against a" for name in "bcde"]
    assert "the other 6 of each biomarker are in diagnosis_tests.csv" in table.more
    assert len(differences.tests_table(pairs("abcdefghijklmnopqrstuvwxyz"), "primary").rows) == 11


def test_the_text_counts_the_comparisons_adjusted_for():
    assert "(the 40 of primary biomarkers)" in differences.tests_text(pairs("abcde"))


def test_differences_of_one_biomarker_share_decimals():
    result = pairs("abc")
    for row, value in zip(result.tests, (-9.104, -13.44, -4.334), strict=True):
        row.update(difference=value, difference_low=value - 7, difference_high=value + 7)
    table = differences.tests_table(result, "primary")
    assert [line[3].words for line in table.rows] == ["−9.1", "−13.4", "−4.3"]
