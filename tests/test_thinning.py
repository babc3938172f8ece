"""Thinning against scikit-image's, and on the lines that the quicker method loses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, label
from skimage.morphology import skeletonize, thin

from ccmeval.thinning import thin_mask
from tests.morphometry.drawing import draw, ray

EVERYWHERE = np.ones((3, 3), dtype=bool)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.floats(0.0, 4.0),
    st.floats(0.02, 0.98),
)
def test_same_pixels_as_scikit_image(seed: int, shape: tuple[int, int], grain: float, share: float) -> None:
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), grain)
    mask = noise > np.quantile(noise, share)
    found = thin_mask(mask)
    np.testing.assert_array_equal(found, thin(mask))
    np.testing.assert_array_equal(thin_mask(found), found)
    assert label(found, EVERYWHERE)[1] == label(mask, EVERYWHERE)[1]


def test_mask_is_left_as_it_was() -> None:
    mask = np.ones((9, 9), dtype=bool)
    thin_mask(mask)
    assert mask.all()


def test_staircase_of_a_hand_drawn_trace_keeps_its_length() -> None:
    mask = np.zeros((60, 60), dtype=bool)
    steps = np.arange(10, 50)
    mask[steps, steps] = mask[steps, steps + 1] = True
    assert skeletonize(mask).sum() < 25  # what is avoided
    assert thin_mask(mask).sum() == 41


@pytest.mark.parametrize("width", [1.3, 2.0, 2.5, 3.0, 4.0])
def test_diagonal_lines_keep_their_ends(width: float) -> None:
    rng = np.random.default_rng(4)
    direction = np.sqrt([0.5, 0.5])
    for degrees in rng.uniform(44.0, 46.0, 40):
        middle = 100.0 + rng.uniform(0.0, 1.0, 2)
        mask = draw([ray(middle, degrees, 50.0, 50.0)], [width], (200, 200), 1.0)
        reach = (np.argwhere(thin_mask(mask)) + 0.5) @ direction
        assert np.ptp(reach) == pytest.approx(100.0, abs=2.5)
