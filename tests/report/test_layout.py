"""Layouts and rasterised paths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.report.layout import LARGEST_PX2, LONGEST_PX, PANELS, choose_layout, rasterise


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_panels_fit_their_sheet_and_never_overlap(height, width):
    layout = choose_layout((height, width))
    assert max(layout.height_px, layout.width_px) <= LONGEST_PX
    assert layout.height_px * layout.width_px <= LARGEST_PX2 + LONGEST_PX  # sides are rounded
    assert layout.sheet_width_px * layout.panels_height_px < 4.5e6
    corners = [layout.corner(number, 50) for number in range(PANELS)]
    assert len(set(corners)) == PANELS
    for row, column in corners:
        assert column + layout.width_px <= layout.sheet_width_px
        assert row + layout.height_px <= 50 + layout.panels_height_px


@pytest.mark.parametrize(
    ("shape", "columns"),
    [((384, 384), 3), ((300, 1000), 2), ((200, 1200), 1), ((100, 3000), 1), ((1200, 300), 6)],
)
def test_columns_follow_the_frame(shape, columns):
    assert choose_layout(shape).columns == columns


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 50), st.floats(0, 50))
def test_a_line_has_no_holes_and_stays_close(row_a, column_a, row_b, column_b):
    found = rasterise([np.array([[row_a, column_a], [row_b, column_b]])])
    steps = np.abs(np.diff(found.rows)) + np.abs(np.diff(found.columns))
    assert (np.maximum(np.abs(np.diff(found.rows)), np.abs(np.diff(found.columns))) <= 1).all()
    assert steps.max(initial=0) <= 2
    assert (found.rows[0], found.columns[0]) == (int(row_a), int(column_a))
    length = np.hypot(row_b - row_a, column_b - column_a)
    if length > 0:  # distance of the pixels' middles from the line
        across = (found.rows + 0.5 - row_a) * (column_b - column_a)
        across -= (found.columns + 0.5 - column_a) * (row_b - row_a)
        assert (np.abs(across) / length).max() <= 0.75


def test_paths_keep_their_numbers():
    found = rasterise([np.array([[0.5, 0.5], [0.5, 4.5]]), np.array([[9.5, 9.5], [9.5, 9.5]])])
    assert set(found.path[found.rows == 0]) == {0}
    assert set(found.path[found.rows == 9]) == {1}


def test_no_paths_give_no_pixels():
    assert rasterise([]).rows.size == 0
