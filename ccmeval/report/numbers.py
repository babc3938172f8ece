"""Numbers as a reader wants them: sensible digits, and a dash where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

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
    size = int(f"{value:.{digits - 1}e}".split("e")[1])  # after rounding: 9.999 has the size of 10
    if size < -4 or size >= 6:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    text = f"{value:.{max(0, digits - 1 - size)}f}"
    return text.replace("-", "−")


def fixed_text(value: float | None, decimals: int) -> str:
    """Write a number with so many decimals.

    Examples
    --------
    >>> [fixed_text(v, 2) for v in (-1.256, 0.0, None)]
    ['−1.26', '0.00', '–']
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


_ROUNDING = 1e-12
"""A spread smaller than this part of the value is rounding, and asks for no decimals."""


def shared_decimals(value: float | None, spread: float | None) -> int:
    """Choose the decimals that a value, its spread and its interval are written with alike.

    Three significant digits of the larger of the two, and two of the spread.

    Parameters
    ----------
    value, spread : float or None
        A mean and its SD, or an estimate and half its interval.

    Examples
    --------
    >>> shared_decimals(62.35, 37.69), shared_decimals(31.58, 0.87), shared_decimals(0.0469, 0.0067)
    (1, 2, 4)
    """
    known = [abs(it) for it in (value, spread) if it is not None and math.isfinite(it)]
    decimals = _decimals(max(known, default=0.0), 3)
    if spread is not None and math.isfinite(spread) and abs(spread) > _ROUNDING * max(known):
        decimals = max(decimals, _decimals(abs(spread), 2))
    return decimals


def common_decimals(values: Sequence[float | None], spreads: Sequence[float | None]) -> int:
    """Choose the decimals that all cells of one biomarker are written with, so that they compare.

    As :func:`shared_decimals`, of the largest value and the typical spread.

    Parameters
    ----------
    values, spreads : sequence of float or None
        Means and their SDs, or estimates and half their intervals.

    Examples
    --------
    >>> common_decimals([20.7, 7.27], [3.9, 5.57]), common_decimals([12.5, None], [None])
    (1, 1)
    """
    sizes = [abs(it) for it in values if it is not None and math.isfinite(it)]
    widths = [it for it in spreads if it is not None and math.isfinite(it) and it > 0]
    return shared_decimals(max(sizes, default=None), median(widths) if widths else None)


_TWO_DECIMALS = ("mm/mm²", "/mm²", "µm/mm²", "µm", "/mm")


def biomarker_text(value: float | None, unit: str) -> str:
    """Write one frame's biomarker.

    Two decimals in the units that the field's tables write so, by which counts over the area of a
    frame stay what they are (31.25, not 31.2); three significant digits elsewhere.

    Examples
    --------
    >>> biomarker_text(31.25, "/mm²"), biomarker_text(0.0, "/mm²"), biomarker_text(0.06651, "mm²/mm²")
    ('31.25', '0.00', '0.0665')
    """
    if value is None or unit not in _TWO_DECIMALS or 0 < abs(value) < 0.01:
        return number_text(value)
    return fixed_text(value, 2)


def _decimals(size: float, digits: int) -> int:
    if size == 0:
        return 0
    return min(6, max(0, digits - 1 - math.floor(math.log10(size))))


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
