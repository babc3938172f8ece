"""Walks: each step goes to a neighbour, each pixel is visited once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ccmeval.nerves.candidates import cut, thin
from ccmeval.nerves.walks import walk

masks = hnp.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def test_ring_is_walked_round_once():
    rows, columns = np.indices((61, 61)) - 30
    ring = thin(np.abs(np.hypot(rows, columns) - 20) < 1.2)
    walks = walk(cut(ring))
    steps = np.maximum(np.abs(np.diff(walks.rows)), np.abs(np.diff(walks.columns)))
    assert len(walks.rows) == ring.sum()
    assert steps.max() == 1


def test_directions_of_a_slanted_line():
    line = np.zeros((50, 100), dtype=bool)
    columns = np.arange(100)
    line[np.rint(columns * 0.4).astype(int), columns] = True
    tangents = walk(cut(line)).directions(6)
    slope = tangents[10:-10, 0] / tangents[10:-10, 1]
    assert np.abs(slope - 0.4).max() < 0.1


def test_mean_along_stays_in_its_segment():
    line = np.zeros((9, 20), dtype=bool)
    line[2], line[6] = True, True
    walks = walk(cut(line))
    means = walks.mean_along((walks.rows == 6).astype(float), 5)
    assert set(means.tolist()) == {0.0, 1.0}


def test_mean_along_is_a_symmetric_window():
    line = np.ones((1, 7), dtype=bool)
    walks = walk(cut(line))
    assert np.allclose(walks.mean_along(walks.columns**2.0, 1)[1:-1] - walks.columns[1:-1] ** 2, 2 / 3)


@settings(deadline=None, max_examples=50)
@given(masks)
def test_every_segment_pixel_is_visited_once(mask):
    skeleton = thin(mask)
    walks = walk(cut(skeleton))
    visited = np.zeros(skeleton.shape, dtype=int)
    np.add.at(visited, (walks.rows, walks.columns), 1)
    assert np.array_equal(visited, (cut(skeleton).segment > 0).astype(int))
    assert np.all(walks.first <= np.arange(len(walks.rows)))
    assert np.all(walks.last >= np.arange(len(walks.rows)))
