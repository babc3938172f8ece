"""From centre lines on the working grid to centre line, mask and probability of the frame."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.nerves.candidates import BORDER_PAD, thin
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.segmentation import NERVE_THRESHOLD
from ccmeval.thinning import thin_mask

_REJECTED = 0.49  # the highest probability of a pixel that was rejected
_STAIRCASE_PX = 0.1  # a slanted line's steps stand out from it by this much on average, to either side
_FAR_PX = 16.0  # nerves that reach farther, on frames with small pixels, are drawn by distance transform
_DEFAULT_WIDTH_UM = 4.0  # where no profile tells a width: the middle of the published 2 to 6 um


def to_frame(skeleton: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Bring a centre line from the working grid to the frame's pixels.

    Parameters
    ----------
    skeleton : bool array (H', W')
        One pixel wide.
    shape : (int, int)
        The frame's.

    Returns
    -------
    bool array `shape`
        One pixel wide, connected as before.
    """
    if skeleton.shape == shape:
        return skeleton
    if not skeleton.any():
        return np.zeros(shape, dtype=bool)
    if shape[0] <= skeleton.shape[0]:
        coarse = np.zeros(shape, dtype=bool)
        places = [
            at * new // old for at, new, old in zip(np.nonzero(skeleton), shape, skeleton.shape, strict=True)
        ]
        coarse[tuple(places)] = True
        return _thin_lines(coarse)
    from scipy import ndimage

    rows, columns = (
        (np.arange(new) + 0.5) * old / new - 0.5 for new, old in zip(shape, skeleton.shape, strict=True)
    )
    # Lines 8-connected on the grid stay connected where the distance to them is within 0.75 pixel.
    distance = ndimage.distance_transform_edt(~skeleton)
    fine = ndimage.map_coordinates(
        distance, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="nearest"
    )
    return _thin_lines(fine < 0.75)


def _thin_lines(lines: BoolArray) -> BoolArray:
    """Thin lines a few pixels wide, of which plain :func:`thin` alone would lose diagonal ones."""
    padded = np.pad(lines, BORDER_PAD, mode="edge")
    return thin(thin_mask(padded)[BORDER_PAD:-BORDER_PAD, BORDER_PAD:-BORDER_PAD])


def draw_mask(centre_line: BoolArray, width_um: FloatArray, pixel_size_um: float) -> BoolArray:
    """Draw nerves as wide as they were measured.

    Parameters
    ----------
    centre_line : bool array (H, W)
    width_um : float array (H, W)
        Width on the centre line; where it is NaN there, 4 um.
    pixel_size_um : float

    Returns
    -------
    bool array (H, W)
        Pixels within half a width of their nearest centre-line pixel; at least the centre line.
    """
    if not centre_line.any():
        return np.zeros(centre_line.shape, dtype=bool)
    width_px = np.nan_to_num(width_um, nan=_DEFAULT_WIDTH_UM) / pixel_size_um
    reach_px = width_px / 2.0 - _STAIRCASE_PX
    largest = float(reach_px[centre_line].max())
    if largest <= _FAR_PX:
        mask = _drawn_by_steps(centre_line, reach_px, largest)
    else:
        from scipy import ndimage

        distance, nearest = ndimage.distance_transform_edt(~centre_line, return_indices=True)
        mask = distance <= reach_px[tuple(nearest)]
    mask |= centre_line
    return mask


def _drawn_by_steps(centre_line: BoolArray, reach_px: FloatArray, largest_px: float) -> BoolArray:
    """Draw offset by offset around the centre line: thin nerves in a fifth of a distance transform's time."""
    margin = max(int(largest_px), 0)
    height, width = centre_line.shape
    wide = width + 2 * margin
    rows, columns = np.nonzero(centre_line)
    places, reach = (rows + margin) * wide + columns + margin, reach_px[rows, columns]
    within = np.zeros((height + 2 * margin) * wide, dtype=bool)
    down, right = (axis.ravel() for axis in np.mgrid[-margin : margin + 1, -margin : margin + 1])
    distance = np.hypot(down, right)
    # From far to near, so that the nearest centre-line pixel has the last word.
    for k in np.argsort(-distance, kind="stable"):
        if 0.0 < distance[k] <= largest_px:
            within[places + (down[k] * wide + right[k])] = distance[k] <= reach
    drawn: BoolArray = within.reshape(-1, wide)[margin : margin + height, margin : margin + width].copy()
    return drawn


def draw_probability(mask: BoolArray, segment: IntArray, probability: FloatArray) -> FloatArray:
    """Give each pixel the probability of the candidate segment that it belongs to.

    Parameters
    ----------
    mask : bool array (H, W)
        Nerve pixels, by which the probability is held to at least one half; elsewhere below.
    segment : int array (H', W')
        Candidate segments on the working grid.
    probability : float array (S + 1,)
        By segment.

    Returns
    -------
    float32 array (H, W)
    """
    from scipy import ndimage

    by_segment = probability.astype(np.float32)
    by_segment[0] = 0.0
    side = 2 * round(_DEFAULT_WIDTH_UM / GRID_UM / 2) + 1
    spread = ndimage.maximum_filter(by_segment[segment], side)
    if spread.shape != mask.shape:
        at = [np.arange(new) * old // new for new, old in zip(mask.shape, spread.shape, strict=True)]
        spread = spread[np.ix_(*at)]
    drawn: FloatArray = np.where(mask, np.maximum(spread, NERVE_THRESHOLD), np.minimum(spread, _REJECTED))
    return drawn.astype(np.float32)
