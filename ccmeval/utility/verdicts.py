"""What a task comes to: the hybrid group against every control that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from ccmeval.utility.learning import Task
from ccmeval.utility.numbers import group_words, plain, signed
from ccmeval.utility.schema import DifferenceRow, Effect, Group, TaskVerdict

CONTROLS: Final[dict[Task, tuple[Group, ...]]] = {
    "diagnosis": ("A", "A-balanced", "A-dup"),
    "segmentation": ("A", "A-dup"),
}
"""Groups that hybrid training must beat. Balancing diagnoses is no control of segmentation."""


def task_verdict(
    differences: Sequence[DifferenceRow],
    learner: str,
    task: Task,
    split_by: Literal["subject", "frame"] = "subject",
) -> TaskVerdict:
    """Judge a task by its primary metric.

    Parameters
    ----------
    differences : sequence of DifferenceRow
        Of any tasks, learners and metrics; those of group B (or, where it was not trained, C) on the
        primary metric of `task` are used.
    learner, task : str
    split_by : {"subject", "frame"}
        What the test set's independent units are called.

    Returns
    -------
    TaskVerdict

    Notes
    -----
    In this order:

    - `unavailable`: no difference from A is known.
    - `harms`: the group is worse than A. Whether some other control beats it is no harm done by synthetic
      frames: who adds them to A loses nothing, though the same gain could be had without them.
    - `helps`: better than each control that is there. Each is tested at the full level, and a claim needs
      all of them (intersection-union test: Berger, Technometrics 1982;24:295), so no adjustment for
      several controls is needed.
    - `no detectable effect`: against A it helps or has no detectable effect, and against some control it has
      no detectable effect or is worse: what it gains, if anything, is the gain of that control.
    - `inconclusive`: the rest, also where a control could not be judged.

    The sentence tells of the control that the group exceeds by least.
    """
    rows = _rows(differences, learner, task)
    main = next((row for row in rows if row.against == "A"), None)
    if main is None or main.effect == "unavailable" or main.value is None:
        why = main.sentence if main is not None else "No group with synthetic frames was compared with A."
        return TaskVerdict(task=task, learner=learner, effect="unavailable", sentence=why)
    effect = _effect(main, rows)
    told = main if effect == "harms" else min(rows, key=_advantage)
    return TaskVerdict(
        task=task,
        learner=learner,
        effect=effect,
        sentence=_sentence(effect, told, main, rows, f"test {split_by}s"),
    )


def _rows(differences: Sequence[DifferenceRow], learner: str, task: Task) -> list[DifferenceRow]:
    found = [
        row
        for row in differences
        if row.primary and row.task == task and row.learner == learner and row.against in CONTROLS[task]
    ]
    hybrid = [row for row in found if row.group == "B"]
    return hybrid or [row for row in found if row.group == "C"]


def _effect(main: DifferenceRow, rows: Sequence[DifferenceRow]) -> Effect:
    effects = {row.effect for row in rows}
    if main.effect == "harms":
        return "harms"
    if effects == {"helps"}:
        return "helps"
    explained = bool(effects & {"no detectable effect", "harms"})
    if main.effect in ("helps", "no detectable effect") and explained:
        return "no detectable effect"
    return "inconclusive"


def _advantage(row: DifferenceRow) -> float:
    """How far the group exceeds a control, in the sense in which more is better; unknown ones come last."""
    if row.value is None:
        return float("inf")
    return -row.value if row.better == "lower" else row.value


def _sentence(
    effect: Effect, told: DifferenceRow, main: DifferenceRow, rows: Sequence[DifferenceRow], units: str
) -> str:
    head = _HEADS[effect].format(group=group_words(told.group))
    facts = (
        f"{told.label} changes by {signed(told.value or 0.0, told.unit)} against {group_words(told.against)}"
        f" ({100 * told.confidence:g} % interval {_end(told.low)} to {_end(told.high)}, {told.n_clusters}"
        f" {units}, {told.n_units} models a group)"
    )
    detectable = ""
    if told.smallest_detectable is not None:
        detectable = (
            f" The smallest difference that this test set could show is"
            f" {plain(told.smallest_detectable, told.unit)}."
        )
    return f"{head}: {facts}{_limit(effect, told, main)}.{_unjudged(rows)}{detectable}"


_HEADS: Final[dict[Effect, str]] = {
    "helps": "{group} beats every control",
    "harms": "{group} does worse than real frames alone",
    "no detectable effect": "{group} gives no gain that its controls do not give as well",
    "inconclusive": "This test cannot tell whether {group} helps",
    "unavailable": "{group} cannot be judged",
}


def _limit(effect: Effect, told: DifferenceRow, main: DifferenceRow) -> str:
    """Say what a gain over A alone was worth."""
    if told is main or effect == "helps" or main.effect != "helps":
        return ""
    return f", though it exceeds A by {signed(main.value or 0.0, main.unit)}"


def _unjudged(rows: Sequence[DifferenceRow]) -> str:
    names = [row.against for row in rows if row.effect == "unavailable"]
    return f" It could not be held against {', '.join(names)}." if names else ""


def _end(value: float | None) -> str:
    return "unknown" if value is None else plain(value)
