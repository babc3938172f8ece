"""Box counting on sets of known dimension."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.morphometry import MorphometrySettings
from ccmeval.morphometry.fractal import box_counts, box_dimension

SIZES = MorphometrySettings().box_sizes_um
FRAME = (400.0, 400.0)


def line_through(point: tuple[float, float], degrees: float) -> np.ndarray:
    """Points every half micrometre of the line through a frame of 400 um."""
    t = np.arange(-600.0, 600.0, 0.5)[:, None]
    line = np.array(point) + t * [np.sin(np.radians(degrees)), np.cos(np.radians(degrees))]
    return line[((line >= 0.0) & (line <= 400.0)).all(axis=1)]


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_line_through_the_frame_has_dimension_one(degrees: float) -> None:
    assert box_dimension(line_through((203.0, 197.0), degrees), SIZES, FRAME) == pytest.approx(1.0, abs=0.04)


def test_filled_frame_has_dimension_two() -> None:
    filled = np.stack(np.meshgrid(np.arange(1.0, 400.0, 2.0), np.arange(1.0, 400.0, 2.0)), axis=-1)
    assert box_dimension(filled.reshape(-1, 2), SIZES, FRAME) == pytest.approx(2.0, abs=1e-9)


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
    curve = 729.0 * np.column_stack([points.imag, points.real]) + [270.0, 0.0]
    found = box_dimension(curve, (8.0, 16.0, 32.0, 64.0), (729.0, 729.0), 4)
    assert found == pytest.approx(np.log(4) / np.log(3), abs=0.03)


def test_sierpinski_carpet() -> None:
    rows, columns = np.mgrid[:243, :243]
    kept = np.ones((243, 243), dtype=bool)
    for power in range(5):
        kept &= ~((rows // 3**power % 3 == 1) & (columns // 3**power % 3 == 1))
    points = np.argwhere(kept) + 0.5
    found = box_dimension(points, (3.0, 9.0, 27.0, 81.0), (243.0, 243.0))
    assert found == pytest.approx(np.log(8) / np.log(3), abs=0.03)


def test_counts_worked_by_hand() -> None:
    # On the grid from the corner the points share the first box of 4 x 4; on the one half a box off, the
    # frame is cut into pieces of 2, 4, 2 and the points lie in two of 2 x 2 and 2 x 4, together 12 / 16.
    points = np.array([[0.5, 0.5], [0.5, 3.0]])
    assert box_counts(points, (4.0,), (8.0, 8.0), 1).tolist() == [1.0]
    # The grids half a box off along one axis only: 4 x 2 and 4 x 4 hold 24 / 16, or 2 x 4 holds 8 / 16.
    assert box_counts(points, (4.0,), (8.0, 8.0), 2).tolist() == [(1.0 + 24 / 16 + 8 / 16 + 12 / 16) / 4]


@pytest.mark.parametrize("seed", range(5))
def test_turned_and_mirrored_sets_have_one_dimension(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [line_through(tuple(rng.uniform(50.0, 350.0, 2)), rng.uniform(20.0, 50.0)) for _ in range(8)]
    points = np.concatenate(lines)
    found = [box_dimension(p, SIZES, FRAME) for p in (points, points[:, ::-1], 400.0 - points)]
    assert np.ptp(found) < 0.015


def test_what_has_no_dimension() -> None:
    assert np.isnan(box_dimension(np.empty((0, 2)), SIZES, FRAME))
    assert np.isnan(box_dimension(np.array([[1.0, 1.0]]), SIZES, (400.0, 30.0)))


def test_points_on_and_beyond_the_border_belong_to_the_frame() -> None:
    rim = np.array([[0.0, 0.0], [400.0, 400.0], [-1e-9, 400.0 + 1e-9]])
    assert box_counts(rim, (8.0,), FRAME, 1).tolist() == [3.0]
