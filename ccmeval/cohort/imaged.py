"""The imaged area of a frame: a mosaic's black surround is outside."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.cohort.settings import ReadingSettings

_DIM = 0.25
"""Brightest level below which a picture's range was not used, and black is relative."""

_EDGE_PX = 3
"""Where beyond a surround its edge's sharpness is judged: past JPEG's mixing of 1 to 2 px."""


def imaged_area(pixels: FloatArray, settings: ReadingSettings | None = None) -> BoolArray:
    """Find where something was imaged.

    A connected dark piece is a mosaic's surround if it reaches the border of the picture, is large,
    mostly black, solid (a noisy dark frame is riddled with lighter pixels) and ends in a sharp edge (a
    vignette fades), and if what is left is broad and not dark (where a frame's ground was clipped to
    black, nerves and specks would be left). Where there is a surround, further such pieces count at
    any size above ``surround_min_piece_px`` and anywhere: gaps between the frames of a mosaic. In a dim
    picture (12-bit samples in a 16-bit file) levels are relative to its brightest pixel.

    Parameters
    ----------
    pixels : float array (H, W), in [0, 1]
        A frame or mosaic.
    settings : ReadingSettings, optional
        The ``surround_*`` thresholds.

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
    brightest = float(pixels.max())
    if 0 < brightest < _DIM:
        pixels = pixels / brightest
    dark = pixels <= settings.surround_level
    if dark.sum() < settings.surround_min_fraction * dark.size:
        return np.ones(pixels.shape, bool)
    if dark.all():
        return np.zeros(pixels.shape, bool)
    imaged = ~_grown(_surround(pixels, dark, settings), settings.surround_fringe_px)
    broad = _is_broad(imaged, settings)
    imaged = _without_islands(imaged, settings)
    riddled = (dark & imaged).sum() > settings.surround_dark_fraction * imaged.sum()
    is_mosaic = broad and imaged.any() and not riddled
    return imaged if is_mosaic else np.ones(pixels.shape, bool)


def _surround(pixels: FloatArray, dark: BoolArray, settings: ReadingSettings) -> BoolArray:
    from scipy import ndimage as ndi

    labels, count = ndi.label(dark)
    sizes = _per_piece(labels, dark, count)
    black = _per_piece(labels, pixels <= 1.0 / 255, count)
    solid = _per_piece(labels, _shrunk(dark, settings.surround_solid_px), count)
    alike = (black >= settings.surround_black_fraction * sizes) & (solid >= 0.5 * sizes)
    alike &= sizes >= settings.surround_min_piece_px
    alike[0] = False
    large = alike & (sizes >= settings.surround_min_fraction * dark.size)
    at_border = np.zeros(count + 1, bool)
    at_border[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    if not (large & at_border).any():
        return np.zeros(dark.shape, bool)
    alike &= _sharp(pixels, labels, alike, settings)
    if not (alike & large & at_border).any():
        return np.zeros(dark.shape, bool)
    return np.asarray(alike[labels], dtype=bool)


def _per_piece(labels: IntArray, where: BoolArray, count: int) -> IntArray:
    return np.bincount(labels[where], minlength=count + 1)


def _sharp(pixels: FloatArray, labels: IntArray, alike: BoolArray, settings: ReadingSettings) -> BoolArray:
    """Whether the picture is clearly lighter just beyond each piece."""
    from scipy import ndimage as ndi

    pieces = np.where(alike[labels], labels, 0)
    reached = ndi.maximum_filter(pieces, size=2 * _EDGE_PX + 1)
    rim = (reached > 0) & (pieces == 0)
    sharp = np.ones(alike.shape, bool)  # a piece without a rim is the whole picture
    present = np.unique(reached[rim])
    if present.size:
        step = settings.surround_level + settings.surround_edge
        sharp[present] = ndi.median(pixels[rim], reached[rim], present) >= step
    return sharp


def _without_islands(imaged: BoolArray, settings: ReadingSettings) -> BoolArray:
    """Drop what is too small to be a frame: letters burnt into the surround."""
    from scipy import ndimage as ndi

    labels, count = ndi.label(imaged)
    keep = _per_piece(labels, imaged, count) >= settings.min_side_px**2
    return np.asarray(imaged & keep[labels], dtype=bool)


def _is_broad(imaged: BoolArray, settings: ReadingSettings) -> bool:
    half = settings.min_side_px // 4
    broad = _grown(_shrunk(imaged, half), half) & imaged
    return bool(broad.sum() >= settings.surround_broad_fraction * imaged.sum())


def _grown(area: BoolArray, reach: int) -> BoolArray:
    return _filtered(area, reach, grow=True)


def _shrunk(area: BoolArray, reach: int) -> BoolArray:
    return _filtered(area, reach, grow=False)


def _filtered(area: BoolArray, reach: int, *, grow: bool) -> BoolArray:
    # The separable filters take a tenth of the time of binary morphology with a square.
    from scipy import ndimage as ndi

    if reach == 0:
        return area
    filtered = (ndi.maximum_filter if grow else ndi.minimum_filter)(area.view(np.uint8), size=2 * reach + 1)
    return np.asarray(filtered, dtype=bool)
