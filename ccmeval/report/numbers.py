"""Numbers as a reader wants them: sensible digits, and a dash where there is none."""

from __future__ import annotations

import math

NONE = "–"
"""Stands for a value that is undefined or missing; every page that shows it explains it."""


def number_text(value: float | None, digits: int = 3) -> str:
    """Write a number to three significant digits, never cutting whole digits.

    Parameters
    ----------
    value : float or None
        NaN and ``None`` give a dash.
    digits : int
        Significant digits.

    Returns
    -------
    str
        Without exponent from 0.0001 up to a million.

    Examples
    --------
    >>> [number_text(v) for v in (19.4372, 0.02194, 1234.5, 0.0, float("nan"))]
    ['19.4', '0.0219', '1234', '0', '–']
    """
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size >= 6:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    text = f"{value:.{max(0, digits - 1 - size)}f}"
    return text.replace("-", "−")


def p_text(value: float | None) -> str:
    """Write a p value as journals do.

    Examples
    --------
    >>> [p_text(v) for v in (0.0312, 0.00001, 0.4)]
    ['0.031', '< 0.001', '0.40']
    """
    if value is None or not math.isfinite(value):
        return NONE
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
