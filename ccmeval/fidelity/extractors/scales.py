"""What a frame holds at which physical scale, as named numbers, all defined for any frame."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.fidelity.extractors.texture import moments

BLUR_SIGMAS_UM = (1.0, 2.0, 4.0, 8.0, 16.0)
RIDGE_SIGMAS_UM = (1.5, 3.0, 6.0)
CONTRAST_SIGMAS_UM = (5.0, 20.0)
SHADING_SIGMA_UM = 50.0
WAVELENGTHS_UM = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Bounds of the five bands of the power spectrum."""

_LEAST_SHARE = 1e-6
"""Power share that an empty band counts as, so that its logarithm is a number."""


class Blurs:
    """Gaussian blurs of one frame, mirrored at the border, all from one cosine transform.

    Parameters
    ----------
    frame : float32 array (H, W)
    pixel_size_um : float

    Examples
    --------
    >>> frame = np.zeros((64, 64), np.float32)
    >>> frame[32, 32] = 1.0
    >>> round(float(Blurs(frame, 1.0).at(4.0).max()), 4)  # 1 / (2 pi sigma^2)
    0.0099
    """

    def __init__(self, frame: FloatArray, pixel_size_um: float) -> None:
        from scipy.fft import dctn

        self._cosines: FloatArray = dctn(frame.astype(np.float32))
        self._turns = [np.pi * np.arange(side) / (side * pixel_size_um) for side in frame.shape]

    def at(self, sigma_um: float) -> FloatArray:
        """Blur with a Gaussian of this SD."""
        return self._back(self._kept(sigma_um))

    def between(self, fine_um: float, coarse_um: float) -> FloatArray:
        """Subtract a coarser blur from a finer one."""
        return self._back(self._kept(fine_um) - self._kept(coarse_um))

    def _kept(self, sigma_um: float) -> FloatArray:
        rows, columns = (np.exp(-0.5 * (turns * sigma_um) ** 2).astype(np.float32) for turns in self._turns)
        kept: FloatArray = rows[:, None] * columns[None, :]
        return kept

    def _back(self, kept: FloatArray) -> FloatArray:
        from scipy.fft import idctn

        found: FloatArray = idctn(self._cosines * kept, overwrite_x=True)
        return found


def band_passes(blurs: Blurs) -> dict[str, float]:
    """Describe differences of Gaussians: SD, skewness and excess kurtosis at four scales.

    Parameters
    ----------
    blurs : Blurs
        Of the frame, in [0, 1].

    Returns
    -------
    dict of str to float
    """
    found: dict[str, float] = {}
    for sigma, coarser in pairwise(BLUR_SIGMAS_UM):
        _, *shape = moments(blurs.between(sigma, coarser).ravel())
        names = (f"band_{sigma:g}um_{name}" for name in ("sd", "skewness", "kurtosis"))
        found |= dict(zip(names, shape, strict=True))
    return found


def ridges(blurs: Blurs, pixel_size_um: float) -> dict[str, float]:
    """Describe bright ridges by the Hessian's eigenvalues at three scales.

    Parameters
    ----------
    blurs : Blurs
        Of the frame, in [0, 1].
    pixel_size_um : float

    Returns
    -------
    dict of str to float
        Mean and 95th percentile of the ridge strength (how far the lower eigenvalue is below 0, times
        sigma squared, so that scales compare), and its share in the whole curvature (0.5 for blobs and
        noise up to 1 for lines; 0 where nothing curves).

    References
    ----------
    Lindeberg, Edge detection and ridge detection with automatic scale selection, IJCV 30, 1998, 117.
    """
    found: dict[str, float] = {}
    for sigma_um in RIDGE_SIGMAS_UM:
        low, high = _curvatures(blurs.at(sigma_um), sigma_um / pixel_size_um)
        strength = np.maximum(-low, 0.0)
        whole = float((strength + np.abs(high) * (low < 0.0)).sum())
        found[f"ridge_{sigma_um:g}um_mean"] = float(strength.mean())
        found[f"ridge_{sigma_um:g}um_p95"] = _p95(strength)
        found[f"ridge_{sigma_um:g}um_lineness"] = float(strength.sum()) / whole if whole > 1e-9 else 0.0
    return found


def _p95(values: FloatArray) -> float:
    """Give the value that 5 % exceed, by a partial sort."""
    place = int(0.95 * (values.size - 1))
    return float(np.partition(values.ravel(), place)[place])


def _curvatures(smooth: FloatArray, sigma_px: float) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues of the Hessian by central differences of a blurred frame, times sigma squared."""
    padded = np.pad(smooth, 1, mode="edge")
    here = padded[1:-1, 1:-1]
    rows = padded[2:, 1:-1] - 2 * here + padded[:-2, 1:-1]
    columns = padded[1:-1, 2:] - 2 * here + padded[1:-1, :-2]
    mixed = (padded[2:, 2:] - padded[2:, :-2] - padded[:-2, 2:] + padded[:-2, :-2]) / 4
    middle, half = (rows + columns) / 2, (rows - columns) / 2
    reach = np.sqrt(half * half + mixed * mixed)
    return (middle - reach) * sigma_px**2, (middle + reach) * sigma_px**2


def contrasts(frame: FloatArray, blurs: Blurs, pixel_size_um: float) -> dict[str, float]:
    """Describe local contrast (SD within a Gaussian window) at two scales, and the shading.

    Parameters
    ----------
    frame : float32 array (H, W), in [0, 1]
    blurs : Blurs
        Of that frame.
    pixel_size_um : float

    Returns
    -------
    dict of str to float
        Mean and SD over the frame of the local SD; the SD of the frame after a blur of 50 um.
    """
    found: dict[str, float] = {}
    middle = frame.mean()
    # Less its mean, a nearly constant frame loses no digits in the difference below.
    squares = Blurs((frame - middle) ** 2, pixel_size_um)
    for sigma_um in CONTRAST_SIGMAS_UM:
        off = blurs.at(sigma_um) - middle
        local = np.sqrt(np.maximum(squares.at(sigma_um) - off * off, 0.0))
        found[f"contrast_{sigma_um:g}um_mean"] = float(local.mean())
        found[f"contrast_{sigma_um:g}um_sd"] = float(local.std())
    return found | {"shading_sd": float(blurs.at(SHADING_SIGMA_UM).std())}


def spectrum(frame: FloatArray, pixel_size_um: float) -> dict[str, float]:
    """Describe the power spectrum by wavelength and direction.

    The frame less its mean is tapered by a Hann window. That gives the energies of a bank of
    oriented band-pass filters at once (Parseval), which is what Gabor energies are.

    Parameters
    ----------
    frame : float array (H, W), in [0, 1]
    pixel_size_um : float

    Returns
    -------
    dict of str to float
        For each band of wavelengths the decimal logarithm of its share of the power (at least -6) and
        its anisotropy (length of the mean vector of doubled directions, 0 to 1); the slope of log power
        density over log frequency, and the SD of its residuals (both 0 for a constant frame or one too
        small for three bands).
    """
    from scipy.fft import rfft2

    bands, turns, sizes = _bands(frame.shape[0], frame.shape[1], pixel_size_um)
    window = np.outer(np.hanning(frame.shape[0]), np.hanning(frame.shape[1])).astype(np.float32)
    amplitudes = rfft2((frame - frame.mean()).astype(np.float32) * window)
    power = (amplitudes.real**2 + amplitudes.imag**2).astype(np.float64)
    # Half of the plane stands for the whole: the columns that have a mirror image count twice.
    power[:, 1 : (frame.shape[1] + 1) // 2] *= 2.0
    count = len(WAVELENGTHS_UM) - 1
    flat, where = power.ravel(), bands.ravel()
    in_band = np.bincount(where, flat, count + 1)[:count]
    cosines = np.bincount(where, flat * turns.real.ravel(), count + 1)[:count]
    sines = np.bincount(where, flat * turns.imag.ravel(), count + 1)[:count]
    total = float(flat.sum())
    lively = total > 1e-9
    share = in_band / total if lively else np.zeros(count)
    directed = np.hypot(cosines, sines) / np.maximum(in_band, 1e-300) if lively else np.zeros(count)
    found = {f"spectrum_{_band_name(i)}_log_share": _log_share(share[i]) for i in range(count)}
    found |= {f"spectrum_{_band_name(i)}_anisotropy": float(min(directed[i], 1.0)) for i in range(count)}
    slope, scatter = _slope(share, sizes)
    return found | {"spectrum_slope": slope, "spectrum_slope_scatter": scatter}


def _band_name(index: int) -> str:
    return f"{WAVELENGTHS_UM[index]:g}to{WAVELENGTHS_UM[index + 1]:g}um"


def _log_share(share: float) -> float:
    return float(np.log10(max(share, _LEAST_SHARE)))


def _slope(share: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]) -> tuple[float, float]:
    known = (share > 0.0) & (sizes > 0.0)
    if known.sum() < 3:
        return 0.0, 0.0
    middle = -np.log10(np.sqrt(np.multiply(WAVELENGTHS_UM[:-1], WAVELENGTHS_UM[1:])))[known]
    density = np.log10(share[known] / sizes[known])
    slope, offset = np.polyfit(middle, density, 1)
    return float(slope), float((density - slope * middle - offset).std())


@lru_cache(maxsize=8)
def _bands(
    height: int, width: int, pixel_size_um: float
) -> tuple[IntArray, npt.NDArray[np.complex128], npt.NDArray[np.float64]]:
    """Band of each frequency (the last for none), its doubled direction, and the frequencies of a band."""
    rows = np.fft.fftfreq(height, pixel_size_um)[:, None]
    columns = np.fft.rfftfreq(width, pixel_size_um)[None, :]
    frequency = np.hypot(rows, columns)
    wavelength = 1.0 / np.maximum(frequency, 1e-12)
    bands = np.searchsorted(WAVELENGTHS_UM, wavelength, side="right") - 1
    bands[(bands < 0) | (bands >= len(WAVELENGTHS_UM) - 1)] = len(WAVELENGTHS_UM) - 1
    turns = np.exp(2j * np.arctan2(rows, columns))
    weights = np.ones_like(frequency)
    weights[:, 1 : (width + 1) // 2] = 2.0
    sizes = np.bincount(bands.ravel(), weights.ravel(), len(WAVELENGTHS_UM))[:-1]
    return bands, turns, sizes.astype(np.float64)
