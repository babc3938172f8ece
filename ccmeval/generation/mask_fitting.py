"""A mask brought to the pixel size and shape of a generator's frames."""

from __future__ import annotations

from ccmeval.arrays import BoolArray
from ccmeval.cohort.resampling import central_grid, resample_mask
from ccmeval.cohort.standardise import agree
from ccmeval.errors import UnreadableFrameError
from ccmeval.generation.conditions import FrameFormat


def fit_mask(mask: BoolArray, pixel_size_um: float, wanted: FrameFormat, name: str) -> BoolArray:
    """Bring a mask to a generator's pixel size, and crop it around its middle to the generator's shape.

    Parameters
    ----------
    mask : bool array (H, W)
    pixel_size_um : float
    wanted : FrameFormat
    name : str
        For the sentence.

    Returns
    -------
    bool array of shape ``wanted.shape_px``

    Raises
    ------
    UnreadableFrameError
        If it is smaller than the generator's frames by more than the tolerance of scales, 0.5 %.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((200, 200), dtype=bool)
    >>> mask[:, 96:104] = True
    >>> fitted = fit_mask(mask, 0.5, FrameFormat((96, 96), 1.0), "a.png")
    >>> fitted.shape, fitted.sum(axis=1).tolist() == [4] * 96
    ((96, 96), True)
    """
    shape = (mask.shape[0], mask.shape[1])
    grid = central_grid(shape, _step(shape, pixel_size_um, wanted), wanted.shape_px)
    if grid.size != tuple(wanted.shape_px):
        here, there = (
            f"{width * side:.4g} x {height * side:.4g} um"
            for (height, width), side in ((shape, pixel_size_um), (wanted.shape_px, wanted.pixel_size_um))
        )
        raise UnreadableFrameError(
            f"The mask of {name} shows {here}, less than the generator's frames of {there}; give a larger"
            " mask, or its true pixel size."
        )
    return resample_mask(mask, grid)


def _step(shape: tuple[int, int], pixel_size_um: float, wanted: FrameFormat) -> float:
    """Side of a new pixel in old ones; within the tolerance of scales, what makes the mask just fit."""
    step = wanted.pixel_size_um / pixel_size_um
    if agree(step, 1.0):
        step = 1.0
    largest = min(side / count for side, count in zip(shape, wanted.shape_px, strict=True))
    return largest if largest < step and agree(largest, step) else step
