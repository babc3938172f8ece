"""The imaged area of a frame: a mosaic's black surround is outside."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.settings import ReadingSettings


def imaged_area(pixels: FloatArray, settings: ReadingSettings | None = None) -> BoolArray:
    """Find where something was imaged.

    Surround is what is dark, reaches the border of the picture, is large and is mostly black. A
    dark frame's vignette is none of the last three, so an ordinary frame keeps its rectangle.

    Parameters
    ----------
    pixels : float array (H, W), in [0, 1]
        A frame or mosaic.
    settings : ReadingSettings, optional
        The `surround_*` thresholds.

    Returns
    -------
    bool array (H, W)
        True where imaged.

    Examples
    --------
    >>> mosaic = np.full((100, 100), 0.4)
    >>> mosaic[:, :30] = 0.0
    >>> int(imaged_area(mosaic).sum())  # less a fringe of 2 px
    6800
    """
    settings = settings or ReadingSettings()
    dark = pixels <= settings.surround_level
    if dark.sum() < settings.surround_min_fraction * dark.size:
        return np.ones(pixels.shape, bool)
    surround = _surround(pixels, dark, settings)
    if not surround.any():
        return ~surround
    from scipy import ndimage as ndi

    reach = settings.surround_fringe_px
    if reach:
        surround = ndi.binary_dilation(surround, np.ones((2 * reach + 1,) * 2, bool))
    return np.asarray(~surround, dtype=bool)


def _surround(pixels: FloatArray, dark: BoolArray, settings: ReadingSettings) -> BoolArray:
    from scipy import ndimage as ndi

    labels, count = ndi.label(dark)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    black = np.bincount(labels.ravel(), weights=(pixels <= 1.0 / 255).ravel(), minlength=count + 1)
    chosen = sizes >= settings.surround_min_fraction * dark.size
    chosen &= black >= settings.surround_black_fraction * sizes
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    at_border = np.zeros(count + 1, bool)
    at_border[edges] = True
    chosen &= at_border
    chosen[0] = False
    return np.asarray(chosen[labels], dtype=bool)
