"""Values printed twice; every expected number is worked by hand."""

from __future__ import annotations

import pytest

from ccmeval.published import check_repeats as checks
from ccmeval.published.check_separability import swapped_separability
from ccmeval.published.library import published_paper
from tests.published.copies import filled


def test_ssim_of_the_abstract():
    check = checks.headline_ssim(published_paper())
    assert check.finding == "does not agree"
    assert check.steps[0] == "0.90 − 0.630 = 0.270; rounding leaves ±0.005 and ±0.0005."
    # 0.27 / 0.63 = 0.42857, 0.27 / 0.90 = 0.3, 0.90 / 0.63 = 1.42857
    assert check.steps[1] == "Relative to 0.630: 42.9 %; relative to 0.90: 30 %."
    assert "1.429" in check.explanations[0]
    assert "is not 3" in check.explanations[0]


def test_ssim_agrees_within_its_rounding(tmp_path):
    # 0.63 stands for 0.625 to 0.635.
    assert checks.headline_ssim(filled(tmp_path, statements={"ssim_elsewhere": "0.63"})).finding == "agrees"


def test_ssim_of_the_running_text(tmp_path):
    assert checks.text_ssim(published_paper()).finding == "cannot be told"
    own = {"ssim_text": "0.71", "ssim_text_table": "0.70"}
    assert checks.text_ssim(filled(tmp_path, statements=own)).finding == "agrees"  # 0.705 is in both
    own["ssim_text"] = "0.72"
    assert checks.text_ssim(filled(tmp_path, statements=own)).finding == "does not agree"


def test_spade(tmp_path):
    check = checks.spade_value(published_paper())
    assert check.finding == "does not agree"
    # 0.035 / 0.610 = 0.05737..., 0.035 / 0.645 = 0.05426...
    assert check.steps[1] == "Relative to 0.610: 5.74 %; relative to 0.645: 5.43 %."
    assert checks.spade_value(filled(tmp_path, statements={"spade_second": "0.645"})).finding == "agrees"


@pytest.mark.parametrize(
    ("short", "finding"), [("0.623", "does not agree"), ("0.628", "agrees"), ("0.63", "agrees")]
)
def test_a_shortened_number(tmp_path, short, finding):
    check = checks.shortened_number(filled(tmp_path, statements={"short_number": short}))
    assert check.finding == finding


def test_a_dropped_digit_is_named():
    check = checks.shortened_number(published_paper())
    assert check.steps == [
        "0.6283 to 3 decimals: 0.628 rounded, 0.628 cut off; printed 0.623.",
        "0.628 − 0.623 = 0.005.",
    ]
    assert check.explanations == ["0.6283 without its digit 8 reads 0.623."]


def test_cut_off_is_allowed(tmp_path):
    own = {"long_number": "0.6287", "short_number": "0.628"}
    check = checks.shortened_number(filled(tmp_path, statements=own))
    assert check.finding == "agrees"
    assert "0.629 rounded, 0.628 cut off" in check.steps[0]


def test_a_time_in_minutes():
    check = checks.time_unit(published_paper())
    assert check.finding == "does not agree"
    # 0.02 / 60 = 0.000333..., 0.02 min = 1.2 s, 60 / 0.02 = 3000
    assert check.steps == [
        "0.02 s / 60 = 0.000333 minutes.",
        "0.02 minutes = 1.20 s, 60 times 0.02 s.",
        "60 s / 0.02 s = 3000.",
    ]


def test_a_time_in_seconds_agrees(tmp_path):
    assert checks.time_unit(filled(tmp_path, statements={"time_unit_text": "seconds"})).finding == "agrees"


def test_an_unknown_unit_cannot_be_told(tmp_path):
    own = {"time_unit_text": "fortnights"}
    assert checks.time_unit(filled(tmp_path, statements=own)).finding == "cannot be told"


def test_the_caption(tmp_path):
    check = checks.caption_name(published_paper())
    assert (check.finding, check.steps) == ("does not agree", ["“WGAN” ≠ “SPADE”."])
    assert checks.caption_name(filled(tmp_path, statements={"caption_method": "spade"})).finding == "agrees"


REAL = {"source": "Real", "diagnosis": "Control"}


def test_sds_of_two_tables(tmp_path):
    assert checks.repeated_sds(published_paper()).finding == "cannot be told"
    own = {
        "biomarkers_elsewhere": [{**REAL, "cnfl_mm_per_mm2": "19.40 ± 2.57", "cnfd_per_mm2": "21.4 ± 9.4"}]
    }
    check = checks.repeated_sds(filled(tmp_path, tables=own))
    assert check.finding == "does not agree"
    # 2.57 / 5.14 = 0.5; 9.4 stands for 9.35 to 9.45, and 9.45 for 9.445 to 9.455.
    assert "mean agrees, SD does not agree (ratio 0.5)" in check.steps[0]
    assert "mean agrees, SD agrees" in check.steps[1]
    assert check.sentence.startswith("1 of 2 pairs")


def separability(*values: str, relative: str | None = None) -> dict[str, str | None]:
    keys = [f"separability_{side}_{place}" for place in ("text", "table") for side in ("real", "synthetic")]
    return {**dict(zip(keys, values, strict=True)), "separability_relative": relative}


def test_swapped_separability(tmp_path):
    own = separability("0.50", "0.40", "0.40", "0.50", relative="-20.0")
    check = swapped_separability(filled(tmp_path, statements=own))
    assert check.finding == "does not agree"
    assert "each for the other side" in check.sentence
    # (0.40 - 0.50) / 0.50 = -20 %; (0.50 - 0.40) / 0.40 = 25 %
    assert check.steps[:2] == ["text: (0.40 − 0.50) / 0.50 = -20 %.", "table: (0.50 − 0.40) / 0.40 = 25 %."]
    assert "of the text: -20.0 %, agrees" in check.steps[2]
    assert "of the table: 25.0 %, does not agree" in check.steps[3]


def test_a_relative_difference_without_its_sign(tmp_path):
    own = separability("0.50", "0.40", "0.50", "0.40", relative="20.0")
    check = swapped_separability(filled(tmp_path, statements=own))
    assert check.finding == "agrees"
    assert "agrees in size" in check.steps[2]


def test_separability_is_not_at_hand():
    check = swapped_separability(published_paper())
    assert check.finding == "cannot be told"
    assert len(check.missing) == 5
