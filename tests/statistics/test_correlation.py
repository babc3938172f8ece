"""Correlations against scipy and against Lin's definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ccmeval.statistics import concordance, pearson, spearman


def pairs(n: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a = rng.normal(15, 4, n)
    return a, 0.8 * a + rng.normal(2, 2, n)


def test_pearson_is_scipys():
    a, b = pairs()
    expected = stats.pearsonr(a, b)
    found = pearson(a, b)
    assert found.value == pytest.approx(expected.statistic)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_spearman_is_scipys_with_ties():
    a, b = pairs()
    a, b = np.round(a / 2), np.round(b / 3)
    assert spearman(a, b).value == pytest.approx(stats.spearmanr(a, b).statistic)


def test_concordance_is_one_minus_the_share_of_expected_squared_distance():
    """Lin's definition, without the formula's own pieces."""
    a, b = pairs()
    b_shuffled = b[:, None] - a[None, :]
    expected = 1 - np.mean((a - b) ** 2) / np.mean(b_shuffled**2)
    assert concordance(a, b).value == pytest.approx(expected)


@pytest.mark.parametrize("function", [concordance, spearman])
def test_intervals_cover_what_they_say(function):
    """Binormal pairs, r = 0.8, equal SD, shift 0.5 SD: concordance 2 x 0.8 / (2 + 0.25)."""
    rng = np.random.default_rng(5)
    expected = 1.6 / 2.25 if function is concordance else 6 / np.pi * np.arcsin(0.4)
    hits = 0
    for _ in range(400):
        x, y = rng.multivariate_normal([0, 0.5], [[1, 0.8], [0.8, 1]], 50).T
        found = function(x, y)
        hits += found.low < expected < found.high
    assert 0.92 < hits / 400 < 0.985


def test_error_of_concordance_far_from_the_line_of_identity():
    """Shift of two SD: the interval's half width is the scatter of 2000 samples."""
    rng = np.random.default_rng(6)
    drawn = [rng.multivariate_normal([0, 2], [[1, 0.8], [0.8, 1]], 100).T for _ in range(2000)]
    found = [concordance(x, y) for x, y in drawn]
    scatter = np.std(np.arctanh([it.value for it in found]))
    half = np.mean([np.arctanh(it.high) - np.arctanh(it.low) for it in found]) / 2
    assert half == pytest.approx(1.96 * scatter, rel=0.06)


def test_error_of_concordance_without_any_shift():
    """Equal means and SDs: Lin's error of z is one over the root of n - 2 (his correction of 2000)."""
    found = concordance([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    half = (np.arctanh(found.high) - np.arctanh(found.low)) / 2
    assert half == pytest.approx(1.959964 / 2)


@pytest.mark.parametrize("function", [pearson, spearman, concordance])
def test_undefined_for_too_few_or_constant(function):
    assert np.isnan(function([1, 2], [3, 4]).value)
    assert np.isnan(function([0.1] * 5, [1, 2, 3, 4, 5]).value)
    assert np.isnan(function([], []).value)
    assert np.isnan(function([1, 2, 3], [2, 1, 4]).low)


@pytest.mark.parametrize("function", [pearson, spearman, concordance])
def test_gaps_are_dropped_in_pairs(function):
    nan = float("nan")
    assert function([1, 2, 3, 4, nan, 7], [2, 1, 3, 5, 4, nan]) == function([1, 2, 3, 4], [2, 1, 3, 5])


@pytest.mark.parametrize("function", [pearson, spearman, concordance])
def test_perfect_agreement(function):
    found = function([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))


def test_perfect_agreement_is_exactly_one_whatever_the_rounding():
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = rng.integers(-5, 6, 29).astype(float)
        assert concordance(x, x).value <= 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=5, max_size=30))
def test_concordance_never_exceeds_correlation(values):
    a, b = np.array(values, dtype=float).T
    r, c = pearson(a, b).value, concordance(a, b).value
    if np.isfinite(r) and np.isfinite(c):
        assert abs(c) <= abs(r) + 1e-12
        assert -1 <= c <= 1
