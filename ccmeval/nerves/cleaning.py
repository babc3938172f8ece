"""Cleaning of the kept centre lines: bridges over gaps, no cells, no twigs, no crumbs."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.bodies import drop_processes, find_bodies
from ccmeval.nerves.candidates import EIGHT, thin
from ccmeval.nerves.linking import bridge_gaps
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.settings import RidgeSettings


def clean(
    skeleton: BoolArray, contrast: FloatArray, coherence: FloatArray, settings: RidgeSettings
) -> BoolArray:
    """Clean centre lines on the working grid.

    Parameters
    ----------
    skeleton : bool array (H, W)
        Kept centre lines, one pixel wide.
    contrast, coherence : float arrays (H, W)
        Normalised frame, and evidence of nerve.
    settings : RidgeSettings

    Returns
    -------
    bool array (H, W)
        One pixel wide.
    """
    bridges = bridge_gaps(
        skeleton,
        coherence,
        longest_um=settings.bridge_um,
        longest_to_side_um=settings.bridge_to_side_um,
        least_coherence=settings.bridge_coherence,
    )
    if bridges.any():
        skeleton = thin(skeleton | bridges)
    bodies = find_bodies(
        contrast, thickness_um=settings.body_thickness_um, brightness=settings.body_brightness
    )
    skeleton = drop_processes(skeleton, bodies, longest_um=settings.process_um)
    return drop_short(skeleton, settings.least_length_um / GRID_UM)


def drop_short(skeleton: BoolArray, shortest_px: float) -> BoolArray:
    """Drop connected pieces of fewer pixels.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.zeros((3, 12), dtype=bool)
    >>> line[0, :10] = line[2, :4] = True
    >>> drop_short(line, 5).sum(axis=1).tolist()
    [10, 0, 0]
    """
    from scipy import ndimage

    labels, count = ndimage.label(skeleton, EIGHT)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    kept: BoolArray = (sizes >= max(shortest_px, 1))[labels]
    return kept
