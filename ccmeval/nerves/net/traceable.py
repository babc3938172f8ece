"""How well a phantom's nerves can be seen, and which of them a person would trace.

A network told to find also what cannot be seen learns to guess. So labels depend on visibility: the nerve's
contrast along its crest in units of the local noise, averaged along the nerve as the eye does. Of what is
visible, a person joins what a short gap parts, and leaves out loose crumbs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.phantom.assemble import DrawnNerve
from ccmeval.phantom.optics import Rendered

ALONG_UM = 10.0
"""Gaussian radius of the mean along a nerve."""

_CREST_PX = 1.0  # the nerve's image is smoothed by this: thin nerves are seen less than broad ones
_NOISE_PX = 24.0  # Gaussian radius of the neighbourhood whose noise counts
_BACKGROUND_PX = 16.0
_GAP_UM = 26.0  # the longest gap that is traced through
_LOOSE_UM = 40.0  # the shortest traced piece that hangs on nothing
_HELD_UM = 14.0  # and of one that hangs on another nerve or leaves the frame


def noise_map(seen: Rendered) -> FloatArray:
    """Give the local SD of a frame without its nerves.

    Parameters
    ----------
    seen : Rendered

    Returns
    -------
    float32 array (H, W)
    """
    from scipy import ndimage

    rest = (seen.frame - np.clip(seen.clean - seen.surround, 0.0, 1.0)).astype(np.float32)
    rest -= ndimage.gaussian_filter(rest, _BACKGROUND_PX, truncate=2.5)
    return np.asarray(np.sqrt(ndimage.gaussian_filter(rest**2, _NOISE_PX, truncate=2.5)) + 1e-3)


def visibility(nerves: Sequence[DrawnNerve], seen: Rendered, pixel_size_um: float) -> list[FloatArray]:
    """Give each nerve's contrast over the local noise along it.

    Parameters
    ----------
    nerves : sequence of DrawnNerve
        Points 1 um apart.
    seen : Rendered
    pixel_size_um : float

    Returns
    -------
    list of float arrays (N,)
        One a nerve, one value a point.
    """
    from scipy import ndimage

    image = ndimage.gaussian_filter(np.maximum(seen.clean - seen.surround, 0.0), _CREST_PX)
    ratio = image / noise_map(seen)
    values = []
    for nerve in nerves:
        at = nerve.points_um.T / pixel_size_um - 0.5
        crest = ndimage.map_coordinates(ratio, at, order=1, mode="nearest")
        values.append(np.asarray(ndimage.gaussian_filter1d(crest, ALONG_UM, mode="nearest")))
    return values


def traced(nerve: DrawnNerve, visible: FloatArray, cut_off: float) -> BoolArray:
    """Tell which points of a nerve a person would trace who sees what passes the cut-off.

    Parameters
    ----------
    nerve : DrawnNerve
    visible : float array (N,)
        Its :func:`visibility`.
    cut_off : float

    Returns
    -------
    bool array (N,)
        A higher cut-off never adds a point.
    """
    from scipy import ndimage

    filled = _without_gaps(visible >= cut_off)
    labels, count = ndimage.label(filled)
    if count == 0:
        return np.zeros(len(visible), dtype=bool)
    sizes = np.bincount(labels)
    least = np.full(count + 1, _LOOSE_UM)
    starts_held = nerve.border[0] or nerve.parent is not None
    ends_held = nerve.border[1] or nerve.target is not None
    for label, held in ((labels[0], starts_held), (labels[-1], ends_held)):
        if held:
            least[label] = _HELD_UM
    keep = sizes >= least
    keep[0] = False
    return np.asarray(keep[labels])


def _without_gaps(bright: BoolArray) -> BoolArray:
    """Fill gaps between bright stretches that are short enough."""
    at = np.flatnonzero(bright)
    filled = bright.copy()
    for before in np.flatnonzero((np.diff(at) > 1) & (np.diff(at) <= _GAP_UM)):
        filled[at[before] : at[before + 1]] = True
    return filled
