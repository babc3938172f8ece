"""Compact bright bodies: dendritic cells, and the processes that hang on them.

A dendritic cell is a bright body, thicker than a nerve in every direction, with or without processes
that end after a few tens of micrometres. The body is found where a whole square of nerve's thickness is
bright; a process is a piece of centre line with a loose end that starts at a body. A nerve that passes a
body goes on behind it, so it is kept.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.candidates import Candidates, cut, thin, widen
from ccmeval.nerves.normalise import GRID_UM

_NEAR_UM = 3.0  # a process' centre line starts within this of the body's outline


def find_bodies(contrast: FloatArray, *, thickness_um: float, brightness: float) -> BoolArray:
    """Find compact bright bodies.

    Parameters
    ----------
    contrast : float array (H, W)
        Normalised frame on the working grid.
    thickness_um : float
        Side of the square that must be bright.
    brightness : float
        Contrast that the whole square must exceed, smoothed over 3 x 3 pixels.

    Returns
    -------
    bool array (H, W)
        Union of all such squares.
    """
    from scipy import ndimage

    reach = round(thickness_um / GRID_UM / 2)
    smooth = ndimage.uniform_filter(contrast, 3)
    cores = ~widen(smooth <= brightness, reach)
    return widen(cores, reach)


def drop_processes(skeleton: BoolArray, bodies: BoolArray, *, longest_um: float) -> BoolArray:
    """Drop processes of bodies, and isolated pieces that lie on a body.

    Parameters
    ----------
    skeleton : bool array (H, W)
        One pixel wide.
    bodies : bool array (H, W)
    longest_um : float
        Longest process; a longer line with a loose end is a nerve.

    Returns
    -------
    bool array (H, W)
        One pixel wide.
    """
    if not bodies.any() or not skeleton.any():
        return skeleton
    near = widen(bodies, round(_NEAR_UM / GRID_UM))
    pieces = cut(skeleton)
    sizes = np.bincount(pieces.segment.ravel(), minlength=pieces.count + 1)
    at_body = np.bincount(pieces.segment[near], minlength=pieces.count + 1) > 0
    goes = at_body & _loose(pieces) & (sizes * GRID_UM <= longest_um)
    goes[0] = False
    if not goes.any():
        return skeleton
    return thin(skeleton & ~goes[pieces.segment])


def _loose(pieces: Candidates) -> BoolArray:
    """Segments that touch at most one junction and do not reach the frame's border."""
    loose = np.bincount(pieces.touches[:, 0], minlength=pieces.count + 1) < 2
    for side in (pieces.segment[0], pieces.segment[-1], pieces.segment[:, 0], pieces.segment[:, -1]):
        loose[side] = False
    result: BoolArray = loose
    return result
