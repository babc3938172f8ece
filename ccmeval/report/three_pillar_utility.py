"""The third section of the three-pillar page: whether training on the synthetic frames helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ccmeval.report import three_pillar_utility_facts as facts
from ccmeval.report.numbers import fixed_text
from ccmeval.report.three_pillar_gallery import Album, Shot
from ccmeval.report.three_pillar_utility_curves import (
    CURVE_TITLES,
    curve_plot,
    curves_of,
    histories_of,
    history_plot,
)
from ccmeval.report.three_pillar_utility_differences import (
    differences_table,
    other_differences_table,
    primary_differences,
)
from ccmeval.report.three_pillar_utility_matrices import confusion_plot, reliability_plot
from ccmeval.report.three_pillar_utility_plots import forest_plot, scores_plot
from ccmeval.report.three_pillar_utility_scores import (
    all_scores_table,
    baseline_words,
    score_reasons,
    scores_table,
)
from ccmeval.report.three_pillar_utility_words import (
    GROUPS,
    SHORT_GROUPS,
    TASK_WORDS,
    full_label,
    group_order,
    tasks_of,
)
from ccmeval.report.three_pillar_words import badge, unique
from ccmeval.report.view import Cell, Table, plural
from ccmeval.utility.learning import Task
from ccmeval.utility.schema import (
    Calibration,
    Confusion,
    DifferenceRow,
    ScoreRow,
    SegmentationExample,
    UtilityResult,
)

MOST_SETS = 6
"""Rows of small figures, of a kind: one a learner (and level)."""

MOST_CURVES = 12
MOST_EXAMPLES = 6


@dataclass(frozen=True)
class Figure:
    """A figure with what it shows."""

    picture: Markup
    title: str
    words: str = ""


@dataclass(frozen=True)
class Figures:
    """Small figures that stand side by side, a group each."""

    title: str
    items: list[Figure]


@dataclass(frozen=True)
class Example:
    """A test frame with what each group found in it."""

    title: str
    shots: list[Shot]


@dataclass(frozen=True)
class Said:
    """The verdict of a task and learner."""

    badge: Cell
    learner: str
    sentence: str


@dataclass(frozen=True)
class TaskPart:
    """What is shown of one task."""

    name: str
    title: str
    verdicts: list[Said]
    scores: Table
    reasons: list[str]
    baseline: list[str]
    dots: Markup
    primary: str
    differences: Table
    forest: Markup
    confusions: list[Figures]
    reliability: list[Figures]
    curves: list[Figure]
    losses: list[Figures]
    examples: list[Example]
    others: Table
    other_differences: Table


def utility_view(found: UtilityResult, album: Album) -> dict[str, Any]:
    """Lay out what pillar 3 found.

    Parameters
    ----------
    found : UtilityResult
    album : Album
        Embeds the pictures of examples as long as there is room.

    Examples
    --------
    >>> from ccmeval.report.three_pillar_pictures import NoPictures
    >>> utility_view(UtilityResult(), Album(NoPictures()))["tasks"]
    []
    """
    clusters = cluster_words(found)
    return {
        "absent": "",
        "warnings": facts.split_warnings(found.protocol) + unique(
            [it.sentence for it in found.leaks if it.severity == "warning"][:MOST_EXAMPLES]
        ),
        "leaks": facts.leaks_table(found.leaks),
        "protocol": facts.protocol_table(found.protocol),
        "diagnoses": facts.protocol_diagnoses_table(found.protocol),
        "groups": facts.groups_table(found),
        "learners": facts.learners_table(found),
        "unavailable": facts.unavailable_table(found),
        "tasks": [_task_part(found, task, clusters, album) for task in tasks_of(found)],
        "agreement": facts.agreement_table(found.agreements),
        "units": facts.units_table(found.units),
        "units_words": facts.units_words(found.units),
        "notes": found.notes,
    }  # fmt: skip


def cluster_words(found: UtilityResult) -> str:
    """Name what counts as independent.

    Examples
    --------
    >>> cluster_words(UtilityResult())
    'subjects'
    """
    return "frames" if found.protocol and found.protocol.split_by == "frame" else "subjects"


def _task_part(found: UtilityResult, task: Task, clusters: str, album: Album) -> TaskPart:
    scores = [row for row in found.scores if row.task == task]
    differences = [row for row in found.differences if row.task == task]
    diagnosis = task == "diagnosis"
    primary = primary_differences(differences)
    named: list[ScoreRow | DifferenceRow] = [row for row in scores if row.primary]
    named += primary
    return TaskPart(
        name=task,
        title=TASK_WORDS[task],
        verdicts=[
            Said(badge(it.effect), it.learner, it.sentence) for it in found.verdicts if it.task == task
        ],
        scores=scores_table(scores, found.learners),
        reasons=score_reasons(scores),
        baseline=baseline_words(scores),
        dots=scores_plot(scores, found.units),
        primary=full_label(named[0]) if named else "",
        differences=differences_table(primary, clusters),
        forest=forest_plot(differences),
        confusions=confusion_rows(found.confusions) if diagnosis else [],
        reliability=_reliability_rows(found.calibrations) if diagnosis else [],
        curves=_curves(found, task),
        losses=_losses(found, task),
        examples=[] if diagnosis else examples_of(found.examples, album),
        others=all_scores_table(scores),
        other_differences=other_differences_table(differences, clusters),
    )


def confusion_rows(confusions: Sequence[Confusion]) -> list[Figures]:
    """Draw confusion matrices, a row a learner and level, a group a column.

    Examples
    --------
    >>> confusion_rows([])
    []
    """
    rows = []
    for learner, level in dict.fromkeys((it.learner, it.level) for it in confusions):
        chosen = [it for it in confusions if (it.learner, it.level) == (learner, level)]
        chosen.sort(key=lambda it: group_order(it.group))
        items = [Figure(confusion_plot(it), it.group, SHORT_GROUPS[it.group]) for it in chosen[: len(GROUPS)]]
        rows.append(Figures(f"{learner}, per {level}", [it for it in items if it.picture]))
    return [row for row in rows if row.items][:MOST_SETS]  # fmt: skip


def _reliability_rows(calibrations: Sequence[Calibration]) -> list[Figures]:
    rows = []
    for learner in dict.fromkeys(it.learner for it in calibrations):
        chosen = sorted(
            (it for it in calibrations if it.learner == learner), key=lambda it: group_order(it.group)
        )
        items = [
            Figure(reliability_plot(it), it.group, f"error {fixed_text(it.error, 3)}")
            for it in chosen[: len(GROUPS)]
        ]
        rows.append(Figures(learner, [it for it in items if it.picture]))
    return [row for row in rows if row.items][:MOST_SETS]


def _curves(found: UtilityResult, task: Task) -> list[Figure]:
    curves = curves_of([it for it in found.curves if it.task == task], found.scores)
    drawn = [
        Figure(curve_plot(it), CURVE_TITLES[it.points[0].curve], it.points[0].learner)
        for it in curves[:MOST_CURVES]
    ]
    return [it for it in drawn if it.picture]


def _losses(found: UtilityResult, task: Task) -> list[Figures]:
    rows = [
        Figures(
            learner,
            [
                Figure(history_plot(it, groups), it.group, plural(it.n_runs, "training run"))
                for it in groups[: len(GROUPS)]
            ],
        )
        for (of_task, learner), groups in histories_of(found.units).items()
        if of_task == task
    ]
    return rows[:MOST_SETS]


def examples_of(examples: Sequence[SegmentationExample], album: Album) -> list[Example]:
    """Show test frames with what each group found in them, as far as there are pictures.

    Examples
    --------
    >>> from ccmeval.report.three_pillar_pictures import NoPictures
    >>> examples_of([], Album(NoPictures()))
    []
    """
    shown = []
    for it in examples[:MOST_EXAMPLES]:
        named = sorted(
            it.files.items(), key=lambda pair: (pair[0] in SHORT_GROUPS, group_order(pair[0]))
        )  # truth first
        shots = [album.file(path, name, _dice_words(it, name)) for name, path in named[: len(GROUPS) + 3]]
        shots = [shot for shot in shots if shot.picture]
        if shots:
            shown.append(Example(f"{it.frame} ({it.learner})", shots))
    return shown


def _dice_words(it: SegmentationExample, name: str) -> str:
    said = [SHORT_GROUPS.get(name, "")]
    if name in it.dice:
        said.append(f"Dice {fixed_text(it.dice[name], 2)}")
    return "; ".join(filter(None, said))
