"""Which units are trained, in which order, and for how many steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ccmeval.utility.fold import Fold
from ccmeval.utility.groups import Composition
from ccmeval.utility.learning import Task
from ccmeval.utility.members import Member
from ccmeval.utility.schema import Curve, Group
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.units import UnitSpec


@dataclass(frozen=True)
class Supply:
    """What the folds of a task have to train with.

    Attributes
    ----------
    n_folds : int
    ratio : float
        Synthetic frames per real training frame, in the fold that has least.
    per_diagnosis : float
        Synthetic frames of the diagnosis that has fewest, in the fold that has least.
    """

    n_folds: int
    ratio: float = math.inf
    per_diagnosis: float = math.inf


@dataclass(frozen=True)
class CurvePlace:
    """A point of a curve, and the units that serve it, whether trained for it or anyway.

    Attributes
    ----------
    task, learner, curve
    x : float
    group : {"A", "B"}
        A where no synthetic frame takes part.
    units : tuple of UnitSpec
        As in the plan; empty where `reason` says why there are none.
    reason : str
    """

    task: Task
    learner: str
    curve: Curve
    x: float
    group: Group
    units: tuple[UnitSpec, ...]
    reason: str = ""


def supply_of(folds: Sequence[Fold], members: Sequence[Member]) -> Supply:
    """Count what the folds of a task have to train with.

    Parameters
    ----------
    folds : sequence of Fold
    members : sequence of Member
    """
    known = {member.row: member.diagnosis or "" for member in members}
    ratio, fewest = math.inf, math.inf
    for fold in folds:
        ratio = min(ratio, fold.synth_rows.size / fold.train_rows.size)
        names = [known[int(row)] for row in fold.synth_rows]
        fewest = min([fewest, *(names.count(name) for name in set(names))])
    return Supply(len(folds), ratio, fewest)


def plan_units(
    settings: UtilitySettings,
    tasks_by_learner: Mapping[str, Sequence[Task]],
    supplies: Mapping[Task, Supply] | None = None,
) -> list[UnitSpec]:
    """List the units of a run, each once, so that the first ones cover every group.

    Parameters
    ----------
    settings : UtilitySettings
    tasks_by_learner : mapping of str to sequence of Task
        What each learner can learn; learners in the order in which they are asked for.
    supplies : mapping of Task to Supply, optional
        Of the tasks that can be learnt; without it all tasks of the settings, with as many folds as those ask
        for.

    Returns
    -------
    list of UnitSpec
        Of the groups: first seed and fold first, all groups of each. Then those that only curves need.

    Examples
    --------
    >>> settings = UtilitySettings(folds=2, groups="A,B", tasks="diagnosis", curves="ratio", ratios=(0, 1))
    >>> [(u.group, u.fold, u.x) for u in plan_units(settings, {"hmsvit": ["diagnosis"]})]
    [('A', 0, None), ('B', 0, None), ('A', 1, None), ('B', 1, None), ('B', 0, 1.0), ('B', 1, 1.0)]
    """
    told = _supplies(settings, supplies)
    main = [
        _spec(settings, task, learner, group, fold, seed)
        for fold, seed in _in_order(settings, told)
        for task, learner in _pairs(settings, tasks_by_learner, told)
        if fold < told[task].n_folds
        for group in _groups(settings, task)
    ]
    known = {_trained(unit): unit for unit in main}
    for place in plan_curves(settings, tasks_by_learner, supplies):
        for unit in place.units:
            known.setdefault(_trained(unit), unit)
    more = [unit for unit in known.values() if unit.curve is not None]
    return main + sorted(more, key=lambda unit: (unit.seed, unit.fold))


def plan_curves(
    settings: UtilitySettings,
    tasks_by_learner: Mapping[str, Sequence[Task]],
    supplies: Mapping[Task, Supply] | None = None,
) -> list[CurvePlace]:
    """List the points of the curves, each with the units of the plan that serve it.

    A point without synthetic frames is group A, one at the main setting is group B; neither is trained
    again, and neither is what two curves share.

    Parameters
    ----------
    settings : UtilitySettings
    tasks_by_learner : mapping of str to sequence of Task
    supplies : mapping of Task to Supply, optional
        Points beyond it have no units, but the reason.

    Returns
    -------
    list of CurvePlace

    Examples
    --------
    >>> settings = UtilitySettings(folds=2, tasks="diagnosis", curves="ratio", ratios=(0, 1, 5), ratio=1)
    >>> places = plan_curves(settings, {"hmsvit": ["diagnosis"]}, {"diagnosis": Supply(2, ratio=1.5)})
    >>> [(p.x, p.group, len(p.units), p.reason) for p in places]
    [(0.0, 'A', 2, ''), (1.0, 'B', 2, ''), (5.0, 'B', 0, 'The folds have 1.5 synthetic frames per real one.')]
    """
    told = _supplies(settings, supplies)
    known: dict[UnitSpec, UnitSpec] = {}
    places = []
    for task, learner in _pairs(settings, tasks_by_learner, told):
        for curve, x in _points(settings):
            reason = _beyond(curve, x, told[task])
            units = [] if reason else _units_at(settings, told[task], task, learner, curve, x)
            served = tuple(known.setdefault(_trained(unit), unit) for unit in units)
            group: Group = "A" if x == 0 and curve != "loss-weight" else "B"
            places.append(CurvePlace(task, learner, curve, x, group, served, reason))
    return places


def unit_steps(spec: UnitSpec, composition: Composition, settings: UtilitySettings, n_real_train: int) -> int:
    """Give the optimiser steps of a unit.

    Parameters
    ----------
    spec : UnitSpec
    composition : Composition
        What the unit trains with.
    settings : UtilitySettings
        Under ``equal-steps`` all units take `steps` (or what `epochs` come to); under ``equal-epochs`` those
        of group A do, and others in proportion to their frames, so that each frame is seen equally often.
    n_real_train : int
        Training frames of group A in this fold.

    Examples
    --------
    >>> import numpy as np
    >>> spec = UnitSpec("diagnosis", "hmsvit", "B", fold=0, seed=0)
    >>> composition = Composition(np.arange(30), np.ones(30), 20, 10)
    >>> unit_steps(spec, composition, UtilitySettings(steps=100), 20)
    100
    >>> unit_steps(spec, composition, UtilitySettings(steps=100, fairness="equal-epochs"), 20)
    150
    """
    steps = settings.steps_with(n_real_train)
    if settings.fairness == "equal-steps" or spec.group == "A":
        return steps
    return max(1, int(steps * composition.rows.size / n_real_train + 0.5))


def _supplies(settings: UtilitySettings, supplies: Mapping[Task, Supply] | None) -> Mapping[Task, Supply]:
    if supplies is not None:
        return supplies
    return {task: Supply(settings.folds) for task in settings.tasks}


def _pairs(
    settings: UtilitySettings, tasks_by_learner: Mapping[str, Sequence[Task]], told: Mapping[Task, Supply]
) -> list[tuple[Task, str]]:
    return [
        (task, learner)
        for task in settings.tasks
        if task in told
        for learner, tasks in tasks_by_learner.items()
        if task in tasks
    ]


def _in_order(settings: UtilitySettings, told: Mapping[Task, Supply]) -> Iterator[tuple[int, int]]:
    most = max((supply.n_folds for supply in told.values()), default=0)
    for seed in range(settings.seeds):
        for fold in range(most):
            yield fold, seed


def _groups(settings: UtilitySettings, task: Task) -> list[Group]:
    """Leave A-balanced out of segmentation, which has no diagnoses to balance: it would be A."""
    return [group for group in settings.groups if task == "diagnosis" or group != "A-balanced"]


def _spec(
    settings: UtilitySettings, task: Task, learner: str, group: Group, fold: int, seed: int
) -> UnitSpec:
    """Make a unit of the main setting; what its group does not use stays at the default."""
    spec = UnitSpec(task, learner, group, fold, seed)
    if group in ("A-dup", "B", "C"):
        spec = replace(spec, ratio=settings.ratio)
    return replace(spec, loss_weight=settings.loss_weight) if group == "B" else spec


def _trained(unit: UnitSpec) -> UnitSpec:
    """Give what is trained, whatever it is trained for."""
    return replace(unit, curve=None, x=None)


def _points(settings: UtilitySettings) -> Iterator[tuple[Curve, float]]:
    points: dict[Curve, Sequence[float]] = {
        "ratio": settings.ratios,
        "per-diagnosis": settings.per_diagnosis,
        "loss-weight": settings.loss_weights,
    }
    for curve in settings.curves:
        for x in sorted({float(x) for x in points[curve]}):
            yield curve, x


def _units_at(
    settings: UtilitySettings, supply: Supply, task: Task, learner: str, curve: Curve, x: float
) -> list[UnitSpec]:
    main = {group: _spec(settings, task, learner, group, 0, 0) for group in ("A", "B")}
    at = {
        "ratio": replace(main["B"], ratio=x),
        "per-diagnosis": replace(main["B"], ratio=None, per_diagnosis=int(x)),
        "loss-weight": replace(main["B"], loss_weight=x),
    }[curve]
    if x == 0 and curve != "loss-weight":
        at = main["A"]
    trained_anyway = at.group in settings.groups and at == main.get(at.group)
    if not trained_anyway:
        at = replace(at, curve=curve, x=x)
    return [
        replace(at, fold=fold, seed=seed) for seed in range(settings.seeds) for fold in range(supply.n_folds)
    ]


def _beyond(curve: Curve, x: float, supply: Supply) -> str:
    if curve == "ratio" and x > supply.ratio:
        return f"The folds have {supply.ratio:.2g} synthetic frames per real one."
    if curve == "per-diagnosis" and x > supply.per_diagnosis:
        return f"The folds have {supply.per_diagnosis:g} synthetic frames of some diagnosis."
    return ""
