"""Criteria of pillar 3: whether adding the synthetic frames helps each task."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.evaluation.schema import Criterion, Verdict
from ccmeval.utility.learning import Task
from ccmeval.utility.schema import DifferenceRow, Effect, TaskVerdict, UtilityResult

_VERDICTS: dict[Effect, Verdict] = {
    "helps": "pass",
    "harms": "fail",
    "no detectable effect": "fail",
    "inconclusive": "inconclusive",
    "unavailable": "unavailable",
}
_SOURCE = (
    "The claim that synthetic frames are useful needs a gain over every control on real test frames: an"
    " interval above zero. (Settings utility.margin, utility.confidence.)"
)


def utility_criteria(
    result: UtilityResult, tasks: Sequence[Task] = ("diagnosis", "segmentation")
) -> list[Criterion]:
    """Judge pillar 3: one criterion a task, by the learner that is named first.

    A gain passes. Harm fails, and so does an interval that holds no gain as large as the margin: the
    frames were then shown not to be useful for this task and these models.

    Parameters
    ----------
    result : UtilityResult
    tasks : sequence of str
        Those that were asked for.

    Returns
    -------
    list of Criterion
        Also for tasks that could not be learnt, with the reason.
    """
    judged = [_criterion(verdict, _deciding(result, verdict)) for verdict in _first_of_each(result)]
    known = {verdict.task for verdict in result.verdicts}
    missing = [task for task in tasks if task not in known]
    return judged + [_made(task, "unavailable", _why(result, task)) for task in missing]


def _why(result: UtilityResult, task: Task) -> str:
    """Say why a task has no verdict: itself, or the learners that could have learnt it."""
    if task in result.unavailable:
        return result.unavailable[task]
    told = {
        name: reason
        for name, reason in result.unavailable.items()
        if name not in ("diagnosis", "segmentation")
    }
    reasons = [f"{name}: {reason}" for name, reason in told.items() if "," not in name or task in name]
    return " ".join(reasons) or f"No learner of this run can learn {task}; name one with --learner."


def _first_of_each(result: UtilityResult) -> list[TaskVerdict]:
    found: dict[str, TaskVerdict] = {}
    for verdict in result.verdicts:
        found.setdefault(verdict.task, verdict)
    return list(found.values())


def _deciding(result: UtilityResult, verdict: TaskVerdict) -> DifferenceRow | None:
    """Give the row of B against A by the primary metric: the numbers shown beside the verdict."""
    return next(
        (
            row
            for row in result.differences
            if row.primary
            and (row.task, row.learner) == (verdict.task, verdict.learner)
            and (row.group, row.against) == ("B", "A")
        ),
        None,
    )


def _criterion(verdict: TaskVerdict, row: DifferenceRow | None) -> Criterion:
    if row is None:  # the words may then be of C, of which this criterion does not speak
        why = f"{verdict.learner}: groups A and B were not both trained. {verdict.sentence}"
        return _made(verdict.task, "unavailable", why)
    numbers = {"value": row.value, "low": row.low, "high": row.high, "unit": row.label}
    return _made(verdict.task, _VERDICTS[verdict.effect], f"{verdict.learner}: {verdict.sentence}", **numbers)


def _made(task: str, verdict: Verdict, reason: str, **more: object) -> Criterion:
    fields = {
        "pillar": "utility",
        "name": f"gain-{task}",
        "sentence": f"Models that learn {task} from real and synthetic frames (B) do better on real test"
        " frames than those of every control without synthetic ones.",
        "source": _SOURCE,
        "limit": 0.0,
        "verdict": verdict,
        "reason": reason,
    }
    return Criterion.model_validate({**fields, **more})
