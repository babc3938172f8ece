"""Numbers as results and sentences hold them."""

from __future__ import annotations

import math

from ccmeval.utility.schema import GROUP_WORDS


def number(value: float) -> float | None:
    """Give a number as results hold it: None where it is undefined.

    Examples
    --------
    >>> number(0.5), number(float("nan"))
    (0.5, None)
    """
    return float(value) if math.isfinite(value) else None


def signed(value: float, unit: str = "") -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(0.0412), signed(-0.3, "mm/mm²"), signed(-0.0001)
    ('+0.041', '-0.300 mm/mm²', '+0.000')
    """
    rounded = round(value, 3) + 0.0
    return f"{rounded:+.3f} {unit}".rstrip()


def plain(value: float, unit: str = "") -> str:
    """Write a number without a sign of its own.

    Examples
    --------
    >>> plain(0.0412), plain(-0.3)
    ('0.041', '-0.300')
    """
    return f"{round(value, 3) + 0.0:.3f} {unit}".rstrip()


def group_words(group: str) -> str:
    """Name a group with what it is.

    Examples
    --------
    >>> group_words("B")
    'B (real and synthetic frames)'
    """
    return f"{group} ({GROUP_WORDS[group]})"
