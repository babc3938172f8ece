"""Random fields and the things that are not nerves: cells, bands, blotches."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage
from scipy.spatial import cKDTree

from ccmeval.arrays import FloatArray
from ccmeval.phantom.curves import smooth_noise


def gaussian_field(
    rng: np.random.Generator,
    shape_px: tuple[int, int],
    parts: list[tuple[float, float]],
    stretch: float = 1.0,
) -> FloatArray:
    """Draw a stationary Gaussian field, a sum of parts of different grain.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape_px : (int, int)
    parts : list of (float, float)
        SD and Gaussian radius in pixels of each part.
    stretch : float
        Length of a grain along the columns over that along the rows.

    Returns
    -------
    float32 array (H, W)
        Zero mean; its variance is the sum of the parts' variances. Periodic, which no frame shows.
    """
    rows = fft.fftfreq(shape_px[0]).astype(np.float32)[:, None]
    columns = fft.rfftfreq(shape_px[1]).astype(np.float32)
    squared = rows**2 * np.float32(stretch) + columns**2 / np.float32(stretch)
    power = np.zeros_like(squared)
    for deviation, radius in parts:
        shape = np.exp(-((2 * np.pi * radius) ** 2) * squared)
        # Mean power over the full plane: columns but the first and the Nyquist one stand for two.
        weight = np.full(squared.shape[1], 2.0, dtype=np.float32)
        weight[0] = 1.0
        if shape_px[1] % 2 == 0:
            weight[-1] = 1.0
        mean = float((shape * weight).sum()) / (shape_px[0] * shape_px[1])
        power += deviation**2 * shape / mean
    white = rng.standard_normal(shape_px, dtype=np.float32)
    spectrum = fft.rfft2(white) * np.sqrt(power)
    return np.asarray(fft.irfft2(spectrum, s=shape_px), dtype=np.float32)


def grid_um(shape_px: tuple[int, int], pixel_size_um: float) -> tuple[FloatArray, FloatArray]:
    """Row and column of the pixel centres in micrometres, to be broadcast."""
    rows = ((np.arange(shape_px[0]) + 0.5) * pixel_size_um).astype(np.float32)[:, None]
    columns = ((np.arange(shape_px[1]) + 0.5) * pixel_size_um).astype(np.float32)[None]
    return rows, columns


def illumination(rng: np.random.Generator, shape_px: tuple[int, int], corner: float) -> FloatArray:
    """Illumination that sinks from a bright region near the centre to `corner` in the corners.

    Returns
    -------
    float32 array (H, W)
        1 at its brightest.
    """
    rows = np.linspace(-1, 1, shape_px[0], dtype=np.float32)[:, None] - rng.normal(0, 0.18)
    columns = np.linspace(-1, 1, shape_px[1], dtype=np.float32)[None] - rng.normal(0, 0.18)
    stretch = rng.uniform(0.75, 1.3)
    squared = rows**2 * stretch + columns**2 / stretch
    return np.asarray(corner ** ((squared / 2.0) ** 0.9), dtype=np.float32)


def epithelium(
    rng: np.random.Generator, shape_px: tuple[int, int], pixel_size_um: float, cell_um: float
) -> FloatArray:
    """Draw a patch of epithelial cells: dark bodies in a mesh of bright borders.

    Returns
    -------
    float32 array (H, W), in [-1, 1]
        1 on a border, negative inside a cell, 0 outside the patch.
    """
    spacing = cell_um / pixel_size_um
    seeds = [np.arange(-spacing, size + spacing, spacing) for size in shape_px]
    rows, columns = (axis.astype(float) for axis in np.meshgrid(*seeds, indexing="ij"))
    columns[::2] += spacing / 2
    jitter = rng.uniform(-0.35, 0.35, (2, *rows.shape)) * spacing
    tree = cKDTree(np.column_stack([(rows + jitter[0]).ravel(), (columns + jitter[1]).ravel()]))
    grid = np.stack(np.meshgrid(*(np.arange(0, size, 2) for size in shape_px), indexing="ij"), axis=-1)
    distance, _ = tree.query(grid.reshape(-1, 2), k=2)
    border = np.exp(-((distance[:, 1] - distance[:, 0]) / 1.6)).reshape(grid.shape[:2])
    border = np.repeat(np.repeat(border, 2, axis=0), 2, axis=1)[: shape_px[0], : shape_px[1]]
    patch = blotches(rng, shape_px, 0.5 * pixel_size_um)
    return np.asarray(blur(2.0 * (border - border.mean()), 0.8) * patch, dtype=np.float32)


def k_structures(
    rng: np.random.Generator, shape_px: tuple[int, int], pixel_size_um: float
) -> tuple[FloatArray, FloatArray]:
    """Draw one to three broad fibrillar bands of Bowman's layer (K-structures).

    Returns
    -------
    bands : float32 array (H, W), in [0, 1]
        1 in the middle of a band.
    fibrils : float32 array (H, W)
        Streaks along the bands, of about unit variance.
    """
    rows, columns = grid_um(shape_px, pixel_size_um)
    bands = np.zeros(shape_px, dtype=np.float32)
    fibrils = np.zeros(shape_px, dtype=np.float32)
    size = max(shape_px) * pixel_size_um
    warp = gaussian_field(rng, shape_px, [(18.0, 55.0 / pixel_size_um), (2.0, 10.0 / pixel_size_um)])
    for _ in range(int(rng.integers(1, 4))):
        angle = rng.uniform(0, np.pi)
        offset = rng.uniform(0.2, 0.8) * size
        distance = rows * np.cos(angle) + columns * np.sin(angle) + warp * rng.uniform(0.6, 1.4)
        centre = np.median(distance) + offset - 0.5 * size
        half = rng.uniform(9.0, 24.0)
        band = np.exp(-(np.abs((distance - centre) / half) ** 3))
        # Fibrils run along the band, but converge, part and come and go.
        stray = gaussian_field(rng, shape_px, [(6.0, 40.0 / pixel_size_um), (1.0, 8.0 / pixel_size_um)])
        streaks = smooth_noise(rng, (distance + stray).astype(float).ravel(), (8.0, 30.0), 1)
        streaks = streaks.reshape(shape_px) * np.exp(0.6 * stray / 6.0)
        fibrils = np.where(band > bands, streaks, fibrils).astype(np.float32)
        bands = np.maximum(bands, band)
    return bands, fibrils


def blotches(rng: np.random.Generator, shape_px: tuple[int, int], pixel_size_um: float) -> FloatArray:
    """Draw dark blotches, where the plane lies in the epithelium or a pressure fold.

    Returns
    -------
    float32 array (H, W), in [0, 1]
        1 in the middle of a blotch.
    """
    field = gaussian_field(rng, shape_px, [(1.0, rng.uniform(18.0, 40.0) / pixel_size_um)])
    return np.asarray(1.0 / (1.0 + np.exp(-2.5 * (field - rng.uniform(1.0, 1.7)))), dtype=np.float32)


def dendritic_cells(
    rng: np.random.Generator, shape_px: tuple[int, int], pixel_size_um: float, count: int
) -> FloatArray:
    """Draw dendritic cells: short bright bodies, some with a few dendrites, brightest along their middle.

    Returns
    -------
    float32 array (H, W), in [0, 1]
    """
    from ccmeval.phantom.branches import grow
    from ccmeval.phantom.raster import coverage, rasterise

    if count == 0:
        return np.zeros(shape_px, dtype=np.float32)
    curves, widths = [], []
    for _ in range(count):
        centre = rng.uniform(0, 1, 2) * np.array(shape_px) * pixel_size_um
        arms = int(rng.integers(1, 5)) if rng.random() < 0.6 else 1
        for arm in range(arms):
            length = rng.uniform(9.0, 20.0) if arm == 0 else rng.uniform(6.0, 18.0)
            points = grow(rng, centre[None], rng.uniform(0, 2 * np.pi, 1), length, 0.5)[0]
            part = np.linspace(0, 1, len(points))
            thick = rng.uniform(4.0, 7.5) if arm == 0 else rng.uniform(1.8, 3.0)
            curves.append(points)
            widths.append(thick * (1 - 0.7 * part**2))
    drawn = rasterise(curves, widths, shape_px, pixel_size_um)
    inward = np.clip(np.nan_to_num(drawn.depth_um / drawn.half_um, neginf=0.0), 0.0, 1.0)
    shaded = coverage(drawn, pixel_size_um) * (0.3 + 0.7 * inward)
    lumps = 1.0 + 0.35 * gaussian_field(rng, shape_px, [(1.0, 1.5 / pixel_size_um)])
    return np.asarray(np.clip(shaded * lumps, 0.0, 1.0), dtype=np.float32)


def blur(image: FloatArray, radius_px: float) -> FloatArray:
    """Gaussian point spread."""
    return np.asarray(ndimage.gaussian_filter(image, radius_px, truncate=3.0))
