"""A user's own frames with masks or traces as scenes to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.cohort import load_cohort, read_frame, read_mask
from ccmeval.errors import CcmevalError
from ccmeval.nerves.net.scenes import CUT_OFFS, DISTANCE_STEPS, WIDTH_STEPS, Scene
from ccmeval.nerves.normalise import to_grid
from ccmeval.thinning import thin_mask


def own_scenes(frames: Path, masks: Path, *, field_of_view_um: float | None = None) -> list[Scene]:
    """Read frames and masks as scenes.

    Parameters
    ----------
    frames, masks : Path
        Folders; a mask belongs to the frame of its stem. Masks may be one-pixel traces, which tell no width.
    field_of_view_um : float, optional
        Width of a whole frame in micrometres, where file and manifest do not tell.

    Returns
    -------
    list of Scene
        On the working grid. Whoever drew the masks decided what can be seen, so that all visibility
        cut-offs share one label.

    Raises
    ------
    CcmevalError
        If a frame has no mask, has a black surround, or cannot be read.
    """
    scenes = []
    for record in load_cohort(frames, masks=masks):
        if record.mask is None:
            raise CcmevalError(f"{record.frame} has no mask in {masks}; add one of the same stem.")
        frame = read_frame(record, field_of_view_um=field_of_view_um)
        if not frame.imaged.all():
            raise CcmevalError(f"{record.frame} has a black surround; give single frames, not mosaics.")
        height, width = frame.pixels.shape
        mask, _ = read_mask(record.mask, (height, width), page=record.page)
        scenes.append(_scene(frame.pixels, mask, frame.pixel_size_um))
    return scenes


def _scene(pixels: np.ndarray, mask: BoolArray, pixel_size_um: float) -> Scene:
    from scipy import ndimage

    from ccmeval.cohort import is_trace
    from ccmeval.nerves.drawing import to_frame

    everywhere = np.ones(mask.shape, dtype=bool)
    on_grid, _ = to_grid(pixels, everywhere, pixel_size_um)
    line = to_frame(thin_mask(mask), on_grid.shape)
    off, nearest = ndimage.distance_transform_edt(~line, return_indices=True)
    distance = np.minimum(off * DISTANCE_STEPS, 255.0).astype(np.uint8)
    width = np.zeros(line.shape, dtype=np.uint8)
    if line.any() and not is_trace(mask):
        mask_on_grid = to_grid(mask.astype(np.float32), everywhere, pixel_size_um)[0] >= 0.5
        half = ndimage.distance_transform_edt(mask_on_grid)
        across = np.clip((2.0 * half - 0.5) * WIDTH_STEPS, 1, 255).astype(np.uint8)
        width = np.where(off < 5.0, across[tuple(nearest)], 0).astype(np.uint8)
    grey = np.rint(np.clip(on_grid, 0.0, 1.0) * 255.0).astype(np.uint8)
    return Scene(grey, np.repeat(distance[None], len(CUT_OFFS), axis=0), width)
