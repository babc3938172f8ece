from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.phantom.curves import arc_length
from ccmeval.phantom.wiggle import draw_wiggle


def test_displacement_has_the_asked_spread_on_each_axis() -> None:
    points = np.random.default_rng(0).uniform(0, 400, (500, 2))
    moved = [draw_wiggle(np.random.default_rng(seed), 1.4).displaced(points) - points for seed in range(60)]
    assert np.concatenate(moved).std(axis=0) == pytest.approx([1.4, 1.4], rel=0.06)


def test_lengthening_is_that_of_drawn_lines() -> None:
    measured, foretold = [], []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        wiggle = draw_wiggle(rng, 1.0)
        angle = rng.uniform(0, 2 * np.pi)
        line = 200 + np.arange(-400.0, 400.0)[:, None] * np.array([np.cos(angle), np.sin(angle)])
        measured.append(arc_length(wiggle.displaced(line))[-1] / 799.0 - 1)
        foretold.append(wiggle.lengthening - 1)
    assert 0.003 < np.mean(foretold) < 0.03
    assert np.mean(measured) == pytest.approx(np.mean(foretold), rel=0.12)


@given(st.integers(0, 50), st.integers(1, 40))
def test_equal_points_stay_equal_to_the_last_bit(seed: int, count: int) -> None:
    # A branch starts on its parent: both hold the point, among different numbers of others.
    rng = np.random.default_rng(seed)
    wiggle = draw_wiggle(rng, 1.5)
    points = rng.uniform(0, 400, (count, 2))
    alone = [wiggle.displaced(point[None])[0].tolist() for point in points]
    assert wiggle.displaced(points).tolist() == alone
