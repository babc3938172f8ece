"""What manifests say of generators, as pillar 3 understands it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.schema import Scale
from ccmeval.evaluation.sets import EvaluatedSet, SetName, clusters_of
from ccmeval.evaluation.settings import make_three_pillar_settings
from ccmeval.evaluation.utility_members import members_of
from ccmeval.utility.members import Member


def one_set(name: SetName, *extras: dict[str, str]) -> EvaluatedSet:
    records = [
        Record(f"{name}{i}.png", f"{name}{i}", Path(f"{i}.png"), subject=f"P{i}", extra=extra)
        for i, extra in enumerate(extras)
    ]
    cohort = Cohort(records, Path())
    return EvaluatedSet(name, "", cohort, clusters_of(cohort, name), sha256=["x"] * len(records))


def members(real: dict[str, str], synth: dict[str, str], **utility: Any) -> list[Member]:
    settings = make_three_pillar_settings(pillars=["utility"], utility=utility)
    parts = RunParts(
        one_set("real", real, {}), one_set("synth", synth), None, [], Scale(), settings, {}, Path()
    )
    return members_of(parts)


def test_what_is_declared_is_understood() -> None:
    real, other, synth = members(
        {"generator_training": "Yes"}, {"generator_subjects": "P1; P2 ;", "fold": "2"}
    )
    assert (real.generator_saw, other.generator_saw) == (True, False)
    assert synth.generator_subjects == {"P1", "P2"}
    assert synth.declared
    assert synth.fold == 2
    assert [it.row for it in (real, other, synth)] == [0, 1, 2]


def test_none_is_a_declaration_and_an_empty_cell_is_not() -> None:
    assert members({}, {"generator_subjects": "none"})[2].declared
    assert members({}, {"generator_subjects": "none"})[2].generator_subjects == frozenset()
    assert not members({}, {"generator_subjects": " "})[2].declared


def test_frames_of_the_test_split_are_held_out_except_under_cross_fit() -> None:
    assert [it.kind for it in members({"split": "Test"}, {})] == ["held-out", "real", "synth"]
    assert [it.kind for it in members({"split": "train"}, {"split": "test"})] == ["real", "real", "synth"]
    assert members({"split": "test"}, {}, cross_fit=True)[0].kind == "real"


@pytest.mark.parametrize(
    ("real", "synth", "match"),
    [
        ({"generator_training": "perhaps"}, {}, "write yes"),
        ({}, {"fold": "first"}, "write the number"),
        ({"fold": "-1"}, {}, "write the number"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    real: dict[str, str], synth: dict[str, str], match: str
) -> None:
    with pytest.raises(CcmevalError, match=match):
        members(real, synth)
