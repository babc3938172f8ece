from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from ccmeval.fidelity.diversity import (
    centroid_distance,
    pairwise_distance,
    relative_difference,
    separability,
    vendi,
)
from ccmeval.fidelity.diversity_rows import LABELS, _separability_of, _vendi_of, diversity_rows
from ccmeval.fidelity.vectors import FeatureSet


@given(st.integers(0, 10**6), st.integers(2, 20), st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_equal_to_independent_formulas(seed, n, dimension):
    x = np.random.default_rng(seed).normal(size=(n, dimension)) + 3
    assert pairwise_distance(x) == pytest.approx(pdist(x).mean())
    centre = x.mean(axis=0)
    assert centroid_distance(x) == pytest.approx(np.mean([np.linalg.norm(row - centre) for row in x]))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    shares = np.linalg.svd(unit @ unit.T / n, compute_uv=False)
    shares = shares[shares > 1e-15]
    assert vendi(x) == pytest.approx(np.exp(-np.sum(shares * np.log(shares))), rel=1e-6)
    assert 1 - 1e-9 <= vendi(x) <= min(n, dimension) + 1e-9


def test_vendi_of_equal_and_of_orthogonal_frames():
    assert vendi(np.ones((7, 3))) == pytest.approx(1)
    assert vendi(np.eye(6) * 4) == pytest.approx(6)
    assert vendi(np.repeat(np.eye(3), 5, axis=0)) == pytest.approx(3)


def test_separability_by_hand():
    x = np.array([[0.0, 1], [0, -1], [4, 1], [4, -1], [0, 4], [0, 2]])
    between, scaled = separability(x, ["a", "a", "b", "b", "c", "c"])
    assert between == pytest.approx((4 + 3 + 5) / 3)
    assert scaled == pytest.approx(4.0)
    assert separability(x * 10, ["a", "a", "b", "b", "c", "c"])[1] == pytest.approx(scaled), "free of scale"
    assert separability(np.vstack([x, [[99, 99]]]), ["a", "a", "b", "b", "c", "c", None])[0] == pytest.approx(
        4
    )


def test_undefined_values_are_nan():
    assert np.isnan([centroid_distance([[1.0]]), pairwise_distance([[1.0]])]).all()
    assert np.isnan(
        [pairwise_distance([[1.0], [np.nan]]), vendi([[1.0], [np.nan]]), vendi([[1.0], [0.0]])]
    ).all()
    assert np.isnan(separability([[1.0], [2.0]], ["a", "a"])).all()
    assert separability([[1.0], [2.0]], ["a", "b"])[0] == 1
    assert np.isnan(separability([[1.0], [2.0]], ["a", "b"])[1])
    assert np.isnan([relative_difference(0.0, 1.0), relative_difference(float("nan"), 1.0)]).all()
    assert pairwise_distance(np.ones((4, 2))) == 0


def cohort(rng, scale=1.0, prefix="s", gap=2.0, n=72):
    subject = np.arange(n) // 3
    diagnoses = [("Control", "T1DPN")[s % 2] for s in subject]
    x = 6 + scale * rng.normal(size=(n, 4)) + gap * np.array([[d == "T1DPN"] for d in diagnoses])
    return FeatureSet(x, [f"{i}" for i in range(n)], [f"{prefix}{s}" for s in subject], diagnoses, True)


def test_rows_see_collapse_and_a_lost_gradient():
    rng = np.random.default_rng(0)
    real, collapsed = cohort(rng), cohort(rng, 0.3, "x", gap=0.0)
    rows = diversity_rows(real, collapsed, "radiomic", rng=rng, splits=8, resamples=60)
    by = {(row.metric, row.diagnosis): row for row in rows}
    assert {row.metric for row in rows} == set(LABELS)
    for name in ("intra_class_centroid_distance", "intra_class_pairwise_distance"):
        row = by[name, "Control"]
        assert row.value == pytest.approx(-0.7, abs=0.1)
        assert row.low < row.value < row.high < 0
        assert row.floor.low < 0.1
        assert row.floor.matched_median == pytest.approx(row.value, abs=0.1)
    assert by["separability_centroids", None].value < -0.8
    assert by["separability_centroids", None].high < 0
    assert by["vendi_ratio", None].value < 0
    assert "Real" in by["vendi_ratio", None].notes[0]


def test_a_set_against_itself_is_as_diverse():
    rng = np.random.default_rng(1)
    real = cohort(rng)
    for row in diversity_rows(real, real, "radiomic", rng=rng, splits=4, resamples=20):
        assert row.value == pytest.approx(0)
        assert row.low == pytest.approx(0, abs=1e-9), "joint draws of shared subjects leave no difference"


def test_vendi_is_compared_at_equal_numbers():
    rng = np.random.default_rng(2)
    real, many = cohort(rng, gap=0, n=30), cohort(rng, prefix="x", gap=0, n=300)
    row = next(
        row
        for row in diversity_rows(real, many, "f", rng=rng, splits=2, resamples=30)
        if row.metric == "vendi_ratio"
    )
    assert abs(row.value) < 0.1
    assert "Both at 30 frames." in row.notes


def test_bad_inputs_give_reasons():
    rng = np.random.default_rng(3)
    real = cohort(rng, n=12)
    constant = FeatureSet(np.ones((12, 4)), real.frames, real.clusters, real.diagnoses, True)
    rows = diversity_rows(constant, real, "f", rng=rng, splits=2, resamples=10)
    assert {row.status for row in rows if "centroid_distance" in row.metric} == {"undefined"}
    assert all(row.reason for row in rows if row.status == "undefined")
    collapsed = diversity_rows(real, constant, "f", rng=rng, splits=2, resamples=10)[0]
    assert (collapsed.value, collapsed.low) == (-1.0, None)
    one = diversity_rows(real.take([0]), real, "f", rng=rng, splits=2, resamples=10)
    assert {row.status for row in one} == {"undefined"}
    broken = real.values.copy()
    broken[0, 0] = np.inf
    odd = FeatureSet(broken, real.frames, real.clusters, real.diagnoses, True)
    assert "not finite" in diversity_rows(odd, real, "f", rng=rng)[0].reason


def test_separability_of_rows_is_that_of_features():
    rng = np.random.default_rng(4)
    one = cohort(rng)
    rows = np.arange(5, 60)
    part = one.take(rows)
    found = _separability_of(one, ["Control", "T1DPN"])(rows)
    assert found == pytest.approx(separability(part.values, part.diagnoses))
    unit = one.values / np.linalg.norm(one.values, axis=1)[:, None]
    wide = np.hstack([unit, np.zeros((72, 100))])
    assert _vendi_of(unit)(rows) == pytest.approx(vendi(part.values))
    assert _vendi_of(wide)(rows) == pytest.approx(vendi(part.values))
