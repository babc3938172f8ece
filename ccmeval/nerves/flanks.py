"""A nerve is brighter than both its sides; the edge of a brighter area is not a nerve.

Edges are common where mosaics are stitched, along K-structures and at pressure lines. The ridge filter
answers to them, as to half a ridge.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.nerves.candidates import Candidates, segment_mean
from ccmeval.nerves.context import ORIENTATIONS
from ccmeval.nerves.filters import Evidence
from ccmeval.nerves.normalise import GRID_UM

_ASIDE_UM = 5.2  # beyond half the width of all but the thickest nerves


def flank_contrast(candidates: Candidates, evidence: Evidence, contrast: FloatArray) -> FloatArray:
    """Measure by how much each candidate segment exceeds its brighter side.

    Parameters
    ----------
    candidates : Candidates
    evidence : Evidence
    contrast : float array (H, W)
        Normalised frame on the working grid.

    Returns
    -------
    float array (count + 1,)
        Mean over the segment's pixels, in local spreads; entry 0 is zero.
    """
    from scipy import ndimage

    smooth = ndimage.uniform_filter(contrast, 3)
    rows, columns = np.nonzero(candidates.segment > 0)
    at = candidates.segment[rows, columns]
    angle = evidence.orientation[rows, columns] * np.pi / ORIENTATIONS
    aside = _ASIDE_UM / GRID_UM * np.stack([np.cos(angle), np.sin(angle)])
    sides = []
    for sign in (-1, 1):
        places = np.rint(np.stack([rows, columns]) + sign * aside).astype(int)
        sides.append(
            smooth[np.clip(places[0], 0, smooth.shape[0] - 1), np.clip(places[1], 0, smooth.shape[1] - 1)]
        )
    sizes = np.bincount(at, minlength=candidates.count + 1).astype(float)
    return segment_mean(smooth[rows, columns] - np.maximum(*sides), at, sizes)
