from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prdc import compute_prdc

from ccmeval.fidelity import distances, views
from ccmeval.fidelity.neighbour_rows import prdc_rows
from ccmeval.fidelity.neighbours import (
    coverage,
    density,
    prdc,
    prdc_of_distances,
    precision,
    recall,
    why_undefined,
)
from ccmeval.fidelity.vectors import FeatureSet


def peer(real, synth, k):
    with contextlib.redirect_stdout(io.StringIO()):
        found = compute_prdc(real, synth, k)
    return [found[name] for name in ("precision", "recall", "density", "coverage")]


def of_matrices(real, synth, k):
    n = len(real)
    both = distances.squared_distances(np.concatenate([real, synth]))
    return prdc_of_distances(both[:n, :n], both[:n, n:], both[n:, n:], k)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shift", [0.0, 0.7, 30.0])
def test_equal_to_the_authors_package_on_random_data(k, shift):
    rng = np.random.default_rng(k)
    real, synth = rng.normal(size=(80, 6)), rng.normal(size=(65, 6)) * 0.8 + shift
    assert prdc(real, synth, k) == pytest.approx(peer(real, synth, k), abs=1e-12)
    assert of_matrices(real, synth, k) == pytest.approx(peer(real, synth, k), abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3), st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_equal_to_the_authors_package_on_tied_and_duplicated_data(seed, k, dimension, levels):
    rng = np.random.default_rng(seed)
    real = rng.integers(0, levels, (25, dimension)).astype(float)
    synth = np.concatenate([real[:6], rng.integers(0, levels, (14, dimension)), real[:3]]).astype(float)
    assert prdc(real, synth, k) == pytest.approx(peer(real, synth, k), abs=1e-12)
    assert of_matrices(real, synth, k) == pytest.approx(peer(real, synth, k), abs=1e-12)


def test_by_hand():
    # Balls to the nearest other frame: real 0 and 1 reach 1, real 10 reaches 9; synth 0.5 and 2 reach 1.5.
    real, synth = [[0.0], [1.0], [10.0]], [[0.5], [2.0]]
    found = prdc(real, synth, k=1)
    # 2.0 lies 1 from real 1: on the border, hence outside; and within 9 of real 10.
    assert found.precision == 1.0  # 0.5 in the balls of 0 and 1; 2.0 in that of 10
    assert found.recall == pytest.approx(2 / 3)  # 0 and 1, not 10
    assert found.density == pytest.approx(3 / 2)  # 0.5 in two balls, 2.0 in one
    assert found.coverage == 1.0
    assert (precision(real, synth, 1), recall(real, synth, 1)) == (found.precision, found.recall)
    assert (density(real, synth, 1), coverage(real, synth, 1)) == (found.density, found.coverage)


@pytest.mark.parametrize("k", [1, 5])
def test_a_set_against_itself_is_perfect_even_far_from_the_origin(k):
    rng = np.random.default_rng(3)
    real = rng.normal(size=(60, 300)) + 1e5
    assert prdc(real, rng.permutation(real), k) == (1.0, 1.0, 1.0, 1.0)


def test_mode_collapse_costs_recall_and_coverage():
    rng = np.random.default_rng(4)
    real = rng.normal(size=(100, 4))
    found = prdc(real, np.repeat(real[:1], 100, axis=0))
    assert found.precision == 1.0
    assert found.recall == 0.0, "balls of frames repeated more than k times are empty"
    assert found.coverage < 0.2


def test_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    real, synth = rng.normal(size=(50, 4)), rng.normal(size=(40, 4))
    before = prdc(real, synth)
    monkeypatch.setattr(distances, "BLOCK_BYTES", 8 * 90 * 7)
    assert prdc(real, synth) == before


@pytest.mark.parametrize(("n", "m"), [(5, 50), (50, 5), (1, 1), (0, 9)])
def test_too_few_frames_are_undefined(n, m):
    real, synth = np.zeros((n, 2)), np.zeros((m, 2))
    assert np.isnan(prdc(real, synth, k=5)).all()
    assert "at least 6 frames" in why_undefined(real, synth)


def test_odd_features():
    values = np.random.default_rng(0).normal(size=(20, 3))
    broken = values.copy()
    broken[3, 1] = np.nan
    assert np.isnan(prdc(values, broken)).all()
    assert "1 synthetic" in why_undefined(values, broken)
    assert prdc(np.ones((9, 2)), np.ones((9, 2))) == (0.0, 0.0, 0.0, 0.0), "as the package: all balls empty"
    with pytest.raises(ValueError, match="at least 1"):
        prdc(values, values, k=0)


def feature_set(values, subjects, diagnoses=None, prefix="s"):
    n = len(values)
    clusters = [f"{prefix}{i % subjects}" for i in range(n)]
    return FeatureSet(values, [f"f{i}" for i in range(n)], clusters, diagnoses or [None] * n, True)


def test_rows_hold_value_interval_and_floor():
    rng = np.random.default_rng(6)
    names = ["Control", "T1DPN"] * 30
    real = feature_set(rng.normal(size=(60, 4)), 12, names)
    synth = feature_set(rng.normal(size=(60, 4)) + 4, 12, names, "x")
    rows = prdc_rows(real, synth, "radiomic", rng=rng, splits=10, resamples=40)
    assert [(row.scope, row.diagnosis) for row in rows[::4]] == [
        ("pooled", None),
        ("diagnosis", "Control"),
        ("diagnosis", "T1DPN"),
    ]
    first = rows[0]
    assert first.value == prdc(real.values, synth.values).precision
    assert first.low <= first.value <= first.high
    assert (first.n_real_clusters, first.floor.n, first.floor.unit, first.floor.splits) == (
        12,
        30,
        "subject",
        10,
    )
    assert first.floor.median > 0.6 > 0.3 > first.floor.matched_median
    again = prdc_rows(real, synth, "radiomic", rng=np.random.default_rng(9), splits=5, resamples=9)
    assert again == prdc_rows(real, synth, "radiomic", rng=np.random.default_rng(9), splits=5, resamples=9)


def test_rows_of_one_subject_and_of_a_missing_diagnosis():
    rng = np.random.default_rng(7)
    real = feature_set(rng.normal(size=(30, 3)), 1, ["Control"] * 30)
    synth = feature_set(rng.normal(size=(30, 3)), 1, ["T1DPN"] * 30, "x")
    rows = prdc_rows(real, synth, "radiomic", rng=rng, splits=4)
    assert rows[0].floor.unit == "frame"
    assert "frames of one eye" in rows[0].floor.warning
    assert (rows[0].low, rows[0].high, rows[0].interval_method) == (None, None, "")
    assert any("fewer than 4 subjects" in note for note in rows[0].notes)
    assert {row.status for row in rows[4:]} == {"undefined"}
    assert all(row.reason and row.value is None for row in rows[4:])


def test_large_sets_keep_their_value_and_say_what_was_thinned(monkeypatch):
    rng = np.random.default_rng(8)
    real, synth = (feature_set(rng.normal(size=(90, 3)), 30, None, p) for p in "ab")
    monkeypatch.setattr(views.View.thinned, "__defaults__", (40,))
    row = prdc_rows(real, synth, "radiomic", rng=rng, splits=4, resamples=10)[0]
    assert row.value == prdc(real.values, synth.values).precision
    assert row.floor.n <= 20
    assert any("drawn at random" in note for note in row.notes)
