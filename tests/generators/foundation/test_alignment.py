"""Frames that were shifted or zoomed against their masks are found out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from ccmeval.generation.conditions import Condition
from ccmeval.phantom import PhantomSettings, make_phantom
from ccmeval_generators.foundation.alignment import mask_alignment, samples_note

SIZE_UM = 400 / 384


@pytest.fixture(scope="module")
def phantom():
    settings = PhantomSettings(shape_px=(384, 384), pixel_size_um=SIZE_UM)
    return make_phantom(np.random.default_rng(3), diagnosis="Control", settings=settings)


def moved(frame, rows: float, columns: float, scale: float):
    """What is at p goes to middle + scale * (p - middle) + shift."""
    middle = (np.array(frame.shape) - 1) / 2
    offset = middle - (middle + np.array([rows, columns])) / scale
    return affine_transform(frame, np.eye(2) / scale, offset=offset, order=1, mode="reflect")


def test_a_frame_that_follows_its_mask_is_aligned(phantom) -> None:
    found = mask_alignment(phantom.frame, phantom.mask, SIZE_UM)
    assert found.told == "aligned"
    assert found.overlap > 0.5
    assert found.columns()["alignment_scale"] == "1"


@pytest.mark.parametrize(
    ("rows", "columns", "scale"), [(12.0, -7.0, 1.0), (0.0, 0.0, 1.06), (-6.0, 9.0, 0.95)]
)
def test_a_move_is_told_with_its_numbers(phantom, rows: float, columns: float, scale: float) -> None:
    frame = moved(phantom.frame, rows, columns, scale).astype(np.float32).clip(0, 1)
    found = mask_alignment(frame, phantom.mask, SIZE_UM)
    assert found.told == "moved"
    assert found.shift_row_px == pytest.approx(rows, abs=1.0)
    assert found.shift_column_px == pytest.approx(columns, abs=1.0)
    assert found.scale == pytest.approx(scale, abs=0.008)


def test_what_cannot_be_told_has_a_reason_and_no_number(phantom) -> None:
    grey = np.full((384, 384), 0.5, np.float32)
    for found in (
        mask_alignment(grey, phantom.mask, SIZE_UM),
        mask_alignment(phantom.frame, np.zeros_like(phantom.mask), SIZE_UM),
        mask_alignment(phantom.frame, phantom.mask[:, ::-1], SIZE_UM),
    ):
        assert found.told.startswith("unclear: ")
        assert found.shift_row_px is None
        assert found.columns()["alignment_scale"] == ""


def test_the_note_counts_them(phantom) -> None:
    frames = [phantom.frame, moved(phantom.frame, 12.0, -7.0, 1.0).astype(np.float32).clip(0, 1)]
    asked = [Condition(0, mask=phantom.mask), Condition(1, mask=phantom.mask)]
    note = samples_note(frames, asked, SIZE_UM)
    assert "2 samples after the last step: aligned with their masks 1, shifted or zoomed 1 (by up" in note
    assert "by up to 13." in note or "by up to 14." in note
    assert samples_note(frames, [Condition(0), Condition(1)], SIZE_UM) == ""
