"""The plan: every unit once, all groups first, and every point of a curve served."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ccmeval.utility.fold import Fold
from ccmeval.utility.learning import Task
from ccmeval.utility.members import Member
from ccmeval.utility.plan import Supply, plan_curves, plan_units, supply_of
from ccmeval.utility.settings import UtilitySettings

BOTH: dict[str, list[Task]] = {"hmsvit": ["diagnosis", "segmentation"], "biomarker": ["diagnosis"]}


def test_groups_folds_and_seeds_of_what_each_learner_can_learn() -> None:
    units = plan_units(UtilitySettings(folds=3, seeds=2), BOTH)
    assert len(set(units)) == len(units) == (5 + 4 + 5) * 3 * 2
    assert Counter((u.task, u.learner) for u in units) == {
        ("diagnosis", "hmsvit"): 30,
        ("diagnosis", "biomarker"): 30,
        ("segmentation", "hmsvit"): 24,
    }
    first = units[:14]
    assert {(u.fold, u.seed) for u in first} == {(0, 0)}
    assert {u.group for u in first if u.task == "diagnosis"} == {"A", "A-dup", "A-balanced", "B", "C"}
    assert {u.group for u in first if u.task == "segmentation"} == {"A", "A-dup", "B", "C"}
    assert [(u.seed, u.fold) for u in units] == sorted((u.seed, u.fold) for u in units)


def test_only_tasks_that_can_be_learnt_with_the_folds_that_there_are() -> None:
    units = plan_units(UtilitySettings(folds=5), BOTH, {"segmentation": Supply(2)})
    assert {(u.task, u.fold) for u in units} == {("segmentation", 0), ("segmentation", 1)}


def test_what_a_group_does_not_use_is_not_part_of_its_unit() -> None:
    units = plan_units(UtilitySettings(folds=2, ratio=2.0, loss_weight=0.3), {"hmsvit": ["diagnosis"]})
    told = {u.group: (u.ratio, u.loss_weight) for u in units}
    assert told == {
        "A": (None, 0.5),
        "A-balanced": (None, 0.5),
        "A-dup": (2.0, 0.5),
        "B": (2.0, 0.3),
        "C": (2.0, 0.5),
    }


def curves(**more: Any) -> UtilitySettings:
    return UtilitySettings(
        folds=2, tasks="diagnosis", curves=("ratio", "per-diagnosis", "loss-weight"), ratio=1.0, **more
    )


def test_curve_units_are_trained_once_and_after_the_groups() -> None:
    settings = curves()
    units = plan_units(settings, {"hmsvit": ["diagnosis"]})
    main, more = units[:10], units[10:]
    assert all(u.curve is None for u in main)
    # 4 ratios beside 0 and 1, 6 numbers a diagnosis, 4 weights beside 0.5.
    assert Counter(u.curve for u in more) == {"ratio": 8, "per-diagnosis": 12, "loss-weight": 8}
    assert {u.group for u in more} == {"B"}
    assert not [u for u in more if u.ratio == 1.0 and u.loss_weight == 0.5]


def test_every_point_of_a_curve_is_served_by_units_of_the_plan() -> None:
    settings = curves()
    units = plan_units(settings, {"hmsvit": ["diagnosis"]})
    places = plan_curves(settings, {"hmsvit": ["diagnosis"]})
    assert [p.x for p in places if p.curve == "ratio"] == [0.0, 0.25, 0.5, 1.0, 2.0, 5.0]
    for place in places:
        assert [u.fold for u in place.units] == [0, 1]
        assert set(place.units) <= set(units)
        assert {u.group for u in place.units} == {place.group}
    served = {(p.curve, p.x): p.units[0] for p in places}
    assert served["ratio", 0.0].group == "A"
    assert served["ratio", 1.0] is not None
    assert served["ratio", 1.0] == served["loss-weight", 0.5]
    assert served["ratio", 1.0].curve is None
    assert served["per-diagnosis", 25.0].per_diagnosis == 25
    assert served["per-diagnosis", 25.0].ratio is None
    assert {u for p in places for u in p.units} | set(units[:10]) == set(units)


def test_points_beyond_the_set_are_not_trained_and_say_so() -> None:
    settings = curves()
    supply = {"diagnosis": Supply(2, ratio=2.0, per_diagnosis=60)}
    places = plan_curves(settings, {"hmsvit": ["diagnosis"]}, supply)  # type: ignore[arg-type]
    beyond = [(p.curve, p.x) for p in places if not p.units]
    assert beyond == [("ratio", 5.0), *(("per-diagnosis", float(x)) for x in (100, 250, 500, 1000))]
    assert all(bool(p.reason) == (not p.units) for p in places)


def test_a_curve_without_group_b_trains_its_main_point() -> None:
    settings = curves(groups=("A", "C"), ratios=(0, 1), per_diagnosis=(5,), loss_weights=(0.5,))
    units = plan_units(settings, {"hmsvit": ["diagnosis"]})
    assert Counter((u.group, u.curve) for u in units) == {
        ("A", None): 2,
        ("C", None): 2,
        ("B", "ratio"): 2,
        ("B", "per-diagnosis"): 2,
    }


def test_supply_is_that_of_the_poorest_fold() -> None:
    members = [Member(i, "real", "", "A") for i in range(4)]
    members += [Member(4 + i, "synth", "", "AAAB"[i]) for i in range(4)]
    rows = np.arange(8)
    folds = [
        Fold(0, rows[:4], rows[:0], rows[:0], rows[4:]),
        Fold(1, rows[:2], rows[:0], rows[:0], rows[4:]),
    ]
    assert supply_of(folds, members) == Supply(2, 1.0, 1)
