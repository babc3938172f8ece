"""Moments of cells: joined they are those of all frames, and no frame can be read off them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from ccmeval.fidelity.frechet import frechet_distance, frechet_from_moments, moments
from ccmeval.fidelity.resampling import cluster_interval
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.reference.against_moments import prepare_distance, synthetic_interval
from ccmeval.reference.moments import joined, of_columns, spectral_moments


def covariance(found) -> np.ndarray:
    return found.covariance if found.covariance is not None else found.factor.T @ found.factor


@limits(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(2, 12), min_size=1, max_size=4),
    st.integers(1, 15),
    st.integers(0, 2**31),
)
def test_joined_moments_are_those_of_all_frames(sizes, dimension, seed) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(rng.normal(0, 5), 2, (n, dimension)) for n in sizes]
    found, every = joined([spectral_moments(it) for it in parts]), np.concatenate(parts)
    assert found.n == len(every)
    np.testing.assert_allclose(found.mean, every.mean(axis=0), atol=1e-9)
    expected = np.atleast_2d(np.cov(every, rowvar=False))
    np.testing.assert_allclose(covariance(found), expected, atol=1e-8)


@pytest.mark.parametrize(("n", "dimension"), [(20, 60), (90, 30), (40, 40), (5, 1)])
def test_distance_is_that_of_the_frames(n: int, dimension: int) -> None:
    rng = np.random.default_rng(n)
    real, synth = rng.normal(3, 1, (n, dimension)), rng.normal(3.2, 1.3, (n + 7, dimension))
    expected = frechet_distance(real, synth)
    single = spectral_moments(real)
    single = type(single)(single.mean, n, factor=single.factor.astype("<f4").astype(float))
    assert frechet_from_moments(single, moments(synth)) == pytest.approx(expected, rel=1e-6)
    rows = rng.permutation(n + 7)[: n // 2 + 2]
    assert prepare_distance(single, synth)(rows) == pytest.approx(
        frechet_distance(real, synth[rows]), rel=1e-5
    )


def test_no_row_of_the_factor_is_a_centred_frame() -> None:
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(12, 40))
    factor = spectral_moments(frames).factor
    centred = frames - frames.mean(axis=0)
    cosines = (factor / np.linalg.norm(factor, axis=1, keepdims=True)) @ (
        centred / np.linalg.norm(centred, axis=1, keepdims=True)
    ).T
    assert abs(cosines).max() < 0.9
    # Whatever the order of the frames, the same factor: it depends on their covariance alone.
    again = spectral_moments(frames[rng.permutation(12)]).factor
    np.testing.assert_allclose(again, factor, atol=1e-10)
    gram = factor @ factor.T
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-10)


def test_constant_frames_have_no_factor_and_a_defined_distance() -> None:
    found = spectral_moments(np.ones((6, 3)))
    assert found.factor.shape == (0, 3)
    assert frechet_from_moments(found, moments([[0.0, 0, 0], [2, 2, 2]])) == pytest.approx(6.0)
    assert prepare_distance(found, np.array([[0.0, 0, 0], [2, 2, 2]]))(np.arange(2)) == pytest.approx(6.0)


def test_selected_columns() -> None:
    values = np.random.default_rng(0).normal(size=(9, 4))
    columns = np.array([0, 3])
    for found in (spectral_moments(values), moments(values)):
        chosen = of_columns(found, columns)
        np.testing.assert_allclose(covariance(chosen), np.cov(values[:, columns], rowvar=False), atol=1e-9)


def test_interval_over_synthetic_clusters_is_narrower_than_over_both_and_holds_the_value() -> None:
    rng = np.random.default_rng(1)
    names = [str(i) for i in range(60)]
    real, synth = (FeatureSet(rng.normal(at, 1, (60, 5)), names, names, [None] * 60) for at in (0, 1))
    one = synthetic_interval(spectral_moments(real.values), synth, rng=rng)
    both = cluster_interval(frechet_distance, real, synth, rng=rng)
    value = frechet_distance(real.values, synth.values)
    assert one.low < value < one.high
    assert one.high - one.low < both.high - both.low
    assert "synthetic" in one.method
    lone = FeatureSet(synth.values, names, ["a"] * 60, [None] * 60)
    assert np.isnan(synthetic_interval(spectral_moments(real.values), lone, rng=rng).low)
