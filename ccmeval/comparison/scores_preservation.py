"""Scores of pillar 2: how many biomarkers are equivalent, how much of the gradient is kept, adherence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ccmeval.comparison.schema import Reference, ScoreDefinition, ScoreValue
from ccmeval.evaluation.criteria_preservation import deciding_comparisons
from ccmeval.fidelity.schema import Better
from ccmeval.preservation.schema import (
    AdherenceSummary,
    BiomarkerComparison,
    GradientRow,
    PreservationResult,
)

Scored = tuple[ScoreDefinition, ScoreValue]

RANKED_ADHERENCE = ("length_recall", "hallucinated_length", "cl_dice", "branch_point_recall")
CEILING = "Real frames, their own masks"
_CEILING = (
    "The real frames held against their own masks: what this segmenter gives where frame and mask belong"
    " together. A set that finds less, such as a blurred one, may lie below it in hallucinated length."
)
_LOWER = ("hallucinated_length", "betti_0_error", "betti_1_error", "shift_row_px", "shift_column_px", "scale")

EQUIVALENT = ScoreDefinition(
    key="equivalent", label="Equivalent biomarkers", group="biomarkers", better="higher", kind="count",
    headline=True, why_not_ranked="A count of verdicts; biomarker-distance ranks by what lies behind it.",
    sentence="Comparisons of primary biomarkers (in each diagnosis) that are equivalent to the real set's.",
)  # fmt: skip
DISTANCE = ScoreDefinition(
    key="biomarker-distance", label="Biomarker distance", group="biomarkers", unit="margins", better="lower",
    ranked=True,
    sentence="Mean over the same comparisons of the absolute difference of means, in equivalence margins.",
)  # fmt: skip
CORRELATION = ScoreDefinition(
    key="correlation-structure", label="Correlations of biomarkers, mean absolute difference",
    group="biomarkers", better="lower", why_not_ranked="It is not resampled jointly over sets.",
)  # fmt: skip
KEPT = ScoreDefinition(
    key="gradient-kept", label="Gradient kept", group="gradient", better="higher", kind="count",
    headline=True, why_not_ranked="A count of verdicts; gradient-error ranks by what lies behind it.",
    sentence="Primary biomarkers whose change along the diagnoses is kept, of those that change.",
)  # fmt: skip
ERROR = ScoreDefinition(
    key="gradient-error", label="Gradient error", group="gradient", better="lower", ranked=True,
    sentence="Mean over primary biomarkers that change of |1 - share of the real difference that is kept|.",
)  # fmt: skip


def preservation_scores(result: PreservationResult) -> list[Scored]:
    """Give the scores of pillar 2."""
    rows = deciding_comparisons(result.comparisons)
    diagnoses = list(dict.fromkeys(row.diagnosis for row in rows if row.diagnosis is not None))
    found = _biomarkers(rows, None)
    for diagnosis in diagnoses:
        found += _biomarkers([row for row in rows if row.diagnosis == diagnosis], diagnosis)
    if result.correlation is not None:
        found.append(_correlation(result))
    found += _gradient(changing(result.gradients))
    return found + [_adherence(row) for row in result.adherence]


def changing(rows: Sequence[GradientRow]) -> list[GradientRow]:
    """Give the primary biomarkers that change along the diagnoses of the real set."""
    return [row for row in rows if row.family == "primary" and row.direction != "none"]


def in_margins(row: BiomarkerComparison) -> float:
    """Give the size of a difference in margins; NaN where either is not known."""
    if row.difference is None or not row.margin:
        return float("nan")
    return abs(row.difference) / row.margin


def _biomarkers(rows: Sequence[BiomarkerComparison], diagnosis: str | None) -> list[Scored]:
    where: dict[str, object] = {
        "scope": "pooled" if diagnosis is None else "diagnosis",
        "diagnosis": diagnosis,
    }
    where |= {"n_frames": max((row.n_synth_frames for row in rows), default=None)} if diagnosis else {}
    if not rows:
        reason = {"status": "undefined", "reason": "No comparison of a primary biomarker is defined."}
        return [_value(EQUIVALENT, **where, **reason), _value(DISTANCE, **where, **reason)]
    good = sum(row.verdict in ("equivalent", "both") for row in rows)
    sizes = [in_margins(row) for row in rows]
    unknown = sum(math.isnan(it) for it in sizes)
    distance = {"value": sum(sizes) / len(sizes)} if not unknown else {
        "status": "undefined", "reason": f"{unknown} of {len(rows)} comparisons are undefined."
    }  # fmt: skip
    return [_value(EQUIVALENT, **where, value=good, of=len(rows)), _value(DISTANCE, **where, **distance)]


def _correlation(result: PreservationResult) -> Scored:
    found = result.correlation
    assert found is not None
    known = found.mean_absolute_difference is not None
    told = [] if found.floor_median is None else [f"Between real halves {found.floor_median:.3g}."]
    return _value(
        CORRELATION, value=found.mean_absolute_difference, low=found.low, high=found.high, notes=told,
        n_frames=found.n_synth_frames, n_units=found.n_synth_units,
        status="computed" if known else "undefined", reason="" if known else found.warning,
    )  # fmt: skip


def _gradient(rows: Sequence[GradientRow]) -> list[Scored]:
    judged = [row for row in rows if row.verdict != "undefined"]
    if not judged:
        reason = rows[0].reason if rows else "No primary biomarker changes along the real set's diagnoses."
        missing = {"status": "undefined", "reason": reason}
        return [_value(KEPT, **missing), _value(ERROR, **missing)]
    kept = sum(row.verdict == "kept" for row in judged)
    shares = [row.difference_ratio for row in rows]
    error: dict[str, object]
    if any(share is None for share in shares):
        error = {"status": "undefined", "reason": "The share that is kept is undefined for a biomarker."}
    else:
        error = {"value": sum(abs(1 - (share or 0.0)) for share in shares) / len(shares)}
    return [_value(KEPT, value=kept, of=len(judged)), _value(ERROR, **error)]


def _adherence(row: AdherenceSummary) -> Scored:
    better: Better = "lower" if row.measure in _LOWER else "higher"
    ranked = row.measure in RANKED_ADHERENCE
    definition = ScoreDefinition(
        key=f"adherence:{row.measure}", label=row.label, group="adherence", better=better,
        headline=row.measure in ("length_recall", "hallucinated_length"), ranked=ranked,
        why_not_ranked="" if ranked else "The main measures of adherence are ranked.",
    )  # fmt: skip
    known = row.mean is not None
    value = ScoreValue(
        score=definition.key, scope=row.scope, diagnosis=row.diagnosis, value=row.mean, low=row.low,
        high=row.high, n_frames=row.n_frames, n_units=row.n_units,
        reference=_ceiling(row), interval_method="bootstrap over clusters" if row.low is not None else "",
        status="computed" if known else "undefined",
        reason="" if known else "No frame defines this measure here.",
    )  # fmt: skip
    return definition, value


def _ceiling(row: AdherenceSummary) -> Reference | None:
    if row.ceiling is None:
        return None
    return Reference(
        label=CEILING, sentence=_CEILING, value=row.ceiling, low=row.ceiling_low, high=row.ceiling_high,
        n_units=row.ceiling_units,
    )  # fmt: skip


def _value(definition: ScoreDefinition, **fields: object) -> Scored:
    return definition, ScoreValue.model_validate({"score": definition.key, **fields})
