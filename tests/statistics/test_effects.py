"""Effect sizes against a textbook example, scipy, scikit-learn and known coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from ccmeval.statistics import auc, hedges_g, mean_difference


def with_mean_and_sd(mean: float, sd: float, n: int) -> np.ndarray:
    values = np.random.default_rng(n).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


def test_textbook_hedges_g():
    """Borenstein et al., Introduction to Meta-Analysis (2009), chapter 4: g 0.5924, SE 0.2028."""
    found = hedges_g(with_mean_and_sd(100, 4.5, 50), with_mean_and_sd(103, 5.5, 50))
    assert found.value == pytest.approx(0.5924, abs=1e-4)
    assert (found.low, found.high) == pytest.approx(
        (0.5924 - 1.96 * 0.2028, 0.5924 + 1.96 * 0.2028), abs=0.01
    )


def test_hedges_interval_inverts_the_noncentral_t():
    a, b = with_mean_and_sd(0, 1, 9), with_mean_and_sd(1.4, 1, 12)
    found = hedges_g(a, b)
    root = np.sqrt(9 * 12 / 21)
    correct = found.value / ((b.mean() - a.mean()) / np.sqrt((8 * a.var(ddof=1) + 11 * b.var(ddof=1)) / 19))
    t = stats.ttest_ind(b, a).statistic
    assert stats.nct.sf(t, 19, found.low / correct * root) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(t, 19, found.high / correct * root) == pytest.approx(0.025, abs=1e-6)


def test_welch_interval_is_scipys():
    a, b = with_mean_and_sd(3, 1, 12), with_mean_and_sd(5, 4, 30)
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    found = mean_difference(a, b)
    assert found.value == pytest.approx(2)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_auc_is_scikit_learns_with_ties():
    rng = np.random.default_rng(0)
    a, b = rng.poisson(5, 40), rng.poisson(7, 30)
    expected = roc_auc_score(np.r_[np.zeros(40), np.ones(30)], np.r_[a, b])
    assert auc(a, b).value == pytest.approx(expected)


def test_auc_variance_is_delongs_by_brute_force():
    rng = np.random.default_rng(1)
    a, b = np.round(rng.normal(0, 1, 25), 1), np.round(rng.normal(0.8, 1, 35), 1)
    kernel = (b[:, None] > a[None, :]) + 0.5 * (b[:, None] == a[None, :])
    variance = kernel.mean(axis=1).var(ddof=1) / 35 + kernel.mean(axis=0).var(ddof=1) / 25
    found = auc(a, b)
    half = (np.log(found.high / (1 - found.high)) - np.log(found.low / (1 - found.low))) / 2
    assert half == pytest.approx(1.959964 * np.sqrt(variance) / (found.value * (1 - found.value)), rel=1e-6)


@pytest.mark.parametrize(("shift", "n"), [(0.5, 30), (1.5, 15), (3.0, 12)])
def test_auc_interval_covers_what_it_says(shift, n):
    rng = np.random.default_rng(3)
    truth = stats.norm.cdf(shift / np.sqrt(2))
    hits = 0
    for _ in range(500):
        found = auc(rng.normal(0, 1, n), rng.normal(shift, 1, n))
        hits += found.low <= truth <= found.high
    assert 0.9 < hits / 500 < 0.99


def test_complete_separation_still_has_an_interval():
    found = auc([1, 2, 3, 4], [5, 6, 7, 8])
    assert found.value == found.high == 1
    assert 0.5 < found.low < 0.9
    assert "Newcombe" in found.method
    turned = auc([5, 6, 7, 8], [1, 2, 3, 4])
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low))


def test_complete_separation_ends_where_hanley_and_mcneils_error_says():
    """Radiology 1982;143:29: the end is 1.96 standard errors from 1 by their own formula."""
    n, low = 10, auc(np.arange(10), np.arange(10, 20)).low
    q1, q2 = low / (2 - low), 2 * low**2 / (1 + low)
    variance = (low * (1 - low) + (n - 1) * (q1 - low**2) + (n - 1) * (q2 - low**2)) / n**2
    assert 1 - low == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


@settings(deadline=None)
@given(
    st.lists(st.integers(-20, 20), min_size=2, max_size=15),
    st.lists(st.integers(-20, 20), min_size=2, max_size=15),
)
def test_exchanging_the_sides(a, b):
    there, back = auc(a, b), auc(b, a)
    assert there.value == pytest.approx(1 - back.value)
    assert (there.low, there.high) == pytest.approx((1 - back.high, 1 - back.low), abs=1e-9)
    g, h = hedges_g(a, b), hedges_g(b, a)
    if np.isfinite(g.value):
        assert (g.value, g.low) == pytest.approx((-h.value, -h.high), abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [([], [1, 2]), ([1.0], [2.0]), ([float("nan")], [1, 2, 3])])
def test_too_few_values(a, b):
    assert np.isnan(hedges_g(a, b).value)
    assert np.isnan(mean_difference(a, b).low)
    assert np.isnan(auc(a, b).low)


def test_constant_sides():
    assert np.isnan(hedges_g([0.1, 0.1, 0.1], [0.1, 0.1, 0.1]).value)
    assert auc([2, 2, 2], [2, 2, 2]).value == 0.5
