"""What values a score can take: an interval that a t quantile makes does not go beyond them."""

from __future__ import annotations

import math

_SIZES = ("frechet", "biomarker-distance", "gradient-error", "density", "lpips_alex", "lpips_squeeze")
"""Never below zero. Unbiased estimates of squared distances (KID, CMMD) can be."""

_SHARES = (
    *("precision", "recall", "coverage", "length_recall", "hallucinated_length", "cl_dice"),
    *("branch_point_recall", "balanced_accuracy", "accuracy", "macro_f1", "macro_auc", "dice"),
    *("nerve_iou", "two_class_miou"),
)
"""From 0 to 1."""


def limits_of(key: str) -> tuple[float, float]:
    """Give the least and the largest value that a score can have.

    Parameters
    ----------
    key : str
        Of its definition.

    Examples
    --------
    >>> limits_of("utility:diagnosis:biomarker:B:accuracy:frame"), limits_of("adherence:cl_dice")
    ((0.0, 1.0), (0.0, 1.0))
    >>> limits_of("frechet:radiomic"), limits_of("kid:radiomic"), limits_of("psnr_db")
    ((0.0, inf), (-inf, inf), (-inf, inf))
    """
    parts = key.split(":")
    metric = parts[1] if parts[0] == "adherence" and len(parts) > 1 else parts[0]
    if parts[0] == "utility" and len(parts) > 2:
        metric = parts[-2]
    if metric in _SHARES:
        return 0.0, 1.0
    return (0.0 if metric in _SIZES else -math.inf), math.inf


def within(value: float | None, key: str) -> float | None:
    """Bring the end of an interval to where values can be.

    Examples
    --------
    >>> within(-0.115, "adherence:cl_dice"), within(1.559, "adherence:cl_dice"), within(None, "psnr_db")
    (0.0, 1.0, None)
    """
    low, high = limits_of(key)
    return None if value is None else min(max(value, low), high)


def difference_within(value: float | None, key: str) -> float | None:
    """Bring the end of an interval of a difference to where differences of two such values can be.

    Examples
    --------
    >>> difference_within(-4.61, "adherence:cl_dice"), difference_within(-4.61, "frechet:radiomic")
    (-1.0, -4.61)
    """
    low, high = limits_of(key)
    return None if value is None else min(max(value, low - high), high - low)
