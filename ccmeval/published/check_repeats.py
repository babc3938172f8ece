"""Checks of values that are printed twice: in text and table, in two tables, or with other decimals."""

from __future__ import annotations

from decimal import Decimal

from ccmeval.published.audit_schema import Check
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
from ccmeval.published.printed import around
from ccmeval.published.schema import Entry, Paper


def twice_printed(paper: Paper, key: str, title: str, first: str, second: str) -> Check:
    """Check two prints of one value, each within its rounding.

    Parameters
    ----------
    paper : Paper
    key, title : str
        Of the check.
    first, second : str
        Keys of the statements.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> found = twice_printed(published_paper(), "spade", "SPADE", "spade_first", "spade_second")
    >>> found.finding, found.steps[0]
    ('does not agree', '0.645 − 0.610 = 0.035; rounding leaves ±0.0005 and ±0.0005.')
    """
    claim = "One value that is printed twice is the same, within the rounding of either print."
    numbers = [quoted(paper.statement(it)) for it in (first, second)]
    values = numbers_of(paper, first, second)
    if values is None:
        return untold(key, title, claim, numbers)
    agrees, steps = same_number(*values)
    sentence = f"{values[0]} and {values[1]} {'can' if agrees else 'cannot'} be roundings of one value."
    explanations = [] if agrees or "ssim" not in key else _thirds(*values)
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(agrees), sentence=sentence, numbers=numbers,
        steps=steps, explanations=explanations,
    )  # fmt: skip


def same_number(first: Decimal, second: Decimal) -> tuple[bool, list[str]]:
    """Compare two prints, and show the difference and the relative differences."""
    difference = first - second
    halves = [(around(it).high - around(it).low) / 2 for it in (first, second)]
    steps = [f"{first} − {second} = {difference}; rounding leaves ±{halves[0]} and ±{halves[1]}."]
    if first and second:
        steps.append(
            f"Relative to {second}: {short(100 * difference / second, 3)} %; relative to {first}:"
            f" {short(100 * difference / first, 3)} %."
        )
    return around(first).meets(around(second)), steps


def _thirds(first: Decimal, second: Decimal) -> list[str]:
    """Say whether the two are in the ratio of three that the FID values are in."""
    small, large = sorted((abs(first), abs(second)))
    if not small:
        return []
    ratio = around(large).over(around(small))
    held = "is" if ratio.low <= 3 <= ratio.high else "is not"
    return [
        f"{large} / {small} = {short(large / small)}, with rounding {span(ratio)}, which {held} 3, the"
        " ratio of the"
        " FID values."
    ]


def headline_ssim(paper: Paper) -> Check:
    """Check the SSIM of the abstract against its other print."""
    return twice_printed(
        paper,
        "headline-ssim",
        "SSIM of the abstract against its other print",
        "ssim_elsewhere",
        "ssim_abstract",
    )


def text_ssim(paper: Paper) -> Check:
    """Check the SSIM of the running text against its table."""
    return twice_printed(
        paper, "text-ssim", "SSIM of the running text against its table", "ssim_text", "ssim_text_table"
    )


def spade_value(paper: Paper) -> Check:
    """Check the value of SPADE that is printed twice."""
    return twice_printed(
        paper, "spade-value", "One value of SPADE, printed twice", "spade_first", "spade_second"
    )


def shortened_number(paper: Paper) -> Check:
    """Check a number that is printed with four decimals, and with three.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> shortened_number(published_paper()).steps[0]
    '0.6283 to 3 decimals: 0.628 rounded, 0.628 cut off; printed 0.623.'
    """
    key, title = "shortened-number", "A number with four decimals, and with three"
    claim = "The shorter print is the longer one, rounded or cut off."
    numbers = [quoted(paper.statement(it)) for it in ("long_number", "short_number")]
    values = numbers_of(paper, "long_number", "short_number")
    if values is None:
        return untold(key, title, claim, numbers)
    exact, brief = values
    rounded = rounded_like(exact, brief)
    decimals = _decimals(brief)
    cut = Decimal(str(exact)[: len(str(exact)) - (_decimals(exact) - decimals)])
    agrees = brief in (rounded, cut)
    steps = [f"{exact} to {decimals} decimals: {rounded} rounded, {cut} cut off; printed {brief}."]
    if not agrees:
        steps.append(f"{rounded} − {brief} = {rounded - brief}.")
    dropped = _dropped_digit(str(exact), str(brief))
    explanations = [f"{exact} without its digit {dropped} reads {brief}."] if dropped and not agrees else []
    sentence = f"{brief} is {'' if agrees else 'not '}{exact} to {decimals} decimals."
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(agrees), sentence=sentence, numbers=numbers,
        steps=steps, explanations=explanations,
    )  # fmt: skip


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _dropped_digit(long: str, brief: str) -> str:
    """Find the digit that, left out of the one, gives the other; empty where there is none."""
    return next((long[i] for i in range(len(long)) if long[:i] + long[i + 1 :] == brief), "")


_SECONDS = {
    "s": 1,
    "second": 1,
    "seconds": 1,
    "min": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hours": 3600,
}


def time_unit(paper: Paper) -> Check:
    """Check a time in seconds that is said to be in another unit elsewhere.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> time_unit(published_paper()).steps[0]
    '0.02 s / 60 = 0.000333 minutes.'
    """
    key, title = "time-unit", "The unit of a time"
    claim = "One time is said in one unit, or in two that convert into each other."
    told = [paper.statement(it) for it in ("time_seconds", "time_unit_text")]
    numbers = [quoted(it) for it in told]
    seconds, unit = told[0].number, (told[1].printed or "").strip()
    if seconds is None or unit not in _SECONDS:
        return untold(key, title, claim, numbers)
    factor = _SECONDS[unit]
    agrees = factor == 1
    steps = [f"{seconds.value} s / {factor} = {short(seconds.value / factor, 3)} {unit}."]
    explanations = []
    if not agrees and seconds.value:
        steps.append(
            f"{seconds.value} {unit} = {seconds.value * factor} s, {factor} times {seconds.value} s."
        )
        steps.append(f"{factor} s / {seconds.value} s = {short(factor / seconds.value)}.")
        explanations.append(
            f"The unit is a slip in one of the two places, or {unit} are said of another thing (all frames,"
            " or"
            " training), which what is at hand does not tell."
        )
    sentence = (
        f"Both say {unit}."
        if agrees
        else f"{seconds.value} s and a time in {unit} differ {factor}-fold or more."
    )
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(agrees), sentence=sentence, numbers=numbers,
        steps=steps, explanations=explanations,
    )  # fmt: skip


def caption_name(paper: Paper) -> Check:
    """Check the generator that a caption names against the one that is shown."""
    key, title = "caption-name", "The generator that a caption names"
    claim = "A caption names the generators that its table or figure shows."
    told = [paper.statement(it) for it in ("caption_method", "captioned_method")]
    numbers = [quoted(it) for it in told]
    names = [(it.printed or "").strip() for it in told]
    if not all(names):
        return untold(key, title, claim, numbers)
    agrees = names[0].casefold() == names[1].casefold()
    sentence = f"The caption names {names[0]}; what it belongs to shows {names[1]}."
    explanations = (
        [] if agrees else [f"{names[0]} and {names[1]} are two methods; no number tells which was run."]
    )
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(agrees), sentence=sentence, numbers=numbers,
        steps=[f"“{names[0]}” {'=' if agrees else '≠'} “{names[1]}”."], explanations=explanations,
    )  # fmt: skip


def repeated_sds(paper: Paper) -> Check:
    """Check every SD of the biomarkers that a second table prints again.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> repeated_sds(published_paper()).finding
    'cannot be told'
    """
    key, title = "repeated-sds", "SDs of the biomarkers in two tables"
    claim = "A mean and its SD are the same wherever they are printed, within rounding."
    first, second = paper.table("biomarkers"), paper.table("biomarkers_elsewhere")
    numbers, steps, wrong = [], [], 0
    for row in second.rows:
        for column in second.columns:
            what, entry = f"{column.title} of {row.name}", row.cells.get(column.key, Entry())
            other = first.entry(column.key, **row.labels)
            numbers += [
                quoted_cell(first, what, other, column.unit),
                quoted_cell(second, f"{what}, printed again", entry, column.unit),
            ]
            a, b = other.number, entry.number
            if a is None or b is None or a.sd is None or b.sd is None:
                continue
            same = [around(x).meets(around(y)) for x, y in ((a.value, b.value), (a.sd, b.sd))]
            wrong += not all(same)
            steps.append(
                f"{what}: {a.text} and {b.text}; mean {finding_of(same[0])}, SD {finding_of(same[1])}"
                f" (ratio {short(b.sd / a.sd, 3) if a.sd else 'undefined'})."
            )
    if not steps:
        return untold(key, title, claim, numbers)
    sentence = (
        f"{len(steps) - wrong} of {len(steps)} pairs of mean and SD that are at hand are the same in both."
    )
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(wrong == 0), sentence=sentence, numbers=numbers,
        steps=steps, missing=missing(numbers),
    )  # fmt: skip
