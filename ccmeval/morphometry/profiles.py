"""Profiles across a nerve: its sub-pixel middle and its width, from the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

STEP_PX = 0.25
"""Spacing of the samples across the nerve."""


@dataclass(frozen=True)
class Profiles:
    """What lies across a path, one entry a point.

    Attributes
    ----------
    width_px : float array (N,)
        Extent of the mask along the normal; NaN where the point is outside the mask.
    shift_px : float array (N,)
        How far the middle of that extent lies along the normal; 0 where outside.
    open_ended : bool array (N,)
        Where the mask goes on beyond the reach, or the imaged area ends first.
    """

    width_px: FloatArray
    shift_px: FloatArray
    open_ended: BoolArray


def mask_profiles(
    mask: BoolArray, path_px: FloatArray, normal: FloatArray, reach_px: float, imaged: BoolArray | None = None
) -> Profiles:
    """Measure the mask along the normals of a path.

    The mask is sampled at the nearest pixel, every quarter pixel: each pixel then counts with its
    area, so that a mean over many points is the area over the length, without bias.

    Parameters
    ----------
    mask : bool array (H, W)
    path_px : float array (N, 2)
        In pixels; (0, 0) is the centre of the first pixel.
    normal : float array (N, 2)
        Unit normals.
    reach_px : float
        How far to look on either side.
    imaged : bool array (H, W), optional
        The imaged area; everywhere if not given.

    Returns
    -------
    Profiles
    """
    count = int(np.ceil(reach_px / STEP_PX))
    offsets = ((np.arange(-count, count) + 0.5) * STEP_PX).astype(np.float32)
    # 0: imaged background, 1: nerve, 2: not imaged.
    kinds = np.full((mask.shape[0] + 2, mask.shape[1] + 2), 2, dtype=np.uint8)
    kinds[1:-1, 1:-1] = mask if imaged is None else np.where(imaged, mask, 2)
    height, width = kinds.shape
    start, across = path_px.astype(np.float32) + np.float32(1.5), normal.astype(np.float32)
    r = np.clip((start[:, :1] + across[:, :1] * offsets).astype(np.int32), 0, height - 1)
    c = np.clip((start[:, 1:] + across[:, 1:] * offsets).astype(np.int32), 0, width - 1)
    sampled = kinds.ravel()[r * width + c]
    outside = sampled != 1
    right = np.argmax(outside[:, count:], axis=1)
    left = np.argmax(outside[:, count - 1 :: -1], axis=1)
    rows = np.arange(len(path_px))
    beyond_right = sampled[rows, count + right]
    beyond_left = sampled[rows, count - 1 - left]
    total = (left + right) * STEP_PX
    shift = (right - left) * (STEP_PX / 2.0)
    missing = total == 0.0
    # Neither side may end in nerve (beyond reach) or outside the imaged area.
    open_ended = (beyond_right != 0) | (beyond_left != 0)
    return Profiles(np.where(missing, np.nan, total), np.where(missing, 0.0, shift), open_ended)
