"""Tiles that cover a frame larger than what a network sees, and their blending."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

OVERLAP = 0.25
"""Least share of a tile that its neighbour covers too, in prediction."""


def tile_starts(frame_px: int, tile_px: int, overlap: float = OVERLAP) -> tuple[int, ...]:
    """Give where tiles begin along one axis: evenly spread, first at 0, last flush with the end.

    Parameters
    ----------
    frame_px, tile_px : int
        Lengths; a tile is not longer than the frame.
    overlap : float
        Least share of a tile that it has in common with the next, below 1.

    Examples
    --------
    >>> tile_starts(192, 96), tile_starts(192, 96, overlap=0.0), tile_starts(96, 96)
    ((0, 48, 96), (0, 96), (0,))
    """
    if tile_px > frame_px:
        raise ValueError(f"A tile of {tile_px} px does not fit into a frame of {frame_px} px.")
    longest_step = max(1, math.floor(tile_px * (1.0 - overlap)))
    n_steps = math.ceil((frame_px - tile_px) / longest_step)
    return tuple(round(number * (frame_px - tile_px) / max(n_steps, 1)) for number in range(n_steps + 1))


def tile_corners(frame_px: int, tile_px: int, overlap: float = OVERLAP) -> Iterator[tuple[int, int]]:
    """Give row and column of the upper left pixel of every tile of a square frame.

    Examples
    --------
    >>> list(tile_corners(128, 96, overlap=0.0))
    [(0, 0), (0, 32), (32, 0), (32, 32)]
    """
    starts = tile_starts(frame_px, tile_px, overlap)
    return ((row, column) for row in starts for column in starts)


def tile_window(tile_px: int) -> npt.NDArray[np.float32]:
    """Give the weight of each pixel of a tile: a Hann window sampled at pixel centres, nowhere 0.

    Returns
    -------
    float32 array (tile_px, tile_px)

    Examples
    --------
    >>> tile_window(2).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    line = np.sin(np.pi * (np.arange(tile_px) + 0.5) / tile_px) ** 2
    return np.outer(line, line).astype(np.float32)
