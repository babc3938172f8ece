"""Frechet distance against closed forms, scipy's matrix root and torch-fidelity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats

from ccmeval.fidelity.frechet import (
    Moments,
    frechet_distance,
    frechet_from_moments,
    frechet_influence,
    moments,
    prepare_frechet,
)
from ccmeval.fidelity.frechet_infinity import MINIMUM, frechet_infinity

SHAPES = [(40, 30, 100), (300, 200, 20), (40, 200, 90), (200, 40, 90), (60, 60, 60), (61, 61, 60), (2, 2, 7)]


def pair(n: int, m: int, dimension: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dimension, dimension))
    return rng.normal(size=(n, dimension)) @ mixing, rng.normal(0.5, 2, size=(m, dimension))


def by_matrix_root(real: np.ndarray, synth: np.ndarray) -> float:
    first, second = (np.atleast_2d(np.cov(it, rowvar=False)) for it in (real, synth))
    step = real.mean(axis=0) - synth.mean(axis=0)
    found = linalg.sqrtm(first @ second)
    return float(step @ step + np.trace(first + second) - 2 * np.trace(found).real)


@pytest.mark.parametrize("shape", SHAPES)
def test_equals_torch_fidelity(shape: tuple[int, int, int]) -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torch_fidelity.metric_fid")
    real, synth = pair(*shape)
    statistics = [peer.fid_features_to_statistics(torch.from_numpy(it)) for it in (real, synth)]
    expected = peer.fid_statistics_to_metric(*statistics, False)[peer.KEY_METRIC_FID]
    # Their eigenvalues of a singular product are off by about 1e-8, ours are not.
    assert frechet_distance(real, synth) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("shape", [(300, 200, 20), (200, 150, 90), (61, 65, 60)])
def test_equals_the_matrix_root_where_it_exists(shape: tuple[int, int, int]) -> None:
    real, synth = pair(*shape)
    assert frechet_distance(real, synth) == pytest.approx(by_matrix_root(real, synth), rel=1e-9)


def test_equals_the_closed_form_of_diagonal_gaussians() -> None:
    rng = np.random.default_rng(3)
    mean, other = rng.normal(size=(2, 5))
    sd, wide = rng.uniform(0.1, 2, (2, 5))
    found = frechet_from_moments(
        Moments(mean, 100, covariance=np.diag(sd**2)), Moments(other, 100, covariance=np.diag(wide**2))
    )
    assert found == pytest.approx(np.square(mean - other).sum() + np.square(sd - wide).sum(), rel=1e-12)


def test_one_feature_by_hand() -> None:
    # Variances 2 and 0.5, means 1 and 3.5.
    assert frechet_distance([[0.0], [2.0]], [[3.0], [4.0]]) == pytest.approx(6.25 + (2**0.5 - 0.5**0.5) ** 2)


@given(
    n=st.integers(2, 12), m=st.integers(2, 12), dimension=st.integers(1, 8), seed=st.integers(0, 1000)
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_is_symmetric_and_blind_to_rotation_and_shift(n: int, m: int, dimension: int, seed: int) -> None:
    real, synth = pair(n, m, dimension, seed)
    value = frechet_distance(real, synth)
    near = pytest.approx(value, rel=1e-8, abs=1e-7)
    turn = stats.ortho_group.rvs(dimension, random_state=seed) if dimension > 1 else np.array([[-1.0]])
    assert value >= 0
    assert frechet_distance(synth, real) == near
    assert frechet_distance(real @ turn + 3, synth @ turn + 3) == near
    assert frechet_distance(real, real[::-1]) == pytest.approx(0, abs=1e-6 * (1 + moments(real).trace))


@pytest.mark.parametrize("count", [10, 200])
def test_constant_and_repeated_features_change_nothing(count: int) -> None:
    real, synth = pair(count, count, 30)
    value = frechet_distance(real, synth)
    flat = np.full((count, 3), 0.1)
    # Rotating a feature into two equal ones keeps distances, and leaves both covariances singular.
    doubled = [np.hstack([it[:, :-1], it[:, -1:] / 2**0.5, it[:, -1:] / 2**0.5]) for it in (real, synth)]
    assert frechet_distance(np.hstack([real, flat]), np.hstack([synth, flat])) == pytest.approx(value)
    assert frechet_distance(*doubled) == pytest.approx(value, rel=1e-9)


def test_a_constant_set_is_a_point() -> None:
    real, _ = pair(50, 2, 4)
    point = np.tile([1.0, 2.0, 3.0, 4.0], (50, 1))
    expected = np.square(real.mean(axis=0) - point[0]).sum() + real.var(axis=0, ddof=1).sum()
    assert frechet_distance(real, point) == pytest.approx(expected)
    assert frechet_distance(point, point) == 0


def test_too_few_frames_and_broken_features_give_nan() -> None:
    real, synth = pair(20, 20, 4)
    assert np.isnan(frechet_distance(real, synth[:1]))
    assert np.isnan(frechet_distance(real[:0], synth))
    synth[3, 2] = np.inf
    assert np.isnan(frechet_distance(real, synth))
    assert np.isnan(prepare_frechet(np.vstack([real, synth]))(np.arange(20), np.arange(20, 40)))
    with pytest.raises(ValueError, match="equally many"):
        frechet_distance(real, synth[:, :2])


@pytest.mark.parametrize("dimension", [5, 35, 100])
def test_prepared_equals_plain_on_subsets(dimension: int) -> None:
    real, synth = pair(30, 40, dimension)
    pooled = np.vstack([real, synth]) + 1e3
    evaluate = prepare_frechet(pooled)
    rng = np.random.default_rng(0)
    for _ in range(3):
        rows, others = rng.choice(30, 12, replace=False), rng.choice(70, 20, replace=False)
        expected = frechet_distance(pooled[rows], pooled[others])
        assert evaluate(rows, others) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m", "dimension"), [(60, 50, 5), (12, 15, 40), (12, 60, 30)])
def test_influence_is_the_derivative_by_a_frames_weight(n: int, m: int, dimension: int) -> None:
    real, synth = pair(n, m, dimension)
    found = frechet_influence(real, synth)[0]

    def weighted(weights: np.ndarray) -> float:
        mean = weights @ real / weights.sum()
        factor = (real - mean) * np.sqrt(weights / weights.sum() * n / (n - 1))[:, None]
        return frechet_from_moments(Moments(mean, n, factor=factor), moments(synth))

    for i in (0, n - 1):
        step = np.zeros(n)
        step[i] = 1e-5
        slope = (weighted(np.ones(n) + step) - weighted(np.ones(n) - step)) / 2e-5
        assert n * slope == pytest.approx(found[i], rel=1e-4)


def test_infinity_removes_the_bias_of_few_frames() -> None:
    rng = np.random.default_rng(0)
    real, synth = rng.normal(size=(2, 800, 20))
    found = frechet_infinity(real, synth + 1, rng=rng)
    assert abs(found.value - 20) < 3 * found.standard_error + 1.5
    assert frechet_infinity(real, synth, rng=rng).value < frechet_distance(real, synth) / 2
    again = [frechet_infinity(real, synth, rng=np.random.default_rng(5)) for _ in range(2)]
    assert again[0] == again[1]


def test_infinity_needs_frames() -> None:
    few = np.zeros((MINIMUM - 1, 3))
    assert np.isnan(frechet_infinity(few, few, rng=np.random.default_rng(0)).value)
    with pytest.raises(ValueError, match="3 points"):
        frechet_infinity(few, few, rng=np.random.default_rng(0), points=2)


def test_moments_hold_one_of_the_two() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        Moments(np.zeros(2), 3)
    with pytest.raises(ValueError, match="square"):
        Moments(np.zeros(2), 3, covariance=np.eye(3))
