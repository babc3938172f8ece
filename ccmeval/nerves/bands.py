"""Broad faint bands: K-structures of Bowman's layer, which run like nerves but are twice as broad.

A thick nerve is bright, a thin one may be faint; what is both broad and faint is a band. Whole connected
pieces are judged, so that a nerve keeps a stretch that leaves the plane of focus.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.candidates import EIGHT, segment_mean


def drop_bands(
    centre_line: BoolArray,
    half_maximum_um: FloatArray,
    contrast: FloatArray,
    *,
    broad_um: float,
    faint: float,
) -> BoolArray:
    """Drop connected pieces of centre line that are both broad and faint.

    Parameters
    ----------
    centre_line : bool array (H, W)
        One pixel wide.
    half_maximum_um : float array (H, W)
        Full width at half maximum on the centre line.
    contrast : float array (H', W')
        Normalised frame on the working grid.
    broad_um : float
        Median width above which a piece is broad.
    faint : float
        Mean contrast, in local spreads, below which it is faint.

    Returns
    -------
    bool array (H, W)

    Examples
    --------
    >>> line = np.zeros((9, 9), dtype=bool)
    >>> line[2] = line[6] = True
    >>> width = np.where(np.arange(9) < 4, 7.0, 3.0)[:, None] * np.ones(9)
    >>> drop_bands(line, width, np.ones((9, 9)), broad_um=5.0, faint=2.0).any(axis=1).nonzero()[0]
    array([6])
    """
    from scipy import ndimage

    pieces, count = ndimage.label(centre_line, EIGHT)
    if not count:
        return centre_line
    smooth = ndimage.uniform_filter(contrast, 3)
    rows, columns = np.nonzero(centre_line)
    at = pieces[rows, columns]
    on_grid = [
        place * new // old
        for place, new, old in zip((rows, columns), contrast.shape, centre_line.shape, strict=True)
    ]
    sizes = np.bincount(at, minlength=count + 1).astype(float)
    level = segment_mean(smooth[tuple(on_grid)], at, sizes)
    width = np.zeros(count + 1)
    width[1:] = ndimage.median(half_maximum_um, pieces, np.arange(1, count + 1))
    kept: BoolArray = centre_line & ~((width > broad_um) & (level < faint))[pieces]
    return kept
