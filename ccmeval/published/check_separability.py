"""Check of separability: which side text and table give to real and which to synthetic frames."""

from __future__ import annotations

from decimal import Decimal

from ccmeval.published.audit_schema import Check
from ccmeval.published.checking import (
    finding_of,
    missing,
    numbers_of,
    quoted,
    rounded_like,
    short,
    untold,
)
from ccmeval.published.printed import around
from ccmeval.published.schema import Paper

_SIDES = ("real", "synthetic")


def swapped_separability(paper: Paper) -> Check:
    """Check whether text and table give real and synthetic separability to the same side."""
    key, title = "separability", "Separability in text and table"
    claim = "Text and table print the same separability for real and for synthetic frames."
    keys = [f"separability_{side}_{place}" for place in ("text", "table") for side in _SIDES]
    numbers = [quoted(paper.statement(it)) for it in (*keys, "separability_relative")]
    values = numbers_of(paper, *keys)
    if values is None:
        steps = ["With real a and synthetic b the relative difference is (b − a) / a; swapped, (a − b) / b."]
        return untold(key, title, claim, numbers, steps)
    real, synth, real_table, synth_table = values
    agrees = _same(real, real_table) and _same(synth, synth_table)
    swapped = not agrees and _same(real, synth_table) and _same(synth, real_table)
    steps = [_relative("text", real, synth), _relative("table", real_table, synth_table)]
    steps += _against_printed(paper, {"text": (real, synth), "table": (real_table, synth_table)})
    sentence = "Text and table agree." if agrees else "Text and table differ."
    if swapped:
        sentence = "Text and table print the same two values, each for the other side."
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(agrees), sentence=sentence, numbers=numbers,
        steps=steps, missing=missing(numbers),
        explanations=["Two columns, or two numbers of the sentence, stand in each other's place."] * swapped,
    )  # fmt: skip


def _same(a: Decimal, b: Decimal) -> bool:
    return around(a).meets(around(b))


def _relative(place: str, real: Decimal, synth: Decimal) -> str:
    if not real:
        return f"{place}: the relative difference is not defined for a real value of 0."
    return f"{place}: ({synth} − {real}) / {real} = {short(100 * (synth - real) / real, 3)} %."


def _against_printed(paper: Paper, sides: dict[str, tuple[Decimal, Decimal]]) -> list[str]:
    printed = paper.statement("separability_relative").number
    if printed is None:
        return ["The printed relative difference is not at hand."]
    said = []
    for place, (real, synth) in sides.items():
        if real:
            exact = 100 * (synth - real) / real
            found = [rounded_like(it, printed.value) for it in (exact, abs(exact))]
            in_size = " in size" if printed.value == found[1] != found[0] else ""
            said.append(
                f"printed {printed.value} %; of the {place}: {found[0]} %,"
                f" {finding_of(printed.value in found)}{in_size}."
            )
    return said
