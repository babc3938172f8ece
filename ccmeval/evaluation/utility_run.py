"""Pillar 3 of a run: pools, splits, training runs, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import ValidationError

from ccmeval import plugins
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.evaluation.folder import TRAINED
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.utility_copies import near_copies
from ccmeval.evaluation.utility_examples import draw_examples
from ccmeval.evaluation.utility_members import members_of
from ccmeval.evaluation.utility_plan import keep_plan
from ccmeval.evaluation.utility_pools import TaskPool, task_pool
from ccmeval.evaluation.utility_works import WorkMaker
from ccmeval.plugins import Learner, WeightSource
from ccmeval.settings import SettingsError, first_problem
from ccmeval.utility.assembling import Trained, add_learner
from ccmeval.utility.execute import execute
from ccmeval.utility.group_scores import value_of
from ccmeval.utility.leakage import Copy
from ccmeval.utility.learning import Task
from ccmeval.utility.members import Member
from ccmeval.utility.metrics import primary_metric
from ccmeval.utility.plan import CurvePlace, plan_curves, plan_units, supply_of
from ccmeval.utility.replicates import Results, Tested, bare
from ccmeval.utility.schema import LearnerRow, Protocol, UnitRow, UtilityResult
from ccmeval.utility.splits import Split, make_split
from ccmeval.utility.store import UnitStore
from ccmeval.utility.units import UnitResult, UnitSpec


@dataclass(frozen=True)
class ReadyLearner:
    """A learner that is here, prepared, with its complete settings."""

    learner: Learner
    identity: str
    settings: dict[str, Any]
    weights: WeightSource


@dataclass
class ReadyTask:
    """A task with its frames and their division."""

    pool: TaskPool
    split: Split
    members: dict[int, Member] = field(default_factory=dict)


def evaluate_utility(parts: RunParts) -> UtilityResult:
    """Train and test every group, and compare them.

    Parameters
    ----------
    parts : RunParts

    Returns
    -------
    UtilityResult
        What could not be done stands in ``unavailable`` with the reason and the cure.

    Raises
    ------
    CcmevalError
        If test frames could have reached training, or the settings cannot be followed.
    """
    found = UtilityResult()
    members = members_of(parts)
    learners = _learners(parts, found)
    tasks = _tasks(parts, members, found) if learners else {}
    if not tasks:
        return found
    settings = parts.settings.utility
    by_learner = {name: ready.learner.tasks for name, ready in learners.items()}
    supplies = {task: supply_of(ready.split.folds, ready.pool.members) for task, ready in tasks.items()}
    plan = plan_units(settings, by_learner, supplies)
    places = plan_curves(settings, by_learner, supplies)
    results = _trained(parts, learners, tasks, plan)
    found.protocol = _protocol(parts, tasks)
    for task, ready in tasks.items():
        tested = Tested(ready.split, ready.members, settings.cross_fit)
        for name in learners:
            if task in by_learner[name]:
                parts.progress("Comparing groups", 0, 1)
                add_learner(found, _of_learner(parts, name, task, tested, results, plan, places), parts.watch)
    parts.progress("Comparing groups", 1, 1)
    _conclude(parts, found, learners, tasks, results, plan)
    return found


def _learners(parts: RunParts, found: UtilityResult) -> dict[str, ReadyLearner]:
    """Load and prepare the learners; those that cannot be used are listed with the reason."""
    settings = parts.settings.utility
    weights = WeightSource(settings.weights, settings.download)
    unknown = sorted(set(settings.learner) - set(settings.learners))
    if unknown:
        raise SettingsError(
            f"Setting utility.learner.{unknown[0]}: this learner is not asked for by learners."
        )
    ready = {}
    for name in settings.learners:
        try:
            learner = plugins.load("ccmeval.learners", name)
            own = _own_settings(learner, name, settings.learner.get(name, {}))
            identity = learner.prepare(weights)
        except UnavailableError as error:
            found.unavailable[name] = str(error)
            found.learners.append(LearnerRow(name=name, status="unavailable", reason=str(error)))
            continue
        ready[name] = ReadyLearner(learner, identity, own, weights)
        found.learners.append(
            LearnerRow(
                name=name, version=learner.version, identity=identity, licence=learner.licence,
                tasks=[task for task in settings.tasks if task in learner.tasks], settings=own,
            )
        )  # fmt: skip
    return ready


def _own_settings(learner: Learner, name: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return learner.settings_model.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise SettingsError(f"Setting utility.learner.{name}.{first_problem(error)}.") from error


def _tasks(parts: RunParts, members: Sequence[Member], found: UtilityResult) -> dict[Task, ReadyTask]:
    """Read the frames of each task and divide them; a task that lacks something is listed with the reason."""
    copies: Sequence[Copy] | None = None
    ready: dict[Task, ReadyTask] = {}
    for task in parts.settings.utility.tasks:
        pool = task_pool(parts, members, task, parts.out / TRAINED)
        copies = near_copies(parts) if copies is None else copies
        try:
            split = make_split(
                pool.members, parts.settings.utility, task, parts.settings.seed, copies=copies,
                others=parts.shared.others if parts.shared is not None else None,
            )  # fmt: skip
        except UnavailableError as error:
            found.unavailable[task] = str(error)
            continue
        ready[task] = ReadyTask(pool, split, {member.row: member for member in pool.members})
        known = {(leak.code, leak.sentence) for leak in found.leaks}
        found.leaks += [leak for leak in split.leaks if (leak.code, leak.sentence) not in known]
        found.notes += [note for note in (*pool.notes, *split.notes) if note not in found.notes]
    return ready


def _trained(
    parts: RunParts, learners: dict[str, ReadyLearner], tasks: dict[Task, ReadyTask], plan: Sequence[UnitSpec]
) -> Results:
    """Do all training runs that are not yet done."""
    folder = parts.out / TRAINED
    alone = parts.shared is None
    makers = {
        task: WorkMaker(ready.pool, ready.split, parts.settings, folder, ask_synth=alone)
        for task, ready in tasks.items()
    }
    works = []
    for spec in plan:
        ready = learners[spec.learner]
        works.append(makers[spec.task].work(spec, ready.identity, ready.settings, ready.weights))
    home = folder if parts.shared is None else parts.shared.folder / TRAINED
    keep_plan(works, folder, home)
    store = UnitStore(home)
    done = execute(works, store, parts.settings.utility.unit_jobs, parts.progress)
    found: dict[UnitSpec, UnitResult] = {}
    for work, result in zip(works, done, strict=True):
        found[bare(work.spec)] = result
    return found


def _of_learner(
    parts: RunParts,
    name: str,
    task: Task,
    tested: Tested,
    results: Results,
    plan: Sequence[UnitSpec],
    places: Sequence[CurvePlace],
) -> Trained:
    return Trained(
        name,
        tested,
        results,
        [spec for spec in plan if (spec.learner, spec.task, spec.curve) == (name, task, None)],
        [place for place in places if (place.learner, place.task) == (name, task)],
        parts.settings.utility,
        parts.settings.seed,
    )


def _protocol(parts: RunParts, tasks: dict[Task, ReadyTask]) -> Protocol:
    """Say how the groups were trained and tested; counts are those of the first task."""
    settings = parts.settings.utility
    split = next(iter(tasks.values())).split
    facts = split.facts
    steps = max(settings.steps_with(int(fold.train_rows.size)) for fold in split.folds)
    return Protocol(
        steps=steps,
        **{name: getattr(settings, name) for name in _SAME},
        selection=settings.selection,
        **{name: getattr(facts, name) for name in facts.__dataclass_fields__},
    )


_SAME = (
    *("budget", "fairness", "seeds", "epochs", "batch_size", "size_px", "segmentation_frame_px"),
    *("ratio", "loss_weight", "tolerance_um"),
)
"""Settings that the protocol repeats."""


def _conclude(
    parts: RunParts,
    found: UtilityResult,
    learners: dict[str, ReadyLearner],
    tasks: dict[Task, ReadyTask],
    results: Results,
    plan: Sequence[UnitSpec],
) -> None:
    """Add the rows of units, the learners' sizes, and pictures."""
    found.units = [_with_score(results[bare(spec)], tasks[spec.task], parts) for spec in plan]
    for row in found.learners:
        own = [unit for unit in found.units if unit.learner == row.name]
        row.n_parameters = max((unit.n_parameters for unit in own), default=0)
        row.notes = list(dict.fromkeys(note for unit in own for note in unit.notes))
    if "segmentation" in tasks:
        ready = tasks["segmentation"]
        first = next((name for name, it in learners.items() if "segmentation" in it.learner.tasks), None)
        if first is not None:
            found.examples = draw_examples(parts, ready.pool, ready.members, first, results)


def _with_score(result: UnitResult, ready: ReadyTask, parts: RunParts) -> UnitRow:
    """Add the primary metric on the validation frames, by which training runs can be told apart."""
    tested = Tested(ready.split, ready.members, parts.settings.utility.cross_fit)
    held = tested.validations({bare(result.spec): result}, [result.spec])[0]
    value = value_of(primary_metric(result.spec.task), held)
    return result.row.model_copy(update={"validation_score": value if np.isfinite(value) else None})


def refused(error: CcmevalError) -> UtilityResult:
    """Give the result of a pillar whose data were refused, for a run that has other pillars too."""
    return UtilityResult(
        unavailable={"diagnosis": str(error), "segmentation": str(error)}, notes=[f"Refused: {error}"]
    )
