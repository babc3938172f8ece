"""Illumination and contrast normalisation, and the grid that all frames are brought to."""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

GRID_UM = 400.0 / 384.0
"""Side of a pixel of the working grid: the HRT3-RCM's own, so that its frames are not resampled."""

_BLOCK = 4
_FAINTEST_SPREAD = 1e-3  # a quarter of one grey level in 8 bits: less is no contrast at all


def to_grid(pixels: FloatArray, imaged: BoolArray, pixel_size_um: float) -> tuple[FloatArray, BoolArray]:
    """Resample a frame to the working grid, smoothing first where that is coarser.

    Parameters
    ----------
    pixels, imaged : arrays (H, W)
        Frame in [0, 1] and imaged area.
    pixel_size_um : float
        Side of a pixel in micrometres.

    Returns
    -------
    pixels, imaged : arrays (H', W')
        The same objects where the pixel size is within 1 % of the grid's.
    """
    from scipy import ndimage

    scale = pixel_size_um / GRID_UM
    if abs(scale - 1.0) < 0.01:
        return pixels, imaged
    shape = tuple(max(1, round(size * scale)) for size in pixels.shape)
    smooth = ndimage.gaussian_filter(pixels, 0.4 / scale) if scale < 1.0 else pixels
    rows, columns = (
        np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        for new, old in zip(shape, pixels.shape, strict=True)
    )
    where = np.meshgrid(rows, columns, indexing="ij")
    resampled = ndimage.map_coordinates(smooth, where, order=1 if scale < 1.0 else 3, mode="nearest")
    area = imaged[np.ix_(np.rint(rows).astype(int), np.rint(columns).astype(int))]
    return resampled.astype(np.float32), area


def normalise(
    pixels: FloatArray, imaged: BoolArray, *, background_um: float, contrast_um: float
) -> FloatArray:
    """Express a frame on the working grid in units of its local contrast.

    The local mean is subtracted and the local spread divided by. The spread is that of the residual
    clipped at two spreads, so that a bright nerve does not dim its surround. Only the imaged area
    counts, and the surround is zero: its edge makes no step.

    Parameters
    ----------
    pixels, imaged : arrays (H, W)
        Frame in [0, 1] and imaged area, on the working grid.
    background_um, contrast_um : float
        Gaussian sigmas of the local mean and the local spread.

    Returns
    -------
    float32 array (H, W)
        About zero mean and unit spread; zero for a constant frame.

    Examples
    --------
    >>> import numpy as np
    >>> frame = np.full((8, 8), 0.5, dtype=np.float32)
    >>> bool(np.all(normalise(frame, frame > 0, background_um=16.0, contrast_um=24.0) == 0))
    True
    """
    everywhere = bool(imaged.all())
    weight = imaged.astype(np.float32)
    residual = pixels - local_mean(pixels, weight, background_um, everywhere)
    if not everywhere:
        residual *= weight
    square = residual**2
    variance = local_mean(square, weight, contrast_um, everywhere)
    np.minimum(square, np.float32(4.0) * variance, out=square)  # clipped at two spreads
    spread = np.sqrt(local_mean(square, weight, contrast_um, everywhere))
    residual[np.abs(residual) < 1e-6] = 0.0
    result: FloatArray = (residual / np.maximum(spread, np.float32(_FAINTEST_SPREAD))).astype(np.float32)
    return result


def local_mean(values: FloatArray, weight: FloatArray, sigma_um: float, everywhere: bool) -> FloatArray:
    """Give the Gaussian mean over the imaged area, computed on blocks: it varies slowly.

    Parameters
    ----------
    values : float array (H, W)
        On the working grid.
    weight : float array (H, W)
        1 in the imaged area, 0 outside.
    sigma_um : float
        Gaussian sigma.
    everywhere : bool
        Whether all of the frame is imaged.

    Returns
    -------
    float array (H, W)
    """
    from scipy import ndimage

    sigma = sigma_um / GRID_UM / _BLOCK
    blocks = ndimage.gaussian_filter(_block_mean(values if everywhere else values * weight), sigma)
    if not everywhere:
        blocks /= np.maximum(ndimage.gaussian_filter(_block_mean(weight), sigma), 1e-3)
    return _grow(blocks, values.shape)


def _block_mean(values: FloatArray) -> FloatArray:
    height, width = (-(-size // _BLOCK) * _BLOCK for size in values.shape)
    missing = ((0, height - values.shape[0]), (0, width - values.shape[1]))
    padded = np.pad(values, missing, mode="symmetric") if values.shape != (height, width) else values
    # Slices added up: several times as fast as the mean over a four-dimensional view.
    rows = sum((padded[k::_BLOCK] for k in range(1, _BLOCK)), start=padded[::_BLOCK])
    blocks: FloatArray = sum((rows[:, k::_BLOCK] for k in range(1, _BLOCK)), start=rows[:, ::_BLOCK])
    blocks /= np.float32(_BLOCK * _BLOCK)
    return blocks


def _grow(blocks: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Interpolate block means linearly back to pixels."""
    across = _grow_rows(blocks.T)[: shape[1]].T
    return _grow_rows(across)[: shape[0]]


def _grow_rows(blocks: FloatArray) -> FloatArray:
    """Interpolate linearly from rows to `_BLOCK` times as many; the first and last are continued."""
    padded = np.concatenate([blocks[:1], blocks, blocks[-1:]])
    step = padded[1:] - padded[:-1]
    fine = np.empty((_BLOCK * len(blocks), blocks.shape[1]), dtype=np.float32)
    for k in range(_BLOCK):
        ahead = (k + 0.5) / _BLOCK - 0.5  # of the middle of the block, in blocks
        later = int(ahead > 0)
        fine[k::_BLOCK] = blocks + np.float32(ahead) * step[later : later + len(blocks)]
    return fine
