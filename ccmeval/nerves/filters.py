"""The oriented filter banks: ridges, and evidence gathered along bent lines.

A frame is filtered twice. The first bank asks, at each point and for each orientation, whether a short
bright ridge passes (second derivative of a Gaussian across, Gaussian along). The second gathers this
evidence along straight and bent lines, where each point contributes the ridge evidence of the
orientation that the line has there, in the spirit of contextual filtering of orientation scores
(Duits and Franken, Quarterly of Applied Mathematics 68, 2010). Specks and texture have ridges of all
orientations which do not line up; nerves, also faint beaded ones, do.

Both are products in the Fourier domain on a grid of two working pixels (2.08 um), which still holds
the whole band of the filters, tile by tile: memory does not grow with the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.nerves.context import ORIENTATIONS, ComplexArray, Context, best_line, inverse, make_context
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.settings import RidgeSettings

_CELL_UM = 2.0 * GRID_UM
_CORE = 192  # cells of a tile that count: one HRT3-RCM frame is one tile
_HALO = 24  # cells around them, 50 um: more than the reach of both filters together
_TILE = _CORE + 2 * _HALO


@dataclass(frozen=True)
class Evidence:
    """What the filters say of one frame, on the working grid.

    Attributes
    ----------
    coherence : float32 array (H, W)
        Evidence gathered along the best line through each pixel.
    orientation : int array (H, W)
        Index of that line's orientation; the normal of orientation k has the direction
        (cos, sin) of ``k * pi / ORIENTATIONS`` as (row, column).
    breadth : float32 array (H, W)
        Response of the broad filter.
    """

    coherence: FloatArray
    orientation: IntArray
    breadth: FloatArray


@dataclass(frozen=True)
class _Banks:
    ridge: FloatArray
    broad: FloatArray
    context: Context


def gather_evidence(contrast: FloatArray, settings: RidgeSettings) -> Evidence:
    """Filter a normalised frame.

    Parameters
    ----------
    contrast : float32 array (H, W)
        Normalised frame on the working grid.
    settings : RidgeSettings

    Returns
    -------
    Evidence
    """
    banks = _banks(
        settings.across_um,
        settings.along_um,
        settings.broad_um,
        settings.near_um,
        settings.far_um,
        settings.curvatures_per_um,
    )
    height, width = contrast.shape
    core, halo = 2 * _CORE, 2 * _HALO
    tiles = (-(-height // core), -(-width // core))
    after = (tiles[0] * core - height + halo, tiles[1] * core - width + halo)
    padded = np.pad(contrast, ((halo, after[0]), (halo, after[1])), mode="symmetric")
    maps = [np.zeros((tiles[0] * core, tiles[1] * core), dtype=kind) for kind in ("f4", "i2", "f4")]
    for row in range(0, tiles[0] * core, core):
        for column in range(0, tiles[1] * core, core):
            tile = padded[row : row + 2 * _TILE, column : column + 2 * _TILE]
            for whole, part in zip(maps, _filter_tile(tile, banks, settings), strict=True):
                whole[row : row + core, column : column + core] = part
    return Evidence(*(whole[:height, :width] for whole in maps))


def _filter_tile(
    tile: FloatArray, banks: _Banks, settings: RidgeSettings
) -> tuple[FloatArray, IntArray, FloatArray]:
    from scipy import fft

    spectrum = _coarse_spectrum(tile)
    inside = slice(_HALO, _HALO + _CORE)
    broad = np.zeros((_CORE, _CORE), dtype=np.float32)
    for kernel in banks.broad:
        np.maximum(broad, inverse(spectrum * kernel, inside), out=broad)
    spectra = np.empty((ORIENTATIONS, 2, *spectrum.shape), dtype=np.float32)
    for kernel, (real, imaginary) in zip(banks.ridge, spectra, strict=True):
        ridge = inverse(spectrum * kernel, slice(None))
        ridge *= 1.0 / settings.response_scale
        np.clip(ridge, 0.0, settings.strongest_evidence, out=ridge)
        found = fft.fft(fft.rfft(ridge), axis=0, overwrite_x=True)
        real[:], imaginary[:] = found.real, found.imag
    best, orientation = best_line(spectra, banks.context, inside)
    return _refine(best), np.repeat(np.repeat(orientation, 2, 0), 2, 1), _refine(broad)


def _coarse_spectrum(tile: FloatArray) -> ComplexArray:
    """Keep the half of the band that the coarse grid holds; unit noise keeps its spread per filter."""
    from scipy import fft

    half = _TILE // 2
    columns = fft.fft(fft.rfft(tile)[:, : half + 1] * np.float32(0.5), axis=0, overwrite_x=True)
    kept: ComplexArray = np.concatenate([columns[:half], columns[-half:]])
    return kept


def _refine(cells: FloatArray) -> FloatArray:
    """Interpolate from cells to working pixels; cell i lies on pixel 2 i."""
    for axis in (0, 1):
        shifted = np.concatenate(
            [cells.take(range(1, cells.shape[axis]), axis), cells.take([-1], axis)], axis
        )
        pair = np.stack([cells, (cells + shifted) * np.float32(0.5)], axis + 1)
        cells = pair.reshape([size * (2 if at == axis else 1) for at, size in enumerate(cells.shape)])
    return cells


@lru_cache(maxsize=4)
def _banks(
    across_um: float,
    along_um: float,
    broad_um: float,
    near_um: float,
    far_um: float,
    curvatures_per_um: tuple[float, ...],
) -> _Banks:
    ridge = _ridge_bank(across_um, along_um, ORIENTATIONS)
    broad = _ridge_bank(broad_um, 8.0, ORIENTATIONS // 2)
    context = make_context(
        curvatures_per_um, near_um=near_um, far_um=far_um, cell_um=_CELL_UM, blur=_lateral_blur()
    )
    return _Banks(ridge, broad, context)


def _frequencies() -> tuple[FloatArray, FloatArray]:
    """Angular frequencies per micrometre of the coarse grid, as column and row."""
    rows = 2 * np.pi * np.fft.fftfreq(_TILE, _CELL_UM)
    columns = 2 * np.pi * np.fft.rfftfreq(_TILE, _CELL_UM)
    return rows[:, None].astype(np.float32), columns[None].astype(np.float32)


def _ridge_bank(across_um: float, along_um: float, count: int) -> FloatArray:
    """Second derivative of a Gaussian across, Gaussian along; unit energy, at `count` orientations."""
    rows, columns = _frequencies()
    angles = (np.arange(count) * np.pi / count).astype(np.float32)[:, None, None]
    across = rows * np.cos(angles) + columns * np.sin(angles)
    along = columns * np.cos(angles) - rows * np.sin(angles)
    bank = across**2 * np.exp(-((across_um * across) ** 2 + (along_um * along) ** 2) / 2)
    # The mean over the half spectrum stands for the whole: all kernels are symmetric.
    bank /= np.sqrt(np.mean(bank**2, axis=(1, 2), keepdims=True))
    return bank.astype(np.float32)


def _lateral_blur() -> FloatArray:
    """Gaussian of 1 um: how far a nerve may stray from the line."""
    rows, columns = _frequencies()
    blur: FloatArray = np.exp(-(rows**2 + columns**2) / 2)
    return blur
