from __future__ import annotations

import numpy as np
import pytest

from ccmeval.phantom.raster import coverage, draw_trace, rasterise

PIXEL = 400.0 / 384.0


def arc(radius: float = 60.0) -> np.ndarray:
    angle = np.linspace(0.2, 2.4, 180)
    return 100.0 + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def distance_by_hand(curve: np.ndarray, width: np.ndarray, row: int, column: int, pixel: float) -> float:
    """Greatest half width minus distance over all segments, one by one."""
    centre = np.array([(row + 0.5) * pixel, (column + 0.5) * pixel])
    best = -np.inf
    for k in range(len(curve) - 1):
        move = curve[k + 1] - curve[k]
        part = min(max(float((centre - curve[k]) @ move / (move @ move)), 0.0), 1.0)
        away = float(np.linalg.norm(centre - curve[k] - part * move))
        best = max(best, 0.5 * (width[k] + part * (width[k + 1] - width[k])) - away)
    return best


def test_mask_is_the_definition_pixel_by_pixel() -> None:
    curve = arc()
    width = np.linspace(2.0, 7.0, len(curve))
    drawn = rasterise([curve], [width], (192, 192), PIXEL)
    rng = np.random.default_rng(0)
    rows, columns = np.nonzero(np.isfinite(drawn.depth_um))
    for pick in rng.choice(len(rows), 300, replace=False):
        row, column = int(rows[pick]), int(columns[pick])
        by_hand = distance_by_hand(curve, width, row, column, PIXEL)
        assert drawn.depth_um[row, column] == pytest.approx(by_hand, abs=1e-9)
        assert drawn.mask[row, column] == (by_hand >= 0)
    beyond = rng.choice(192, (300, 2))
    for row, column in beyond[~drawn.mask[beyond[:, 0], beyond[:, 1]]]:
        assert distance_by_hand(curve, width, int(row), int(column), PIXEL) < 0


def test_half_open_line_by_hand() -> None:
    # Width 3 around the row coordinate 5: centres 3.5 .. 6.5 lie within 1.5, so four rows.
    drawn = rasterise([np.array([[5.0, 0.0], [5.0, 8.0]])], [np.full(2, 3.0)], (10, 8), 1.0)
    assert drawn.mask.sum(axis=1).tolist() == [0, 0, 0, 8, 8, 8, 8, 0, 0, 0]
    assert coverage(drawn, 1.0).sum() == pytest.approx(24.0)


@pytest.mark.parametrize("degrees", [0.0, 17.0, 45.0, 71.0])
def test_coverage_gives_the_area_at_any_angle(degrees: float) -> None:
    way = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    curve = 100.0 + np.linspace(-70, 70, 141)[:, None] * way
    drawn = rasterise([curve], [np.full(141, 5.0)], (200, 200), 1.0)
    exact = 140.0 * 5.0 + np.pi * 2.5**2  # with round ends
    assert coverage(drawn, 1.0).sum() == pytest.approx(exact, rel=0.006)  # worst at exactly 45 degrees


def test_the_union_of_a_thick_and_a_thin_nerve_keeps_the_thick_one() -> None:
    thick, thin = np.array([[20.0, 0.0], [20.0, 40.0]]), np.array([[22.0, 0.0], [22.0, 40.0]])
    both = rasterise([thick, thin], [np.full(2, 8.0), np.full(2, 2.0)], (40, 40), 1.0)
    alone = rasterise([thick], [np.full(2, 8.0)], (40, 40), 1.0)
    assert (both.mask == alone.mask).all()
    spread = both.spread([np.full(2, 1.0), np.full(2, 5.0)])
    assert (spread[both.mask] == 1.0).all()


def test_values_run_linearly_along_the_curve() -> None:
    curve = np.array([[5.0, 0.0], [5.0, 10.0], [5.0, 20.0]])
    drawn = rasterise([curve], [np.full(3, 3.0)], (10, 20), 1.0)
    spread = drawn.spread([np.array([0.0, 10.0, 20.0])])
    assert np.allclose(spread[5], np.arange(20) + 0.5)


def test_nothing_drawn_is_nothing_seen() -> None:
    drawn = rasterise([], [], (8, 9), 1.0)
    assert drawn.mask.shape == (8, 9)
    assert not drawn.mask.any()
    assert (drawn.spread([]) == 0).all()


def test_trace_is_one_pixel_wide_and_on_the_curve() -> None:
    curve = arc()
    trace = draw_trace([curve], (192, 192), PIXEL)
    rows, columns = np.nonzero(trace)
    points = (np.column_stack([rows, columns]) + 0.5) * PIXEL
    off = np.abs(np.hypot(*(points - 100.0).T) - 60.0)
    assert off.max() < PIXEL * np.sqrt(0.5) + 0.01
    neighbours = sum(np.roll(np.roll(trace, r, 0), c, 1) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c)[
        trace
    ]
    assert neighbours.max() <= 2
    assert (neighbours == 1).sum() == 2


def test_trace_of_a_diagonal_nerve_runs_its_whole_length() -> None:
    along = np.linspace(20.3, 180.6, 400)
    line = np.stack([along, along + 0.4], axis=1)
    trace = draw_trace([line], (200, 200), 1.0)
    rows = np.nonzero(trace)[0]
    assert rows.min() <= 21
    assert rows.max() >= 179
    assert trace.any(axis=1)[20:181].all()
