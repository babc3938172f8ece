"""Compact bright bodies: dendritic cells, and the processes that hang on them.

A dendritic cell is a bright body, thicker than a nerve in every direction, with or without processes
that end after a few tens of micrometres. The body is found where a whole square of nerve's thickness is
bright; a process is a piece of centre line with a loose end that starts at a body. A nerve that passes a
body goes on behind it, so it is kept; so is its straight last stretch behind a branch point, as thick
bright nerves hold squares that look like bodies.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.candidates import Candidates, cut, thin, widen
from ccmeval.nerves.normalise import GRID_UM

_NEAR_UM = 3.0  # a process' centre line starts within this of the body's outline

_DIRECTION_UM = 10.0  # a segment's direction at a junction is that of its first stretch of this length
_STRAIGHT = np.deg2rad(40.0)  # a nerve bends less than this where it branches; by trial


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
        Longest process; a longer line with a loose end is a nerve, and so is one that leads a nerve on.

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
    for segment in np.flatnonzero(goes):
        goes[segment] = not _leads_on(pieces, int(segment), goes)
    if not goes.any():
        return skeleton
    return thin(skeleton & ~goes[pieces.segment])


def _leads_on(pieces: Candidates, segment: int, goes: BoolArray) -> bool:
    """Whether a segment is the straight continuation of one that stays: a nerve's last stretch."""
    for junction in pieces.touches[pieces.touches[:, 0] == segment, 1]:
        rows, columns = np.nonzero(pieces.junction == junction)
        middle = np.array([rows.mean(), columns.mean()])
        others = pieces.touches[pieces.touches[:, 1] == junction, 0]
        own = _leaving(pieces, segment, middle)
        for other in others[~goes[others]]:
            if own @ _leaving(pieces, int(other), middle) <= -np.cos(_STRAIGHT):
                return True
    return False


def _leaving(pieces: Candidates, segment: int, junction: FloatArray) -> FloatArray:
    """Give the unit direction in which a segment leaves a junction, over its first stretch."""
    reach = round(_DIRECTION_UM / GRID_UM)
    corner = np.maximum(np.rint(junction).astype(int) - reach, 0)
    window = pieces.segment[corner[0] : corner[0] + 2 * reach + 1, corner[1] : corner[1] + 2 * reach + 1]
    places = np.argwhere(window == segment) + corner - junction
    mean: FloatArray = places.sum(axis=0) / max(len(places), 1)
    direction: FloatArray = mean / max(float(np.hypot(*mean)), 1e-9)
    return direction


def _loose(pieces: Candidates) -> BoolArray:
    """Segments that touch at most one junction and do not reach the frame's border."""
    loose = np.bincount(pieces.touches[:, 0], minlength=pieces.count + 1) < 2
    for side in (pieces.segment[0], pieces.segment[-1], pieces.segment[:, 0], pieces.segment[:, -1]):
        loose[side] = False
    result: BoolArray = loose
    return result
