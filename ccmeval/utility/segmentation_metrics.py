"""Metrics of segmentation from counts of pixels, each for many resamples at once.

Each takes an outcome of N frames and their weights (..., N) and gives an array (...), as the metrics of
diagnosis do (:mod:`ccmeval.utility.diagnosis_metrics`). Shares exist at two levels. "Mean over frames": the
share of each frame, averaged over frames, so that each counts alike. "Pooled over frames": one share of the
pixels of all frames together, so that frames with much nerve count for more.

Where a frame has no nerve, the mean over frames goes by one rule, which is torchmetrics' for Dice and the
one that `ccmeval` has for centre lines:

- Nerve in neither the true nor the predicted mask: nothing can be said; the frame is left out (NaN).
- Nerve in one of the two only: 0. A false alarm in a frame without nerves so counts in full, where MONAI's
  default (``ignore_empty=True``) would leave the frame out; its ``ignore_empty=False`` agrees here.
- Length sensitivity needs a true nerve, and length false discovery a predicted one: frames without are left
  out, and F1 of the two counts them.
- Two-class mIoU is over the classes that occur in a frame, so that a frame rightly left empty has 1.

A count that is not finite makes every metric NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ccmeval.utility.outcomes import COUNTS, Floats, SegmentationOutcome
from ccmeval.utility.weighting import checked_weights, mean_of_defined, ratio, weighted_mean

Counts = Mapping[str, Floats]
Share = Callable[[Counts], Floats]
SegmentationMetric = Callable[[SegmentationOutcome, Floats], Floats]


def mean_over_frames(share: Share) -> SegmentationMetric:
    """Make a metric that averages a share over the frames that have it.

    Examples
    --------
    >>> counts = {"tp_px": np.array([1.0, 8.0]), "fp_px": np.array([1.0, 0]), "fn_px": np.array([0.0, 0])}
    >>> outcome = SegmentationOutcome(counts, ["a", "b"])
    >>> float(mean_over_frames(nerve_iou)(outcome, np.ones(2)))
    0.75
    """

    def mean(outcome: SegmentationOutcome, weights: Floats) -> Floats:
        given = _checked(outcome, weights)
        counts = _pixel_counts(outcome)
        if counts is None:
            return np.full(given.shape[:-1], np.nan)
        values = share(counts)
        return weighted_mean(values, given, ~np.isnan(values))

    return mean


def pooled_over_frames(share: Share) -> SegmentationMetric:
    """Make a metric that is a share of all frames' pixels together.

    Examples
    --------
    >>> counts = {"tp_px": np.array([1.0, 8.0]), "fp_px": np.array([1.0, 0]), "fn_px": np.array([0.0, 0])}
    >>> outcome = SegmentationOutcome(counts, ["a", "b"])
    >>> float(pooled_over_frames(nerve_iou)(outcome, np.ones(2)))
    0.9
    """

    def pooled(outcome: SegmentationOutcome, weights: Floats) -> Floats:
        given = _checked(outcome, weights)
        counts = _pixel_counts(outcome)
        if counts is None:
            return np.full(given.shape[:-1], np.nan)
        return share({name: given @ values for name, values in counts.items()})

    return pooled


def nerve_iou(counts: Counts) -> Floats:
    """Intersection over union of nerve pixels; NaN without any."""
    return ratio(counts["tp_px"], counts["tp_px"] + counts["fp_px"] + counts["fn_px"])


def background_iou(counts: Counts) -> Floats:
    """Intersection over union of the other imaged pixels; NaN without any."""
    return ratio(counts["tn_px"], counts["tn_px"] + counts["fp_px"] + counts["fn_px"])


def two_class_miou(counts: Counts) -> Floats:
    """Mean of the IoU of nerve and of background; of one alone where the other does not occur."""
    both = np.stack([nerve_iou(counts), background_iou(counts)], axis=-1)
    return mean_of_defined(both, ~np.isnan(both))


def dice(counts: Counts) -> Floats:
    """Twice the common nerve pixels over those of both masks; NaN without any."""
    return ratio(2.0 * counts["tp_px"], 2.0 * counts["tp_px"] + counts["fp_px"] + counts["fn_px"])


def cl_dice(counts: Counts) -> Floats:
    """Harmonic mean of the shares of each centre line that lie in the other mask.

    References
    ----------
    Shit et al., "clDice - a novel topology-preserving loss function for tubular structure segmentation",
    CVPR 2021, equations 1 and 2. This is the hard measure of section 3.1, not the soft loss.

    Examples
    --------
    >>> names = ("centre_line_in_truth_px", "centre_line_px", "trace_in_mask_px", "trace_px")
    >>> counts = dict(zip(names, np.array([[6.0], [6.0], [6.0], [12.0]]), strict=True))
    >>> cl_dice(counts).round(3)
    array([0.667])
    """
    return _harmonic(
        ratio(counts["centre_line_in_truth_px"], counts["centre_line_px"]),
        ratio(counts["trace_in_mask_px"], counts["trace_px"]),
    )


def length_sensitivity(counts: Counts) -> Floats:
    """Share of the true centre line with the predicted one within the tolerance; NaN without a true one."""
    return ratio(counts["trace_found_px"], counts["trace_px"])


def length_false_discovery(counts: Counts) -> Floats:
    """Share of the predicted centre line without the true one within the tolerance; NaN without any."""
    return ratio(counts["centre_line_false_px"], counts["centre_line_px"])


def length_f1(counts: Counts) -> Floats:
    """Harmonic mean of length sensitivity and 1 minus length false discovery."""
    return _harmonic(1.0 - length_false_discovery(counts), length_sensitivity(counts))


def cnfl_bias(outcome: SegmentationOutcome, weights: Floats) -> Floats:
    """Mean over frames of predicted minus true CNFL, in mm/mm2.

    Examples
    --------
    >>> counts = {"cnfl_mm_per_mm2": np.array([21.0, 15.0]), "true_cnfl_mm_per_mm2": np.array([20.0, 18.0])}
    >>> outcome = SegmentationOutcome(counts, ["a", "b"])
    >>> float(cnfl_bias(outcome, np.ones(2))), float(cnfl_absolute_error(outcome, np.ones(2)))
    (-1.0, 2.0)
    """
    return weighted_mean(_cnfl_error(outcome), _checked(outcome, weights))


def cnfl_absolute_error(outcome: SegmentationOutcome, weights: Floats) -> Floats:
    """Mean over frames of the distance between predicted and true CNFL, in mm/mm2."""
    return weighted_mean(np.abs(_cnfl_error(outcome)), _checked(outcome, weights))


def _pixel_counts(outcome: SegmentationOutcome) -> Counts | None:
    """Give the counts of pixels; None where one is not finite, which must not pass for an empty frame."""
    names = [name for name in COUNTS if name.endswith("_px") and name in outcome.counts]
    counts = {name: np.asarray(outcome.counts[name], dtype=np.float64) for name in names}
    return counts if all(np.isfinite(values).all() for values in counts.values()) else None


def _cnfl_error(outcome: SegmentationOutcome) -> Floats:
    return np.asarray(outcome.counts["cnfl_mm_per_mm2"] - outcome.counts["true_cnfl_mm_per_mm2"])


def _harmonic(a: Floats, b: Floats) -> Floats:
    """Harmonic mean of two shares: 0 where one is 0 or not defined, NaN where neither is defined."""
    first, second = np.nan_to_num(a, nan=0.0), np.nan_to_num(b, nan=0.0)
    total = first + second
    mean = np.where(total > 0.0, 2.0 * first * second / np.where(total > 0.0, total, 1.0), 0.0)
    return np.where(np.isnan(a) & np.isnan(b), np.nan, mean)


def _checked(outcome: SegmentationOutcome, weights: Floats) -> Floats:
    return checked_weights(weights, len(outcome.clusters))
