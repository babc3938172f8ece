"""Pixels from curves: the exact mask, the one-pixel trace and anti-aliased intensity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.thinning import thin_mask


@dataclass(frozen=True)
class Raster:
    """Where every pixel lies relative to the nerve in which it lies deepest.

    Attributes
    ----------
    depth_um : float array (H, W)
        Half the local width minus the distance of the pixel's centre to the centre line: positive
        inside a nerve, -inf far from all.
    point : float array (H, W)
        The nearest point of that nerve's centre line, as an index into all curves' points one after
        the other, with its fraction; NaN far from all.
    half_um : float array (H, W)
        Half the local width at that point.
    """

    depth_um: FloatArray
    point: FloatArray
    half_um: FloatArray

    @property
    def mask(self) -> BoolArray:
        """Pixels whose centre lies within half the local width of a curve."""
        return np.asarray(self.depth_um >= 0.0)

    def spread(self, values: Sequence[FloatArray]) -> FloatArray:
        """Give every pixel what varies along the nerves, at its nearest point; 0 far from all.

        Parameters
        ----------
        values : sequence of float arrays (N,)
            One a curve, one value a point.

        Returns
        -------
        float array (H, W)
        """
        spread = np.zeros(self.depth_um.shape)
        near = np.isfinite(self.point)
        if near.any():
            every = np.concatenate(list(values))
            spread[near] = np.interp(self.point[near], np.arange(len(every)), every)
        return spread


def rasterise(
    curves: Sequence[FloatArray],
    widths: Sequence[FloatArray],
    shape_px: tuple[int, int],
    pixel_size_um: float,
) -> Raster:
    """Measure every pixel centre near the curves against their segments, exactly.

    Parameters
    ----------
    curves : sequence of float arrays (N, 2)
        Row and column in micrometres.
    widths : sequence of float arrays (N,)
        Local width in micrometres at each point, linear between points.
    shape_px : (int, int)
    pixel_size_um : float

    Returns
    -------
    Raster

    Examples
    --------
    >>> line = np.array([[2.5, 0.0], [2.5, 6.0]])
    >>> rasterise([line], [np.full(2, 2.0)], (5, 6), 1.0).mask.sum(axis=1)
    array([0, 6, 6, 6, 0])
    """
    depth = np.full(shape_px[0] * shape_px[1], -np.inf)
    point = np.full(depth.size, np.nan)
    half = np.full(depth.size, np.nan)
    first = 0
    for curve, width in zip(curves, widths, strict=True):
        pixel, deep, at, wide = _near_one(curve, width, shape_px, pixel_size_um)
        deeper = np.flatnonzero(deep > depth[pixel])
        # Written in rising order, the deepest entry of each pixel stays.
        order = deeper[np.argsort(deep[deeper], kind="stable")]
        target = pixel[order]
        depth[target], point[target], half[target] = deep[order], at[order] + first, wide[order]
        first += len(curve)
    return Raster(depth.reshape(shape_px), point.reshape(shape_px), half.reshape(shape_px))


def _near_one(
    curve: FloatArray, width: FloatArray, shape_px: tuple[int, int], pixel_size_um: float
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Pixels within half a width, and one pixel more, of a curve's segments, with repetitions."""
    start, move = curve[:-1], np.diff(curve, axis=0)
    squared = np.maximum((move**2).sum(axis=1), 1e-18)
    margin = 0.75 * pixel_size_um  # the anti-aliasing below looks half a diagonal beyond the edge
    reach = 0.5 * (float(width.max()) + float(np.sqrt(squared.max()))) + margin
    window = np.arange(-(around := int(reach / pixel_size_um + 1.0)), around + 1)
    middle = np.floor((start + 0.5 * move) / pixel_size_um).astype(np.int64)
    row = (middle[:, 0, None] + window)[:, :, None]
    column = (middle[:, 1, None] + window)[:, None, :]
    dr = (row + 0.5) * pixel_size_um - start[:, 0, None, None]
    dc = (column + 0.5) * pixel_size_um - start[:, 1, None, None]
    part = dr * (move[:, 0] / squared)[:, None, None] + dc * (move[:, 1] / squared)[:, None, None]
    part = np.clip(part, 0.0, 1.0)
    dr = dr - part * move[:, 0, None, None]
    dc = dc - part * move[:, 1, None, None]
    half = 0.5 * (width[:-1, None, None] + part * np.diff(width)[:, None, None])
    deep = half - np.sqrt(dr * dr + dc * dc)
    kept = (deep > -margin) & (row >= 0) & (row < shape_px[0]) & (column >= 0) & (column < shape_px[1])
    pixel = np.broadcast_to(row * shape_px[1] + column, kept.shape)[kept]
    at = np.arange(len(start), dtype=float)[:, None, None] + part
    return pixel, deep[kept], at[kept], half[kept]


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
    return np.asarray(np.clip(raster.depth_um / pixel_size_um + 0.5, 0.0, 1.0))


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
    >>> int(draw_trace([np.array([[0.5, 0.5], [2.5, 2.5]])], (3, 3), 1.0).sum())
    3
    """
    trace = np.zeros(shape_px, dtype=bool)
    for curve in curves:
        # Fine enough never to step over a pixel's corner by more than an eighth of its side.
        longest = float(np.sqrt((np.diff(curve, axis=0) ** 2).sum(axis=1).max()))
        parts = max(int(8 * longest / pixel_size_um), 1)
        steps = np.arange(parts) / parts
        fine = curve[:-1, None] + steps[:, None] * np.diff(curve, axis=0)[:, None]
        points = np.vstack([fine.reshape(-1, 2), curve[-1:]])
        pixels = np.floor(points / pixel_size_um).astype(int)
        rows = np.clip(pixels[:, 0], 0, shape_px[0] - 1)
        columns = np.clip(pixels[:, 1], 0, shape_px[1] - 1)
        trace[rows, columns] = True
    return thin_mask(trace)
