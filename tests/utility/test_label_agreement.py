"""Agreement with synthetic labels: scikit-learn's kappa, shares by hand, and intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from ccmeval.utility.label_agreement import cohen_kappa, label_agreements
from tests.utility.simulated_models import CLASSES, cohort, diagnosed

RNG = np.random.default_rng


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=40))
def test_kappa_is_scikit_learns(pairs):
    first, second = np.array(pairs).T
    if len({*first, *second}) > 1:
        expected = cohen_kappa_score(first, second)
        assert cohen_kappa(first, second, 3) == pytest.approx(expected, abs=1e-12)
    else:
        assert np.isnan(cohen_kappa(first, second, 3))


def test_shares_by_hand():
    labels = np.array([0, 0, 1, 1, 2, -1])
    said = np.array([[0, 0, 1, 2, 2, 0], [0, 1, 1, 2, 2, 0]])
    real = [diagnosed([True, False, True], [0, 1, 2], "xyz"), diagnosed([True, True, True], [0, 1, 2], "xyz")]
    found = label_agreements("made", list(np.eye(3)[said]), labels, list("abcdef"), CLASSES, real, RNG(0))
    assert [row.diagnosis for row in found] == [None, *CLASSES]
    assert [row.n_frames for row in found] == [5, 2, 2, 1]
    assert [row.agreement for row in found] == pytest.approx([0.7, 0.75, 0.5, 1.0])
    assert [row.real_accuracy for row in found] == pytest.approx([5 / 6, 1.0, 0.5, 1.0])
    assert found[0].predicted == pytest.approx({"Control": 0.3, "T1NoDPN": 0.3, "T1DPN": 0.4})
    assert found[2].predicted == pytest.approx({"Control": 0.0, "T1NoDPN": 0.5, "T1DPN": 0.5})
    kappas = [cohen_kappa_score(labels[:5], one[:5]) for one in said]
    assert found[0].kappa == pytest.approx(np.mean(kappas))
    assert [row.kappa for row in found[1:]] == [None, None, None]
    assert found[3].low is None  # one cluster tells nothing of others


def test_intervals_hold_the_agreement_and_are_reproducible():
    labels, clusters = cohort(60, 2)
    rng = RNG(3)
    said = [diagnosed(rng.random(120) < 0.7, labels, clusters).probabilities for _ in range(5)]
    first, second = (label_agreements("made", said, labels, clusters, CLASSES, [], RNG(1)) for _ in range(2))
    assert first == second
    for row in first:
        assert row.low < row.agreement < row.high
        assert row.real_accuracy is None
    assert 0.04 < (first[0].high - first[0].low) / 2 < 0.1
    assert first[1].high - first[1].low > first[0].high - first[0].low


def test_labels_at_random_agree_by_chance():
    labels, clusters = cohort(300, 1)
    said = [np.eye(3)[RNG(k).permutation(labels)] for k in range(3)]
    (row, *_) = label_agreements("made", said, labels, clusters, CLASSES, [], RNG(0))
    assert row.low < 1 / 3 < row.high
    assert abs(row.kappa) < 0.1


def test_nothing_to_compare_and_mistakes():
    assert label_agreements("made", [], [0], ["a"], CLASSES, [], RNG(0)) == []
    assert label_agreements("made", [np.eye(3)[[0]]], [-1], ["a"], CLASSES, [], RNG(0)) == []
    with pytest.raises(ValueError, match="equally many"):
        label_agreements("made", [np.eye(3)], [0], ["a"], CLASSES, [], RNG(0))
