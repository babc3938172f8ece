"""What all parts of the report's third section share: names of groups, order of rows, choice of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, get_args

from ccmeval.report.style import (
    BLUE,
    BLUISH_GREEN,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    hex_colour,
)
from ccmeval.utility.learning import Task
from ccmeval.utility.schema import DifferenceRow, Group, ScoreRow, UtilityResult

TASKS: tuple[Task, ...] = get_args(Task)
GROUPS: tuple[Group, ...] = get_args(Group)
TASK_WORDS = {"diagnosis": "Diagnosis", "segmentation": "Segmentation of nerves"}
SHORT_GROUPS = {
    "A": "real",
    "A-dup": "real, repeated",
    "A-balanced": "real, balanced",
    "B": "real + synthetic",
    "C": "synthetic",
}
"""What a group was trained on, where there is little room."""

GROUP_COLOURS = {
    "A": hex_colour(BLUE),
    "A-dup": hex_colour(SKY_BLUE),
    "A-balanced": hex_colour(BLUISH_GREEN),
    "B": hex_colour(REDDISH_PURPLE),
    "C": hex_colour(VERMILLION),
}
"""Real frames are blue and synthetic ones vermillion everywhere; each group has a mark of its own as well."""

BASELINE = "biomarker"
"""The interpretable learner that every network should beat."""

MOST_MAIN = 6
"""Metrics side by side; the others are folded away."""

MOST_LEARNERS = 8
"""Of a task, in figures."""

_Row = TypeVar("_Row", ScoreRow, DifferenceRow)
MetricKey = tuple[str, str, str]
"""Machine name, label and level."""


def tasks_of(found: UtilityResult) -> list[Task]:
    """List the tasks that a result speaks of.

    Examples
    --------
    >>> tasks_of(UtilityResult())
    []
    """
    parts = (found.verdicts, found.scores, found.differences, found.units, found.curves)
    named = {row.task for part in parts for row in part}
    named |= {"diagnosis"} if found.confusions or found.calibrations else set()
    named |= {"segmentation"} if found.examples else set()
    return [it for it in TASKS if it in named]


def metric_key(row: ScoreRow | DifferenceRow) -> MetricKey:
    """Tell a metric from another; two levels of one name are two metrics.

    Examples
    --------
    >>> metric_key(ScoreRow(task="diagnosis", learner="l", group="A", metric="m", label="M", level="frame"))
    ('m', 'M', 'frame')
    """
    return row.metric, row.label, row.level


def by_metric(rows: Sequence[_Row]) -> dict[MetricKey, list[_Row]]:
    """Bring the rows of each metric together, the primary one first.

    Examples
    --------
    >>> by_metric([])
    {}
    """
    found: dict[MetricKey, list[_Row]] = {}
    for row in sorted(rows, key=lambda it: not it.primary):
        found.setdefault(metric_key(row), []).append(row)
    return found


def main_metrics(scores: Sequence[ScoreRow]) -> list[MetricKey]:
    """Choose the metrics that stand side by side: the primary one and the first that are of all frames.

    Examples
    --------
    >>> main_metrics([])
    []
    """
    return list(by_metric([row for row in scores if row.diagnosis is None]))[:MOST_MAIN]


def level_words(level: str, label: str = "") -> str:
    """Say what counts once, unless the label says it already.

    Examples
    --------
    >>> level_words("subject"), level_words("frame", "Accuracy per frame"), level_words("pooled over frames")
    ('per subject', '', 'pooled over frames')
    """
    words = f"per {level}" if level in ("frame", "subject") else level
    return "" if words.lower() in label.lower() else words


def full_label(row: ScoreRow | DifferenceRow) -> str:
    """Name a metric by label, level and unit.

    Examples
    --------
    >>> full_label(ScoreRow(task="diagnosis", learner="l", group="A", metric="m", label="M", level="frame"))
    'M, per frame'
    """
    named = ", ".join(filter(None, (row.label, level_words(row.level, row.label))))
    return f"{named} ({row.unit})" if row.unit else named


def percent_words(confidence: float) -> str:
    """Name an interval by its level.

    Examples
    --------
    >>> percent_words(0.95)
    '95 % CI'
    """
    return f"{100 * confidence:g} % CI"


def group_order(group: str) -> int:
    """Give the place of a group in tables.

    Examples
    --------
    >>> sorted(["C", "A-dup", "A"], key=group_order)
    ['A', 'A-dup', 'C']
    """
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


def learners_in(rows: Sequence[ScoreRow | DifferenceRow]) -> list[str]:
    """List learners as they come, the baseline last, under the networks that it is held against.

    Examples
    --------
    >>> learners_in([])
    []
    """
    names = dict.fromkeys(row.learner for row in rows)
    return sorted(names, key=lambda name: name == BASELINE)
