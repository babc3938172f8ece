"""The t-test of partially overlapping samples: its limits, its formula by hand; TOST against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from ccmeval.preservation.equivalence import default_margin, tost, verdict
from ccmeval.preservation.overlap import overlapping_t, rank_p

NAN = float("nan")


def apart(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([a, np.full(len(b), NAN)]), np.concatenate([np.full(len(a), NAN), b])


@pytest.fixture
def samples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(10, 2, 17), rng.normal(11, 4, 23)


def test_without_pairs_it_is_welch(samples):
    found = overlapping_t(*apart(*samples))
    peer = stats.ttest_ind(samples[1], samples[0], equal_var=False)
    assert found.p() == pytest.approx(peer.pvalue)
    assert found.degrees == pytest.approx(peer.df)
    interval = peer.confidence_interval(0.9)
    assert found.interval(0.9) == pytest.approx((interval.low, interval.high))
    assert found.method == "Welch's t"


def test_with_pairs_alone_it_is_the_paired_test(samples):
    a, b = samples[0], samples[1][:17]
    found = overlapping_t(a, b)
    peer = stats.ttest_rel(b, a)
    assert (found.p(), found.degrees) == pytest.approx((peer.pvalue, 16))
    assert found.method == "paired t"


def test_partial_overlap_by_the_formula():
    a = np.array([20, 21, 16, 18, 14, 12, 14, 17, NAN, NAN, NAN])
    b = np.array([19, 22, 18, NAN, 15, 16, NAN, NAN, 25, 21, 11])
    both = np.isfinite(a) & np.isfinite(b)
    x, y = a[np.isfinite(a)], b[np.isfinite(b)]
    r = stats.pearsonr(a[both], b[both]).statistic
    v = x.var(ddof=1) / 8 + y.var(ddof=1) / 8
    error = np.sqrt(v - 2 * r * x.std(ddof=1) * y.std(ddof=1) * 5 / 64)
    gamma = v**2 / ((x.var(ddof=1) / 8) ** 2 / 7 + (y.var(ddof=1) / 8) ** 2 / 7)
    degrees = 4 + (gamma - 5 + 1) / (3 + 3 + 10) * 6
    found = overlapping_t(a, b)
    assert (found.error, found.degrees) == pytest.approx((error, degrees))
    assert found.p() == pytest.approx(2 * stats.t.sf(abs(y.mean() - x.mean()) / error, degrees))
    assert "Derrick" in found.method


def test_one_or_two_pairs_among_others_count_as_unpaired(samples):
    a, b = apart(*samples)
    b[0], b[1] = 10.0, 14.0
    x, y = a[np.isfinite(a)], b[np.isfinite(b)]
    assert overlapping_t(a, b).p() == pytest.approx(stats.ttest_ind(x, y, equal_var=False).pvalue)


@pytest.mark.parametrize("margin", [0.3, 1.0, 2.5, 5.0])
def test_tost_is_that_of_statsmodels(samples, margin):
    found = tost(overlapping_t(*apart(*samples)), margin)
    assert found.p == pytest.approx(ttost_ind(samples[1], samples[0], -margin, margin, usevar="unequal")[0])
    a, b = samples[0], samples[1][:17]
    assert tost(overlapping_t(a, b), margin).p == pytest.approx(ttost_paired(b, a, -margin, margin)[0])


@given(shift=st.floats(-5, 5), margin=st.floats(0.05, 10), shared=st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_tost_passes_just_where_its_interval_lies_within(shift, margin, shared):
    rng = np.random.default_rng(shared)
    a, b = np.full(24 - shared, NAN), np.full(24 - shared, NAN)
    a[:12], b[-12:] = rng.normal(0, 1, 12), rng.normal(shift, 2, 12)
    found = tost(overlapping_t(a, b), margin)
    assert (found.p < 0.05) == (-margin < found.low and found.high < margin)


@given(shared=st.integers(0, 9), factor=st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_swapping_and_units(shared, factor):
    rng = np.random.default_rng(shared + 50)
    a, b = np.full(20 - shared, NAN), np.full(20 - shared, NAN)
    a[:10], b[-10:] = rng.gamma(2, 1, 10), rng.gamma(3, 1, 10)
    one, other, scaled = overlapping_t(a, b), overlapping_t(b, a), overlapping_t(factor * a, factor * b)
    assert one.difference == pytest.approx(-other.difference)
    assert one.p() == pytest.approx(other.p()) == pytest.approx(scaled.p())
    assert scaled.error == pytest.approx(factor * one.error)


def test_ranks_without_ties_by_their_own_formula():
    a, b = np.array([3.0, 8, 4, 6, NAN]), np.array([NAN, 9, 5, 7, 10])
    ranks_a, ranks_b = np.array([1.0, 6, 2, 4, NAN]), np.array([NAN, 7, 3, 5, 8])
    assert rank_p(a, b) == pytest.approx(overlapping_t(ranks_a, ranks_b).p())


@pytest.mark.parametrize(
    ("a", "b"),
    [([], []), ([1.0], [2.0]), ([1.0, NAN], [NAN, 2.0]), ([5.0] * 6, [5.0] * 6), ([0.1] * 6, [0.7] * 6)],
)
def test_too_little_or_constant_is_undefined(a, b):
    found = overlapping_t(a, b)
    assert np.isnan(found.p())
    assert np.isnan(tost(found, 1.0).p)
    assert verdict(found.p(), tost(found, 1.0).p) == "undefined"


def test_verdicts_are_the_four_combinations():
    for p in (0.0, 0.01, 0.0499, 0.05, 0.5, 1.0):
        for q in (0.0, 0.01, 0.0499, 0.05, 0.5, 1.0):
            said = verdict(p, q)
            assert (said in {"different", "both"}) == (p < 0.05)
            assert (said in {"equivalent", "both"}) == (q < 0.05)
            assert (said == "inconclusive") == (p >= 0.05 and q >= 0.05)
    assert verdict(NAN, 0.01) == verdict(0.01, NAN) == "undefined"


def test_margin_is_within_diagnoses():
    values, labels = np.array([1.0, 3, 11, 13, NAN]), ["a", "a", "b", "b", "b"]
    none = np.full(5, NAN)
    assert default_margin(values, none, labels, 0.5).value == pytest.approx(0.5 * np.sqrt(2))
    assert np.isnan(default_margin([1.0, 5.0], none[:2], ["a", "b"], 0.5).value)
    assert np.isnan(default_margin([0.1, 0.1, 0.1], none[:3], ["a"] * 3, 0.5).value)


def test_error_of_an_estimated_margin_is_that_of_repeated_sampling():
    rng = np.random.default_rng(0)
    drawn = rng.gamma(2, 1, (4000, 60))
    margins = 0.5 * drawn.std(axis=1, ddof=1)
    found = [default_margin(it, np.full(60, NAN), np.zeros(60), 0.5) for it in drawn[:300]]
    assert np.mean([it.variance for it in found]) == pytest.approx(margins.var(), rel=0.3)
    expected = -np.cov(margins, drawn.mean(axis=1))[0, 1]
    assert np.mean([it.covariance for it in found]) == pytest.approx(expected, rel=0.3)
