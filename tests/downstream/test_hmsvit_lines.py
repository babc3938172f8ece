"""Filters of lines against lines drawn at known angles."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval_downstream.hmsvit.lines import ORIENTATIONS, SIDE_PX, SIGMAS_PX, line_filters


def line_at(angle: float, side: int = SIDE_PX) -> np.ndarray:
    """A line of Gaussian profile through the middle; angle 0 runs from left to right."""
    half = side // 2
    down, right = np.mgrid[-half : half + 1, -half : half + 1]
    return np.exp(-0.5 * ((down * np.cos(angle) - right * np.sin(angle)) / 0.8) ** 2)


@pytest.mark.parametrize("place", range(ORIENTATIONS))
def test_each_orientation_answers_most_to_its_own_line(place: int) -> None:
    answers = (line_filters()[:ORIENTATIONS] * line_at(np.pi * place / ORIENTATIONS)).sum((1, 2))
    assert int(answers.argmax()) == place
    assert answers[place] > 0


def test_flat_tissue_gives_nothing_and_noise_its_sd() -> None:
    filters = line_filters()
    assert filters.shape == (len(SIGMAS_PX) * ORIENTATIONS, SIDE_PX, SIDE_PX)
    np.testing.assert_allclose(filters.sum((1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose((filters.astype(float) ** 2).sum((1, 2)), 1.0, atol=1e-5)


def test_dark_lines_answer_below_zero() -> None:
    assert (line_filters()[:ORIENTATIONS] * -line_at(0.0)).sum((1, 2))[0] < 0
