"""Candidate segments: the skeleton of all that might be nerve, cut at its junctions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray

EIGHT = np.ones((3, 3), dtype=bool)
"""Neighbourhood by which skeleton pixels hang together."""

BORDER_PAD = 10
"""Pixels by which a mask is continued over the border before it is thinned."""


@dataclass(frozen=True)
class Candidates:
    """Segments of a skeleton.

    Attributes
    ----------
    skeleton : bool array (H, W)
    segment : int array (H, W)
        Segment of each pixel from 1, 0 elsewhere; junction pixels belong to none.
    junction : int array (H, W)
        Junction of each junction pixel from 1, 0 elsewhere.
    count, junctions : int
        Numbers of segments and junctions.
    touches : int array (T, 2)
        Pairs (segment, junction) that touch.
    """

    skeleton: BoolArray
    segment: IntArray
    junction: IntArray
    count: int
    junctions: int
    touches: IntArray


def thin(mask: BoolArray) -> BoolArray:
    """Skeletonise so that lines which leave the frame reach its border.

    Plain thinning shortens a line's end by about its half width. The mask is continued over the
    border first, so that the shortened end lies outside. The method is Zhang and Suen's, whose lines
    have no corners, as :func:`cut` needs. It loses diagonal lines of just two or four pixels' width, as
    masks have them (see :mod:`ccmeval.thinning`); what is thinned here is broader, or thin already.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 12), dtype=bool)
    >>> mask[3:6] = True
    >>> thin(mask).sum(axis=1).tolist()
    [0, 0, 0, 0, 12, 0, 0, 0, 0]
    """
    from skimage.morphology import skeletonize

    pad = BORDER_PAD
    padded = np.pad(mask, pad, mode="edge")
    result: BoolArray = skeletonize(padded)[pad:-pad, pad:-pad]
    return result


def cut(skeleton: BoolArray) -> Candidates:
    """Cut a skeleton at its junctions.

    Parameters
    ----------
    skeleton : bool array (H, W)
        One pixel wide.

    Returns
    -------
    Candidates

    Examples
    --------
    >>> import numpy as np
    >>> cross = np.zeros((7, 7), dtype=bool)
    >>> cross[3] = cross[:, 3] = True
    >>> found = cut(cross)
    >>> found.count, found.junctions, len(found.touches)
    (4, 1, 4)
    """
    from scipy import ndimage

    padded = np.pad(skeleton, 1).astype(np.int8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    neighbours = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    at_junction = skeleton & (neighbours > 3)
    segment, count = ndimage.label(skeleton & ~at_junction, EIGHT)
    junction, junctions = ndimage.label(at_junction, EIGHT)
    return Candidates(skeleton, segment, junction, count, junctions, _touching(segment, junction))


def widen(mask: BoolArray, reach_px: int) -> BoolArray:
    """Widen a mask by a square: all pixels within `reach_px` rows and columns of it.

    Examples
    --------
    >>> import numpy as np
    >>> widen(np.array([[False, False, False, True]]), 2)
    array([[False,  True,  True,  True]])
    """
    wide = mask.copy()
    done = 0
    while done < reach_px:  # each step at most doubles the square, as far as it goes
        step = min(done + 1, reach_px - done)
        for part in (wide, wide.T):
            before = part.copy()
            part[step:] |= before[:-step]
            part[:-step] |= before[step:]
        done += step
    return wide


def joined(candidates: Candidates, kept: BoolArray) -> BoolArray:
    """Draw the kept segments with the junctions that they touch.

    Parameters
    ----------
    candidates : Candidates
    kept : bool array (count + 1,)
        By segment; entry 0 is ignored.

    Returns
    -------
    bool array (H, W)
    """
    kept = kept.copy()
    kept[0] = False
    open_junctions = np.zeros(candidates.junctions + 1, dtype=bool)
    open_junctions[candidates.touches[kept[candidates.touches[:, 0]], 1]] = True
    drawn: BoolArray = kept[candidates.segment] | open_junctions[candidates.junction]
    return drawn


def segment_mean(values: FloatArray, at: IntArray, sizes: FloatArray) -> FloatArray:
    """Mean by segment of values at the segments' pixels; `at` holds each pixel's segment."""
    result: FloatArray = np.bincount(at, values, minlength=len(sizes)) / np.maximum(sizes, 1)
    return result


def _touching(segment: IntArray, junction: IntArray) -> IntArray:
    """Pairs of segment and junction with neighbouring pixels."""
    rows, columns = np.nonzero(junction > 0)
    padded = np.pad(segment, 1)
    pairs = [
        np.stack([padded[rows + down, columns + right], junction[rows, columns]], axis=1)
        for down in range(3)
        for right in range(3)
    ]
    every = np.concatenate(pairs) if len(rows) else np.zeros((0, 2), dtype=int)
    width = int(junction.max(initial=0)) + 1
    keys = np.unique(every[every[:, 0] > 0] @ np.array([width, 1]))
    return np.stack([keys // width, keys % width], axis=1).astype(np.int64)


def prune(skeleton: BoolArray, shortest_px: float) -> BoolArray:
    """Remove spurs: short segments with one loose end.

    Parameters
    ----------
    skeleton : bool array (H, W)
        One pixel wide.
    shortest_px : float
        Spurs of fewer pixels go, unless they reach the frame's border.

    Returns
    -------
    bool array (H, W)
        One pixel wide.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.zeros((9, 30), dtype=bool)
    >>> line[4] = line[2:4, 15] = True
    >>> prune(line, 5).sum(axis=1).tolist()
    [0, 0, 0, 0, 30, 0, 0, 0, 0]
    """
    found = cut(skeleton)
    sizes = np.bincount(found.segment.ravel(), minlength=found.count + 1)
    contacts = np.bincount(found.touches[:, 0], minlength=found.count + 1)
    edge = np.concatenate([found.segment[i].ravel() for i in (0, -1, (slice(None), 0), (slice(None), -1))])
    goes = (contacts == 1) & (sizes < shortest_px)
    goes[edge] = False
    goes[0] = False
    return thin(skeleton & ~goes[found.segment]) if goes.any() else skeleton
