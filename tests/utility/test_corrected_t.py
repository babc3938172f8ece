"""The tests of paired differences against calculations by hand and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from ccmeval.utility.corrected_t import corrected_resampled_t
from ccmeval.utility.mcnemar import exact_mcnemar, subject_mcnemar
from ccmeval.utility.outcomes import DiagnosisOutcome
from tests.utility.simulated_models import CLASSES


def test_corrected_t_by_hand():
    """Mean 0.04, variance 0.0004, J = 3, K = 3: error = sqrt(0.0004 (1/3 + 1/2)) = 0.018257."""
    found = corrected_resampled_t([0.02, 0.04, 0.06], 1 / 2)
    assert found.error == pytest.approx(0.0182574, abs=1e-7)
    assert found.t == pytest.approx(2.1908902, abs=1e-6)
    assert found.degrees == 2
    assert found.p == pytest.approx(2 * stats.t.sf(2.1908902, 2))


def test_without_exchange_it_is_the_paired_t_test():
    differences = np.random.default_rng(0).normal(0.02, 0.05, 25)
    expected = stats.ttest_1samp(differences, 0)
    found = corrected_resampled_t(differences, 0.0)
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_undefined():
    assert np.isnan(corrected_resampled_t([0.1], 0.5).degrees)
    equal = corrected_resampled_t([0.1, 0.1, 0.1], 0.5)
    assert equal.degrees == 2
    assert np.isnan([equal.t, equal.p, equal.smallest_detectable(0.95)]).all()
    assert corrected_resampled_t([0.1, np.nan, 0.3], 0.5).degrees == 1


def test_it_confirms_one_sided():
    found = corrected_resampled_t(np.array([0.2, 0.5, 0.3, 0.6]), 1 / 3)
    assert 0.05 < found.p < 0.10
    assert found.confirms(1.0, 0.95)
    assert not found.confirms(-1.0, 0.95)
    assert not found.confirms(1.0, 0.97)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_statsmodels(better, worse):
    if better + worse:
        expected = mcnemar([[0, better], [worse, 0]], exact=True).pvalue
        assert exact_mcnemar(better, worse) == pytest.approx(expected)
    assert exact_mcnemar(better, worse) == exact_mcnemar(worse, better)


def test_a_subject_is_what_its_frames_and_models_say_on_average():
    """Subject a: frames say 0.9 and 0.3 of the truth in one model, 0.2 and 0.4 in the other: 0.45, wrong."""
    labels, subjects = np.array([0, 0, 1, -1]), list("aabb")

    def model(shares):
        rows = np.array(shares)
        return DiagnosisOutcome(np.column_stack([rows, 1 - rows, 0 * rows]), labels, subjects, CLASSES)

    mixed = [model([0.9, 0.3, 0.1, 1.0]), model([0.2, 0.4, 0.1, 1.0])]
    right = [model([0.6, 0.6, 0.1, 1.0])] * 2
    found = subject_mcnemar(right, mixed)  # the frame without a label would make b wrong in both
    assert (found.better, found.worse, found.p) == (1, 0, 1.0)
