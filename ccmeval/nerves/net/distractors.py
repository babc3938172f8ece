"""What looks like nerve and is none: drawn into training frames without a label.

The phantom itself draws dendritic cells, K-structures, epithelium and blotches. Added here, as real frames
show them, are hairs (short thin bright lines that hang on nothing), bubbles of the contact gel, and seams.
"""

from __future__ import annotations

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray

_HAIR_UM = (8.0, 34.0)
_HAIR_BRIGHTNESS = (0.3, 1.3)
_HAIR_RADIUS_PX = (0.7, 1.3)


def with_hairs(rng: np.random.Generator, frame: FloatArray, count: int, pixel_size_um: float) -> FloatArray:
    """Brighten a frame along short, loose, slightly bent lines.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : float array (H, W), in [0, 1]
    count : int
        Number of lines.
    pixel_size_um : float

    Returns
    -------
    float32 array (H, W), in [0, 1]
        Multiplied, so that the hairs carry the frame's own speckle.

    Examples
    --------
    >>> flat = np.full((64, 64), 0.3, dtype=np.float32)
    >>> drawn = with_hairs(np.random.default_rng(0), flat, 3, 1.0)
    >>> bool((drawn >= flat - 1e-6).all()), bool((drawn > 0.35).any())
    (True, True)
    """
    from scipy import ndimage

    gain = np.zeros(frame.shape, dtype=np.float32)
    for _ in range(count):
        line = np.zeros(frame.shape, dtype=np.float32)
        rows, columns = _hair(rng, frame.shape, pixel_size_um)
        line[rows, columns] = 1.0
        radius = rng.uniform(*_HAIR_RADIUS_PX)
        top, left = max(rows.min() - 6, 0), max(columns.min() - 6, 0)
        window = (slice(top, rows.max() + 7), slice(left, columns.max() + 7))
        soft = ndimage.gaussian_filter(line[window], radius) * (np.sqrt(2 * np.pi) * radius)
        gain[window] = np.maximum(gain[window], soft * rng.uniform(*_HAIR_BRIGHTNESS))
    return np.asarray(np.clip(frame * (1.0 + gain), 0.0, 1.0), dtype=np.float32)


def _hair(
    rng: np.random.Generator, shape: tuple[int, ...], pixel_size_um: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of one hair."""
    steps = max(int(rng.uniform(*_HAIR_UM) / pixel_size_um / 0.5), 4)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.06, steps))
    start = rng.uniform(0, 1, 2) * np.array(shape)
    rows = np.clip(start[0] + np.cumsum(0.5 * np.sin(heading)), 0, shape[0] - 1).astype(int)
    columns = np.clip(start[1] + np.cumsum(0.5 * np.cos(heading)), 0, shape[1] - 1).astype(int)
    return rows, columns


def with_bubbles(rng: np.random.Generator, frame: FloatArray, count: int) -> FloatArray:
    """Draw round bubbles with dark and bright rings over a frame.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : float array (H, W), in [0, 1]
    count : int

    Returns
    -------
    float32 array (H, W), in [0, 1]
    """
    rows, columns = np.indices(frame.shape, dtype=np.float32)
    drawn = frame.copy()
    for _ in range(count):
        row, column = rng.uniform(0, 1, 2) * np.array(frame.shape)
        radius, ring = rng.uniform(4.0, 16.0), rng.uniform(1.0, 2.2)
        off = np.hypot(rows - row, columns - column) - radius
        profile = np.exp(-0.5 * ((off - 1.6 * ring) / ring) ** 2) * rng.uniform(0.2, 0.9)
        profile -= np.exp(-0.5 * (off / ring) ** 2) * rng.uniform(0.3, 0.8)
        drawn *= np.maximum(1.0 + profile, 0.05)
    return np.asarray(np.clip(drawn, 0.0, 1.0), dtype=np.float32)


def seam(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    """Cut a frame in two along a straight line, as stitched mosaics are.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : (int, int)

    Returns
    -------
    bool array (H, W)
        The side that the other frame covers.
    """
    rows, columns = np.indices(shape, dtype=np.float32)
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.06)
    distance = (rows - shape[0] / 2) * np.cos(angle) + (columns - shape[1] / 2) * np.sin(angle)
    cut = rng.uniform(-0.3, 0.3) * min(shape)
    side: BoolArray = distance > cut
    return side if rng.random() < 0.5 else ~side
