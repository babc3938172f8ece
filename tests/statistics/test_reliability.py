"""ICC and repeatability against published tables and data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ccmeval.statistics import coefficient_of_variation_within, icc, repeatability

# Shrout & Fleiss, Psychol Bull 1979;86:420, Table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

# Repeated peak flows, Wright meter: Bland & Altman, Lancet 1986;327:307, Table 1.
WRIGHT_FIRST = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
WRIGHT_SECOND = [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421]


def test_published_icc():
    """0.29 in the paper's Table 4; the interval 0.019 to 0.761 is what R's psych prints for it."""
    found = icc(SHROUT_FLEISS)
    assert found.n == 6
    assert found.value == pytest.approx(0.2898, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.0188, 0.7611), abs=5e-4)


def test_icc_from_variance_components():
    """Subjects SD 2, raters SD 1, error SD 1: 4 / 6."""
    rng = np.random.default_rng(0)
    values = [
        icc(2 * rng.normal(size=(40, 1)) + rng.normal(size=(1, 40)) + rng.normal(size=(40, 40))).value
        for _ in range(60)
    ]
    assert np.mean(values) == pytest.approx(4 / 6, abs=0.03)


def test_icc_interval_covers_what_it_says():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(500):
        # Both raters from one population without bias between them: true ICC 0.8.
        scores = 2 * rng.normal(size=(25, 1)) + rng.normal(size=(25, 2))
        found = icc(scores)
        hits += found.low < 0.8 < found.high
    assert 0.925 < hits / 500 < 0.98


def test_icc_of_perfect_agreement_is_one():
    found = icc([[1, 1], [2, 2], [4, 4]])
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_icc_falls_with_bias_where_correlation_does_not():
    x = np.arange(10.0)
    assert icc(np.column_stack([x, x + 5])).value < 0.5 < stats.pearsonr(x, x + 5).statistic


@pytest.mark.parametrize(
    "scores", [[[1, 2]], [[17.2, 16.8], [15.9, 16.1]], [[3, 3], [3, 3], [3, 3]], [[0.1, 0.1], [0.1, 0.1]]]
)
def test_icc_undefined(scores):
    assert np.isnan(icc(scores).value)


@pytest.mark.parametrize("scores", [[[1, 5], [5, 1], [3, 3]], [[1, 5], [5, 1], [2, 4]]])
def test_icc_of_rows_with_one_mean_has_no_interval(scores):
    """Worked by hand: rows 0, columns 0 (or 2/3), error 8 (or 26/3) give -8 / (8/3) and -26/3 / (10/3)."""
    found = icc(scores)
    assert found.value == pytest.approx(-3.0 if scores[2] == [3, 3] else -2.6)
    assert np.isnan([found.low, found.high]).all()


def test_icc_drops_incomplete_rows():
    assert icc([*SHROUT_FLEISS, [1, 2, float("nan"), 3]]) == icc(SHROUT_FLEISS)


def test_icc_refuses_one_rater():
    with pytest.raises(ValueError, match="shape"):
        icc([[1], [2]])


def test_published_repeatability():
    """The paper: SD of the differences 21.6 l/min, coefficient 43.2 (with 2 for 1.96)."""
    found = repeatability(zip(WRIGHT_FIRST, WRIGHT_SECOND, strict=True))
    assert found.within_sd * np.sqrt(2) == pytest.approx(21.6, abs=0.25)
    assert found.coefficient == pytest.approx(1.96 * 21.6, abs=0.5)
    assert (found.n_groups, found.n_values) == (17, 34)


def test_repeatability_pools_by_degrees_of_freedom():
    groups = [[1.0, 2, 3, 4], [10.0, 12], [7.0]]
    within = np.sqrt((np.var(groups[0], ddof=1) * 3 + np.var(groups[1], ddof=1)) / 4)
    found = repeatability(groups)
    assert found.within_sd == pytest.approx(within)
    assert found.n_groups == 2


def test_coefficient_of_variation_is_the_root_mean_square():
    groups = [[9.0, 11.0, 10.0], [100.0, 104.0], [5.0]]
    parts = [stats.variation(g, ddof=1) for g in groups[:2]]
    assert coefficient_of_variation_within(groups) == pytest.approx(np.sqrt(np.mean(np.square(parts))))


def test_coefficient_of_variation_leaves_out_what_has_none():
    assert coefficient_of_variation_within([[9.0, 11.0], [0.0, 0.0], [-1.0, 0.5]]) == pytest.approx(
        coefficient_of_variation_within([[9.0, 11.0]])
    )
    assert np.isnan(coefficient_of_variation_within([[0.0, 0.0], [float("nan"), 1.0]]))
    assert np.isnan(repeatability([]).within_sd)
