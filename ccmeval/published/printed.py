"""Numbers as they stand in print: exact decimals, with the interval that their rounding leaves open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*(?:(?:±|\+/-|\+-)\s*(\d+(?:\.\d+)?)\s*)?")
_MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Interval:
    """Lowest and highest true value that print as they do.

    Examples
    --------
    >>> Interval(Decimal(1), Decimal(2)).meets(Interval(Decimal(2), Decimal(3)))
    True
    """

    low: Decimal
    high: Decimal

    def meets(self, other: Interval) -> bool:
        """Whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high

    def times(self, factor: Decimal | int) -> Interval:
        """Both ends times a positive factor."""
        return Interval(self.low * factor, self.high * factor)

    def over(self, other: Interval) -> Interval:
        """Quotients of positive values of this one by positive values of another."""
        return Interval(self.low / other.high, self.high / other.low)


@dataclass(frozen=True)
class Printed:
    """A printed number, and the SD beside it where there is one.

    Attributes
    ----------
    value : decimal.Decimal
        With the decimals of the print: 0.630 has three.
    sd : decimal.Decimal or None
    """

    value: Decimal
    sd: Decimal | None = None

    @property
    def interval(self) -> Interval:
        """What rounding leaves open of the value: half a unit of the last decimal on either side."""
        return around(self.value)

    @property
    def text(self) -> str:
        """As in print."""
        return f"{self.value}" if self.sd is None else f"{self.value} ± {self.sd}"


def around(value: Decimal) -> Interval:
    """Give the interval of values that round to this one.

    Examples
    --------
    >>> found = around(Decimal("5.18"))
    >>> print(found.low, found.high)
    5.175 5.185
    """
    half = half_unit(value)
    return Interval(value - half, value + half)


def half_unit(value: Decimal) -> Decimal:
    """Half a unit of the last printed decimal.

    Examples
    --------
    >>> print(half_unit(Decimal("0.90")))
    0.005
    """
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / 2


def parse(text: str) -> Printed:
    """Read a printed number.

    Parameters
    ----------
    text : str
        As ``"5.18"`` or ``"19.40 ± 5.14"`` (``+-`` and ``+/-`` do as well).

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> parse("19.40 ± 5.14").text, parse("0.630").text
    ('19.40 ± 5.14', '0.630')
    """
    # Minus as typeset; a length limit, since the file may be a stranger's.
    found = _NUMBER.fullmatch(text.replace("−", "-")) if len(text) <= _MOST_CHARACTERS else None
    if found is None:
        raise ValueError(f"{text[:_MOST_CHARACTERS]!r} is no number such as 5.18 or 19.40 ± 5.14")
    try:
        return Printed(Decimal(found[1]), Decimal(found[2]) if found[2] else None)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no number") from error
