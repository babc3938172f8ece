"""Criteria of pillar 1: distance and coverage beside their floors, and copies."""

from __future__ import annotations

import math

from ccmeval.evaluation.schema import Criterion, Verdict
from ccmeval.evaluation.settings import CriteriaSettings, limit_source
from ccmeval.fidelity.schema import FidelityResult, Floor, MetricRow

DEEP = ("inception", "dinov2", "clip", "alexnet", "squeezenet")
"""Networks in the order in which one is chosen for the verdict."""

_FEWEST = 20
"""Frames a side below which a ratio to the floor decides nothing."""


def fidelity_criteria(result: FidelityResult, settings: CriteriaSettings) -> list[Criterion]:
    """Judge pillar 1.

    One network (the first of :data:`DEEP` that ran, else the first other extractor that did) and the
    radiomic features decide; the rest are shown and decide nothing, lest the verdict hang on how many
    extractors one has installed.

    Parameters
    ----------
    result : FidelityResult
    settings : CriteriaSettings

    Returns
    -------
    list of Criterion
    """
    deciding = deciding_features(result)
    criteria = [] if deciding else [_nothing_decides(settings)]
    for name in deciding:
        criteria.append(_distance(_pooled(result, "frechet", name), name, settings))
        criteria.append(_coverage(_pooled(result, "coverage", name), name, settings))
    criteria.append(_copies(result, settings))
    return criteria


def deciding_features(result: FidelityResult) -> list[str]:
    """Name the extractors that decide.

    Examples
    --------
    >>> from ccmeval.fidelity.schema import ExtractorRow
    >>> ran = [ExtractorRow(name=name) for name in ("radiomic", "clip", "dinov2", "morphometric")]
    >>> deciding_features(FidelityResult(extractors=ran))
    ['dinov2', 'radiomic']
    """
    used = [row.name for row in result.extractors if row.status == "used"]
    others = [name for name in used if name not in (*DEEP, "radiomic", "morphometric")]
    network = next((name for name in (*DEEP, *others) if name in used), None)
    return [name for name in (network, "radiomic") if name is not None and name in used]


def _pooled(result: FidelityResult, metric: str, features: str) -> MetricRow | None:
    return next(
        (
            row
            for row in result.metrics
            if row.metric == metric and row.features == features and row.scope == "pooled"
        ),
        None,
    )


def _nothing_decides(settings: CriteriaSettings) -> Criterion:
    return Criterion(
        pillar="fidelity",
        name="distance",
        sentence="Synthetic frames are no farther from the real ones than real ones are from each other.",
        source=limit_source("highest_distance_ratio"),
        limit=settings.highest_distance_ratio,
        verdict="unavailable",
        reason="None of the features that decide could be computed; add radiomic, which needs no weights.",
    )


def _distance(row: MetricRow | None, name: str, settings: CriteriaSettings) -> Criterion:
    label = row.label if row is not None else f"FD-{name}"
    limit = settings.highest_distance_ratio
    sentence = (
        f"{label} between real and synthetic is at most {limit:g} times that between two halves of the real"
        " set, at the same number of frames."
    )
    return _ratio(
        row,
        name=f"distance-{name}",
        sentence=sentence,
        source=limit_source("highest_distance_ratio"),
        limit=limit,
        above_is_bad=True,
    )


def _coverage(row: MetricRow | None, name: str, settings: CriteriaSettings) -> Criterion:
    limit = settings.lowest_coverage_ratio
    sentence = (
        f"Coverage of the real set ({name} features) is at least {limit:g} times that of one half of the real"
        " set by the other, at the same number of frames."
    )
    return _ratio(
        row,
        name=f"coverage-{name}",
        sentence=sentence,
        source=limit_source("lowest_coverage_ratio"),
        limit=limit,
        above_is_bad=False,
    )


def _ratio(
    row: MetricRow | None, *, name: str, sentence: str, source: str, limit: float, above_is_bad: bool
) -> Criterion:
    """Judge the matched value over the median floor against a limit."""

    def made(verdict: Verdict, reason: str, **numbers: float | None) -> Criterion:
        return Criterion(
            pillar="fidelity",
            name=name,
            sentence=sentence,
            source=source,
            limit=limit,
            unit="times the floor",
            verdict=verdict,
            reason=reason,
            **numbers,
        )

    floor = row.floor if row is not None else None
    if row is None or row.status != "computed":
        return made("unavailable", row.reason if row is not None else "This metric was not computed.")
    ratio = _floor_ratio(floor)
    if floor is None or ratio is None:
        warning = floor.warning if floor is not None else ""
        return made("unavailable", warning or "The real set has too few frames for a floor.")
    value, low, high = ratio
    numbers = {"value": value, "low": low, "high": high, "floor": floor.median}
    numbers |= {"floor_low": floor.low, "floor_high": floor.high}
    if floor.n < _FEWEST:
        return made("inconclusive", f"Inconclusive at {floor.n} frames a side.", **numbers)
    good, bad = (high <= limit, low > limit) if above_is_bad else (low >= limit, high < limit)
    said = f"{row.label} is {value:.2f} times its floor ({low:.2f} to {high:.2f}) at {floor.n} frames a side"
    if good:
        return made("pass", f"{said}.", **numbers)
    if bad:
        return made("fail", f"{said}.", **numbers)
    return made("inconclusive", f"{said}: the limit lies within this range.", **numbers)


def _floor_ratio(floor: Floor | None) -> tuple[float, float, float] | None:
    if floor is None or floor.median is None or not math.isfinite(floor.median) or floor.median <= 0:
        return None
    numbers = (floor.matched_median, floor.matched_low, floor.matched_high)
    if any(number is None or not math.isfinite(number) for number in numbers):
        return None
    value, low, high = (float(number or 0.0) / floor.median for number in numbers)
    return value, low, high


def _copies(result: FidelityResult, settings: CriteriaSettings) -> Criterion:
    most = settings.most_copies
    sentence = f"At most {most} synthetic frames are copies of real ones (also flipped, turned or shifted)."
    if most == 0:
        sentence = "No synthetic frame is a copy of a real one (also flipped, turned or shifted)."
    found = result.n_copies
    verdict: Verdict = "unavailable" if found is None else "pass" if found <= most else "fail"
    if found is None:
        reason = "Copies were not looked for."
    else:
        words = "frame repeats" if found == 1 else "frames repeat"
        reason = f"{found or 'No'} synthetic {words} a real one."
        if found:
            reason += " Overlapping real frames of one eye look so too: see the pairs."
    return Criterion(
        pillar="fidelity",
        name="copies",
        sentence=sentence,
        source=limit_source("most_copies"),
        verdict=verdict,
        value=found,
        limit=most,
        unit="frames",
        reason=reason,
    )
