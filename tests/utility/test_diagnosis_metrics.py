"""Metrics of diagnosis against scikit-learn and torchmetrics, against repeated frames, and by hand."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from ccmeval.utility import diagnosis_metrics as own
from ccmeval.utility.metrics import metrics_of, resampled
from ccmeval.utility.outcomes import DiagnosisOutcome
from tests.utility.strategies import random_outcome, repeated_outcome, weighted_outcomes

SEEDS = range(12)


def outcomes(seed: int) -> tuple[DiagnosisOutcome, np.ndarray]:
    """Two to five classes, with ties or without, one class absent in some; uneven weights."""
    rng = np.random.default_rng(seed)
    outcome = random_outcome(rng, int(rng.integers(20, 90)), 2 + seed % 4, ties=seed % 2 == 0)
    if seed % 3 == 0 and len(outcome.classes) > 2:
        outcome = replace(outcome, labels=np.minimum(outcome.labels, len(outcome.classes) - 2))
    weights = rng.choice([0.5, 1.0, 2.0, 3.0], len(outcome.labels))
    return outcome, weights


@pytest.mark.parametrize("seed", SEEDS)
def test_counted_metrics_are_those_of_scikit_learn(seed: int) -> None:
    outcome, weights = outcomes(seed)
    truth, said = outcome.labels, own.predicted(outcome)
    assert own.accuracy(outcome, weights) == pytest.approx(
        peer.accuracy_score(truth, said, sample_weight=weights)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class is predicted which is not in the truth
        balanced = peer.balanced_accuracy_score(truth, said, sample_weight=weights)
    assert own.balanced_accuracy(outcome, weights) == pytest.approx(balanced)
    f1 = peer.f1_score(truth, said, average="macro", sample_weight=weights, zero_division=0)
    assert own.macro_f1(outcome, weights) == pytest.approx(f1)
    matrix = peer.confusion_matrix(truth, said, labels=range(len(outcome.classes)), sample_weight=weights)
    np.testing.assert_allclose(own.weighted_confusion(outcome, weights), matrix)


@pytest.mark.parametrize("seed", SEEDS)
def test_class_scores_are_those_of_scikit_learn(seed: int) -> None:
    outcome, weights = outcomes(seed)
    precision, recall, f1, _ = peer.precision_recall_fscore_support(
        outcome.labels,
        own.predicted(outcome),
        labels=range(len(outcome.classes)),
        sample_weight=weights,
        zero_division=np.nan,
    )
    np.testing.assert_allclose(own.class_recalls(outcome, weights), recall)
    np.testing.assert_allclose(own.class_precisions(outcome, weights), precision)
    np.testing.assert_allclose(own.class_f1s(outcome, weights), f1)


@pytest.mark.parametrize("seed", SEEDS)
def test_auc_of_each_class_is_that_of_scikit_learn(seed: int) -> None:
    outcome, weights = outcomes(seed)
    present = np.unique(outcome.labels)
    areas = own.class_aucs(outcome, weights)
    expected = [
        peer.roc_auc_score(outcome.labels == k, outcome.probabilities[:, k], sample_weight=weights)
        for k in present
    ]
    np.testing.assert_allclose(areas[present], expected)
    assert np.isnan(np.delete(areas, present)).all()
    assert own.macro_auc(outcome, weights) == pytest.approx(np.mean(expected))
    if len(present) == len(outcome.classes) > 2:
        macro = peer.roc_auc_score(
            outcome.labels, outcome.probabilities, multi_class="ovr", average="macro", sample_weight=weights
        )
        assert own.macro_auc(outcome, weights) == pytest.approx(macro)


@pytest.mark.parametrize("seed", SEEDS)
def test_log_loss_is_that_of_scikit_learn(seed: int) -> None:
    outcome, weights = outcomes(seed)
    outcome.probabilities[0] = np.eye(len(outcome.classes))[outcome.labels[0] - 1]  # a certain mistake
    expected = peer.log_loss(
        outcome.labels,
        outcome.probabilities,
        labels=range(len(outcome.classes)),
        sample_weight=weights,
    )
    assert own.log_loss(outcome, weights) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_error_is_that_of_torchmetrics(seed: int) -> None:
    """Random confidences lie on no edge of a bin, where the two differ (open below against open above)."""
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    rng = np.random.default_rng(seed)
    outcome = random_outcome(rng, 80, 2 + seed % 4)
    expected = functional.multiclass_calibration_error(
        torch.from_numpy(outcome.probabilities),
        torch.from_numpy(outcome.labels),
        num_classes=len(outcome.classes),
        n_bins=15,
    )
    assert own.calibration_error(outcome, np.ones(80)) == pytest.approx(float(expected))


def test_torchmetrics_agrees_on_absent_classes() -> None:
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    outcome = random_outcome(np.random.default_rng(5), 40, 4)
    outcome = replace(outcome, labels=np.minimum(outcome.labels, 2))
    told = torch.from_numpy(outcome.probabilities), torch.from_numpy(outcome.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one class has no frame
        areas = functional.multiclass_auroc(*told, num_classes=4, average=None)
    np.testing.assert_allclose(own.class_aucs(outcome, np.ones(40))[:3], areas[:3].numpy(), rtol=1e-6)
    recalls = functional.multiclass_recall(*told, num_classes=4, average=None)
    np.testing.assert_allclose(own.class_recalls(outcome, np.ones(40))[:3], recalls[:3].numpy(), rtol=1e-6)


def test_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    edges = np.linspace(0, 1, 16)
    assert own.confidence_bins(edges).tolist() == [0, *range(15)]
    certain = DiagnosisOutcome(np.eye(2)[[0, 0]], np.array([0, 1]), ["a", "b"], ("x", "y"))
    assert own.calibration_error(certain, np.ones(2)) == 0.5


def test_calibration_error_by_hand() -> None:
    # Of three at 0.95, two are right; of one at 0.55, none: (3 x |2/3 - 0.95| + 1 x 0.55) / 4.
    chances = np.array([[0.95, 0.05]] * 3 + [[0.55, 0.45]])
    outcome = DiagnosisOutcome(chances, np.array([0, 0, 1, 1]), list("abcd"), ("x", "y"))
    assert own.calibration_error(outcome, np.ones(4)) == pytest.approx((0.85 + 0.55) / 4)


SPECS = metrics_of("diagnosis")
IDS = [f"{spec.name}-{spec.level}" for spec in SPECS]


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
@settings(max_examples=40, deadline=None)
@given(case=weighted_outcomes())
def test_whole_weights_are_repeated_frames(spec, case) -> None:
    outcome, weights = case
    again = repeated_outcome(outcome, weights)
    expected = spec.compute(again, np.ones(len(again.labels)))
    assert spec.compute(outcome, weights) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
@settings(max_examples=20, deadline=None)
@given(case=weighted_outcomes(), factor=st.floats(0.01, 100))
def test_the_scale_of_weights_and_the_order_of_frames_are_nothing(spec, case, factor) -> None:
    outcome, weights = case
    plain = spec.compute(outcome, weights)
    assert spec.compute(outcome, weights * factor) == pytest.approx(plain, nan_ok=True)
    back = np.arange(len(weights))[::-1]
    turned = replace(
        outcome,
        probabilities=outcome.probabilities[back],
        labels=outcome.labels[back],
        clusters=[outcome.clusters[i] for i in back],
    )
    if spec.level == "frame":  # the mean of a subject may round otherwise, and so break a tie
        assert spec.compute(turned, weights[back]) == pytest.approx(plain, nan_ok=True)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_many_resamples_at_once_are_each_by_itself(spec, monkeypatch) -> None:
    monkeypatch.setattr("ccmeval.utility.metrics._AT_ONCE", 200)  # several parts
    rng = np.random.default_rng(3)
    outcome = random_outcome(rng, 60, 3, subjects=12, ties=True)
    drawn = rng.multinomial(12, np.full(12, 1 / 12), size=25).astype(float)
    weights = drawn[:, [int(name[1:]) for name in outcome.clusters]]
    expected = [spec.compute(outcome, row) for row in weights]
    np.testing.assert_allclose(resampled(spec, outcome, weights), expected, rtol=1e-12)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_undefined_numbers_are_nan(spec) -> None:
    outcome = random_outcome(np.random.default_rng(0), 10, 3, subjects=4)
    assert np.isnan(spec.compute(outcome, np.zeros(10)))
    empty = DiagnosisOutcome(np.empty((0, 3)), np.empty(0, np.intp), [], outcome.classes)
    assert np.isnan(spec.compute(empty, np.empty(0)))
    broken = outcome.probabilities.copy()
    broken[3] = np.nan
    assert np.isnan(spec.compute(replace(outcome, probabilities=broken), np.ones(10)))


def test_one_class_alone() -> None:
    outcome = DiagnosisOutcome(np.eye(3)[[0, 0, 1]], np.zeros(3, np.intp), list("abc"), tuple("xyz"))
    assert own.balanced_accuracy(outcome, np.ones(3)) == pytest.approx(2 / 3)
    assert own.macro_f1(outcome, np.ones(3)) == pytest.approx(0.4)  # 0.8 and, of y, 0; z is in neither
    assert np.isnan(own.macro_auc(outcome, np.ones(3)))


def test_a_class_whose_frames_were_not_drawn_is_absent() -> None:
    outcome = DiagnosisOutcome(np.eye(2)[[0, 0, 0]], np.array([0, 0, 1]), list("abc"), tuple("xy"))
    assert own.balanced_accuracy(outcome, np.ones(3)) == 0.5
    assert own.balanced_accuracy(outcome, np.array([1.0, 1.0, 0.0])) == 1.0


def test_the_first_of_equal_probabilities_is_predicted() -> None:
    outcome = DiagnosisOutcome(np.full((1, 3), 1 / 3), np.array([0]), ["a"], tuple("xyz"))
    assert own.accuracy(outcome, np.ones(1)) == 1.0


@pytest.mark.parametrize("label", [-1, 3])
def test_a_frame_without_a_known_diagnosis_is_refused(label: int) -> None:
    outcome = DiagnosisOutcome(np.eye(3), np.array([0, 1, label]), list("abc"), tuple("xyz"))
    with pytest.raises(ValueError, match="diagnosis"):
        own.accuracy(outcome, np.ones(3))


@pytest.mark.parametrize("weights", [np.ones(2), np.array([1.0, -1.0, 1.0]), np.array([1.0, np.nan, 1.0])])
def test_weights_that_do_not_fit_are_refused(weights: np.ndarray) -> None:
    outcome = DiagnosisOutcome(np.eye(3), np.arange(3), list("abc"), tuple("xyz"))
    with pytest.raises(ValueError, match="Weights"):
        own.accuracy(outcome, weights)
