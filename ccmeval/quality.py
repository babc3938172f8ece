"""Quality flags of a frame: what a grader would say before trusting its biomarkers.

A flagged frame is reported, never dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import ndimage

from ccmeval.arrays import BoolArray, FloatArray

BLURRED = "blurred or out of plane"
TOO_DARK = "too dark"
SATURATED = "saturated"
UNEVEN = "uneven illumination"
TOO_FEW_NERVES = "too few nerves to judge"
FLAGS = (BLURRED, TOO_DARK, SATURATED, UNEVEN, TOO_FEW_NERVES)
"""All flags, in the order in which a frame's are listed."""

_PIXEL_UM = 400 / 384  # the scale at which the thresholds were chosen
_LAGS_PX = (2, 6)  # at that scale
_TILE_UM = 50.0
_WHOLE = 0.01  # a lag so near a whole number of pixels is one


class QualitySettings(BaseModel):
    """Thresholds of the quality flags.

    They were chosen on HRT3-RCM frames of 400 um: frames fit for tracing must pass all, and versions of
    them blurred, darkened or overexposed must not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_sharpness: float = Field(
        default=0.29,
        ge=0,
        le=1,
        description="Smallest ratio of the mean squared grey difference over 2.1 um to that over 6.3 um,"
        " the lesser of along rows and along columns (no unit). In-focus frames have 0.35 to 0.71; the same"
        " frames blurred by a Gaussian of SD 1.6 um or smeared over 9 um have at most 0.25.",
    )
    minimum_line_signal: float = Field(
        default=4.0,
        ge=0,
        description="Smallest excess of the 99.5th centile of the local contrast over its median, in units"
        " of median less 16th centile (no unit; 2.6 for Gaussian noise). Nerves in focus give 4.8 to 9.2; a"
        " plane of epithelium or gel gives 2.9 to 4.0. A lower centile would also flag frames of severe"
        " neuropathy, whose few nerves are sharp.",
    )
    minimum_median_grey: float = Field(
        default=0.125,
        ge=0,
        le=1,
        description="Smallest median grey level of the imaged area, as a fraction of the full range. Fit"
        " frames have 0.137 to 0.52; a dark plane of single superficial cells 0.114.",
    )
    maximum_saturated_fraction: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Largest fraction of the imaged area at full white, or one grey level of 255 below as"
        " JPEG leaves it. Nerves cover some 5 %, so that a fifth of them is then without detail."
        " Fit frames have up to 0.0055.",
    )
    minimum_evenness: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Smallest ratio of the 10th to the 90th centile of the mean grey of 50 um tiles. Ordinary"
        " vignetting leaves 0.35 to 0.72.",
    )
    minimum_nerve_length_mm_per_mm2: float = Field(
        default=2.5,
        ge=0,
        description="Smallest CNFL. One straight nerve across a frame of 400 um gives 2.5 mm/mm2: with less,"
        " widths, tortuosity and fractal dimension rest on fragments.",
    )


@dataclass(frozen=True)
class QualityScores:
    """What the flags are drawn from; units and meaning as in `QualitySettings`.

    NaN where the imaged area is too small to tell.
    """

    sharpness: float
    line_signal: float
    median_grey: float
    saturated_fraction: float
    evenness: float


def quality_flags(
    pixels: FloatArray,
    imaged: BoolArray | None,
    *,
    nerve_length_mm_per_mm2: float | None = None,
    pixel_size_um: float,
    settings: QualitySettings | None = None,
) -> list[str]:
    """Flag a frame whose biomarkers deserve a look at the picture.

    Parameters
    ----------
    pixels : float array (H, W), in [0, 1]
        The frame as read, not stretched.
    imaged : bool array (H, W) or None
        Where the frame was imaged; ``None`` means everywhere.
    nerve_length_mm_per_mm2 : float, optional
        Its CNFL, where measured; without it, "too few nerves to judge" is not given.
    pixel_size_um : float
        Side of a pixel in micrometres.
    settings : QualitySettings, optional
        Thresholds.

    Returns
    -------
    list of str
        Some of `FLAGS`, in that order; empty for a good frame.

    Examples
    --------
    >>> grey = np.full((64, 64), 0.01, dtype=np.float32)
    >>> "too dark" in quality_flags(grey, None, pixel_size_um=1.04)
    True
    """
    limits = settings or QualitySettings()
    scores = quality_scores(pixels, imaged, pixel_size_um=pixel_size_um)
    few = (
        nerve_length_mm_per_mm2 is not None
        and nerve_length_mm_per_mm2 < limits.minimum_nerve_length_mm_per_mm2
    )
    unsharp = scores.sharpness < limits.minimum_sharpness or scores.line_signal < limits.minimum_line_signal
    raised = {
        BLURRED: unsharp,
        TOO_DARK: scores.median_grey < limits.minimum_median_grey,
        SATURATED: scores.saturated_fraction > limits.maximum_saturated_fraction,
        UNEVEN: scores.evenness < limits.minimum_evenness,
        TOO_FEW_NERVES: few,
    }
    return [flag for flag in FLAGS if raised[flag]]


def quality_scores(pixels: FloatArray, imaged: BoolArray | None, *, pixel_size_um: float) -> QualityScores:
    """Score a frame; parameters as for `quality_flags`.

    Finer frames are first averaged down to about 1 um a pixel and compared over the same lengths, so that
    a score does not hang on the sampling; coarser ones are scored as they are, and do not show a blur finer
    than their pixels.
    """
    frame = np.asarray(pixels, dtype=np.float32)
    valid = None if imaged is None or imaged.all() else np.asarray(imaged, dtype=bool)
    inside = frame.ravel() if valid is None else frame[valid]
    if inside.size == 0:
        return QualityScores(*[float("nan")] * 5)
    median_grey, saturated = _grey_levels(inside)
    shrink = max(1, round(_PIXEL_UM / pixel_size_um))
    coarse, coarse_valid = _shrink(frame, valid, shrink)
    half, half_valid = _shrink(coarse, coarse_valid, 2)
    return QualityScores(
        sharpness=_sharpness(coarse, coarse_valid, pixel_size_um * shrink),
        line_signal=_line_signal(half, half_valid),
        median_grey=median_grey,
        saturated_fraction=saturated,
        evenness=_evenness(half, half_valid, 2 * pixel_size_um * shrink),
    )


def _grey_levels(inside: FloatArray) -> tuple[float, float]:
    """Median to 1/255 and fraction at full white (or one level below), from one histogram."""
    counts = np.bincount((np.clip(inside, 0, 1) * np.float32(255.5)).astype(np.uint8), minlength=256)
    middle = int(np.searchsorted(np.cumsum(counts), inside.size / 2))
    return middle / 255, float(counts[254:].sum() / inside.size)


def _shrink(frame: FloatArray, valid: BoolArray | None, factor: int) -> tuple[FloatArray, BoolArray | None]:
    """Average blocks; a block counts where all of it was imaged."""
    if factor == 1:
        return frame, valid
    height, width = frame.shape[0] // factor * factor, frame.shape[1] // factor * factor
    # Slices added up: several times as fast as the mean over a four-dimensional view.
    total = np.zeros((height // factor, width // factor), dtype=np.float32)
    for row in range(factor):
        for column in range(factor):
            total += frame[row:height:factor, column:width:factor]
    means = total / np.float32(factor * factor)
    return means, None if valid is None else np.asarray(_blocks(valid, factor).all(axis=(1, 3)))


def _blocks(array: npt.NDArray[Any], side: int) -> npt.NDArray[Any]:
    height, width = array.shape[0] // side, array.shape[1] // side
    return array[: height * side, : width * side].reshape(height, side, width, side)


def _sharpness(frame: FloatArray, valid: BoolArray | None, pixel_size_um: float) -> float:
    # The same lengths at any sampling; coarse pixels smooth over more themselves.
    lags = [lag * max(1.0, _PIXEL_UM / pixel_size_um) for lag in _LAGS_PX]
    ratios = []
    for axis in (0, 1):
        fine, rough = (_structure_at(frame, valid, lag, axis) for lag in lags)
        ratios.append(fine / rough if rough > 0 else float("nan"))
    return min(ratios) if np.isfinite(ratios).all() else float("nan")


def _structure_at(frame: FloatArray, valid: BoolArray | None, lag: float, axis: int) -> float:
    """Mean squared difference at a lag between whole pixels."""
    below = math.floor(lag + _WHOLE)
    share = lag - below
    value = _structure(frame, valid, below, axis)
    if share <= _WHOLE:
        return value
    return (1 - share) * value + share * _structure(frame, valid, below + 1, axis)


def _structure(frame: FloatArray, valid: BoolArray | None, lag: int, axis: int) -> float:
    """Mean squared difference of pixels `lag` apart."""
    ahead = (slice(lag, None), slice(None)) if axis == 0 else (slice(None), slice(lag, None))
    behind = (slice(None, -lag), slice(None)) if axis == 0 else (slice(None), slice(None, -lag))
    step = (frame[ahead] - frame[behind]).ravel()
    if valid is not None:
        step = step[(valid[ahead] & valid[behind]).ravel()]
    return float(step @ step) / step.size if step.size else float("nan")


def _line_signal(frame: FloatArray, valid: BoolArray | None) -> float:
    """Tail of the local contrast at the width of nerves, over its spread on the dark side."""
    fine, rough = (_smooth(frame, valid, sigma) for sigma in (1.0, 3.0))
    contrast = (fine - rough) / (rough + np.float32(0.02))
    values = contrast.ravel() if valid is None else contrast[valid]
    if values.size < 100:
        return float("nan")
    ranks = [int(q * (values.size - 1)) for q in (0.16, 0.5, 0.995)]
    low, middle, high = np.partition(values, ranks)[ranks]
    return float((high - middle) / (middle - low)) if middle > low else float("nan")


def _smooth(frame: FloatArray, valid: BoolArray | None, sigma: float) -> FloatArray:
    if valid is None:
        smooth: FloatArray = ndimage.gaussian_filter(frame, sigma, truncate=3.0)
        return smooth
    weight = ndimage.gaussian_filter(valid.astype(np.float32), sigma, truncate=3.0)
    total = ndimage.gaussian_filter(np.where(valid, frame, 0).astype(np.float32), sigma, truncate=3.0)
    ratio: FloatArray = total / np.maximum(weight, np.float32(1e-3))
    return ratio


def _evenness(frame: FloatArray, valid: BoolArray | None, pixel_size_um: float) -> float:
    side = max(1, round(_TILE_UM / pixel_size_um))
    if min(frame.shape) < 2 * side:
        return float("nan")
    tiles = _blocks(frame, side)
    means = tiles.mean(axis=(1, 3)).ravel()
    if valid is not None:
        means = means[_blocks(valid, side).all(axis=(1, 3)).ravel()]
    if means.size < 4:
        return float("nan")
    low, high = np.quantile(means, [0.1, 0.9])
    return float(low / high) if high > 0 else float("nan")
