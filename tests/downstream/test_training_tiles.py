"""Tiles: all answered by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ccmeval_downstream.training.tiles import tile_corners, tile_starts, tile_window


@given(frame=st.integers(1, 300), tile=st.integers(1, 300), overlap=st.sampled_from([0.0, 0.25, 0.5]))
def test_tiles_cover_the_frame_and_overlap_enough(frame: int, tile: int, overlap: float) -> None:
    if tile > frame:
        with pytest.raises(ValueError, match="does not fit"):
            tile_starts(frame, tile, overlap)
        return
    starts = tile_starts(frame, tile, overlap)
    assert starts[0] == 0
    assert starts[-1] == frame - tile
    steps = np.diff(starts)
    assert (steps >= 1).all()
    assert (steps <= max(1, tile * (1.0 - overlap))).all()


def test_windows_weigh_every_pixel_of_the_frame() -> None:
    weight = np.zeros((40, 40))
    for row, column in tile_corners(40, 16):
        weight[row : row + 16, column : column + 16] += tile_window(16)
    assert weight.min() > 0.0
    assert tile_window(16).min() > 0.0
    assert_allclose(tile_window(16), tile_window(16)[::-1, ::-1], rtol=1e-6)
