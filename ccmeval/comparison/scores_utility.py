"""Scores of pillar 3: what models learn from real and synthetic frames, or from synthetic ones alone."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.comparison.schema import Reference, ScoreDefinition, ScoreValue
from ccmeval.utility.schema import ScoreRow, UtilityResult

Scored = tuple[ScoreDefinition, ScoreValue]

GROUPS = ("A", "B", "C")
RANKED_METRICS = (
    *("balanced_accuracy", "accuracy", "macro_f1", "macro_auc"),
    *("dice", "nerve_iou", "two_class_miou", "cl_dice"),
)
RANKED_LEVELS = ("frame", "mean over frames")
HEADLINES = (("B", "accuracy"), ("B", "nerve_iou"), ("B", "two_class_miou"))
_LEVELS = {"mean over frames": "mean", "pooled over frames": "pooled"}
REAL_ALONE = "Real frames alone (group A)"
_ALONE = "The same learner, trained on the real training frames alone and tried on the same test frames."
_SAME = "Group A is trained on real frames alone: it is the same for all sets."


def utility_scores(result: UtilityResult) -> list[Scored]:
    """Give the scores of the groups A, B and C on real test frames."""
    first: dict[str, str] = {}
    for row in result.scores:
        first.setdefault(row.task, row.learner)
    rows = [row for row in result.scores if row.group in GROUPS]
    found = [_score(row, first[row.task] == row.learner, _real_alone(row, rows)) for row in rows]
    return found + _missing(result, set(first))


def score_key(task: str, learner: str, group: str, metric: str, level: str) -> str:
    """Name a score of pillar 3.

    Examples
    --------
    >>> score_key("segmentation", "unet", "B", "nerve_iou", "mean over frames")
    'utility:segmentation:unet:B:nerve_iou:mean'
    """
    return f"utility:{task}:{learner}:{group}:{metric}:{_LEVELS.get(level, level)}"


def is_ranked(group: str, metric: str, level: str) -> bool:
    """Whether sets are ranked by a metric of a group."""
    return group in ("B", "C") and metric in RANKED_METRICS and level in RANKED_LEVELS


def _real_alone(row: ScoreRow, rows: Sequence[ScoreRow]) -> Reference | None:
    """Find what group A reaches in a score of another group; None where that is not known."""
    if row.group == "A":
        return None
    for it in rows:
        if it.group == "A" and it.value is not None and _place(it) == _place(row):
            return Reference(
                label=REAL_ALONE, sentence=_ALONE, value=it.value, low=it.low, high=it.high,
                confidence=it.confidence, n_units=it.n_units or None,
            )  # fmt: skip
    return None


def _place(row: ScoreRow) -> tuple[str | None, ...]:
    return row.task, row.learner, row.metric, row.level, row.diagnosis


def _score(row: ScoreRow, first: bool, reference: Reference | None) -> Scored:
    ranked = is_ranked(row.group, row.metric, row.level)
    per_class = row.diagnosis is not None
    why = _SAME if row.group == "A" else "Ranked are the main metrics at the level of frames."
    definition = ScoreDefinition(
        key=score_key(row.task, row.learner, row.group, row.metric, row.level),
        label=f"{row.label}, {row.learner}, group {row.group}",
        group="utility",
        unit=row.unit,
        better=row.better,
        headline=first and (row.group, row.metric) in HEADLINES and row.level in RANKED_LEVELS,
        ranked=ranked,
        why_not_ranked="" if ranked else why,
    )
    value = ScoreValue(
        score=definition.key, scope="diagnosis" if per_class else "pooled", diagnosis=row.diagnosis,
        value=row.value, low=row.low, high=row.high, confidence=row.confidence,
        interval_method="over test subjects and models" if row.low is not None else "",
        reference=reference, status="computed" if row.value is not None else "undefined", reason=row.reason,
    )  # fmt: skip
    return definition, value


def _missing(result: UtilityResult, known: set[str]) -> list[Scored]:
    """Say of each task that has no score why that is so."""
    found = []
    for task, metric in (("diagnosis", "accuracy"), ("segmentation", "nerve_iou")):
        reason = result.unavailable.get(task) or " ".join(
            f"{name}: {why}" for name, why in result.unavailable.items() if name != task
        )
        if task not in known and reason:
            key = f"utility:{task}"
            definition = ScoreDefinition(
                key=key, label=f"Utility, {task}", group="utility", better="higher", headline=True,
                why_not_ranked="Nothing was trained.", sentence=f"Stands for {metric} and the others.",
            )  # fmt: skip
            found.append((definition, ScoreValue(score=key, status="unavailable", reason=reason)))
    return found
