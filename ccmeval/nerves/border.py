"""Nerves are led on to the border of the imaged area.

Candidates keep away from a border inside the frame (a mosaic's, or that of a black surround), whose dark
and ragged rim answers as nerves do. A nerve that was found up to there runs on through the rim.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.candidates import cut
from ccmeval.nerves.linking import draw_line, loose_ends, mean_on
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.walks import walk

_RIM_UM = 10.0  # stitched frames have a dark, ragged rim of this breadth
_FARTHEST_UM = 24.0  # thinning leaves an end short of the rim, and nerves cross that at a slant


def without_rim(imaged: BoolArray) -> BoolArray:
    """Take the imaged area less a margin where it ends inside the frame."""
    if imaged.all():
        return imaged
    from scipy import ndimage

    steps = round(_RIM_UM / GRID_UM)
    inside: BoolArray = ndimage.binary_erosion(imaged, np.ones((3, 3)), iterations=steps, border_value=1)
    return inside


def lead_to_border(
    skeleton: BoolArray, imaged: BoolArray, coherence: FloatArray, *, least_coherence: float
) -> BoolArray:
    """Draw nerves on, straight, from ends near the rim to the end of the imaged area.

    Parameters
    ----------
    skeleton : bool array (H, W)
        Centre lines on the working grid, one pixel wide.
    imaged : bool array (H, W)
    coherence : float array (H, W)
        Evidence of nerve.
    least_coherence : float
        Mean evidence that the stretch must have.

    Returns
    -------
    bool array (H, W)
        The skeleton with these stretches; they end on the last imaged pixel.

    Examples
    --------
    >>> line = np.zeros((60, 80), dtype=bool)
    >>> line[30, 20:55] = True
    >>> imaged = np.tile(np.arange(80) < 70, (60, 1))
    >>> led = lead_to_border(line, imaged, np.ones(line.shape), least_coherence=0.7)
    >>> led[30].nonzero()[0][[0, -1]].tolist()
    [20, 69]
    """
    if imaged.all() or not skeleton.any():
        return skeleton
    points, outward = loose_ends(walk(cut(skeleton)), skeleton)
    reach = np.arange(0.0, _FARTHEST_UM / GRID_UM, 0.5)
    drawn = skeleton.copy()
    for point, direction in zip(points, outward, strict=True):
        line = point + reach[:, None] * direction
        row, column = np.rint(line).astype(int).T
        within = (row >= 0) & (column >= 0) & (row < imaged.shape[0]) & (column < imaged.shape[1])
        seen = within & imaged[np.where(within, row, 0), np.where(within, column, 0)]
        stop = int(np.argmin(seen))
        if seen[stop] or not within[stop]:  # it stays inside, or leaves the frame itself, which has no rim
            continue
        line = line[:stop]
        if len(line) and mean_on(coherence, line) >= least_coherence:
            draw_line(drawn, line)
    return drawn
