"""Betti numbers of shapes known by eye, and clDice against a plain reading of its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import euler_number

from ccmeval.phantom import make_phantom
from ccmeval.preservation.topology import betti_numbers, cl_dice
from ccmeval.thinning import thin_mask

ROWS, COLUMNS = np.mgrid[:40, :60]


def disc(row: int, column: int, radius: float) -> np.ndarray:
    return (ROWS - row) ** 2 + (COLUMNS - column) ** 2 <= radius**2


def ring(row: int, column: int) -> np.ndarray:
    return disc(row, column, 10) & ~disc(row, column, 6)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (np.zeros((40, 60), bool), (0, 0)),
        (np.ones((40, 60), bool), (1, 0)),
        (ring(20, 20), (1, 1)),
        (disc(20, 12, 6) | disc(20, 40, 6), (2, 0)),
        (ring(20, 15) | ring(20, 33), (1, 2)),  # a figure eight
        (ring(20, 20) | disc(20, 20, 2), (2, 1)),  # a disc within a ring
        (np.eye(40, 60, dtype=bool), (1, 0)),  # joined by corners
        (ring(0, 20), (1, 0)),  # half a ring against the frame's border encloses nothing
    ],
)
def test_known_shapes(mask: np.ndarray, expected: tuple[int, int]) -> None:
    assert betti_numbers(mask) == expected


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
@settings(max_examples=200, deadline=None)
def test_pieces_less_loops_are_the_euler_number(mask: np.ndarray) -> None:
    pieces, loops = betti_numbers(mask)
    assert pieces - loops == euler_number(np.pad(mask, 1), connectivity=2)


def _plain_cl_dice(found: np.ndarray, asked: np.ndarray) -> float:
    """By sets of pixels, as the paper writes it."""
    volumes = [set(map(tuple, np.argwhere(mask))) for mask in (found, asked)]
    lines = [set(map(tuple, np.argwhere(thin_mask(mask)))) for mask in (found, asked)]
    precision = len(lines[0] & volumes[1]) / len(lines[0])
    sensitivity = len(lines[1] & volumes[0]) / len(lines[1])
    return 2 * precision * sensitivity / (precision + sensitivity)


@pytest.mark.parametrize("shift", [0, 1, 2, 3, 9])
def test_cl_dice_is_the_papers(shift: int) -> None:
    asked = make_phantom(np.random.default_rng(4)).mask
    found = np.roll(asked, shift, axis=1)
    ours = cl_dice(found, thin_mask(found), asked, thin_mask(asked))
    assert ours == pytest.approx(_plain_cl_dice(found, asked), abs=1e-12)
    assert (ours == 1.0) == (shift == 0)


def test_cl_dice_by_hand() -> None:
    asked = np.zeros((20, 20), bool)
    asked[9:12] = True
    line = np.zeros_like(asked)
    line[10] = True
    lower = np.roll(line, 1, axis=0)
    wrong = np.zeros_like(asked)
    wrong[2, :10] = True
    # Precision 20 of 30 found pixels; all of the asked line is covered by a mask three rows wide.
    assert cl_dice(asked | wrong, lower | wrong, asked, line) == pytest.approx(2 * (2 / 3) / (5 / 3))


def test_cl_dice_of_empty_masks() -> None:
    empty, full = np.zeros((9, 9), bool), np.ones((9, 9), bool)
    assert np.isnan(cl_dice(empty, empty, empty, empty))
    assert cl_dice(full, full, empty, empty) == cl_dice(empty, empty, full, full) == 0.0
    left = np.arange(9) < 3
    apart = [full & left, full & left, full & ~left, full & ~left]
    assert cl_dice(*apart) == 0.0
