"""Criteria of pillar 2: equivalence, spread, the disease gradient, and obedience to masks."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.evaluation.schema import Criterion, Verdict
from ccmeval.evaluation.settings import CriteriaSettings, limit_source
from ccmeval.preservation.schema import (
    AdherenceSummary,
    BiomarkerComparison,
    GradientRow,
    PreservationResult,
)
from ccmeval.preservation.settings import PreservationSettings

_ALPHA = 0.05
_MARGIN = "The margin stands with each comparison; it is set beforehand or half an SD of the real subjects."
_BAND = "Kept: 50 to 200 % of the real difference between first and last diagnosis, interval included."


Band = tuple[float, float]
"""Shares of the real gradient between which it counts as kept."""

DEFAULT_BAND: Band = PreservationSettings().gradient_band


def preservation_criteria(
    result: PreservationResult,
    settings: CriteriaSettings,
    band: Band = DEFAULT_BAND,
) -> list[Criterion]:
    """Judge pillar 2 by its primary biomarkers: CNFL, CNFD, CNBD and CNFW.

    Parameters
    ----------
    result : PreservationResult
    settings : CriteriaSettings
    band : (float, float)
        The run's `gradient_band`.

    Returns
    -------
    list of Criterion
    """
    rows = deciding_comparisons(result.comparisons)
    criteria = [_equivalence(rows), _spread(rows, settings), _gradient(result.gradients, band)]
    return [*criteria, *_adherence(result.adherence, settings)]


def deciding_comparisons(rows: Sequence[BiomarkerComparison]) -> list[BiomarkerComparison]:
    """Give the rows that decide: primary biomarkers by diagnosis, or pooled where none is stated."""
    primary = [row for row in rows if row.family == "primary"]
    by_diagnosis = [row for row in primary if row.scope == "diagnosis"]
    return by_diagnosis or [row for row in primary if row.scope == "pooled"]


def _named(row: BiomarkerComparison) -> str:
    return f"{row.label} in {row.diagnosis}" if row.diagnosis else row.label


def _some(names: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _made(name: str, sentence: str, verdict: Verdict, reason: str, **more: object) -> Criterion:
    fields = {"pillar": "preservation", "name": name, "sentence": sentence, "verdict": verdict}
    return Criterion.model_validate({**fields, "reason": reason, **more})


def _equivalence(rows: Sequence[BiomarkerComparison]) -> Criterion:
    sentence = (
        "Each primary biomarker, in each diagnosis, is equivalent to the real set's within its margin (two"
        " one-sided tests at 5 %)."
    )
    judged = [row for row in rows if row.verdict != "undefined"]
    bad = [row for row in judged if is_different(row)]
    good = [row for row in judged if row.verdict in ("equivalent", "both")]
    counts = {"value": len(good), "limit": len(rows), "unit": "comparisons", "source": _MARGIN}
    if not judged:
        return _made("equivalence", sentence, "unavailable", "No comparison is defined.", **counts)
    if bad:
        reason = f"Not equivalent: {_some([_named(row) for row in bad], 6)}."
        return _made("equivalence", sentence, "fail", reason, **counts)
    if len(good) == len(rows):
        return _made("equivalence", sentence, "pass", f"All {len(good)} are equivalent.", **counts)
    open_ = [_named(row) for row in rows if row not in good]
    reason = f"Equivalence is not shown, nor a difference, for {_some(open_)}."
    return _made("equivalence", sentence, "inconclusive", reason, **counts)


def is_different(row: BiomarkerComparison) -> bool:
    """Tell whether a row speaks against equivalence.

    Either the interval of the difference lies beyond the margin as a whole, or the difference is
    significant after Holm's adjustment over its family and equivalence is not shown. A single unadjusted
    test of twelve would fail a faithful set nearly every second time.
    """
    ends = (row.equivalence_low, row.equivalence_high)
    if row.margin is not None and None not in ends:
        low, high = float(ends[0] or 0.0), float(ends[1] or 0.0)
        if low > row.margin or high < -row.margin:
            return True
    adjusted = row.welch_p_holm
    return adjusted is not None and adjusted < _ALPHA and row.verdict == "different"


def _spread(rows: Sequence[BiomarkerComparison], settings: CriteriaSettings) -> Criterion:
    low, high = settings.lowest_sd_ratio, 1 / settings.lowest_sd_ratio
    sentence = f"Each primary biomarker's SD over frames is {low:.2f} to {high:.2f} times the real set's."
    known = [row for row in rows if row.sd_ratio is not None]
    more = {"limit": low, "unit": "SD ratio", "source": limit_source("lowest_sd_ratio")}
    if not known:
        return _made("spread", sentence, "unavailable", "No ratio of SDs is defined.", **more)
    worst = min(known, key=lambda row: min(row.sd_ratio or 0.0, 1 / row.sd_ratio if row.sd_ratio else 0.0))
    more |= {"value": worst.sd_ratio, "low": worst.sd_ratio_low, "high": worst.sd_ratio_high}
    outside = [row for row in known if _is_outside(row, low, high)]
    inside = [row for row in known if _is_inside(row, low, high)]
    if outside:
        reason = f"Outside: {_some([f'{_named(row)} ({row.sd_ratio:.2f})' for row in outside])}."
        return _made("spread", sentence, "fail", reason, **more)
    if len(inside) == len(rows):
        return _made("spread", sentence, "pass", "All intervals lie within.", **more)
    open_ = [_named(row) for row in rows if row not in inside]
    reason = f"Intervals reach beyond the limits, or are undefined, for {_some(open_)}."
    return _made("spread", sentence, "inconclusive", reason, **more)


def _is_outside(row: BiomarkerComparison, low: float, high: float) -> bool:
    """Whether the whole interval lies outside; a ratio of zero needs no interval."""
    if row.sd_ratio == 0.0:
        return True
    if row.sd_ratio_low is None or row.sd_ratio_high is None:
        return False
    return row.sd_ratio_high < low or row.sd_ratio_low > high


def _is_inside(row: BiomarkerComparison, low: float, high: float) -> bool:
    if row.sd_ratio_low is None or row.sd_ratio_high is None:
        return False
    return low <= row.sd_ratio_low and row.sd_ratio_high <= high


def _gradient(rows: Sequence[GradientRow], band: Band) -> Criterion:
    sentence = (
        "Where a primary biomarker changes along the diagnoses in the real set, it does so in the synthetic."
    )
    primary = [row for row in rows if row.family == "primary"]
    judged = [row for row in primary if row.verdict != "undefined" and row.direction != "none"]
    kept = [row for row in judged if row.verdict == "kept"]
    more = {"value": len(kept), "limit": len(judged), "unit": "biomarkers", "source": _BAND}
    if not judged:
        reason = primary[0].reason if primary else "There are not two ordered diagnoses in both sets."
        return _made("gradient", sentence, "unavailable", reason, **more)
    lost = [row for row in judged if is_lost(row, band)]
    if lost:
        reason = f"{_some([f'{row.label} keeps {_share(row)} ({row.verdict})' for row in lost])}."
        return _made("gradient", sentence, "fail", reason, **more)
    if len(kept) == len(judged):
        return _made("gradient", sentence, "pass", f"Kept by all {len(kept)} biomarkers.", **more)
    other = [f"{row.label}: {row.verdict}" for row in judged if row.verdict != "kept"]
    return _made("gradient", sentence, "inconclusive", f"Not clearly kept: {_some(other)}.", **more)


def is_lost(row: GradientRow, band: Band) -> bool:
    """Tell whether a row speaks against a kept gradient.

    It is lost or reversed; or it is shown to be weaker or stronger than the real one, and the share itself
    lies outside the band, so that a slight weakening of one biomarker in four fails nothing.

    Examples
    --------
    >>> names = {"biomarker": "", "label": "", "unit": "", "family": "primary", "order": []}
    >>> row = GradientRow(**names, direction="falls", verdict="weakened", difference_ratio=0.3)
    >>> is_lost(row, (0.5, 2.0)), is_lost(row.model_copy(update={"difference_ratio": 0.6}), (0.5, 2.0))
    (True, False)
    """
    if row.verdict in ("weakened", "exaggerated") and row.difference_ratio is not None:
        return not band[0] <= row.difference_ratio <= band[1]
    return row.verdict in ("lost", "reversed")


def _share(row: GradientRow) -> str:
    ratio = row.difference_ratio
    return "no share" if ratio is None else f"{100 * ratio:.0f} % of the real difference".replace("-", "−")


def _adherence(rows: Sequence[AdherenceSummary], settings: CriteriaSettings) -> list[Criterion]:
    pooled = {row.measure: row for row in rows if row.scope == "pooled"}
    if not pooled:
        return []
    recall, invented = settings.lowest_recall_of_mask, settings.most_hallucinated_length
    return [
        _mean(
            pooled.get("length_recall"),
            "mask-recall",
            f"At least {recall:.0%} of the length that the masks ask for is found in the synthetic frames.",
            "lowest_recall_of_mask",
            recall,
            at_least=True,
        ),
        _mean(
            pooled.get("hallucinated_length"),
            "mask-hallucination",
            f"At most {invented:.0%} of the nerve length found was not asked for by a mask.",
            "most_hallucinated_length",
            invented,
            at_least=False,
        ),
    ]


def _mean(
    row: AdherenceSummary | None, name: str, sentence: str, setting: str, limit: float, *, at_least: bool
) -> Criterion:
    more: dict[str, object] = {"limit": limit, "unit": "share of length", "source": limit_source(setting)}
    if row is None or row.mean is None:
        return _made(name, sentence, "unavailable", "No frame has a mask with nerves.", **more)
    more |= {"value": row.mean, "low": row.low, "high": row.high}
    said = f"{row.label}: mean {row.mean:.2f}"
    if row.low is None or row.high is None:
        return _made(name, sentence, "inconclusive", f"{said}, without an interval.", **more)
    said = f"{said} ({row.low:.2f} to {row.high:.2f})"
    if row.ceiling is not None:
        said += f", where real frames and their own masks give {row.ceiling:.2f}"
    good, bad = (row.low >= limit, row.high < limit) if at_least else (row.high <= limit, row.low > limit)
    if good:
        return _made(name, sentence, "pass", f"{said}.", **more)
    if bad:
        return _made(name, sentence, "fail", f"{said}.", **more)
    return _made(name, sentence, "inconclusive", f"{said}: the limit lies within the interval.", **more)
