"""Smoothing, lengths and meeting points against closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import solve

from ccmeval.morphometry.paths import (
    arc_lengths,
    cut_path,
    end_direction,
    meeting_point,
    path_length,
    point_at,
    smooth_paths,
    stacked_normals,
)


def dense_solution(path: np.ndarray, weight: np.ndarray, cutoff: float) -> np.ndarray:
    difference = np.diff(np.eye(len(path)), n=3, axis=0)
    penalty = (cutoff / (2 * np.pi)) ** 6
    return solve(np.diag(weight) + penalty * difference.T @ difference, weight[:, None] * path)


def test_smoothing_solves_whittakers_equations() -> None:
    rng = np.random.default_rng(0)
    paths = [rng.normal(size=(count, 2)) for count in (40, 4, 7, 90)]
    weights = [rng.uniform(0.1, 1.0, len(path)) for path in paths]
    for path, weight, found in zip(paths, weights, smooth_paths(paths, weights, 9.0), strict=True):
        assert_allclose(found, dense_solution(path, weight, 9.0), atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_paths_are_left_as_they_are(count: int) -> None:
    path = np.arange(2.0 * count).reshape(count, 2) ** 2
    assert_allclose(smooth_paths([path], [np.ones(count)], 20.0)[0], path)


def test_parabola_passes_unchanged_and_bridges_a_gap() -> None:
    t = np.linspace(-1.0, 1.0, 60)
    path = np.column_stack([t, t**2])
    weight = np.ones(60)
    weight[20:35] = 0.0
    spoilt = path.copy()
    spoilt[20:35] += 5.0
    assert_allclose(smooth_paths([spoilt], [weight], 12.0)[0], path, atol=1e-4)


def test_half_of_the_cut_off_wavelength_is_gone_and_long_waves_stay() -> None:
    t = np.arange(400.0)
    for wavelength, gain in ((20.0, 0.5), (60.0, 1.0), (8.0, 0.0)):
        wave = np.column_stack([t, np.sin(2 * np.pi * t / wavelength)])
        found = smooth_paths([wave], [np.ones(400)], 20.0)[0][100:300, 1]
        assert found.max() == pytest.approx(gain, abs=0.02)


def test_lengths_and_points() -> None:
    path = np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 3.0]])
    assert path_length(path) == 7.0
    assert arc_lengths(path).tolist() == [0.0, 3.0, 7.0]
    assert point_at(path, 1.5).tolist() == [2.0, 3.0]
    assert cut_path(path, 0.5, 1.25).tolist() == [[0.0, 1.5], [0.0, 3.0], [1.0, 3.0]]


def test_end_direction_and_normals() -> None:
    path = np.column_stack([np.arange(10.0), np.arange(10.0)])
    assert_allclose(end_direction(path, 4.0), [np.sqrt(0.5)] * 2)
    normals = stacked_normals(np.concatenate([path, path[:, ::-1] * [1, -1]]), np.array([10, 10]))
    assert_allclose(normals[:10], np.tile([-np.sqrt(0.5), np.sqrt(0.5)], (10, 1)))
    assert_allclose(normals[10:], np.tile([np.sqrt(0.5), np.sqrt(0.5)], (10, 1)))


def test_rays_meet_or_miss() -> None:
    path = np.array([[0.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    index, distance = meeting_point(np.array([5.0, 5.0]), np.array([0.0, 1.0]), path) or (0.0, 0.0)
    assert (index, distance) == (1.5, 5.0)
    assert meeting_point(np.array([5.0, 5.0]), np.array([0.0, -1.0]), path) is None
