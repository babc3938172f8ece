"""Grey levels and textures of one frame as named numbers, all defined for any frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray

PERCENTILES = (1, 10, 25, 50, 75, 90, 99)
LEVELS = 32
"""Grey levels that co-occurrences are counted between; fixed steps over [0, 1], equal for every frame."""

PAIR_DISTANCES_UM = (2.0, 4.0, 8.0, 16.0)
PAIR_PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy")
PATTERN_RADII_UM = (2.0, 6.0)


def first_order(frame: FloatArray) -> dict[str, float]:
    """Describe the distribution of grey levels.

    Parameters
    ----------
    frame : float array (H, W), in [0, 1]

    Returns
    -------
    dict of str to float
        Mean, SD, skewness and excess kurtosis (both 0 for a constant frame), percentiles, and the
        entropy in bits of 64 equal steps of grey.

    Examples
    --------
    >>> found = first_order(np.array([[0.0, 1.0], [0.0, 1.0]]))
    >>> found["grey_mean"], found["grey_sd"], found["grey_entropy"]
    (0.5, 0.5, 1.0)
    """
    values = frame.ravel()
    found = dict(
        zip(("grey_mean", "grey_sd", "grey_skewness", "grey_kurtosis"), moments(values), strict=True)
    )
    levels = np.percentile(values, PERCENTILES)
    found |= {f"grey_p{p:02d}": float(level) for p, level in zip(PERCENTILES, levels, strict=True)}
    counts = np.bincount(np.minimum(values * 64, 63).astype(np.uint8), minlength=64)
    found["grey_entropy"] = _entropy_bits(counts / counts.sum())
    return found


def moments(values: FloatArray) -> tuple[float, float, float, float]:
    """Compute mean, SD, skewness and excess kurtosis; the last two are 0 where all values are equal.

    Examples
    --------
    >>> moments(np.array([1.0, 1.0, 1.0]))
    (1.0, 0.0, 0.0, 0.0)
    """
    mean = float(values.mean(dtype=np.float64))
    off = values - values.dtype.type(mean)
    squares = off * off
    variance = float(squares.mean(dtype=np.float64))
    # Rounding leaves a variance of some 1e-16 in a constant frame, whose shape means nothing.
    if variance <= 1e-12:
        return mean, 0.0, 0.0, 0.0
    skewness = float((squares * off).mean(dtype=np.float64)) / variance**1.5
    return (
        mean,
        variance**0.5,
        skewness,
        float((squares * squares).mean(dtype=np.float64)) / variance**2 - 3.0,
    )


def co_occurrence(frame: FloatArray, pixel_size_um: float) -> dict[str, float]:
    """Describe which grey levels lie how far apart (Haralick's co-occurrence matrix).

    The frame is cut into :data:`LEVELS` equal steps of [0, 1]; matrices are symmetric, and averaged
    over four directions. Distances are rounded to whole pixels, at least one and less than the frame.

    Parameters
    ----------
    frame : float array (H, W), in [0, 1]
    pixel_size_um : float

    Returns
    -------
    dict of str to float
        Six properties at each of four distances; the correlation of a constant frame is 1.

    References
    ----------
    Haralick et al., Textural features for image classification, IEEE Trans. SMC 3, 1973, 610.
    """
    from skimage.feature import graycomatrix

    levels = np.minimum(frame * LEVELS, LEVELS - 1).astype(np.uint8)
    furthest = min(frame.shape) - 1
    pixels = [float(min(max(1, round(um / pixel_size_um)), furthest)) for um in PAIR_DISTANCES_UM]
    angles = np.arange(4) * np.pi / 4
    counts = graycomatrix(levels, pixels, angles, levels=LEVELS, symmetric=True).sum(axis=3)
    return {
        f"pairs_{um:g}um_{name}": value
        for um, table in zip(PAIR_DISTANCES_UM, np.moveaxis(counts, 2, 0), strict=True)
        for name, value in _pair_properties(table).items()
    }


def _pair_properties(counts: npt.NDArray[np.integer]) -> dict[str, float]:
    share = counts / counts.sum()
    first, second = np.indices(share.shape)
    apart = np.abs(first - second)
    mean = float((share * first).sum())
    variance = float((share * (first - mean) ** 2).sum())
    covariance = float((share * (first - mean) * (second - mean)).sum())
    values = (
        float((share * apart**2).sum()),
        float((share * apart).sum()),
        float((share / (1.0 + apart**2)).sum()),
        float(np.sqrt((share**2).sum())),
        covariance / variance if variance > 0.0 else 1.0,
        _entropy_bits(share),
    )
    return dict(zip(PAIR_PROPERTIES, values, strict=True))


def local_patterns(frame: FloatArray, pixel_size_um: float) -> dict[str, float]:
    """Count uniform local binary patterns: which of eight neighbours are at least as bright.

    Neighbours lie in the eight main directions at the radius, rounded to whole pixels (at least one);
    pixels nearer to the border than that are not centres.

    Parameters
    ----------
    frame : float array (H, W), in [0, 1]
        Rounded to 16 bits first, so that rounding errors make no patterns.
    pixel_size_um : float

    Returns
    -------
    dict of str to float
        For two radii the share of pixels of each of ten rotation-invariant patterns: number of bright
        neighbours where they are all side by side (0 to 8), and 9 for the rest.

    References
    ----------
    Ojala et al., Multiresolution gray-scale and rotation invariant texture classification with local
    binary patterns, IEEE TPAMI 24, 2002, 971.
    """
    grey = np.rint(frame * 65535).astype(np.uint16)
    furthest = (min(frame.shape) - 1) // 2
    found: dict[str, float] = {}
    for radius_um in PATTERN_RADII_UM:
        codes = pattern_codes(grey, min(radius_um / pixel_size_um, float(furthest)))
        shares = np.bincount(codes.ravel(), minlength=10) / codes.size
        found |= {f"pattern_{radius_um:g}um_{i}": float(share) for i, share in enumerate(shares)}
    return found


def pattern_codes(grey: npt.NDArray[np.uint16], radius_px: float) -> npt.NDArray[np.uint8]:
    """Give the uniform pattern (0 to 9) of each pixel that has all its neighbours.

    Examples
    --------
    >>> pattern_codes(np.array([[0, 0, 0], [0, 5, 9], [0, 9, 9]], np.uint16), 1.0)
    array([[3]], dtype=uint8)
    """
    straight, slanting = max(1, round(radius_px)), max(1, round(radius_px / 2**0.5))
    reach = max(straight, slanting)
    rows, columns = grey.shape[0] - 2 * reach, grey.shape[1] - 2 * reach
    centre = grey[reach : reach + rows, reach : reach + columns]
    bits = np.zeros(centre.shape, np.uint8)
    for bit, (down, right) in enumerate(_CIRCLE):
        step = slanting if down and right else straight
        top, left = reach + down * step, reach + right * step
        bits |= (grey[top : top + rows, left : left + columns] >= centre).astype(np.uint8) << np.uint8(bit)
    return _UNIFORM[bits]


_CIRCLE = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""Neighbours (down, right) in order around the centre."""


def _uniform_codes() -> npt.NDArray[np.uint8]:
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), 9).astype(np.uint8)


_UNIFORM = _uniform_codes()


def _entropy_bits(share: npt.NDArray[np.float64]) -> float:
    positive = share[share > 0.0]
    return float(-(positive * np.log2(positive)).sum()) + 0.0
