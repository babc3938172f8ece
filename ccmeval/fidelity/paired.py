"""Pixel scores of a synthetic frame against the real frame that it was made from: PSNR, SSIM, MS-SSIM."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray
from ccmeval.errors import CcmevalError

SIGMA_PX = 1.5
WINDOW_PX = 11
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of Wang et al. 2003, from the finest scale to the coarsest."""

LEAST_SIDE_MS_SSIM_PX = (WINDOW_PX - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1
"""161 px: with less, the coarsest scale has no room for the window."""

Image = npt.NDArray[np.float64]


class UnequalFramesError(CcmevalError):
    """A pair whose frames differ in size, so that pixels do not correspond."""


def psnr(real: FloatArray, synth: FloatArray) -> float:
    """Compute the peak signal-to-noise ratio of frames in [0, 1].

    Parameters
    ----------
    real, synth : float arrays (H, W)

    Returns
    -------
    float
        In decibel, 10 log10(1 / mean squared difference); infinite for equal frames.

    Raises
    ------
    UnequalFramesError
        If the shapes differ.

    Examples
    --------
    >>> psnr(np.zeros((4, 4)), np.full((4, 4), 0.1))
    20.0
    """
    first, second = _pair(real, synth)
    error = float(np.mean((first - second) ** 2))
    return -10.0 * math.log10(error) if error > 0.0 else math.inf


def ssim(real: FloatArray, synth: FloatArray) -> float:
    """Compute the structural similarity index, by scikit-image.

    Settings are those of the paper: Gaussian window of SD 1.5 px on 11 px, K1 = 0.01, K2 = 0.03,
    population covariance, data range 1.

    Parameters
    ----------
    real, synth : float arrays (H, W), in [0, 1]

    Returns
    -------
    float
        NaN for frames below 11 px a side, where no whole window fits.

    Raises
    ------
    UnequalFramesError
        If the shapes differ.

    References
    ----------
    Wang et al., Image quality assessment: from error visibility to structural similarity, IEEE TIP 13,
    2004, 600.

    Examples
    --------
    >>> frame = np.random.default_rng(0).random((32, 32))
    >>> ssim(frame, frame)
    1.0
    """
    from skimage.metrics import structural_similarity

    first, second = _pair(real, synth)
    if min(first.shape) < WINDOW_PX:
        return float("nan")
    return float(
        structural_similarity(
            first,
            second,
            gaussian_weights=True,
            sigma=SIGMA_PX,
            use_sample_covariance=False,
            K1=K1,
            K2=K2,
            data_range=1.0,
        )
    )


def ms_ssim(real: FloatArray, synth: FloatArray) -> float:
    """Compute the multi-scale structural similarity index.

    Five scales; between two, frames are averaged over 2 x 2 px (an odd last row or column with itself)
    and halved. Structure is compared at every scale and luminance at the coarsest, each averaged over the
    windows that lie wholly inside and raised to the paper's weight. A mean that is negative
    (structure inverted) counts as 0, since its power is not real.

    Parameters
    ----------
    real, synth : float arrays (H, W), in [0, 1]

    Returns
    -------
    float
        NaN for frames below 161 px a side, where the coarsest scale has no whole window.

    Raises
    ------
    UnequalFramesError
        If the shapes differ.

    References
    ----------
    Wang, Simoncelli and Bovik, Multi-scale structural similarity for image quality assessment, Asilomar
    2003, equation 7.

    Examples
    --------
    >>> frame = np.random.default_rng(0).random((176, 176))
    >>> round(ms_ssim(frame, frame), 12), ms_ssim(frame[:100], frame[:100])
    (1.0, nan)
    """
    first, second = _pair(real, synth)
    if min(first.shape) < LEAST_SIDE_MS_SSIM_PX:
        return float("nan")
    found = 1.0
    for weight in SCALE_WEIGHTS[:-1]:
        found *= max(_similarities(first, second)[1], 0.0) ** weight
        first, second = _halved(first), _halved(second)
    return float(found * max(_similarities(first, second)[0], 0.0) ** SCALE_WEIGHTS[-1])


def _similarities(first: Image, second: Image) -> tuple[float, float]:
    """Mean of luminance times structure, and of structure (with contrast) alone."""
    mean_1, mean_2 = _windowed(first), _windowed(second)
    variances = _windowed(first * first) - mean_1**2 + _windowed(second * second) - mean_2**2
    covariance = _windowed(first * second) - mean_1 * mean_2
    structure = (2 * covariance + K2**2) / (variances + K2**2)
    luminance = (2 * mean_1 * mean_2 + K1**2) / (mean_1**2 + mean_2**2 + K1**2)
    return float((luminance * structure).mean()), float(structure.mean())


def _windowed(image: Image) -> Image:
    """Gaussian-weighted means of the windows that lie wholly inside."""
    from scipy.ndimage import correlate1d

    reach = WINDOW_PX // 2
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SIGMA_PX) ** 2)
    window /= window.sum()
    found: Image = correlate1d(correlate1d(image, window, axis=0), window, axis=1)
    return found[reach:-reach, reach:-reach]


def _halved(image: Image) -> Image:
    even = np.pad(image, [(0, side % 2) for side in image.shape], mode="edge")
    halved: Image = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2).mean(axis=(1, 3))
    return halved


def _pair(real: FloatArray, synth: FloatArray) -> tuple[Image, Image]:
    if real.shape != synth.shape or real.ndim != 2:
        raise UnequalFramesError(
            f"A pair's frames have the shapes {real.shape} and {synth.shape}; pixels can only be compared"
            " between frames of one size, so bring both to the same field of view and pixels."
        )
    return real.astype(np.float64), synth.astype(np.float64)
