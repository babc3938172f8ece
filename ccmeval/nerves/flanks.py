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
_BESIDE_UM = 3.1  # where nerves meet or run together, the skeleton lies this far beside the crest
_BY_CHANCE = 0.2  # the brightest of several places is bright by chance too; in local spreads, by trial


def flank_contrast(candidates: Candidates, evidence: Evidence, contrast: FloatArray) -> FloatArray:
    """Measure by how much each candidate segment, or the crest beside it, exceeds its brighter side.

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
    sizes = np.bincount(at, minlength=candidates.count + 1).astype(float)
    steps = _across(evidence.orientation[rows, columns] * np.pi / ORIENTATIONS, at, sizes)
    aside, beside = (round(length / GRID_UM) for length in (_ASIDE_UM, _BESIDE_UM))
    levels = np.stack(
        [
            _levels(smooth, np.stack([rows, columns]) + offset * steps)
            for offset in range(-aside - beside, aside + beside + 1)
        ]
    )
    here, left, right = levels[aside + beside], levels[beside], levels[-1 - beside]
    at_skeleton = segment_mean(here - np.maximum(left, right), at, sizes)
    profiles = np.stack([segment_mean(level, at, sizes) for level in levels])
    above: FloatArray = np.maximum(at_skeleton, _at_crest(profiles, aside) - _BY_CHANCE)
    above[0] = 0.0
    return above


def _at_crest(profiles: FloatArray, aside: int) -> FloatArray:
    """Contrast of the brightest place of each mean profile (places, segments) that has both sides."""
    crest = aside + np.argmax(profiles[aside:-aside], axis=0)
    each = np.arange(profiles.shape[1])
    sides = np.maximum(profiles[crest - aside, each], profiles[crest + aside, each])
    result: FloatArray = profiles[crest, each] - sides
    return result


def _levels(image: FloatArray, places: FloatArray) -> FloatArray:
    """Values at the pixels nearest to places (2, N); beyond the border those of its pixels."""
    rows, columns = np.rint(places).astype(int)
    rows, columns = np.clip(rows, 0, image.shape[0] - 1), np.clip(columns, 0, image.shape[1] - 1)
    found: FloatArray = image[rows, columns]
    return found


def _across(angle: FloatArray, at: IntArray, sizes: FloatArray) -> FloatArray:
    """Give unit steps across the nerve, (2, pixels), to the same side all along a segment.

    An orientation has no sense, so that the side could change from pixel to pixel.
    """
    mean = np.arctan2(segment_mean(np.sin(2 * angle), at, sizes), segment_mean(np.cos(2 * angle), at, sizes))
    side = np.where(np.cos(angle - mean[at] / 2) < 0, -1.0, 1.0)
    steps: FloatArray = side * np.stack([np.cos(angle), np.sin(angle)])
    return steps
