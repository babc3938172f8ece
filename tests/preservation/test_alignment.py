"""Shift and scale put into phantom masks are found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from ccmeval.phantom import PhantomSettings, make_phantom
from ccmeval.preservation.alignment import CLEAR_OVERLAP, align
from ccmeval.thinning import thin_mask

DIAGNOSES = ("Control", "T1NoDPN", "T1DPN")


def moved(mask: np.ndarray, rows: float, columns: float, scale: float) -> np.ndarray:
    """What is at p goes to middle + scale * (p - middle) + shift."""
    middle = (np.array(mask.shape) - 1) / 2
    offset = middle - (middle + np.array([rows, columns])) / scale
    return affine_transform(mask.astype(float), np.eye(2) / scale, offset=offset, order=1) > 0.5


def mask_of(seed: int, side: int = 384, rows: int | None = None) -> tuple[np.ndarray, float]:
    settings = PhantomSettings(shape_px=(rows or side, side), pixel_size_um=400 / side)
    phantom = make_phantom(np.random.default_rng(seed), diagnosis=DIAGNOSES[seed % 3], settings=settings)
    return phantom.mask, phantom.pixel_size_um


@pytest.mark.parametrize(
    ("rows", "columns", "scale", "side", "height"),
    [
        (0.0, 0.0, 1.0, 384, None),
        (12.0, -7.0, 1.0, 384, None),
        (-40.3, 33.6, 0.93, 384, None),
        (5.5, 2.0, 1.12, 384, None),
        (0.0, 0.0, 0.88, 384, None),
        (21.0, -50.0, 1.04, 512, None),
        (-30.0, 11.0, 1.06, 384, 300),
    ],
)
def test_a_move_is_found(rows: float, columns: float, scale: float, side: int, height: int | None) -> None:
    for seed in (3, 8):
        asked, size_um = mask_of(seed, side, height)
        found = align(thin_mask(moved(asked, rows, columns, scale)), thin_mask(asked), size_um)
        assert found.clear
        assert found.shift_row_px == pytest.approx(rows, abs=0.6)
        assert found.shift_column_px == pytest.approx(columns, abs=0.6)
        assert found.scale == pytest.approx(scale, abs=0.004)


def test_a_move_is_found_where_half_the_nerves_are_wrong() -> None:
    asked, size_um = mask_of(5)
    stranger, _ = mask_of(6)
    right = moved(asked, 15.0, -9.0, 1.03)
    right[:, :130] = stranger[:, :130]
    found = align(thin_mask(right), thin_mask(asked), size_um)
    assert found.clear
    assert (found.shift_row_px, found.shift_column_px) == pytest.approx((15.0, -9.0), abs=1.0)
    assert found.scale == pytest.approx(1.03, abs=0.005)


@pytest.mark.parametrize("pair", [(0, 1), (3, 7), (2, 5)])
def test_nerves_that_have_nothing_in_common_show_no_move(pair: tuple[int, int]) -> None:
    lines = [thin_mask(mask_of(seed)[0]) for seed in pair]
    found = align(lines[0], lines[1], 400 / 384)
    assert not found.clear
    assert 0 < found.overlap < CLEAR_OVERLAP
    assert (found.shift_row_px, found.shift_column_px, found.scale) == (0.0, 0.0, 1.0)


def test_a_shift_along_parallel_nerves_is_not_made_up() -> None:
    asked = np.zeros((384, 384), bool)
    asked[:, [60, 170, 300]] = True
    found = align(np.roll(asked, (30, 8), axis=(0, 1)), asked, 1.04)
    assert found.clear
    assert found.shift_column_px == pytest.approx(8.0, abs=0.1)
    assert abs(found.shift_row_px) < 1.0


def test_empty_lines_have_no_move() -> None:
    empty, line = np.zeros((64, 64), bool), np.eye(64, dtype=bool)
    for pair in ((empty, line), (line, empty), (empty, empty)):
        found = align(*pair, 1.0)
        assert (found.shift_row_px, found.shift_column_px, found.scale, found.clear) == (0.0, 0.0, 1.0, False)


def test_the_same_frame_gives_the_same_numbers() -> None:
    asked, size_um = mask_of(2)
    found = thin_mask(moved(asked, 4.0, 6.0, 0.97))
    assert align(found, thin_mask(asked), size_um) == align(found, thin_mask(asked), size_um)
