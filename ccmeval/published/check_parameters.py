"""Checks of parameter counts: LoRA, WDLoRA, and the share of the backbone."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

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
from ccmeval.published.parameters import (
    ADDED,
    BOTH,
    IMAGE,
    LAYERS,
    WIDTH,
    backbone_parameters,
    dora_parameters,
    lora_parameters,
    magnitudes,
)
from ccmeval.published.printed import Interval, around
from ccmeval.published.schema import Paper

MILLION, BILLION = Decimal(10**6), Decimal(10**9)
RANKS = (8, 16, 32)


def lora_counts(paper: Paper) -> Check:
    """Check LoRA's printed counts against the formula.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> lora_counts(published_paper()).finding
    'agrees'
    """
    return _counts(paper, "LoRA")


def wdlora_counts(paper: Paper) -> Check:
    """Check WDLoRA's printed counts against the formula.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> wdlora_counts(published_paper()).finding
    'does not agree'
    """
    return _counts(paper, "WDLoRA")


def _counts(paper: Paper, model: str) -> Check:
    table = paper.table("parameters")
    entries = {rank: table.entry("trainable_m", model=model, rank=str(rank)) for rank in RANKS}
    numbers = [
        quoted_cell(table, f"{model}, rank {rank}", entry, "million") for rank, entry in entries.items()
    ]
    known = {rank: it.value for rank, entry in entries.items() if (it := entry.number) is not None}
    key, title = f"{model.lower()}-parameters", f"Trainable parameters of {model}"
    claim = (
        f"{model} on the four attention projections of {LAYERS} blocks of width {WIDTH} has the printed"
        " number"
        " of parameters."
    )
    if not known:
        return untold(key, title, claim, numbers)
    true = {rank: (lora_parameters if model == "LoRA" else dora_parameters)(rank) for rank in known}
    agrees = {rank: around(value).meets(_exactly(true[rank])) for rank, value in known.items()}
    steps = [_step(model, rank, true[rank], value, agrees[rank]) for rank, value in known.items()]
    explanations = _of_lora(known) if model == "LoRA" else _of_wdlora(known)
    right = sum(agrees.values())
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(right == len(known)), numbers=numbers,
        sentence=f"{right} of {len(known)} printed counts are the formula's, rounded.",
        steps=steps, explanations=explanations, missing=missing(numbers),
    )  # fmt: skip


def _exactly(count: int) -> Interval:
    value = Decimal(count) / MILLION
    return Interval(value, value)


def _step(model: str, rank: int, count: int, printed: Decimal, agrees: bool) -> str:
    product = f"{LAYERS} × 4 × {rank} × ({WIDTH} + {WIDTH})"
    if model != "LoRA":
        product += f" + {LAYERS} × 4 × {WIDTH} = {lora_parameters(rank):,} + {magnitudes():,}"
    rounded = rounded_like(Decimal(count) / MILLION, printed)
    return (
        f"Rank {rank}: {product} = {count:,}, that is {rounded} M; printed {printed} M: {finding_of(agrees)}."
    )


def _of_lora(known: dict[int, Decimal]) -> list[str]:
    rank = min(known)
    return [
        f"At rank {rank} {targets.name} give {lora_parameters(rank, targets):,}."
        for targets in (IMAGE, ADDED, BOTH)
    ] + ["The count cannot tell which stream's four projections were adapted: all are of one shape."]


def _of_wdlora(known: dict[int, Decimal]) -> list[str]:
    """Say what the printed counts exceed LoRA's by, and whether any one number of parameters does that."""
    excess = {
        rank: Interval(bounds.low - lora_parameters(rank), bounds.high - lora_parameters(rank))
        for rank, value in known.items()
        if (bounds := around(value).times(Decimal(MILLION)))
    }
    said = [
        f"Over LoRA at rank {rank}: {value} M − {lora_parameters(rank):,} ="
        f" {int(value * MILLION) - lora_parameters(rank):,}, with rounding {int(it.low):,} to"
        f" {int(it.high):,}."
        for (rank, value), it in zip(known.items(), excess.values(), strict=True)
    ]
    said.append(
        f"One magnitude a channel adds {magnitudes():,} at every rank, whether it goes by output or by input"
        " channels, since the layers are square."
    )
    low, high = max(it.low for it in excess.values()), min(it.high for it in excess.values())
    if low > high:
        said.append("No one number of added parameters gives all printed counts.")
    else:
        said.append(f"Any one number from {int(low):,} to {int(high):,} gives all printed counts.")
    return said


def parameter_share(paper: Paper) -> Check:
    """Check the share of parameters that are trained against the size of the backbone.

    Examples
    --------
    >>> from ccmeval.published.library import published_paper
    >>> parameter_share(published_paper()).steps[0]
    '11.81 M / 0.11 % = 10.74 billion, with rounding [10.27, 11.25] billion.'
    """
    key, title = "parameter-share", "The share of parameters that are trained"
    claim = "The printed share is the printed number of trainable parameters over those of the backbone."
    names = ("share_parameters", "share_percent", "backbone_parameters")
    numbers = [quoted(paper.statement(it)) for it in names]
    values = numbers_of(paper, *names[:2])
    if values is None or not values[1]:
        return untold(key, title, claim, numbers)
    count, share = values
    implied = around(count).times(MILLION).over(around(share)).times(100)
    steps = [
        f"{count} M / {share} % = {short(count * MILLION / share * 100 / BILLION)} billion, with rounding"
        f" {span(implied.times(1 / BILLION))} billion."
    ]
    sizes = _sizes(paper)
    held = [implied.low <= size <= implied.high for size in sizes.values()]
    for name, size in sizes.items():
        exact = 100 * count * MILLION / size
        steps.append(
            f"{count} M / {name} ({short(size / BILLION)} billion) = {short(exact, 3)} %, printed {share} %."
        )
    agrees = any(held)
    sentence = (
        f"{count} M being {share} % implies {short(count * MILLION / share * 100 / BILLION, 3)} billion"
        f" parameters{', the size of the backbone' if agrees else ', not those of the backbone'}."
    )
    return Check(
        key=key, title=title, claim=claim, finding=finding_of(agrees), sentence=sentence, numbers=numbers,
        steps=steps, explanations=[] if agrees else _halved(count, share), missing=missing(numbers),
    )  # fmt: skip


def _sizes(paper: Paper) -> dict[str, Decimal]:
    """Sizes of the backbone: as printed where known, and by formula."""
    sizes = {}
    if (printed := paper.statement("backbone_parameters").number) is not None and printed.value:
        sizes["the backbone as noted"] = printed.value * BILLION
    return {**sizes, "the transformer's parameters by formula": Decimal(backbone_parameters())}


def _halved(count: Decimal, share: Decimal) -> list[str]:
    """Say what 4-bit weights, two of which are stored in one byte, would count as."""
    half = Decimal(backbone_parameters()) / 2
    exact = 100 * count * MILLION / half
    places = Decimal(1).scaleb(share.as_tuple().exponent)  # type: ignore[arg-type]
    return [
        f"Stored as 4 bits, two weights fill one byte, and a count of stored elements gives half,"
        f" {short(half / BILLION)} billion: {count} M is {short(exact)} % of that,"
        f" {rounded_like(exact, share)} %"
        f" rounded and {exact.quantize(places, ROUND_DOWN)} % cut off. Whether that was counted is not told."
    ]
