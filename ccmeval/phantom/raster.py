"""Pixels from curves: the exact mask, the one-pixel trace and anti-aliased intensity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Raster:
    """Distance of every pixel near a nerve to that nerve's edge.

    Attributes
    ----------
    depth_um : float array (H, W)
        Half the local width minus the distance of the pixel's centre to the centre line, of the nerve
        in which the pixel lies deepest; positive inside a nerve, -inf far from all.
    value : float array (H, W)
        What was given along that nerve, at the nearest point of its centre line; 0 far from all.
    """

    depth_um: FloatArray
    value: FloatArray

    @property
    def mask(self) -> BoolArray:
        """Pixels whose centre lies within half the local width of a curve."""
        return np.asarray(self.depth_um >= 0.0)


def rasterise(
    curves: Sequence[FloatArray],
    widths: Sequence[FloatArray],
    values: Sequence[FloatArray],
    shape_px: tuple[int, int],
    pixel_size_um: float,
    margin_um: float = 2.5,
) -> Raster:
    """Measure every pixel centre near the curves against their segments, exactly.

    Parameters
    ----------
    curves : sequence of float arrays (N, 2)
        Row and column in micrometres.
    widths, values : sequences of float arrays (N,)
        Local width in micrometres and any value at each point; linear between points.
    shape_px : (int, int)
    pixel_size_um : float
    margin_um : float
        How far beyond the nerves' edges to measure.

    Returns
    -------
    Raster

    Examples
    --------
    >>> line = np.array([[2.5, 0.0], [2.5, 6.0]])
    >>> drawn = rasterise([line], [np.full(2, 2.0)], [np.ones(2)], (5, 6), 1.0)
    >>> drawn.mask.sum(axis=1)
    array([0, 6, 6, 6, 0])
    """
    depth = np.full(shape_px[0] * shape_px[1], -np.inf)
    value = np.zeros(depth.size)
    if len(curves) == 0:
        return Raster(depth.reshape(shape_px), value.reshape(shape_px))
    start, move, half, half_move, worth, worth_move = _segments(curves, widths, values)
    reach = float(half.max() + np.abs(half_move).max()) + margin_um + float(np.abs(move).max())
    around = int(np.ceil(reach / pixel_size_um)) + 1
    window = np.arange(-around, around + 1)
    middle = np.floor((start + 0.5 * move) / pixel_size_um).astype(np.int64)
    rows = middle[:, 0, None, None] + window[:, None]
    columns = middle[:, 1, None, None] + window
    rows, columns = np.broadcast_arrays(rows, columns)
    near = (rows >= 0) & (rows < shape_px[0]) & (columns >= 0) & (columns < shape_px[1])
    which = np.broadcast_to(np.arange(len(start))[:, None, None], near.shape)[near]
    row, column = rows[near], columns[near]
    dr = (row + 0.5) * pixel_size_um - start[which, 0]
    dc = (column + 0.5) * pixel_size_um - start[which, 1]
    squared = (move**2).sum(axis=1)
    part = (dr * move[which, 0] + dc * move[which, 1]) / squared[which]
    part = np.clip(part, 0.0, 1.0)
    distance = np.hypot(dr - part * move[which, 0], dc - part * move[which, 1])
    deep = half[which] + part * half_move[which] - distance
    pixel = row * shape_px[1] + column
    # Written in rising order, the deepest entry of each pixel stays.
    kept = np.flatnonzero(deep > -margin_um)
    order = kept[np.argsort(deep[kept], kind="stable")]
    depth[pixel[order]] = deep[order]
    value[pixel[order]] = worth[which[order]] + part[order] * worth_move[which[order]]
    return Raster(depth.reshape(shape_px), value.reshape(shape_px))


def _segments(
    curves: Sequence[FloatArray], widths: Sequence[FloatArray], values: Sequence[FloatArray]
) -> tuple[FloatArray, ...]:
    start = np.concatenate([curve[:-1] for curve in curves])
    move = np.concatenate([np.diff(curve, axis=0) for curve in curves])
    half = 0.5 * np.concatenate([width[:-1] for width in widths])
    half_move = 0.5 * np.concatenate([np.diff(width) for width in widths])
    worth = np.concatenate([value[:-1] for value in values])
    worth_move = np.concatenate([np.diff(value) for value in values])
    kept = (move**2).sum(axis=1) > 0
    return tuple(array[kept] for array in (start, move, half, half_move, worth, worth_move))


def coverage(raster: Raster, pixel_size_um: float) -> FloatArray:
    """Share of each pixel covered by nerves, from the distance of its centre to their edge.

    Parameters
    ----------
    raster : Raster
    pixel_size_um : float

    Returns
    -------
    float array (H, W), in [0, 1]
        Linear over one pixel across the edge: exact for a straight edge along a pixel side.
    """
    return np.clip(raster.depth_um / pixel_size_um + 0.5, 0.0, 1.0)


def draw_trace(curves: Sequence[FloatArray], shape_px: tuple[int, int], pixel_size_um: float) -> BoolArray:
    """Draw the centre lines one pixel wide, eight-connected.

    Parameters
    ----------
    curves : sequence of float arrays (N, 2)
        Row and column in micrometres.
    shape_px : (int, int)
    pixel_size_um : float

    Returns
    -------
    bool array (H, W)

    Examples
    --------
    >>> draw_trace([np.array([[0.5, 0.5], [2.5, 2.5]])], (3, 3), 1.0).sum()
    np.int64(3)
    """
    from skimage.morphology import skeletonize

    trace = np.zeros(shape_px, dtype=bool)
    for curve in curves:
        steps = np.linspace(0.0, 1.0, 8, endpoint=False)
        fine = curve[:-1, None] + steps[:, None] * np.diff(curve, axis=0)[:, None]
        points = np.vstack([fine.reshape(-1, 2), curve[-1:]])
        pixels = np.floor(points / pixel_size_um).astype(int)
        rows = np.clip(pixels[:, 0], 0, shape_px[0] - 1)
        columns = np.clip(pixels[:, 1], 0, shape_px[1] - 1)
        trace[rows, columns] = True
    return np.asarray(skeletonize(trace))
