"""Box counting on sets of known dimension."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.morphometry import MorphometrySettings
from ccmeval.morphometry.fractal import box_counts, box_dimension

SIZES = MorphometrySettings().box_sizes_um


@pytest.mark.parametrize("degrees", [0.0, 12.0, 30.0, 45.0, 71.0])
def test_straight_line_has_dimension_one(degrees: float) -> None:
    t = np.arange(0.0, 400.0, 1.0)[:, None]
    line = 5.3 + t * [np.sin(np.radians(degrees)), np.cos(np.radians(degrees))]
    assert box_dimension(line, SIZES, 3) == pytest.approx(1.0, abs=0.08)


def test_filled_square_has_dimension_two() -> None:
    square = np.stack(np.meshgrid(np.arange(0.0, 384.0, 2.0), np.arange(0.0, 384.0, 2.0)), axis=-1).reshape(
        -1, 2
    )
    assert box_dimension(square, SIZES, 3) == pytest.approx(2.0, abs=0.06)


def test_koch_curve() -> None:
    turn = np.exp(1j * np.pi / 3.0)
    points = np.array([0.0 + 0.0j, 1.0 + 0.0j])
    for _ in range(6):
        step = np.diff(points) / 3.0
        start = points[:-1]
        points = np.append(
            np.stack([start, start + step, start + step + step * turn, start + 2 * step], axis=1).ravel(),
            points[-1],
        )
    curve = 729.0 * np.column_stack([points.imag, points.real])
    assert box_dimension(curve, (9.0, 27.0, 81.0), 4) == pytest.approx(np.log(4) / np.log(3), abs=0.06)


def test_sierpinski_carpet() -> None:
    rows, columns = np.mgrid[:243, :243]
    kept = np.ones((243, 243), dtype=bool)
    for power in range(5):
        kept &= ~((rows // 3**power % 3 == 1) & (columns // 3**power % 3 == 1))
    points = np.argwhere(kept).astype(float)
    assert box_dimension(points, (3.0, 9.0, 27.0, 81.0), 3) == pytest.approx(np.log(8) / np.log(3), abs=0.06)


def test_counts_take_the_best_offset() -> None:
    # Two points three apart fit in one box of four, but not on the grid that starts at the first less one.
    points = np.array([[0.0, 0.0], [0.0, 3.0]])
    assert box_counts(points, (4.0,), 4).tolist() == [1.0]


def test_nothing_has_no_dimension() -> None:
    assert np.isnan(box_dimension(np.empty((0, 2)), SIZES))
