"""Limits of agreement against the paper's data, tolerance factors, statsmodels and known coverage."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ccmeval.statistics import bland_altman

# Peak flow by two meters, first measurements: Bland & Altman, Lancet 1986;327:307, Table 1.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_published_bias_and_limits():
    found = bland_altman(WRIGHT, MINI)
    assert found.n == 17
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert (found.bias_low, found.bias_high) == pytest.approx((-22.0, 17.8), abs=0.1)
    # The paper rounds 1.96 to 2.
    assert (found.bias - 2 * found.sd, found.bias + 2 * found.sd) == pytest.approx((-79.7, 75.5), abs=0.1)


def test_limits_are_1_96_sd_apart():
    found = bland_altman(WRIGHT, MINI)
    assert found.upper - found.bias == pytest.approx(stats.norm.ppf(0.975) * found.sd)
    assert found.bias - found.lower == pytest.approx(found.upper - found.bias)


@pytest.mark.parametrize("n", [5, 20, 300])
def test_exact_interval_is_a_tolerance_factor(n):
    """The interval of a limit is that of a normal quantile, by scipy's own non-central t."""
    values = np.random.default_rng(n).normal(size=n)
    found = bland_altman(values, np.zeros(n))
    factors = stats.nct.ppf([0.025, 0.975], n - 1, stats.norm.ppf(0.975) * np.sqrt(n)) / np.sqrt(n)
    expected = values.mean() + factors * values.std(ddof=1)
    assert (found.upper_low, found.upper_high) == pytest.approx(tuple(expected), rel=1e-6)


def test_exact_interval_nears_the_approximate_one_of_the_paper():
    """Bland & Altman's own interval for large n: limit +- t sqrt(3 SD^2 / n)."""
    values = np.random.default_rng(0).normal(2, 3, 1000)
    found = bland_altman(values, np.zeros(1000))
    margin = stats.t.ppf(0.975, 999) * np.sqrt(3 * found.sd**2 / 1000)
    assert (found.lower_low, found.lower_high) == pytest.approx(
        (found.lower - margin, found.lower + margin), abs=0.03
    )


def test_slope_is_that_of_least_squares():
    rng = np.random.default_rng(1)
    b = rng.normal(20, 5, 60)
    a = 1.2 * b + rng.normal(0, 1, 60)
    found = bland_altman(a, b)
    fit = sm.OLS(a - b, sm.add_constant((a + b) / 2)).fit()
    assert found.slope == pytest.approx(fit.params[1])
    assert (found.slope_low, found.slope_high) == pytest.approx(tuple(fit.conf_int()[1]))
    assert found.slope_p == pytest.approx(fit.pvalues[1])


def test_slope_over_subjects_is_the_cluster_sandwich():
    rng = np.random.default_rng(2)
    subject = np.repeat(np.arange(12), 5)
    b = rng.normal(20, 5, 60)
    a = b + 0.1 * b + rng.normal(0, 1, 12)[subject] + rng.normal(0, 1, 60)
    found = bland_altman(a, b, clusters=subject)
    fit = sm.OLS(a - b, sm.add_constant((a + b) / 2)).fit(
        cov_type="cluster", cov_kwds={"groups": subject}, use_t=True
    )
    assert (found.slope_low, found.slope_high) == pytest.approx(tuple(fit.conf_int()[1]))
    assert found.slope_p == pytest.approx(fit.pvalues[1])


def test_subjects_count_once_each():
    """Bias over subjects is the t interval of the subjects' means, however many frames each has."""
    subject = np.array([0, 0, 0, 0, 1, 2, 2, 3])
    difference = np.array([1.0, 3, 1, 3, 4, 0, 2, 3])
    found = bland_altman(difference, np.zeros(8), clusters=subject)
    means = np.array([2.0, 4, 1, 3])
    assert found.n_clusters == 4
    assert found.bias == pytest.approx(2.5)
    expected = stats.t.interval(0.95, 3, means.mean(), stats.sem(means))
    assert (found.bias_low, found.bias_high) == pytest.approx(expected)


def test_one_pair_a_subject_is_the_plain_method():
    assert bland_altman(WRIGHT, MINI, clusters=[f"s{i}" for i in range(17)]) == bland_altman(WRIGHT, MINI)


def test_equal_frames_of_a_subject_give_about_the_exact_intervals_over_subjects():
    """Copies of a frame are no more evidence: both ends are near those of the subjects' own pairs."""
    means = np.random.default_rng(4).normal(size=12)
    exact = bland_altman(means, np.zeros(12))
    found = bland_altman(np.repeat(means, 3), np.zeros(36), clusters=np.repeat(np.arange(12), 3))
    assert found.sd == pytest.approx(exact.sd)
    assert (found.upper_low, found.upper_high) == pytest.approx((exact.upper_low, exact.upper_high), abs=0.15)
    assert (found.lower_low, found.lower_high) == pytest.approx((exact.lower_low, exact.lower_high), abs=0.15)


@pytest.mark.parametrize("between_sd", [0.0, 1.5])
def test_intervals_cover_what_they_say(between_sd):
    """Of 400 studies, bias and upper limit lie in their intervals in about 95 %."""
    rng = np.random.default_rng(7)
    sizes = rng.integers(2, 7, 20)
    subject = np.repeat(np.arange(20), sizes)
    true_upper = 0.5 + stats.norm.ppf(0.975) * np.hypot(between_sd, 1.0)
    hits = np.zeros(2)
    for _ in range(400):
        d = 0.5 + between_sd * rng.normal(size=20)[subject] + rng.normal(size=subject.size)
        found = bland_altman(d, np.zeros(d.size), clusters=subject)
        hits += [found.bias_low < 0.5 < found.bias_high, found.upper_low < true_upper < found.upper_high]
    assert np.all(hits / 400 > 0.92)
    assert np.all(hits / 400 < 0.985)


def test_gaps_are_dropped_in_pairs():
    nan = float("nan")
    assert bland_altman([1, 2, 3, nan, 9], [1, 3, 2, 5, nan]) == bland_altman([1, 2, 3], [1, 3, 2])


def test_too_few_pairs_are_undefined():
    found = bland_altman([1.0, 2.0], [1.0, 3.0])
    assert found.n == 2
    assert np.isnan(found.bias)
    assert np.isnan(found.upper)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equally many"):
        bland_altman([1, 2, 3], [1, 2])


numbers = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=12)


@settings(deadline=None)
@given(numbers, st.randoms(use_true_random=False))
def test_exchanging_the_methods_changes_the_sign(values, random):
    other = values.copy()
    random.shuffle(other)
    found, turned = bland_altman(values, other), bland_altman(other, values)
    assert found.bias == pytest.approx(-turned.bias, abs=1e-9)
    assert found.upper == pytest.approx(-turned.lower, abs=1e-6)
    assert found.upper_high == pytest.approx(-turned.lower_low, abs=1e-6)


def test_rounding_is_no_disagreement():
    """Values that went through another unit and back, and two tools a constant apart."""
    a = np.random.default_rng(4).normal(31.3, 1.3, 40)
    subjects = np.repeat(np.arange(8), 5)
    back = a / 1000 * 1000
    assert (back != a).any()
    for clusters in (None, subjects):
        same = bland_altman(a, back, clusters=clusters)
        assert (same.bias, same.sd, same.lower, same.slope, same.slope_p) == (0, 0, 0, 0, 1)
        apart = bland_altman(a, a + 0.2, clusters=clusters)
        assert (apart.slope, apart.slope_p) == (0, 1), "not a slope of rounding errors"
        assert apart.bias == pytest.approx(-0.2)
