"""From a predicted probability map and the true mask of a frame to the counts that metrics are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import CcmevalError
from ccmeval.nerves.segmentation import NERVE_THRESHOLD
from ccmeval.thinning import thin_mask
from ccmeval.utility.outcomes import COUNTS, Floats

Indices = npt.NDArray[np.intp]

_ROUNDING_PX = 1e-6
"""So that a distance of exactly the tolerance counts as within it, whatever the pixel size."""


@dataclass(frozen=True)
class MaskedFrame:
    """A mask with all that its counts need; made once for a true mask, whatever many models predict.

    Attributes
    ----------
    mask, line : bool arrays (H, W)
        Nerve pixels and their one-pixel centre line, within the imaged area.
    imaged : bool array (H, W)
    near_line : bool array (H, W)
        Pixels whose middle is within the tolerance of one of the centre line's.
    cnfl_mm_per_mm2 : float
        NaN where nothing was imaged.
    pixel_size_um, tolerance_um : float
    """

    mask: BoolArray
    line: BoolArray
    imaged: BoolArray
    near_line: BoolArray
    cnfl_mm_per_mm2: float
    pixel_size_um: float
    tolerance_um: float


def masked_frame(
    mask: BoolArray, pixel_size_um: float, tolerance_um: float, imaged: BoolArray | None = None
) -> MaskedFrame:
    """Find the centre line and CNFL of a mask.

    True and predicted masks both go through here: the centre line is that of
    :func:`ccmeval.thinning.thin_mask`, and CNFL that of the morphometry with its default settings (small
    holes filled, rough twigs pruned, paths smoothed), as ``ccmeval biomarkers`` has it for a given mask.

    Parameters
    ----------
    mask : bool array (H, W)
    pixel_size_um, tolerance_um : float
    imaged : bool array (H, W), optional
        The imaged area; everywhere if not given.

    Returns
    -------
    MaskedFrame

    Raises
    ------
    ValueError
        If the shapes differ, or a length is not positive.

    Examples
    --------
    >>> mask = np.zeros((96, 96), dtype=bool)
    >>> mask[46:50] = True
    >>> found = masked_frame(mask, 2.0, 4.0)
    >>> int(found.near_line[:, 48].sum()), round(found.cnfl_mm_per_mm2, 3)
    (5, 5.208)
    """
    if not (pixel_size_um > 0.0 and tolerance_um > 0.0):
        raise ValueError(f"Pixel size ({pixel_size_um}) and tolerance ({tolerance_um}) must be positive.")
    seen = np.ones(mask.shape, np.bool_) if imaged is None else np.asarray(imaged, dtype=np.bool_)
    if mask.ndim != 2 or seen.shape != mask.shape:
        raise ValueError(f"Mask {mask.shape} and imaged area {seen.shape} must share one shape (H, W).")
    nerve = np.asarray(mask, dtype=np.bool_) & seen
    line = thin_mask(nerve)
    near = _within(line, tolerance_um / pixel_size_um + _ROUNDING_PX)
    return MaskedFrame(
        nerve, line, seen, near, _cnfl(nerve, pixel_size_um, seen), pixel_size_um, tolerance_um
    )


def count_prediction(
    probability: FloatArray, truth: MaskedFrame, threshold: float = NERVE_THRESHOLD
) -> Floats:
    """Count what a predicted frame has in common with its true mask.

    Parameters
    ----------
    probability : float array (H, W), in [0, 1]
        At the scale of the true mask; a pixel is nerve where it reaches `threshold` and was imaged.
    truth : MaskedFrame
        Of the true mask.
    threshold : float

    Returns
    -------
    float64 array (12,)
        In the order of :data:`ccmeval.utility.outcomes.COUNTS`. Pixels that were not imaged count nowhere.

    Raises
    ------
    CcmevalError
        If a probability is not finite or outside [0, 1], as those of a model that diverged are.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> mask = np.zeros((96, 96), dtype=bool)
    >>> mask[46:49] = True
    >>> half = np.where(np.arange(96) < 48, mask, 0.2)
    >>> counts = count_prediction(half, masked_frame(mask, 1.0, 3.0))
    >>> dict(zip(COUNTS[:4], counts.tolist()))
    {'tp_px': 144.0, 'fp_px': 0.0, 'fn_px': 144.0, 'tn_px': 8928.0}
    """
    if probability.shape != truth.mask.shape:
        raise ValueError(f"Prediction {probability.shape} and mask {truth.mask.shape} must share one shape.")
    if probability.size and not (probability.min() >= 0.0 and probability.max() <= 1.0):
        raise CcmevalError(
            "A segmentation model gave probabilities that are not between 0 and 1, as one that diverged does;"
            " train it with a lower learning rate, or mend the learner."
        )
    mask = np.asarray(probability >= threshold, dtype=np.bool_)
    found = masked_frame(mask, truth.pixel_size_um, truth.tolerance_um, truth.imaged)
    counted = {
        "tp_px": found.mask & truth.mask,
        "fp_px": found.mask & ~truth.mask,
        "fn_px": ~found.mask & truth.mask,
        "tn_px": truth.imaged & ~found.mask & ~truth.mask,
        "trace_px": truth.line,
        "trace_found_px": truth.line & found.near_line,
        "trace_in_mask_px": truth.line & found.mask,
        "centre_line_px": found.line,
        "centre_line_false_px": found.line & ~truth.near_line,
        "centre_line_in_truth_px": found.line & truth.mask,
    }
    values = {name: float(np.count_nonzero(pixels)) for name, pixels in counted.items()}
    values["cnfl_mm_per_mm2"] = found.cnfl_mm_per_mm2
    values["true_cnfl_mm_per_mm2"] = truth.cnfl_mm_per_mm2
    return np.array([values[name] for name in COUNTS], dtype=np.float64)


def count_frame(
    probability: FloatArray,
    truth: BoolArray,
    pixel_size_um: float,
    tolerance_um: float,
    imaged: BoolArray | None = None,
    threshold: float = NERVE_THRESHOLD,
) -> Floats:
    """Count what a predicted frame has in common with a true mask of which nothing is known yet.

    For many models on one frame, make :func:`masked_frame` of its true mask once and use
    :func:`count_prediction`; parameters, result and errors are those of the two.

    Examples
    --------
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[30:33] = True
    >>> counts = count_frame(mask.astype(np.float32), mask, 1.0, 3.0)
    >>> counts[:4].tolist(), bool(counts[10] == counts[11])
    ([192.0, 0.0, 0.0, 3904.0], True)
    """
    return count_prediction(probability, masked_frame(truth, pixel_size_um, tolerance_um, imaged), threshold)


def upsample(probability: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Bring a probability map to the scale of scoring, linearly between the middles of pixels.

    The outer corners of both pixel grids coincide, as with ``align_corners=False`` in torch; beyond the
    outermost middles the outermost value holds.

    Parameters
    ----------
    probability : float array (S, T)
    shape : tuple of int
        H and W.

    Returns
    -------
    float32 array (H, W)
        Within the range of `probability`.

    Examples
    --------
    >>> upsample(np.array([[0.0, 1.0]]), (1, 4)).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    given = np.asarray(probability, dtype=np.float64)
    low, high, share = _neighbours(given.shape[0], shape[0])
    rows = given[low] * (1.0 - share)[:, None] + given[high] * share[:, None]
    low, high, share = _neighbours(given.shape[1], shape[1])
    found = rows[:, low] * (1.0 - share) + rows[:, high] * share
    # Rounding alone could leave the range, by 1e-16.
    return np.clip(found, given.min(), given.max()).astype(np.float32)


def _neighbours(old: int, new: int) -> tuple[Indices, Indices, Floats]:
    """Old pixels on either side of each new pixel's middle, and the share of the second."""
    middles = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0.0, old - 1.0)
    low = np.floor(middles).astype(np.intp)
    return low, np.minimum(low + 1, old - 1), middles - low


def _within(line: BoolArray, distance_px: float) -> BoolArray:
    if not line.any():
        return np.zeros(line.shape, dtype=np.bool_)
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(~line) <= distance_px, dtype=np.bool_)


def _cnfl(mask: BoolArray, pixel_size_um: float, imaged: BoolArray) -> float:
    """CNFL as `ccmeval.morphometry.compute_biomarkers` defines it, without the other biomarkers."""
    if not imaged.any():
        return float("nan")
    from ccmeval.morphometry import nerve_graph

    graph = nerve_graph(mask, pixel_size_um=pixel_size_um, imaged=None if imaged.all() else imaged)
    return graph.length_um / 1000.0 / graph.imaged_area_mm2
