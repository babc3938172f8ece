"""Checks of averages: class averages against their rows, and headline values against class averages."""

from __future__ import annotations

from decimal import Decimal

from ccmeval.published.audit_schema import Check, Quoted
from ccmeval.published.checking import (
    finding_of,
    missing,
    numbers_of,
    quoted,
    quoted_cell,
    rounded_like,
    short,
    span,
    untold,
)
from ccmeval.published.printed import Interval, around
from ccmeval.published.schema import Column, Entry, Paper, PublishedTable, Row

AVERAGE = "Class average"
_CLAIM = "A class average is the mean of the diagnoses' values in the same table, within rounding."


def class_averages(paper: Paper) -> Check:
    """Check every class average of the fidelity table against the rows that it is over.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> class_averages(published_paper()).finding
    'cannot be told'
    """
    table = paper.table("fidelity")
    numbers: list[Quoted] = []
    steps: list[str] = []
    held: list[bool] = []
    for row in (it for it in table.rows if it.labels.get("diagnosis") == AVERAGE):
        for column in table.columns:
            _one_average(table, row, column, numbers, steps, held)
    key, title = "class-averages", "Class averages against their rows"
    if not held:
        return untold(key, title, _CLAIM, numbers)
    wrong = held.count(False)
    sentence = (
        f"{len(held) - wrong} of the {len(held)} class averages that could be computed agree with their rows."
    )
    absent = missing(numbers)
    if absent:
        sentence += f" {len(absent)} printed numbers are not at hand."
    return Check(
        key=key, title=title, claim=_CLAIM, finding=finding_of(wrong == 0), sentence=sentence,
        numbers=numbers, steps=steps, missing=absent,
    )  # fmt: skip


def _one_average(
    table: PublishedTable, row: Row, column: Column, numbers: list[Quoted], steps: list[str], held: list[bool]
) -> None:
    same = {key: it for key, it in row.labels.items() if key != "diagnosis"}
    parts = [
        it for it in table.rows
        if it.labels.get("diagnosis") != AVERAGE and same.items() <= it.labels.items()
    ]  # fmt: skip
    rows = [*parts, row]
    entries = [it.cells.get(column.key, Entry()) for it in rows]
    numbers += [
        quoted_cell(table, f"{column.title} of {it.name}", entry, column.unit)
        for it, entry in zip(rows, entries, strict=True)
    ]
    found = [it.number for it in entries]
    if not parts or any(it is None for it in found):
        return
    *values, average = [it.value for it in found if it is not None]
    agrees, step = mean_agrees(values, average)
    held.append(agrees)
    steps.append(f"{column.title} of {row.name}: {step}")


def mean_agrees(values: list[Decimal], average: Decimal) -> tuple[bool, str]:
    """Compare a printed average with the mean of printed values, each within its rounding.

    Returns
    -------
    tuple of bool and str
        Whether some unrounded values give both, and the arithmetic.

    Examples
    --------
    >>> mean_agrees([Decimal("1.0"), Decimal("2.0"), Decimal("4.0")], Decimal("2.3"))[0]
    True
    >>> print(mean_agrees([Decimal("1.0"), Decimal("2.0")], Decimal("1.8"))[1])
    (1.0 + 2.0) / 2 = 1.5, with rounding [1.45, 1.55]; printed 1.8, that is [1.75, 1.85]: does not agree.
    """
    count = len(values)
    bounds = [around(it) for it in values]
    total = Interval(
        sum((it.low for it in bounds), Decimal(0)) / count,
        sum((it.high for it in bounds), Decimal(0)) / count,
    )
    mean = sum(values, Decimal(0)) / count
    printed = around(average)
    agrees = total.meets(printed)
    sum_text = " + ".join(str(it) for it in values)
    return agrees, (
        f"({sum_text}) / {count} = {short(mean, 5)}, with rounding {span(total)}; printed {average}, that is"
        f" {span(printed)}: {finding_of(agrees)}."
    )


_PAIRS = (("fid_abstract", "fid_table"), ("fid_text_b", "fid_table_b"), ("fid_text_c", "fid_table_c"))


def headline_fid(paper: Paper) -> Check:
    """Check the FID values of the text against the class averages of the table.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> headline_fid(published_paper()).steps[0]
    '5.18 × 3 = 15.54; the table prints 15.54.'
    """
    key, title = "headline-fid", "FID of abstract and text against the table's class averages"
    claim = "The FID that stands for a model is its class average."
    numbers = [quoted(paper.statement(name)) for pair in _PAIRS for name in pair]
    pairs = [found for pair in _PAIRS if (found := numbers_of(paper, *pair)) is not None]
    if not pairs:
        return untold(key, title, claim, numbers)
    equal = [around(small).meets(around(large)) for small, large in pairs]
    thrice = [around(large).over(around(small)) for small, large in pairs]
    steps = [_three_times(small, large) for small, large in pairs]
    steps += [
        f"{large} / {small} = {short(large / small)}; with rounding {span(ratio)}, which"
        f" {'holds' if ratio.low <= 3 <= ratio.high else 'does not hold'} 3."
        for (small, large), ratio in zip(pairs, thrice, strict=True)
    ]
    explanations = []
    if not any(equal) and all(it.low <= 3 <= it.high for it in thrice):
        explanations = [
            f"Each of the {len(pairs)} values is its class average divided by 3, within rounding, and there"
            " are"
            " three diagnoses: a mean over them that is divided by three once more gives these numbers.",
            "Another quantity, such as the FID of all frames pooled, would be in this ratio for each of the"
            " models only by chance; the printed numbers alone do not exclude it.",
        ]
    counted = "None" if not any(equal) else "Each" if all(equal) else f"{equal.count(True)}"
    verb = "equal" if 1 < equal.count(True) < len(equal) else "equals"
    sentence = f"{counted} of the {len(pairs)} values {verb} the class average of the table"
    sentence += "; each is a third of it, within rounding." if explanations else "."
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(all(equal)), sentence=sentence, numbers=numbers,
        steps=steps, explanations=explanations, missing=missing(numbers),
    )  # fmt: skip


def _three_times(small: Decimal, large: Decimal) -> str:
    product = small * 3
    step = f"{small} × 3 = {product}; the table prints {large}."
    if product == large:
        return step
    third = large / 3
    return f"{step[:-1]}, and {large} / 3 = {short(third, 5)}, which rounds to {rounded_like(third, small)}."
