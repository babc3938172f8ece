"""What one run of `ccmeval three-pillar` says about a synthetic set, and whether it sees a fault in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ccmeval.evaluation.criteria_preservation import deciding_comparisons, is_different
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import FidelityResult, MetricRow
from ccmeval.preservation.schema import AdherenceSummary, BiomarkerComparison, PreservationResult

Mark = Literal["seen", "better", "unseen", "none"]
"""The fault is seen; the set looks better than the faithful one; neither; there is nothing to judge by."""

_GRADIENT_ENDS = ("lost", "reversed", "weakened")
_IDEALS = {
    "betti_0_error": 0.0,
    "betti_1_error": 0.0,
    "shift_row_px": 0.0,
    "shift_column_px": 0.0,
    "scale": 1.0,
}


@dataclass(frozen=True)
class Reading:
    """One number of a run with what it is judged by.

    Attributes
    ----------
    value : float or None
        Where a floor is known, at the floor's number of frames.
    low, high : float or None
        Its interval; with a floor, the range over the splits.
    floor_low, floor_high : float or None
        Range of the same metric between halves of the real set.
    better : {"lower", "higher", "ideal"}
        Which way is good: down, up, or towards `ideal`.
    ideal : float
        Value of a perfect set where `better` is "ideal"; NaN if only the faithful set tells.
    exact : bool
        A count or verdict, which has no interval: any step the wrong way counts.
    text : str
        Shown instead of the value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    floor_low: float | None = None
    floor_high: float | None = None
    better: Literal["lower", "higher", "ideal"] = "lower"
    ideal: float = math.nan
    exact: bool = False
    text: str = ""


def judge(reading: Reading, faithful: Reading) -> Mark:
    """Tell whether a reading shows a fault, beside that of the set without fault.

    - With a floor: the value, at the floor's number of frames, lies beyond the floor's 95 % range **and**
      beyond the faithful set's range over the same splits, on one side.
    - With an interval only: it excludes the faithful set's value, and the faithful set's interval excludes
      this value.
    - A count or verdict: worse than the faithful set's.

    Beyond on the bad side the fault is seen; beyond on the good side the faulty set looks better than the
    faithful one, which is no sight of a fault. Where a metric has no good side, any side is bad.
    """
    if reading.value is None or faithful.value is None:
        return "none"
    side = _side(reading, faithful)
    if side is None:
        return "none"
    if side == 0:
        return "unseen"
    return "seen" if _is_worse(reading, faithful.value, side) else "better"


def _side(reading: Reading, faithful: Reading) -> int | None:
    """1 if a value lies beyond above, -1 below, 0 neither; None if nothing tells."""
    value, other = reading.value or 0.0, faithful.value or 0.0
    if reading.exact:
        return (value > other) - (value < other)
    if reading.floor_low is not None and reading.floor_high is not None:
        if faithful.low is None or faithful.high is None:
            return None
        above = value > max(reading.floor_high, faithful.high)
        return int(above) - int(value < min(reading.floor_low, faithful.low))
    if None in (reading.low, reading.high, faithful.low, faithful.high):
        return None
    above = (reading.low or 0.0) > other and value > (faithful.high or 0.0)
    below = (reading.high or 0.0) < other and value < (faithful.low or 0.0)
    return int(above) - int(below)


def _is_worse(reading: Reading, faithful: float, side: int) -> bool:
    if reading.better == "ideal":
        if math.isnan(reading.ideal):
            return True
        return abs((reading.value or 0.0) - reading.ideal) > abs(faithful - reading.ideal)
    return side > 0 if reading.better == "lower" else side < 0


def readings_of(result: ThreePillarResult) -> dict[str, Reading]:
    """List all that a run says of a synthetic set as a whole, by name."""
    found: dict[str, Reading] = {}
    if result.fidelity is not None:
        found |= dict(_fidelity(result.fidelity))
    if result.preservation is not None:
        found |= dict(_preservation(result.preservation))
    for pillar in result.verdicts:
        for criterion in pillar.criteria:
            found[f"criterion {criterion.name}"] = _verdict(criterion.verdict)
        found[f"verdict of {pillar.pillar}"] = _verdict(pillar.verdict)
    return found


def _verdict(verdict: str) -> Reading:
    # An undecided criterion has not seen the fault: only a fail counts.
    value = None if verdict == "unavailable" else float(verdict == "fail")
    return Reading(value, exact=True, text=verdict)


def _fidelity(result: FidelityResult) -> Iterator[tuple[str, Reading]]:
    for row in result.metrics:
        if row.scope == "pooled":
            features = f" ({row.features})" if row.features and row.features not in row.label else ""
            yield f"{row.label}{features}", _metric(row)
    if result.n_copies is not None:
        yield "copies found", Reading(float(result.n_copies), exact=True)


def _metric(row: MetricRow) -> Reading:
    value = row.value if row.status == "computed" else None
    better: Literal["lower", "higher", "ideal"] = "ideal" if row.better == "neither" else row.better
    floor = row.floor
    if floor is None or floor.matched_median is None or floor.low is None or value is None:
        return Reading(value, row.low, row.high, better=better)
    return Reading(
        floor.matched_median, floor.matched_low, floor.matched_high, floor.low, floor.high, better=better
    )


def _preservation(result: PreservationResult) -> Iterator[tuple[str, Reading]]:
    rows = deciding_comparisons(result.comparisons)
    if rows:
        yield "biomarkers different", Reading(float(sum(map(is_different, rows))), exact=True)
        equal = sum(row.verdict in ("equivalent", "both") for row in rows)
        yield "biomarkers equivalent", Reading(float(equal), better="higher", exact=True)
    for row in result.comparisons:
        if row.family == "primary" and row.scope == "pooled":
            yield from _comparison(row)
    for gradient in result.gradients:
        if gradient.family == "primary":
            limits = (gradient.effect_ratio, gradient.effect_ratio_low, gradient.effect_ratio_high)
            yield f"gradient kept, {gradient.label}", Reading(*limits, better="ideal", ideal=1.0)
    primary = [row for row in result.gradients if row.family == "primary"]
    if primary:
        ended = sum(row.verdict in _GRADIENT_ENDS for row in primary)
        yield "gradients lost or weakened", Reading(float(ended), exact=True)
    if result.correlation is not None:
        it = result.correlation
        yield (
            "difference of correlations",
            Reading(it.mean_absolute_difference, it.low, it.high, it.floor_low, it.floor_high),
        )
    for summary in result.adherence:
        if summary.scope == "pooled":
            yield f"mask adherence: {summary.label}", _adherence(summary)


def _comparison(row: BiomarkerComparison) -> Iterator[tuple[str, Reading]]:
    limits = (row.difference, row.difference_low, row.difference_high)
    yield f"difference of means, {row.label}", Reading(*limits, better="ideal", ideal=0.0)
    limits = (row.sd_ratio, row.sd_ratio_low, row.sd_ratio_high)
    yield f"SD ratio, {row.label}", Reading(*limits, better="ideal", ideal=1.0)


def _adherence(row: AdherenceSummary) -> Reading:
    if row.measure in _IDEALS:
        return Reading(row.mean, row.low, row.high, better="ideal", ideal=_IDEALS[row.measure])
    lower = row.measure == "hallucinated_length"
    return Reading(row.mean, row.low, row.high, better="lower" if lower else "higher")
