"""Draws of subjects and the standard error made of them, against formulas of survey sampling."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.utility.resampling import cluster_codes, subject_draws, subject_labels
from ccmeval.utility.two_way import TwoWayError, error_with_folds, two_way_error
from tests.utility.simulated_models import cohort, counted, diagnosed

RNG = np.random.default_rng


def test_frames_of_a_subject_are_drawn_together_and_totals_are_kept():
    labels, subjects = cohort(12, 3)
    draws = subject_draws(diagnosed(np.ones(36, bool), labels, subjects), 5, 200, RNG(0))
    weights = draws.frame_weights(np.arange(200))
    assert weights.shape == (200, 36)
    assert np.array_equal(weights[:, ::3], weights[:, 1::3])
    for label in range(3):  # each diagnosis keeps its part of the test set
        assert weights[:, labels == label].sum(axis=1) == pytest.approx(np.full(200, 12.0))
    assert (draws.n_subjects, draws.n_strata, draws.degrees) == (12, 3, 9)


def test_variance_over_draws_is_that_of_a_stratified_mean():
    """Textbook: sum over strata of (n_k / n)^2 s_k^2 / n_k, with s_k^2 over n_k - 1 (Cochran 1977, 5.3)."""
    rng = RNG(1)
    labels = np.repeat([0, 1, 2], [2, 5, 9])
    values = rng.normal(size=16) + 10 * labels
    subjects = [str(i) for i in range(16)]
    draws = subject_draws(diagnosed(np.ones(16, bool), labels, subjects), 2, 60_000, rng)
    order = cluster_codes(subjects)
    means = draws.frame_weights(np.arange(60_000)) @ values / 16
    expected = sum((labels == k).sum() * values[labels == k].var(ddof=1) for k in range(3)) / 16**2
    assert np.array_equal(np.sort(order), np.arange(16))
    assert means.var() == pytest.approx(expected, rel=0.03)
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)


def test_a_diagnosis_of_one_subject_is_drawn_with_the_next_smallest():
    labels = np.array([0, 1, 1, 2, 2, 2])
    draws = subject_draws(diagnosed(np.ones(6, bool), labels, list("abcdef")), 1, 500, RNG(2))
    assert draws.n_strata == 2
    assert draws.counts[:, :3].sum(axis=1) == pytest.approx(np.full(500, 3.0))
    assert draws.counts[:, 0].std() > 0


def test_one_subject_and_none():
    one = subject_draws(counted([1, 2, 3], "aaa"), 3, 10, RNG(0))
    assert (one.degrees, one.counts.tolist()) == (0, [[1.0]] * 10)
    none = subject_draws(counted([], ""), 3, 10, RNG(0))
    assert (none.n_subjects, none.n_strata, none.codes.size) == (0, 0, 0)


def test_models_serve_in_rotation():
    draws = subject_draws(counted(np.ones(6), "abcdef"), 10, 500, RNG(0))
    assert draws.models.shape == (500, 4)
    assert np.bincount(draws.models.ravel()).tolist() == [200] * 10
    assert all(len(set(row)) == 4 for row in draws.models.tolist())


def test_label_of_a_subject_is_that_of_most_of_its_labelled_frames():
    assert subject_labels(np.array([2, -1, -1, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1])).tolist() == [2, 1]


@pytest.mark.parametrize("n_models", [3, 12])
def test_the_parts_of_the_variance_are_found(n_models):
    """Subjects, models and their interaction with known variances; the mean estimate must be theirs."""
    rng, n = RNG(3), 40
    found = []
    for _ in range(300):
        table = 2 * rng.normal(size=n) + rng.normal(size=(n_models, 1)) + 3 * rng.normal(size=(n_models, n))
        draws = subject_draws(counted(np.ones(n), [str(i) for i in range(n)]), n_models, 150, rng)
        order = draws.counts / n
        values = table.mean(axis=1)
        deviations = np.take_along_axis(order @ table.T - values, draws.models, axis=1)
        found.append(two_way_error(values, deviations, draws.degrees))
    interaction = 9 / n / n_models
    assert np.mean([one.subjects for one in found]) == pytest.approx(4 / n + interaction, rel=0.06)
    assert np.mean([one.models for one in found]) == pytest.approx(1 / n_models + interaction, rel=0.15)


def test_degrees_of_freedom_are_satterthwaites():
    error = TwoWayError(0.3, 0.7, 20.0, 2.0)
    assert error.degrees == pytest.approx(1.0 / (0.09 / 20 + 0.49 / 2))
    assert TwoWayError(1.0, 0.0, 20.0, 2.0).degrees == pytest.approx(20)
    assert TwoWayError(0.0, 1.0, 20.0, 2.0).degrees == pytest.approx(2)


def test_smallest_detectable_with_many_degrees_is_the_textbooks():
    """(1.95996 + 0.84162) standard errors."""
    assert TwoWayError(1.0, 0.0, 1e9, 2.0).smallest_detectable(0.95) == pytest.approx(2.80158, abs=1e-4)


def test_undefined_values_are_left_out():
    deviations = np.array([[0.1, np.nan], [np.nan, np.nan], [-0.1, -0.1], [0.1, 0.1]])
    found = two_way_error(np.array([0.5, np.nan, 0.7]), deviations, 5)
    assert found.models == pytest.approx(0.02 / 2)
    assert found.models_degrees == 1
    assert np.isfinite(found.error)
    assert np.isnan(two_way_error(np.array([np.nan]), deviations, 5).error)
    assert np.isnan(two_way_error(np.array([0.5, 0.6]), deviations, 0).error)


def test_folds_tell_of_models_only_what_subjects_do_not_explain():
    error = TwoWayError(0.02, 0.0, 30.0, 0.0)
    values = np.array([0.1, 0.5, 0.9])
    assert error_with_folds(error, values).models == pytest.approx(0.16 / 3 - 0.02)
    assert error_with_folds(error, np.array([0.5, 0.5, np.nan])).models == 0.0
    assert error_with_folds(error, np.array([0.5, np.nan])) == error
