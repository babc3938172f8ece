"""Profiles across a nerve: its sub-pixel middle and its width, from the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ccmeval.arrays import BoolArray, FloatArray

STEP_PX = 0.5
"""Spacing of the samples that find how far the mask reaches."""

_SKIRT_PX = 2.5
"""Half the base of the blur below, which carries area that far beyond the mask's edge."""


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

    How far the mask reaches is found on the mask itself. Width and middle are then the integral and the
    centroid of the mask after a small blur: blurring keeps areas, and what is left is smooth enough for
    one sample a pixel, so that the mean over many points is the area over the length at any angle to
    the pixel grid. Where another nerve comes too near, the plain extent is taken.

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
    left, right, open_ended, crowded = _extent(mask, path_px, normal, reach_px, imaged)
    total = left + right
    missing = total == 0.0
    # Where nerves join the mask is far wider than elsewhere; the few such points get the plain extent.
    longest = 1.5 * float(np.quantile(np.maximum(left, right), 0.75)) + 1.0
    plain = crowded | open_ended | missing | (np.maximum(left, right) > longest)
    width, middle = _integral(mask, path_px, normal, left, right, longest)
    return Profiles(
        np.where(missing, np.nan, np.where(plain, total, width)),
        np.where(missing, 0.0, np.where(plain, (right - left) / 2.0, middle)),
        open_ended,
    )


def _extent(
    mask: BoolArray, path_px: FloatArray, normal: FloatArray, reach_px: float, imaged: BoolArray | None
) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray]:
    """How far the mask reaches to either side, whether that end is no edge, and whether more comes near."""
    count = int(np.ceil(reach_px / STEP_PX))
    skirt = int(np.ceil(2.0 * _SKIRT_PX / STEP_PX))
    offsets = ((np.arange(-count - skirt, count + skirt) + 0.5) * STEP_PX).astype(np.float32)
    # 0: imaged background, 1: nerve, 2: not imaged.
    kinds = np.full((mask.shape[0] + 2, mask.shape[1] + 2), 2, dtype=np.uint8)
    kinds[1:-1, 1:-1] = mask if imaged is None else np.where(imaged, mask, 2)
    height, width = kinds.shape
    # Adding 1.5 rounds to the nearest pixel of the padded mask.
    start, across = path_px.astype(np.float32) + np.float32(1.5), normal.astype(np.float32)
    r = np.clip((start[:, :1] + across[:, :1] * offsets).astype(np.int32), 0, height - 1)
    c = np.clip((start[:, 1:] + across[:, 1:] * offsets).astype(np.int32), 0, width - 1)
    sampled = kinds.ravel()[r * width + c]
    outside = sampled != 1
    centre = count + skirt
    right = np.argmax(outside[:, centre:], axis=1)
    left = np.argmax(outside[:, centre - 1 :: -1], axis=1)
    rows = np.arange(len(path_px))
    # Neither side may end in nerve (beyond reach) or outside the imaged area.
    open_ended = (sampled[rows, centre + right] != 0) | (sampled[rows, centre - 1 - left] != 0)
    open_ended |= (right > count) | (left > count)
    place = np.arange(len(offsets))
    near = (place >= (centre - left - skirt)[:, None]) & (place < (centre + right + skirt)[:, None])
    crowded = (near & (sampled != 0)).sum(axis=1) != left + right
    return left * STEP_PX, right * STEP_PX, open_ended, crowded


def _integral(
    mask: BoolArray,
    path_px: FloatArray,
    normal: FloatArray,
    left: FloatArray,
    right: FloatArray,
    reach_px: float,
) -> tuple[FloatArray, FloatArray]:
    """Integral and centroid of the blurred mask across each point, as far as the mask reaches."""
    blurred = ndimage.uniform_filter(mask.astype(np.float32), 3, mode="nearest")
    count = int(np.ceil(reach_px + _SKIRT_PX))
    offsets = np.arange(-count, count + 1).astype(np.float64)
    points = path_px.T[:, :, None] + normal.T[:, :, None] * offsets
    value = ndimage.map_coordinates(blurred, points, order=1, mode="nearest", prefilter=False)
    value[(offsets < -(left + _SKIRT_PX)[:, None]) | (offsets > (right + _SKIRT_PX)[:, None])] = 0.0
    width = value.sum(axis=1, dtype=np.float64)
    return width, (value @ offsets) / np.maximum(width, 1e-12)
