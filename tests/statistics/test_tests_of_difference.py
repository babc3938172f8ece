"""P-values against scipy, Holm against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ccmeval.statistics import anova_p, holm, kruskal_wallis_p, mann_whitney_p, welch_p

RNG = np.random.default_rng(0)
SMALL = (RNG.normal(0, 1, 7), RNG.normal(1, 1, 30))
TIED = (RNG.poisson(4, 25), RNG.poisson(6, 40))
LARGE = (RNG.normal(0, 1, 50), RNG.normal(0.4, 2, 80))


@pytest.mark.parametrize("sides", [SMALL, TIED, LARGE])
def test_two_sides_are_scipys(sides):
    assert welch_p(*sides) == pytest.approx(stats.ttest_ind(*sides, equal_var=False).pvalue)
    assert mann_whitney_p(*sides) == pytest.approx(stats.mannwhitneyu(*sides).pvalue)


@pytest.mark.parametrize("third", [RNG.normal(0.5, 1, 12), np.round(RNG.normal(3, 2, 30))])
def test_several_sides_are_scipys(third):
    groups = [*TIED, third]
    assert anova_p(groups) == pytest.approx(stats.f_oneway(*groups).pvalue)
    assert kruskal_wallis_p(groups) == pytest.approx(stats.kruskal(*groups).pvalue)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_holm_leaves_gaps_and_does_not_count_them():
    found = holm([0.01, float("nan"), 0.02])
    assert found[[0, 2]].tolist() == [0.02, 0.02]
    assert np.isnan(found[1])


def test_what_cannot_be_tested_is_nan():
    assert np.isnan(welch_p([1], [2, 3]))
    assert np.isnan(welch_p([1, 1], [2, 2]))
    assert np.isnan(mann_whitney_p([], [1]))
    assert mann_whitney_p([2, 2], [2, 2]) == 1
    assert np.isnan(anova_p([[1, 2]]))
    assert np.isnan(anova_p([[1], [2]]))
    assert np.isnan(kruskal_wallis_p([[1, 1], [1]]))
    assert np.isnan(kruskal_wallis_p([[], [float("nan")]]))
    assert np.isnan(kruskal_wallis_p([[1], [2], [9]])), "one value a side: its p would be 0.37 for any"
