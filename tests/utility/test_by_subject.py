"""From frames to subjects, and the tables of diagnosis at both levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as peer

from ccmeval.utility import diagnosis_metrics as own
from ccmeval.utility.by_subject import by_subject, subject_units, unit_weights
from ccmeval.utility.diagnosis_tables import calibration_bins, confusion, per_class_scores
from ccmeval.utility.outcomes import DiagnosisOutcome
from tests.utility.strategies import random_outcome


def test_means_are_those_of_pandas() -> None:
    outcome = random_outcome(np.random.default_rng(1), 50, 3, subjects=9)
    found = by_subject(outcome)
    table = pd.DataFrame(outcome.probabilities).groupby(np.array(outcome.clusters)).mean()
    assert list(found.clusters) == list(table.index)
    np.testing.assert_allclose(found.probabilities, table.to_numpy())


def test_subject_level_is_the_metric_of_the_means() -> None:
    outcome = random_outcome(np.random.default_rng(2), 90, 3, subjects=20)
    found = by_subject(outcome)
    said = found.probabilities.argmax(axis=1)
    assert own.at_subject_level(own.balanced_accuracy)(outcome, np.ones(90)) == pytest.approx(
        peer.balanced_accuracy_score(found.labels, said)
    )
    assert own.at_subject_level(own.accuracy)(outcome, np.ones(90)) == pytest.approx(
        peer.accuracy_score(found.labels, said)
    )


def test_a_subject_counts_once_however_many_frames_it_has() -> None:
    labels = np.array([0] * 9 + [1])
    outcome = DiagnosisOutcome(np.tile([0.6, 0.4], (10, 1)), labels, ["a"] * 9 + ["b"], ("x", "y"))
    assert own.accuracy(outcome, np.ones(10)) == 0.9
    assert own.at_subject_level(own.accuracy)(outcome, np.ones(10)) == 0.5


def test_a_subject_with_two_diagnoses_is_two_units_of_one_weight() -> None:
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    outcome = DiagnosisOutcome(chances, np.array([0, 1, 1, 0]), ["a", "a", "a", "b"], ("x", "y"))
    units = subject_units(outcome)
    found = by_subject(outcome)
    assert units.tolist() == [0, 1, 1, 2]
    assert list(found.clusters) == ["a", "a", "b"]
    np.testing.assert_allclose(found.probabilities, [[0.9, 0.1], [0.15, 0.85], [0.3, 0.7]])
    assert unit_weights(np.array([2.0, 2, 2, 1]), units).tolist() == [2, 2, 1]


def test_subjects_are_drawn_whole() -> None:
    outcome = random_outcome(np.random.default_rng(2), 6, 2, subjects=1)
    with pytest.raises(ValueError, match="drawn whole"):
        own.at_subject_level(own.accuracy)(outcome, np.arange(6.0))


def test_confusion_at_both_levels() -> None:
    outcome = random_outcome(np.random.default_rng(4), 40, 3, subjects=10)
    found = by_subject(outcome)
    for level, truth, said in (
        ("frame", outcome.labels, outcome.probabilities.argmax(axis=1)),
        ("subject", found.labels, found.probabilities.argmax(axis=1)),
    ):
        expected = peer.confusion_matrix(truth, said, labels=[0, 1, 2])
        np.testing.assert_array_equal(confusion(outcome, level), expected)


@pytest.mark.parametrize("level", ["frame", "subject"])
def test_calibration_bins_add_up_to_the_error(level: str) -> None:
    outcome = random_outcome(np.random.default_rng(6), 120, 3, subjects=40)
    bins = calibration_bins(outcome, level)
    total = sum(each.n for each in bins)
    error = sum(each.n * abs(each.accuracy - each.confidence) for each in bins if each.n) / total
    metric = own.calibration_error if level == "frame" else own.at_subject_level(own.calibration_error)
    assert error == pytest.approx(float(metric(outcome, np.ones(120))))
    assert [each.low for each in bins[1:]] == [each.high for each in bins[:-1]]
    assert all(each.low < each.confidence <= each.high for each in bins if each.n)
    assert {(each.confidence, each.accuracy) for each in bins if not each.n} == {(None, None)}


def test_predictions_that_are_no_numbers_are_in_no_bin() -> None:
    outcome = DiagnosisOutcome(np.array([[np.nan, 0.9], [0.2, 0.8]]), np.array([1, 1]), "ab", ("x", "y"))
    assert sum(each.n for each in calibration_bins(outcome)) == 1


def test_class_scores_of_an_absent_class_are_nan() -> None:
    outcome = DiagnosisOutcome(np.eye(3)[[0, 1, 1]], np.array([0, 0, 1]), list("abc"), tuple("xyz"))
    found = {(row.metric, row.diagnosis): row.value for row in per_class_scores(outcome)}
    assert len(found) == 12
    assert all(np.isnan(found[metric, "z"]) for metric in ("recall", "precision", "f1", "auc"))
    assert found["auc", "x"] == 0.75
    subjects = {(row.metric, row.diagnosis): row.value for row in per_class_scores(outcome, "subject")}
    assert subjects == pytest.approx(found, nan_ok=True)  # every frame is a subject here
