"""Pieces that the checks share: quoting what is printed, and arithmetic as it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ccmeval.published.audit_schema import Check, Finding, Quoted
from ccmeval.published.printed import Interval
from ccmeval.published.schema import Entry, Paper, PublishedTable, Statement


def quoted(statement: Statement) -> Quoted:
    """Quote a statement."""
    return Quoted(
        what=statement.what,
        printed=statement.printed,
        unit=statement.unit,
        where=statement.where,
        known_from=statement.known_from if statement.printed is not None else None,
    )


def quoted_cell(table: PublishedTable, what: str, entry: Entry, unit: str = "") -> Quoted:
    """Quote a cell of a table."""
    known = (entry.known_from or table.known_from) if entry.printed is not None else None
    return Quoted(
        what=what, printed=entry.printed, unit=unit, where=entry.where or table.where, known_from=known
    )


def numbers_of(paper: Paper, *keys: str) -> list[Decimal] | None:
    """Give the numbers of statements, or None where one is not at hand."""
    found = [paper.statement(key).number for key in keys]
    known = [it.value for it in found if it is not None]
    return known if len(known) == len(found) else None


def missing(numbers: Sequence[Quoted]) -> list[str]:
    """Name what is not at hand, with its place."""
    return [f"{it.what} ({it.where})" if it.where else it.what for it in numbers if it.printed is None]


def untold(key: str, title: str, claim: str, numbers: Sequence[Quoted], steps: Sequence[str] = ()) -> Check:
    """Give a check that wants numbers which are not at hand."""
    absent = missing(numbers)
    told = "It cannot be told: what is printed is not at hand of " + "; ".join(absent) + "."
    if len(absent) > 4:
        told = f"It cannot be told: {len(absent)} of the {len(numbers)} printed numbers are not at hand."
    return Check(
        key=key, title=title, claim=claim, finding="cannot be told", sentence=told,
        numbers=list(numbers), steps=list(steps), missing=absent,
    )  # fmt: skip


def finding_of(agrees: bool) -> Finding:
    """Name what a comparison found."""
    return "agrees" if agrees else "does not agree"


def span(it: Interval, digits: int = 4) -> str:
    """Write an interval with so many significant digits.

    Examples
    --------
    >>> span(Interval(Decimal("5.175"), Decimal("5.185")))
    '[5.175, 5.185]'
    """
    return f"[{short(it.low, digits)}, {short(it.high, digits)}]"


def short(value: Decimal | float, digits: int = 4) -> str:
    """Write a number with so many significant digits and no exponent.

    Examples
    --------
    >>> short(Decimal("2.99614"), 4), short(0.000333333, 3), short(20430401088, 4), short(15.54)
    ('2.996', '0.000333', '20430000000', '15.54')
    """
    rounded = Decimal(f"{Decimal(value):.{digits - 1}e}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded_like(value: Decimal, like: Decimal) -> Decimal:
    """Round to the decimals of another number, half to even.

    Examples
    --------
    >>> print(rounded_like(Decimal("23.34"), Decimal("23.3")))
    23.3
    """
    exponent = like.as_tuple().exponent
    return value.quantize(Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0))


def plain(value: float) -> str:
    """Write a printed number with two decimals, or with as many as it has.

    Examples
    --------
    >>> plain(19.4), plain(0.645)
    ('19.40', '0.645')
    """
    return f"{value:.2f}" if abs(value - round(value, 2)) < 1e-9 else f"{value:g}"
