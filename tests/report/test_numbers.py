"""Numbers as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.report.numbers import (
    NONE,
    biomarker_text,
    common_decimals,
    fixed_text,
    number_text,
    p_text,
    shared_decimals,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(19.437, "19.4"), (6.25, "6.25"), (0.02194, "0.0219"), (100.0, "100"), (1234.5, "1234"),
     (-0.5, "−0.500"), (0.0, "0"), (-0.0, "0"), (9.999, "10.0"), (1e-7, "1.00e−7"), (2.5e7, "2.50e7"),
     (None, NONE), (math.nan, NONE), (math.inf, NONE)],
)  # fmt: skip
def test_three_digits(value, text):
    assert number_text(value) == text


@given(st.floats(1e-4, 1e5))
def test_text_says_the_number_to_three_digits(value):
    assert float(number_text(value).replace(",", "")) == pytest.approx(value, rel=0.00501)


@given(st.floats(-1e4, 1e4), st.integers(0, 6))
def test_decimals_are_kept_and_zero_has_no_sign(value, decimals):
    text = fixed_text(value, decimals).replace("−", "-")
    assert float(text) == pytest.approx(value, abs=0.5 * 10.0**-decimals + 1e-9)
    assert not (float(text) == 0 and text.startswith("-"))
    assert len(text.partition(".")[2]) == decimals


@pytest.mark.parametrize(
    ("mean", "sd", "decimals"),
    [(19.4, 5.14, 1), (31.58, 1.30, 1), (0.0469, 0.0067, 4), (62.35, 37.69, 1), (5.05, 0.0132, 3),
     (0.0, 0.0, 0), (-0.2, 2.2e-17, 3), (250.0, None, 0),
     (None, None, 0), (math.nan, math.nan, 0), (1200.0, 300.0, 0)],
)  # fmt: skip
def test_mean_and_sd_share_decimals(mean, sd, decimals):
    assert shared_decimals(mean, sd) == decimals


@pytest.mark.parametrize(
    ("value", "text"), [(0.0499, "0.050"), (0.2, "0.20"), (1.0, "1.00"), (5e-4, "< 0.001"), (math.nan, NONE)]
)
def test_p_values(value, text):
    assert p_text(value) == text


@pytest.mark.parametrize(
    ("means", "sds", "decimals"),
    [([20.7, 11.6, 7.27], [3.9, 4.3, 5.57], 1), ([32.64, 31.7], [0.54, 1.5], 1),
     ([5.223, 5.07], [0.087, 0.24], 2), ([0.108, 0.059], [0.021, 0.0237], 3), ([15.0, None], [None, None], 1),
     ([10.0, 12.0], [0.0, 4.1], 1), ([], [], 0)],
)  # fmt: skip
def test_cells_of_one_biomarker_share_decimals(means, sds, decimals):
    assert common_decimals(means, sds) == decimals


@given(st.integers(0, 60))
def test_counts_over_the_area_of_a_frame_are_written_exactly(count):
    assert float(biomarker_text(count / 0.16, "/mm²")) == count / 0.16


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(16.8349, "mm/mm²", "16.83"), (0.0014, "mm/mm²", "0.00140"), (0.06651, "mm²/mm²", "0.0665"),
     (1.1413, "", "1.14"), (None, "/mm²", NONE), (math.nan, "µm", NONE)],
)  # fmt: skip
def test_a_frames_biomarker(value, unit, text):
    assert biomarker_text(value, unit) == text
