"""How pillar 3 was run, in tables: protocol, groups, learners, leaks, agreement of labels, training runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ccmeval.report.numbers import NONE, fixed_text, number_text
from ccmeval.report.three_pillar_utility_words import (
    BASELINE,
    TASK_WORDS,
    group_order,
    percent_words,
)
from ccmeval.report.three_pillar_words import badge, fixed_cell, left_out, plain_text
from ccmeval.report.view import Cell, Head, Table, plural, some
from ccmeval.utility.learning import Task
from ccmeval.utility.schema import (
    GROUP_WORDS,
    LabelAgreement,
    Leak,
    Protocol,
    UnitRow,
    UtilityResult,
)

MOST_UNITS = 40
MOST_DIAGNOSES = 20
MOST_LEAKS = 20
_EXAMPLES = 4
_FAIRNESS = {
    "equal-steps": "every group the same optimiser steps, schedule, augmentation, validation frames and"
    " selection rule",
    "equal-epochs": "every group sees each of its frames equally often, so that larger sets train longer;"
    " A-dup is the control",
}
_TESTS = {
    "held-out set": "the held-out set, the same for every fold",
    "split of the real set": "subjects kept apart from the real set, the same for every fold",
    "cross-fit": "every fold in turn (cross-fit)",
}


def protocol_table(it: Protocol | None) -> Table:
    """Lay the protocol out, a row a property.

    Examples
    --------
    >>> protocol_table(None).rows
    []
    """
    heads = [Head("Protocol", long=True), Head("In this run", long=True)]
    if it is None:
        return Table("How groups were trained and tested.", heads)
    tested = _TESTS[it.test]
    if it.split_by == "frame":
        tested = tested.replace("subjects kept", "frames kept")
    ratio = "all that there are" if it.ratio is None else f"{it.ratio:g} for each real one"
    rows = [
        ("Budget", it.budget),
        ("Fairness", f"{it.fairness}: {_FAIRNESS[it.fairness]}"),
        ("Tested on", tested),
        ("Test frames", _frames(it.n_test_frames, it.n_test_subjects)),
        ("Real frames for training and validation", _frames(it.n_real_frames, it.n_real_subjects)),
        ("Synthetic frames that a fold may use", f"{it.n_synth_frames:,}"),
        ("Split by", it.split_by),
        (
            "Folds × seeds",
            f"{it.folds} × {it.seeds} = {plural(it.folds * it.seeds, 'training run')} a group",
        ),
        ("Optimiser steps", f"{it.steps:,}, {plural(it.batch_size, 'frame')} each"),
        ("What a network sees", f"{it.size_px} × {it.size_px} px; frames of {it.segmentation_frame_px} px for"
         " segmentation, before they are cropped"),
        ("Synthetic frames in B and C", ratio),
        ("Weight of the real frames’ loss (λ) in B", _weight(it.loss_weight)),
        ("State that is kept", it.selection),
        ("Tolerance of lengths", f"{it.tolerance_um:g} µm"),
    ]  # fmt: skip
    return Table("How groups were trained and tested.", heads, [[Cell(a), Cell(b or NONE)] for a, b in rows])


def _frames(count: int, subjects: int) -> str:
    return f"{count:,} of {plural(subjects, 'subject')}" if subjects else f"{count:,}, subjects unknown"


def _weight(value: float) -> str:
    return f"{value:g}{' (plain average)' if value == 0.5 else ''}"


def protocol_diagnoses_table(it: Protocol | None) -> Table:
    """Count frames by diagnosis: tested, real, synthetic.

    Examples
    --------
    >>> protocol_diagnoses_table(None).rows
    []
    """
    counts = (it.test_diagnoses, it.real_diagnoses, it.synth_diagnoses) if it else ()
    names = list(dict.fromkeys(name for one in counts for name in one))
    heads = [
        Head("Diagnosis", long=True),
        *[Head(words, number=True) for words in ("Tested", "Real", "Synthetic")],
    ]
    rows = [
        [Cell(name), *[Cell(f"{one.get(name, 0):,}") for one in counts]] for name in names[:MOST_DIAGNOSES]
    ]
    more = f"{len(names) - len(rows):,} more are in report.json." if len(names) > len(rows) else ""
    return Table("Frames of pillar 3 by diagnosis.", heads, rows, more)


def split_warnings(it: Protocol | None) -> list[str]:
    """Say what the split could not keep apart.

    Examples
    --------
    >>> split_warnings(None)
    []
    """
    if it is None or it.split_by == "subject":
        return []
    return [
        "Frames were split by frame, not by subject: frames of one person may stand on both sides, so every"
        " score here is too good and every interval too narrow."
    ]


def groups_table(found: UtilityResult) -> Table:
    """Say what each group means and what its training runs were given.

    Examples
    --------
    >>> groups_table(UtilityResult()).rows
    []
    """
    named = {row.group for part in (found.scores, found.differences, found.units) for row in part}
    heads = [
        Head("Group"),
        Head("Trained on", long=True),
        Head("Training frames", "real + synthetic,\nmean of the runs", number=True),
        Head("Distinct", number=True),
        Head("Steps", number=True),
        Head("Runs done", "all learners", number=True),
    ]
    body: list[list[Cell]] = []
    tasks: list[Task | None] = list(dict.fromkeys(row.task for row in found.units)) or [None]
    for task in tasks:
        if task:
            body.append([Cell(TASK_WORDS[task])])
        for group in sorted(named, key=group_order):
            rows = [row for row in found.units if (row.task, row.group, row.curve) == (task, group, None)]
            body += [_group_row(group, rows)] if rows or task is None else []
    return Table("What each group was trained on.", heads, body)


def _group_row(group: str, rows: Sequence[UnitRow]) -> list[Cell]:
    done = [row for row in rows if row.status == "done"]
    frames = f"{_mean(row.n_real for row in done)} + {_mean(row.n_synth for row in done)}" if done else NONE
    return [
        Cell(group),
        Cell(GROUP_WORDS[group]),
        Cell(frames),
        Cell(_mean(row.n_distinct for row in done)),
        Cell(_mean(row.steps for row in done if row.steps)),
        Cell(f"{len(done):,} of {len(rows):,}" if rows else NONE),
    ]


def _mean(values: Iterable[int]) -> str:
    known = list(values)
    return f"{round(sum(known) / len(known)):,}" if known else NONE


def learners_table(found: UtilityResult) -> Table:
    """List the learners.

    Examples
    --------
    >>> learners_table(UtilityResult()).rows
    []
    """
    heads = [
        Head("Learner", long=True),
        Head("Status"),
        Head("Tasks"),
        Head("Trainable parameters", number=True),
        Head("Licence"),
        Head("What it is, and what to know", long=True),
    ]
    rows = [
        [
            Cell(it.name, "interpretable baseline" if it.name == BASELINE else it.version),
            badge("unavailable") if it.status == "unavailable" else Cell("✓ trained", "", "good"),
            Cell(", ".join(it.tasks) or NONE),
            Cell(f"{it.n_parameters:,}" if it.n_parameters else NONE),
            Cell(it.licence or NONE),
            Cell("\n".join(filter(None, (it.identity, it.reason, *it.notes))) or NONE),
        ]
        for it in found.learners
    ]
    return Table("Learners.", heads, rows)


def unavailable_table(found: UtilityResult) -> Table:
    """List what could not run, with the reason and the cure.

    Examples
    --------
    >>> unavailable_table(UtilityResult(unavailable={"clip": "No weights; give --weights clip=PATH."})).rows
    [[Cell(words='clip', below='', tone=''), Cell(words='No weights; give --weights clip=PATH.', below='', tone='')]]
    """  # noqa: E501
    reasons = {it.name: it.reason for it in found.learners if it.status == "unavailable"} | found.unavailable
    rows = [[Cell(name), Cell(reason or "The reason is not stated.")] for name, reason in reasons.items()]
    return Table(
        "What could not run.",
        [Head("Task or learner", long=True), Head("Why, and the cure", long=True)],
        rows,
    )


def leaks_table(leaks: Sequence[Leak]) -> Table:
    """List by what test frames could have reached training, warnings first.

    Examples
    --------
    >>> leaks_table([]).rows
    []
    """
    ordered = sorted(leaks, key=lambda it: it.severity != "warning")
    heads = [
        Head("Severity"),
        Head("What was found, and what was done", long=True),
        Head("Frames", number=True),
        Head("Which", long=True),
    ]
    rows = [
        [
            badge(it.severity),
            Cell(it.sentence, it.code),
            Cell(f"{it.count:,}" if it.count else NONE),
            Cell(_which(it)),
        ]
        for it in ordered[:MOST_LEAKS]
    ]
    return Table("Leaks between test and training.", heads, rows,
                 left_out(len(ordered), MOST_LEAKS, "utility_leaks.csv"))  # fmt: skip


def _which(it: Leak) -> str:
    if not it.frames:
        return NONE
    hidden = max(it.count, len(it.frames)) - min(len(it.frames), _EXAMPLES)
    shown = some(it.frames[:_EXAMPLES], _EXAMPLES)
    return f"{shown} and {hidden:,} more" if hidden > 0 else shown


def agreement_table(rows: Sequence[LabelAgreement]) -> Table:
    """Lay out how often models of real frames agree with the synthetic labels, beside what they reach.

    Examples
    --------
    >>> agreement_table([]).rows
    []
    """
    heads = [
        Head("Synthetic frames labelled", long=True),
        Head("Frames", number=True),
        Head("Agreement", percent_words(0.95), number=True),
        Head("Cohen’s κ", number=True),
        Head("On real test frames", "accuracy of the\nsame models", number=True),
        Head("What the models said", "share of frames", long=True),
    ]
    body: list[list[Cell]] = []
    for name in dict.fromkeys(it.learner for it in rows):
        body.append([Cell(name)])
        of_one = sorted((it for it in rows if it.learner == name), key=lambda it: it.diagnosis is not None)
        body += [_agreement_row(it) for it in of_one[: MOST_DIAGNOSES + 1]]
    return Table("Labels of the synthetic frames against models that learnt from real ones.", heads, body)


def _agreement_row(it: LabelAgreement) -> list[Cell]:
    said = sorted(it.predicted.items(), key=lambda pair: -pair[1])
    words = ", ".join(f"{name} {100 * share:.0f} %" for name, share in said[:6])
    return [
        Cell(it.diagnosis if it.diagnosis is not None else "all frames"),
        Cell(f"{it.n_frames:,}"),
        fixed_cell(it.agreement, it.low, it.high, 3),
        Cell(fixed_text(it.kappa, 2)),
        Cell(fixed_text(it.real_accuracy, 3)),
        Cell(words or NONE),
    ]


def units_words(units: Sequence[UnitRow]) -> str:
    """Count the training runs.

    Examples
    --------
    >>> units_words([])
    'No training run is recorded.'
    """
    if not units:
        return "No training run is recorded."
    failed = sum(row.status == "failed" for row in units)
    hours = sum(row.seconds for row in units) / 3600
    time = f"{number_text(hours)} hours" if hours >= 1 else f"{number_text(60 * hours)} minutes"
    said = f"{plural(len(units), 'training run')}, {time} of computing together"
    return f"{said}; {failed:,} failed." if failed else f"{said}; none failed."


def units_table(units: Sequence[UnitRow]) -> Table:
    """List training runs, failed ones first.

    Examples
    --------
    >>> units_table([]).rows
    []
    """
    ordered = sorted(units, key=lambda row: row.status != "failed")
    heads = [
        Head("Task"),
        Head("Learner"),
        Head("Group"),
        Head("Fold, seed", number=True),
        Head("Status"),
        Head("Frames", "real + synthetic", number=True),
        Head("Steps", "best", number=True),
        Head("Validation", "loss; score", number=True),
        Head("Seconds", number=True),
        Head("Device; reason", long=True),
    ]
    body = [_unit_row(row) for row in ordered[:MOST_UNITS]]
    return Table(
        "Training runs, failed ones first.",
        heads,
        body,
        left_out(len(units), MOST_UNITS, "utility_units.csv"),
    )


def _unit_row(row: UnitRow) -> list[Cell]:
    place = f"{row.curve} {plain_text(row.x)}" if row.curve else ""
    return [
        Cell(row.task, row.key[:12]),
        Cell(row.learner),
        Cell(row.group, place),
        Cell(f"{row.fold}, {row.seed}"),
        badge(row.status),
        Cell(f"{row.n_real:,} + {row.n_synth:,}", f"{row.n_distinct:,} distinct"),
        Cell(f"{row.steps:,}", f"{row.best_step:,}"),
        Cell(f"{number_text(row.validation_loss)}; {number_text(row.validation_score)}"),
        Cell(number_text(row.seconds)),
        Cell("; ".join(filter(None, (row.device, row.reason))) or NONE),
    ]
