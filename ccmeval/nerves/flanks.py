"""A nerve is brighter than both its sides; the edge of a brighter area is not a nerve.

Edges are common where mosaics are stitched, along K-structures and at pressure lines. The ridge filter
answers to them, as to half a ridge.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.nerves.candidates import Candidates, segment_mean
from ccmeval.nerves.context import ORIENTATIONS
from ccmeval.nerves.filters import Evidence
from ccmeval.nerves.normalise import GRID_UM

_ASIDE_UM = 5.2  # beyond half the width of all but the thickest nerves
_BESIDE_UM = 3.3  # where nerves meet or run together, the skeleton lies this far beside the crest


def flank_contrast(candidates: Candidates, evidence: Evidence, contrast: FloatArray) -> FloatArray:
    """Measure by how much each candidate segment exceeds its brighter side.

    The segment is measured on the crest beside it: where nerves meet or run together, the skeleton lies
    between them, and its own orientation says nothing.

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
    skeleton = np.stack(np.nonzero(candidates.segment > 0))
    crest = _crest_beside(skeleton, evidence.coherence)
    angle = evidence.orientation[crest[0], crest[1]] * np.pi / ORIENTATIONS
    aside = _ASIDE_UM / GRID_UM * np.stack([np.cos(angle), np.sin(angle)])
    sides = [_levels(smooth, np.rint(crest + sign * aside).astype(int)) for sign in (-1, 1)]
    at = candidates.segment[skeleton[0], skeleton[1]]
    sizes = np.bincount(at, minlength=candidates.count + 1).astype(float)
    return segment_mean(_levels(smooth, crest) - np.maximum(*sides), at, sizes)


def _crest_beside(places: IntArray, coherence: FloatArray) -> IntArray:
    """Find the most coherent pixel near each of the places (2, N)."""
    reach = _BESIDE_UM / GRID_UM
    steps = range(-int(reach), int(reach) + 1)
    crest, best = places.copy(), _levels(coherence, places)
    for step in ((down, right) for down in steps for right in steps if np.hypot(down, right) <= reach):
        beside = places + np.array(step)[:, None]
        level = _levels(coherence, beside)
        better = level > best
        crest[:, better], best[better] = beside[:, better], level[better]
    return np.clip(crest, 0, np.array(coherence.shape)[:, None] - 1)


def _levels(image: FloatArray, places: IntArray) -> FloatArray:
    """Values at pixels (2, N); beyond the border those of its pixels."""
    rows, columns = np.clip(places, 0, np.array(image.shape)[:, None] - 1)
    found: FloatArray = image[rows, columns]
    return found
