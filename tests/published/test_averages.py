"""Averages against their rows, and the FID of the text against the class average; values worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.published.check_averages import class_averages, headline_fid, mean_agrees
from ccmeval.published.library import published_paper
from ccmeval.published.printed import around
from tests.published.copies import filled

DIAGNOSES = ("Control", "T1NoDPN", "T1DPN", "Class average")


def fidelity(*values: str) -> dict[str, object]:
    rows = [
        {"model": "LoRA", "rank": "8", "diagnosis": diagnosis, "fid": value}
        for diagnosis, value in zip(DIAGNOSES, values, strict=True)
    ]
    return {"tables": {"fidelity": rows}}


def test_the_class_average_of_the_paper_cannot_be_told():
    check = class_averages(published_paper())
    assert check.finding == "cannot be told"
    assert len(check.missing) == 83
    assert check.steps == []


def test_rows_that_give_their_average_agree(tmp_path):
    # (14.10 + 15.20 + 17.32) / 3 = 46.62 / 3 = 15.54
    check = class_averages(filled(tmp_path, **fidelity("14.10", "15.20", "17.32", "15.54")))
    assert check.finding == "agrees"
    assert "(14.10 + 15.20 + 17.32) / 3 = 15.54" in check.steps[0]
    assert check.sentence.startswith("1 of the 1 class averages")


def test_a_third_of_the_average_does_not_agree(tmp_path):
    check = class_averages(filled(tmp_path, **fidelity("14.10", "15.20", "17.32", "5.18")))
    assert check.finding == "does not agree"
    assert "printed 5.18, that is [5.175, 5.185]: does not agree" in check.steps[0]


def test_one_missing_row_leaves_its_average_untold(tmp_path):
    rows = fidelity("14.10", "15.20", "17.32", "15.54")
    rows["tables"]["fidelity"][1]["fid"] = None
    assert class_averages(filled(tmp_path, **rows)).finding == "cannot be told"


@pytest.mark.parametrize(
    ("values", "average", "agrees"),
    [
        # 1.0 stands for 0.95 to 1.05, 2.0 for 1.95 to 2.05: means from 1.45 to 1.55.
        (("1.0", "2.0"), "1.5", True),
        (("1.0", "2.0"), "1.6", True),  # 1.55, the end of both
        (("1.0", "2.0"), "1.7", False),
        (("10.00", "20.00", "30.00"), "20.02", False),
    ],
)
def test_rounding_decides(values, average, agrees):
    assert mean_agrees([Decimal(it) for it in values], Decimal(average))[0] is agrees


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=5), st.integers(0, 2))
def test_a_rounded_mean_of_rounded_rows_always_agrees(thousandths, decimals):
    exact = [Decimal(it) / 1000 for it in thousandths]
    unit = Decimal(1).scaleb(-decimals)
    average = (sum(exact) / len(exact)).quantize(unit)
    assert mean_agrees([it.quantize(unit) for it in exact], average)[0]


def test_each_fid_of_the_text_is_a_third_of_the_table():
    check = headline_fid(published_paper())
    assert check.finding == "does not agree"
    # 5.18 x 3 = 15.54; 7.78 x 3 = 23.34 and 23.35 / 3 = 7.7833...; 9.30 x 3 = 27.90.
    assert check.steps[:3] == [
        "5.18 × 3 = 15.54; the table prints 15.54.",
        "7.78 × 3 = 23.34; the table prints 23.35, and 23.35 / 3 = 7.7833, which rounds to 7.78.",
        "9.30 × 3 = 27.90; the table prints 27.90.",
    ]
    # 15.535 / 5.185 = 2.99614..., 15.545 / 5.175 = 3.00386...
    assert "[2.996, 3.004], which holds 3" in check.steps[3]
    assert "divided by 3" in check.explanations[0]
    assert check.sentence.startswith("None of the 3 values equals")
    assert "each is a third of it" in check.sentence


def test_equal_values_agree_and_are_not_explained(tmp_path):
    own = {"fid_abstract": "15.54", "fid_text_b": "23.35", "fid_text_c": "27.9"}
    check = headline_fid(filled(tmp_path, statements=own))
    assert check.finding == "agrees"
    assert check.explanations == []


def test_another_ratio_is_not_called_a_third(tmp_path):
    check = headline_fid(filled(tmp_path, statements={"fid_abstract": "7.77"}))
    assert check.finding == "does not agree"
    assert check.explanations == []
    assert "does not hold 3" in check.steps[3]


def test_missing_values_are_named():
    paper = published_paper()
    for key in ("fid_table", "fid_table_b", "fid_table_c"):
        paper.statement(key).printed = None
    check = headline_fid(paper)
    assert check.finding == "cannot be told"
    assert len(check.missing) == 3


def test_trailing_zeros_narrow_the_rounding():
    assert (around(Decimal("0.90")).low, around(Decimal("0.9")).low) == (Decimal("0.895"), Decimal("0.85"))
