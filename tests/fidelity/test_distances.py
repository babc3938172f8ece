from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from ccmeval.fidelity import distances
from ccmeval.fidelity.distances import centred, nearest, squared_blocks, squared_distances


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 9), st.sampled_from([0.0, 1e3, 1e8]))
@settings(max_examples=40, deadline=None)
def test_equal_to_scipy_however_far_from_the_origin(seed, n, dimension, offset):
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=(n + i, dimension)) + offset for i in (0, 1))
    assert np.sqrt(squared_distances(a, b)) == pytest.approx(cdist(a, b), rel=1e-9, abs=1e-300)


def test_duplicates_are_exactly_zero_apart_and_equally_far_from_others():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(30, 700)) * 1e3 + 1e6
    a[7] = a[3]
    found = squared_distances(a)
    assert found[3, 7] == found[7, 3] == 0
    assert (np.diag(found) == 0).all()
    assert (found[:, 3] == found[:, 7]).all()
    assert (found >= 0).all()


def test_near_pairs_keep_their_digits():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(20, 50))
    b = a + 1e-9 * rng.normal(size=a.shape)
    assert np.sqrt(squared_distances(a, b)) == pytest.approx(cdist(a, b), rel=1e-6)


def test_ties_among_whole_numbers_stay_ties():
    grid = np.array([[i, j, k] for i in range(4) for j in range(4) for k in range(4)], dtype=float) + 1e6
    assert (squared_distances(grid) == np.round(cdist(grid, grid) ** 2)).all()


def test_chunks_change_nothing_and_bound_memory(monkeypatch):
    rng = np.random.default_rng(2)
    a, b = centred(rng.integers(0, 9, (23, 5)), rng.integers(0, 9, (17, 5)))
    whole = np.concatenate([block for _, block in squared_blocks(a, b)])
    monkeypatch.setattr(distances, "BLOCK_BYTES", 8 * 17 * 4)
    parts = list(squared_blocks(a, b))
    assert max(block.nbytes for _, block in parts) <= 8 * 17 * 4
    assert np.array_equal(np.concatenate([block for _, block in parts]), whole)


def test_nearest_leaves_out_what_is_told():
    values = [[0.0], [1.0], [1.5], [9.0]]
    subjects = ["a", "a", "b", "b"]
    found = nearest(values, values, apart=(subjects, subjects))
    assert found.rows.tolist() == [2, 2, 1, 1]
    assert found.distances.tolist() == [1.5, 0.5, 0.5, 8.0]


def test_nearest_without_a_reference_is_none():
    found = nearest([[0.0]], [[1.0]], apart=(["a"], ["a"]))
    assert (found.distances[0], found.rows[0]) == (np.inf, -1)
    assert nearest([[0.0]], np.empty((0, 1))).rows.tolist() == [-1]
    assert nearest(np.empty((0, 1)), [[1.0]]).rows.size == 0


def test_odd_shapes_are_refused():
    with pytest.raises(ValueError, match="differ in dimension"):
        squared_distances(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(ValueError, match="matrix"):
        squared_distances(np.ones(3))


def test_radii_do_not_keep_the_block_that_they_were_read_from():
    block = np.random.default_rng(0).random((5, 9))
    found = distances.kth_smallest(block, 3)
    assert np.array_equal(found, np.sort(block, axis=1)[:, 2])
    assert found.base is None
