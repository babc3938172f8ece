"""Skeletons small enough to count by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ccmeval.nerves.candidates import cut, joined, prune, thin

masks = hnp.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def y_shape():
    skeleton = np.zeros((21, 21), dtype=bool)
    skeleton[10:, 10] = True
    for step in range(1, 11):
        skeleton[10 - step, [10 - step, 10 + step]] = True
    return skeleton


def test_y_has_three_segments_at_one_junction():
    found = cut(y_shape())
    assert (found.count, found.junctions) == (3, 1)
    assert sorted(map(tuple, found.touches.tolist())) == [(1, 1), (2, 1), (3, 1)]


def test_ring_is_one_segment_without_junction():
    ring = np.zeros((9, 9), dtype=bool)
    ring[2, 3:6] = ring[6, 3:6] = ring[3:6, 2] = ring[3:6, 6] = True
    found = cut(ring)
    assert (found.count, found.junctions, len(found.touches)) == (1, 0, 0)


def test_joining_all_segments_gives_the_skeleton_back():
    found = cut(y_shape())
    assert np.array_equal(joined(found, np.ones(4, dtype=bool)), y_shape())
    assert not joined(found, np.zeros(4, dtype=bool)).any()


def test_lines_reach_the_border_where_the_mask_does():
    mask = np.zeros((40, 60), dtype=bool)
    mask[18:23] = True
    skeleton = thin(mask)
    assert skeleton.sum(axis=0).tolist() == [1] * 60


def test_prune_removes_twigs_but_not_lines_that_leave_the_frame():
    skeleton = np.zeros((30, 60), dtype=bool)
    skeleton[15] = True
    skeleton[11:15, 20] = True  # a twig of four pixels
    skeleton[:15, 40] = True  # leaves the frame
    pruned = prune(skeleton, 20)
    assert not pruned[11:14, 20].any()
    assert pruned[:14, 40].all()
    assert pruned[15].sum() >= 58


@settings(deadline=None, max_examples=50)
@given(masks)
def test_every_pixel_of_a_skeleton_is_segment_or_junction(mask):
    skeleton = thin(mask)
    found = cut(skeleton)
    assert np.array_equal((found.segment > 0) ^ (found.junction > 0), skeleton)
    assert not (skeleton & ~mask).any()
