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
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.nerves.normalise import GRID_UM
from ccmeval.nerves.settings import RidgeSettings

ORIENTATIONS = 16
"""Steps of 11.25 degrees: less than the angular width of the ridge filter."""

_CELL_UM = 2.0 * GRID_UM
_CORE = 192  # cells of a tile that count: one HRT3-RCM frame is one tile
_HALO = 24  # cells around them, 50 um: more than the reach of both filters together
_TILE = _CORE + 2 * _HALO
_REACH_UM = 40.0  # half length of the context kernel; the far Gaussian has fallen to a tenth there

ComplexArray: TypeAlias = npt.NDArray[np.complex64]


_Context: TypeAlias = list[list[list[tuple[int, ComplexArray]]]]
"""By orientation, by curvature: ridge orientation and the share of the line that has it."""


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
    context: _Context


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

    spectrum = _coarsen(fft.rfft2(tile))
    inside = slice(_HALO, _HALO + _CORE)
    broad = np.zeros((_CORE, _CORE), dtype=np.float32)
    for kernel in banks.broad:
        np.maximum(broad, fft.irfft2(spectrum * kernel, (_TILE, _TILE))[inside, inside], out=broad)
    ridges = fft.irfft2(spectrum[None] * banks.ridge, (_TILE, _TILE))
    ridges *= 1.0 / settings.response_scale
    np.clip(ridges, 0.0, settings.strongest_evidence, out=ridges)
    best, orientation = _best_line(fft.rfft2(ridges), banks.context)
    return _refine(best), np.repeat(np.repeat(orientation, 2, 0), 2, 1), _refine(broad)


def _best_line(spectra: ComplexArray, context: _Context) -> tuple[FloatArray, IntArray]:
    """Evidence along the best bent line through each cell of the core, and its orientation's index."""
    from scipy import fft

    inside = slice(_HALO, _HALO + _CORE)
    best = np.zeros((_CORE, _CORE), dtype=np.float32)
    orientation = np.zeros((_CORE, _CORE), dtype=np.int16)
    total, share = np.empty_like(spectra[0]), np.empty_like(spectra[0])
    for index, bends in enumerate(context):
        along = np.zeros_like(best)
        for (first, kernel), *others in bends:
            np.multiply(spectra[first], kernel, out=total)
            for other, kernel in others:
                np.multiply(spectra[other], kernel, out=share)
                np.add(total, share, out=total)
            np.maximum(along, fft.irfft2(total, (_TILE, _TILE))[inside, inside], out=along)
        np.copyto(orientation, index, where=along > best)
        np.maximum(best, along, out=best)
    return best, orientation


def _coarsen(spectrum: ComplexArray) -> ComplexArray:
    """Keep the half of the band that the coarse grid holds; unit noise keeps its spread per filter."""
    half = _TILE // 2
    kept = np.concatenate([spectrum[:half], spectrum[-half:]])[:, : half + 1]
    result: ComplexArray = (kept * np.float32(0.5)).astype(np.complex64)
    return result


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
    context = [
        [_context_kernel(index, curvature, near_um, far_um) for curvature in curvatures_per_um]
        for index in range(ORIENTATIONS)
    ]
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


def _context_kernel(
    index: int, curvature: float, near_um: float, far_um: float
) -> list[tuple[int, ComplexArray]]:
    """Kernel of one bent line: for each ridge orientation that occurs on it, its share of the line."""
    from scipy import fft

    arc = np.linspace(-_REACH_UM, _REACH_UM, 41)
    weight = np.exp(-((arc / near_um) ** 2) / 2) / near_um + np.exp(-((arc / far_um) ** 2) / 2) / far_um
    turned = curvature * arc
    weight *= np.abs(turned) < 1.2  # no further than 70 degrees to either side
    weight /= weight.sum()
    aside = (1 - np.cos(turned)) / curvature if curvature else np.zeros_like(arc)
    ahead = np.sin(turned) / curvature if curvature else arc
    angle = index * np.pi / ORIENTATIONS
    rows = (aside * np.cos(angle) - ahead * np.sin(angle)) / _CELL_UM
    columns = (aside * np.sin(angle) + ahead * np.cos(angle)) / _CELL_UM
    # Ridge evidence is taken at every second orientation from the line's own: the ridge filter is
    # broader than that, and it halves the work.
    steps = -turned / np.pi * ORIENTATIONS / 2
    low = np.floor(steps).astype(int)
    smooth = _lateral_blur()
    terms = []
    for step in range(low.min(), low.max() + 2):
        share = weight * (
            np.where(low == step, 1 - (steps - low), 0) + np.where(low + 1 == step, steps - low, 0)
        )
        other = (index + 2 * step) % ORIENTATIONS
        if share.sum() > 0.005:
            image = _splat(rows, columns, share)
            terms.append((other, (np.conj(fft.rfft2(image)) * smooth).astype(np.complex64)))
    return terms


def _lateral_blur() -> FloatArray:
    """Gaussian of 1 um: how far a nerve may stray from the line."""
    rows, columns = _frequencies()
    blur: FloatArray = np.exp(-(rows**2 + columns**2) / 2)
    return blur


def _splat(rows: FloatArray, columns: FloatArray, share: FloatArray) -> FloatArray:
    """Put points on the periodic grid, each shared bilinearly among four cells."""
    image = np.zeros((_TILE, _TILE))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    for step_down, step_right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        part = (down if step_down else 1 - down) * (right if step_right else 1 - right)
        np.add.at(image, ((top + step_down) % _TILE, (left + step_right) % _TILE), share * part)
    return image
