"""What the network sees of a frame: local contrast over local noise, and local level over the frame's."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.normalise import local_mean, normalise

CHANNELS = 2
STRIDE = 8
"""Sides must be multiples of this: the network halves its resolution three times."""

BACKGROUND_UM, CONTRAST_UM = 16.0, 24.0
_LEVEL_UM = 20.0
_DARKEST, _BRIGHTEST = -4.0, 14.0  # in local noise


def network_input(frame: FloatArray, imaged: BoolArray | None = None) -> FloatArray:
    """Bring a frame on the working grid to the form in which the network learned to see frames.

    Parameters
    ----------
    frame : float array (H, W), in [0, 1]
        On the working grid, see :func:`ccmeval.nerves.normalise.to_grid`.
    imaged : bool array (H, W), optional
        Everywhere if not given.

    Returns
    -------
    float32 array (2, H, W)
        Both channels are zero where nothing was imaged.

    Examples
    --------
    >>> network_input(np.full((16, 24), 0.5, dtype=np.float32)).shape
    (2, 16, 24)
    """
    area = np.ones(frame.shape, dtype=bool) if imaged is None else imaged
    pixels = np.asarray(frame, dtype=np.float32)
    contrast = normalise(pixels, area, background_um=BACKGROUND_UM, contrast_um=CONTRAST_UM)
    everywhere = bool(area.all())
    level = local_mean(pixels, area.astype(np.float32), _LEVEL_UM, everywhere)
    usual = float(pixels[area].mean()) if area.any() else 1.0
    relative = np.log(np.maximum(level, 1e-3) / max(usual, 1e-3))
    stacked = np.stack([np.clip(contrast, _DARKEST, _BRIGHTEST) * 0.5, np.clip(relative, -2.0, 2.0)])
    if not everywhere:
        stacked[:, ~area] = 0.0
    return stacked.astype(np.float32)
