"""One pixel grid laid over another: frames, masks and centre lines brought to another pixel size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.thinning import thin_mask

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_SLACK_PX = 0.01
"""By how much of a pixel a new grid may stand over the old one's edge, so that 383.995 px become 384."""

_ASIDE_PX = (1e-3, 2e-3)
"""By how much masks are read beside a new pixel's middle. Where that falls on a nerve's very edge, as
between 768 and 384 px, one side of the nerve gets the pixel and the other does not, so that areas are kept:
with both they are 6 % too large, with none 6 % too small."""

_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True)
class Grid:
    """A pixel grid over a picture, in the picture's own pixels.

    Attributes
    ----------
    shape : tuple of int
        Height and width of the picture.
    start : tuple of float
        Row and column of the new grid's upper left corner, from the picture's outer corner.
    step : float
        Side of a new pixel in old ones; above 1 the picture shrinks.
    size : tuple of int
        Height and width of the new grid in its own pixels.
    """

    shape: tuple[int, int]
    start: tuple[float, float]
    step: float
    size: tuple[int, int]

    @property
    def is_crop(self) -> bool:
        """Whether pixels stay as they are, so that the new grid is a window of the old one."""
        return self.step == 1.0


def central_grid(shape: tuple[int, int], step: float, most: tuple[int | None, int | None]) -> Grid:
    """Lay a grid over the middle of a picture.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the picture in pixels.
    step : float
        Side of a new pixel in old ones.
    most : tuple of int or None
        Most new rows and columns; None for as many whole ones as there is room for.

    Returns
    -------
    Grid
        Pixels are exactly `step` large, so that less than one at the border is left out. Where `step` is 1
        they fall on old ones.

    Examples
    --------
    >>> central_grid((768, 768), 2.0, (None, 300))
    Grid(shape=(768, 768), start=(0.0, 84.0), step=2.0, size=(384, 300))
    """
    room = [floor(side / step + _SLACK_PX) for side in shape]
    size = [count if limit is None else min(count, limit) for count, limit in zip(room, most, strict=True)]
    start = [(side - count * step) / 2 for side, count in zip(shape, size, strict=True)]
    if step == 1.0:
        start = [float(floor(corner)) for corner in start]
    return Grid(shape, (start[0], start[1]), step, (size[0], size[1]))


def resample_levels(picture: FloatArray, grid: Grid) -> FloatArray:
    """Bring grey levels to a grid.

    A larger pixel has the mean of the area that it covers, as a camera of such pixels would see it; this is
    its own anti-aliasing. A smaller one is interpolated linearly between its neighbours. Both are weighted
    means, so that no level leaves the range of those around it and nothing is clipped.

    Parameters
    ----------
    picture : float array (H, W)
    grid : Grid

    Returns
    -------
    float32 array of shape ``grid.size``

    Examples
    --------
    >>> picture = np.arange(16, dtype=np.float32).reshape(4, 4)
    >>> resample_levels(picture, central_grid((4, 4), 2.0, (None, None))).tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    if grid.is_crop:
        return np.ascontiguousarray(picture[_window(grid)], dtype=np.float32)
    # Rounding of the weights' sums alone could leave the range, by a few 1e-16.
    levels = np.clip(_averaged(picture, grid), picture.min(), picture.max())
    return np.ascontiguousarray(levels, dtype=np.float32)


def resample_area(area: BoolArray, grid: Grid) -> BoolArray:
    """Bring an imaged area to a grid: a pixel belongs to it where all that it covers did."""
    if grid.is_crop:
        return np.ascontiguousarray(area[_window(grid)])
    return np.asarray(_averaged(area, grid) >= _WHOLE)


def resample_mask(mask: BoolArray, grid: Grid) -> BoolArray:
    """Bring a nerve mask to a grid.

    A pixel is nerve where its middle lies within the mask's edge, which runs between the old pixels: their
    signed distance to it is resampled and cut at zero. This keeps widths and areas, as a share of covered
    area does not where edges fall on the middles of new pixels. The mask's centre line is drawn too, so that
    a nerve thinner than a new pixel is neither lost nor broken.

    Parameters
    ----------
    mask : bool array (H, W)
    grid : Grid

    Returns
    -------
    bool array of shape ``grid.size``
    """
    if grid.is_crop:
        return np.ascontiguousarray(mask[_window(grid)])
    if mask.all() or not mask.any():
        return np.full(grid.size, bool(mask.any()))
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(mask) - distance_transform_edt(~mask)
    row, column = (corner + aside for corner, aside in zip(grid.start, _ASIDE_PX, strict=True))
    inside = resample_levels(depth, replace(grid, start=(row, column))) > 0.0
    return np.asarray(inside) | resample_line(mask, grid)


def resample_line(trace: BoolArray, grid: Grid) -> BoolArray:
    """Bring a centre line to a grid, so that it stays connected and one pixel wide.

    The middles of neighbouring pixels are joined by straight lines, these are drawn on the new grid, and
    what is drawn is thinned.

    Parameters
    ----------
    trace : bool array (H, W)
        Thinned first where it is wider than one pixel.
    grid : Grid

    Returns
    -------
    bool array of shape ``grid.size``

    Examples
    --------
    >>> grid = central_grid((3, 3), 0.5, (None, None))
    >>> resample_line(np.eye(3, dtype=bool), grid).astype(int).sum(axis=0).tolist()
    [0, 1, 1, 1, 1, 1]
    """
    if grid.is_crop:
        return np.ascontiguousarray(trace[_window(grid)])
    starts, ends = _links(thin_mask(trace))
    drawn = np.zeros(grid.size, dtype=np.bool_)
    parts = int(np.ceil(2.0 / grid.step)) + 1
    for share in np.linspace(0.0, 1.0, parts):
        points = starts + share * (ends - starts)
        pixels = np.floor((points + 0.5 - np.array(grid.start)) / grid.step).astype(int)
        inside = ((pixels >= 0) & (pixels < np.array(grid.size))).all(axis=1)
        drawn[tuple(pixels[inside].T)] = True
    return thin_mask(drawn)


def _window(grid: Grid) -> tuple[slice, slice]:
    row, column = int(grid.start[0]), int(grid.start[1])
    return slice(row, row + grid.size[0]), slice(column, column + grid.size[1])


def _averaged(picture: FloatArray | BoolArray, grid: Grid) -> FloatArray:
    down, across = (_weights(grid, axis) for axis in (0, 1))
    averaged: FloatArray = (across @ (down @ picture.astype(np.float64)).T).T
    return averaged


def _weights(grid: Grid, axis: int) -> csr_array:
    """Weights of the old pixels of one axis in each new one, as a sparse matrix of rows that sum to 1."""
    from scipy.sparse import csr_array

    count, length = grid.size[axis], grid.shape[axis]
    edges: FloatArray = grid.start[axis] + grid.step * np.arange(count + 1)
    lows, highs = edges[:-1], edges[1:]
    if grid.step < 1.0:
        # A window one old pixel wide, around the middle of the new one: linear interpolation.
        middles = (edges[:-1] + edges[1:]) / 2
        lows, highs = middles - 0.5, middles + 0.5
    reach = int(np.ceil(max(grid.step, 1.0))) + 1
    pixels = np.floor(lows).astype(int)[:, None] + np.arange(reach)
    overlap = np.minimum(highs[:, None], pixels + 1) - np.maximum(lows[:, None], pixels)
    overlap = np.clip(overlap, 0.0, None)
    if grid.step >= 1.0:
        overlap[(pixels < 0) | (pixels >= length)] = 0.0  # what little stands over the edge does not count
    rows = np.repeat(np.arange(count), reach)
    columns = np.clip(pixels, 0, length - 1).ravel()
    weights = overlap / overlap.sum(axis=1, keepdims=True)
    return csr_array((weights.ravel(), (rows, columns)), shape=(count, length))


def _links(trace: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Neighbouring pixels of a line, (N, 2) each; a pixel stands beside itself, so that none is left out.

    Two that touch by a corner are joined only where no third pixel joins them already.
    """
    padded = np.pad(trace, 1)
    here = np.argwhere(padded)
    starts: list[IntArray] = [here]
    ends: list[IntArray] = [here]
    for row, column in ((0, 1), (1, 0), (1, 1), (1, -1)):
        there = here + np.array([row, column])
        joined = padded[tuple(there.T)]
        if row and column:
            joined &= ~padded[here[:, 0] + row, here[:, 1]] & ~padded[here[:, 0], here[:, 1] + column]
        starts.append(here[joined])
        ends.append(there[joined])
    return np.concatenate(starts) - 1.0, np.concatenate(ends) - 1.0
