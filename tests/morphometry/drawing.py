"""Masks drawn from curves with known length and width; shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

PIXEL_UM = 400.0 / 384.0
SHAPE = (384, 384)


def draw(
    curves: Sequence[FloatArray],
    widths_um: Sequence[float],
    shape: tuple[int, int] = SHAPE,
    pixel_size_um: float = PIXEL_UM,
) -> BoolArray:
    """Pixels whose centre lies within half a width of a polyline, by the distance to each segment."""
    mask = np.zeros(shape, dtype=bool)
    for curve, width in zip(curves, widths_um, strict=True):
        for start, stop in pairwise(curve):
            low = np.floor((np.minimum(start, stop) - width) / pixel_size_um).astype(int)
            high = np.ceil((np.maximum(start, stop) + width) / pixel_size_um).astype(int) + 1
            low, high = np.maximum(low, 0), np.minimum(high, shape)
            if (low >= high).any():
                continue
            rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
            points = (np.stack([rows, columns], axis=-1) + 0.5) * pixel_size_um - start
            step = stop - start
            t = np.clip(points @ step / (step @ step), 0.0, 1.0)
            near = np.hypot(*np.moveaxis(points - t[..., None] * step, -1, 0)) <= width / 2.0
            mask[low[0] : high[0], low[1] : high[1]] |= near
    return mask


def ray(origin: Sequence[float], degrees: float, length: float, back: float = 0.0) -> FloatArray:
    """Straight line from `back` behind an origin to `length` ahead; 0 degrees goes along the rows' axis."""
    direction = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    return np.array([np.asarray(origin) - back * direction, np.asarray(origin) + length * direction])


def inner_length(curve: FloatArray, shape: tuple[int, int] = SHAPE, pixel_size_um: float = PIXEL_UM) -> float:
    """Length of the part of a polyline inside the frame, by fine subdivision."""
    part = np.linspace(0.0, 1.0, 2000)[:, None]
    fine = np.concatenate([start + part * (stop - start) for start, stop in pairwise(curve)])
    middle = (fine[1:] + fine[:-1]) / 2.0
    inside = ((middle >= 0.0) & (middle <= np.array(shape) * pixel_size_um)).all(axis=1)
    return float(np.hypot(*np.diff(fine, axis=0).T)[inside].sum())
