"""The rate and the order of frames: all answered by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ccmeval.training.schedule import evaluation_steps, learning_rate_at
from ccmeval.training.streams import batch_of_step, crop_corners, stream_seed


def test_the_rate_rises_linearly_and_falls_as_a_cosine() -> None:
    rates = [learning_rate_at(step, 10, 1e-2, 1e-4, 0.2) for step in range(10)]
    assert_allclose(rates[:2], [5e-3, 1e-2])
    assert rates[-1] == pytest.approx(1e-4)
    # Step 5 is half of the way from step 1 (highest) to step 9 (last).
    assert rates[5] == pytest.approx((1e-2 + 1e-4) / 2)
    assert all(earlier > later for earlier, later in pairwise(rates[1:]))


def test_without_a_rise_the_first_step_has_the_highest_rate() -> None:
    assert learning_rate_at(0, 5, 1.0, 0.0, 0.0) == 1.0
    assert learning_rate_at(4, 5, 1.0, 0.25, 0.0) == pytest.approx(0.25)
    assert learning_rate_at(0, 1, 1.0, 0.0, 0.0) == 1.0


@given(steps=st.integers(1, 500), evaluations=st.integers(1, 50))
def test_evaluations_are_evenly_spread_and_end_with_the_last_step(steps: int, evaluations: int) -> None:
    found = evaluation_steps(steps, evaluations)
    assert len(found) == min(steps, evaluations)
    assert found[-1] == steps
    gaps = np.diff([0, *found])
    assert gaps.min() >= 1
    assert gaps.max() - gaps.min() <= 1


@given(n=st.integers(1, 40), batch=st.integers(1, 90), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_every_epoch_holds_each_frame_once(n: int, batch: int, seed: int) -> None:
    steps = -(-3 * n // batch)
    drawn = np.concatenate([batch_of_step(n, batch, seed, step) for step in range(steps)])[: 3 * n]
    for epoch in drawn.reshape(3, n):
        assert sorted(epoch.tolist()) == list(range(n))


def test_a_step_is_drawn_alike_whatever_came_before() -> None:
    alone = batch_of_step(50, 16, 9, 1000)
    for step in range(995, 1000):
        batch_of_step(50, 16, 9, step)
    assert np.array_equal(alone, batch_of_step(50, 16, 9, 1000))
    assert not np.array_equal(alone, batch_of_step(50, 16, 10, 1000))


def test_streams_of_seeds_steps_and_purposes_differ() -> None:
    purposes = ("weights", "order", "crops", "augmentation", "network", "noise")
    seeds = {stream_seed(seed, use, step) for seed in range(5) for use in purposes for step in range(20)}
    assert len(seeds) == 600
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_crops_lie_within_the_frame_and_reach_its_borders() -> None:
    corners = crop_corners(4000, 20, 16, 0, 0)
    assert corners.min() == 0
    assert corners.max() == 4
    counts = np.bincount(corners.ravel(), minlength=5)
    assert counts.min() > 0.9 * 8000 / 5
