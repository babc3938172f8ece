"""Agreement of a found centre line with an expert's trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray

TOLERANCE_PX = 3.0
"""Experts' traces jitter by one to two pixels, so the field counts a match within three."""


@dataclass(frozen=True)
class CentreLineScore:
    """How well a found centre line agrees with a trace.

    Attributes
    ----------
    sensitivity : float
        Share of trace pixels with a found pixel within the tolerance; NaN for an empty trace.
    false_discovery : float
        Share of found pixels with no trace pixel within the tolerance; NaN where nothing was found.
    f1 : float
        Harmonic mean of `sensitivity` and ``1 - false_discovery``; 0 where only one of found and
        trace is empty, NaN where both are.
    """

    sensitivity: float
    false_discovery: float
    f1: float


def score_centre_line(
    found: BoolArray, trace: BoolArray, *, tolerance_px: float = TOLERANCE_PX
) -> CentreLineScore:
    """Score a found centre line against a trace.

    Both must be one pixel wide: skeletonise a mask first.

    Parameters
    ----------
    found, trace : bool arrays (H, W)
        One-pixel centre lines.
    tolerance_px : float, optional
        Largest Euclidean distance, in pixels, at which two centre lines agree.

    Returns
    -------
    CentreLineScore

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> trace = np.zeros((9, 10), dtype=bool)
    >>> trace[4] = True
    >>> found = np.zeros_like(trace)
    >>> found[6, :5] = found[8, :5] = True
    >>> score_centre_line(found, trace)
    CentreLineScore(sensitivity=0.7, false_discovery=0.5, f1=0.58...)
    """
    if found.shape != trace.shape:
        raise ValueError(f"Centre line {found.shape} and trace {trace.shape} must share one shape.")
    found, trace = found.astype(bool), trace.astype(bool)
    sensitivity = _share_near(trace, found, tolerance_px)
    false_discovery = 1.0 - _share_near(found, trace, tolerance_px)
    return CentreLineScore(sensitivity, false_discovery, _f1(sensitivity, false_discovery))


def mean_score(scores: Sequence[CentreLineScore]) -> CentreLineScore:
    """Average scores over frames, each measure by itself; NaNs are left out.

    Examples
    --------
    >>> mean_score([CentreLineScore(1.0, 0.0, 1.0), CentreLineScore(0.5, 0.5, 0.5)])
    CentreLineScore(sensitivity=0.75, false_discovery=0.25, f1=0.75)
    """
    return CentreLineScore(
        _mean([score.sensitivity for score in scores]),
        _mean([score.false_discovery for score in scores]),
        _mean([score.f1 for score in scores]),
    )


def _share_near(pixels: BoolArray, others: BoolArray, tolerance_px: float) -> float:
    if not pixels.any():
        return float("nan")
    if not others.any():
        return 0.0
    from scipy.ndimage import distance_transform_edt

    distance = distance_transform_edt(~others)
    return float(np.mean(distance[pixels] <= tolerance_px))


def _f1(sensitivity: float, false_discovery: float) -> float:
    recall = 0.0 if np.isnan(sensitivity) else sensitivity
    precision = 0.0 if np.isnan(false_discovery) else 1.0 - false_discovery
    if np.isnan(sensitivity) and np.isnan(false_discovery):
        return float("nan")
    return 2.0 * recall * precision / (recall + precision) if recall + precision else 0.0


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
