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
        Without exponent from 0.0001 up to a million; from 10,000 on with thousands set apart.

    Examples
    --------
    >>> [number_text(v) for v in (19.4372, 0.02194, 1234.5, 0.0, float("nan"))]
    ['19.4', '0.0219', '1234', '0', '–']
    >>> [number_text(v) for v in (12345.6, -2.5e7, 1.2e-5)]
    ['12,346', '−2.50e7', '1.20e−5']
    """
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    size = int(f"{value:.{digits - 1}e}".split("e")[1])  # after rounding: 9.999 has the size of 10
    if size < -4 or size >= 6:
        return exponent_text(f"{value:.{digits - 1}e}")
    text = f"{value:{',' if round(abs(value)) >= 10_000 else ''}.{max(0, digits - 1 - size)}f}"
    return text.replace("-", "−")


def exponent_text(text: str) -> str:
    """Write a number that Python has written with an exponent as a reader wants it.

    Examples
    --------
    >>> exponent_text("1.20e-05"), exponent_text("-3e+12"), exponent_text("7.5")
    ('1.20e−5', '−3e12', '7.5')
    """
    for told, wanted in (("e-0", "e-"), ("e+0", "e"), ("e+", "e"), ("-", "−")):
        text = text.replace(told, wanted)
    return text


_MOST_DIGITS = 6


def readable_text(value: float | None, decimals: int) -> str:
    """Write a number with so many decimals, as far as that can be read.

    From a million on, and where six decimals or more are asked for, three significant digits and an exponent
    where it takes one; no number has more than six digits but those before its point.

    Examples
    --------
    >>> [readable_text(v, 1) for v in (14.03, 12345.6, 3.2e9)]
    ['14.0', '12,345.6', '3.20e9']
    >>> readable_text(123456.789, 4), readable_text(1.2e-7, 6), readable_text(None, 2)
    ('123,457', '1.20e−7', '–')
    """
    if value is None or not math.isfinite(value):
        return NONE
    if decimals >= _MOST_DIGITS or abs(value) >= 10.0**_MOST_DIGITS:
        return number_text(value)
    before = len(f"{abs(value):.0f}")
    text = fixed_text(value, min(decimals, _MOST_DIGITS - before))
    whole, point, rest = text.partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("−") else ("", whole)
    return f"{sign}{int(digits):,}{point}{rest}" if before > 4 else text


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
