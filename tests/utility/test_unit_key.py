"""The key of a unit: each ingredient changes it, and nothing else does."""

from __future__ import annotations

from dataclasses import fields, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ccmeval.utility import unit_key as module
from ccmeval.utility.learning import FramePool
from ccmeval.utility.portions import frame_digests, portion, portion_digest
from ccmeval.utility.unit_key import JobFacts, unit_key, unit_seed
from ccmeval.utility.units import UnitSpec
from tests.utility.scripted_learner import make_work, tiny_pool

SPEC = UnitSpec("diagnosis", "biomarker", "A", fold=0, seed=0)
FACTS = JobFacts(seed=3, steps=10, batch_size=8, size_px=96)
COMMON: dict[str, Any] = {
    "identity": "biomarker 1",
    "settings": {"rate": 0.1, "nested": {"a": 1, "b": (2, 3)}},
    "facts": FACTS,
    "content": {"train": "t", "validation": "v", "test": "x"},
    "classes": ["Control", "T1DPN"],
}
OTHER_SPEC = {
    "task": "segmentation", "learner": "unet", "group": "B", "fold": 1, "seed": 1, "ratio": 2.0,
    "per_diagnosis": 25, "loss_weight": 0.1, "curve": "ratio", "x": 2.0,
}  # fmt: skip
OTHER_FACTS = {
    "seed": 4, "steps": 11, "batch_size": 9, "size_px": 97, "evaluations": 9, "selection": "last",
    "tolerance_um": 3.0,
}  # fmt: skip
BASE = unit_key(SPEC, **COMMON)


def test_a_key_is_32_hexadecimal_digits_and_stable() -> None:
    assert len(BASE) == 32
    assert int(BASE, 16) >= 0
    assert unit_key(SPEC, **COMMON) == BASE


def test_every_field_of_the_spec_counts() -> None:
    assert set(OTHER_SPEC) == {field.name for field in fields(UnitSpec)}
    keys = {unit_key(replace(SPEC, **{name: value}), **COMMON) for name, value in OTHER_SPEC.items()}
    assert len(keys | {BASE}) == len(OTHER_SPEC) + 1


def test_every_fact_of_the_job_counts() -> None:
    assert set(OTHER_FACTS) == {field.name for field in fields(JobFacts)}
    keys = {
        unit_key(SPEC, **(COMMON | {"facts": replace(FACTS, **{name: value})}))
        for name, value in OTHER_FACTS.items()
    }
    assert len(keys | {BASE}) == len(OTHER_FACTS) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"identity": "biomarker 2"},
        {"settings": {"rate": 0.2, "nested": {"a": 1, "b": (2, 3)}}},
        {"settings": {"rate": 0.1, "nested": {"a": 1, "b": (3, 2)}}},
        {"settings": {"rate": 0.1, "nested": {"a": 1, "b": (2, 3)}, "new": None}},
        {"content": {"train": "other", "validation": "v", "test": "x"}},
        {"content": {"train": "v", "validation": "t", "test": "x"}},
        {"content": {"train": "t", "validation": "v", "test": "other"}},
        {"classes": ["T1DPN", "Control"]},
        {"classes": ["Control", "T1DPN", "T1NoDPN"]},
    ],
)
def test_every_other_ingredient_counts(change: dict[str, Any]) -> None:
    assert unit_key(SPEC, **(COMMON | change)) != BASE


@pytest.mark.parametrize("name", ["KEY_VERSION", "__version__"])
def test_versions_count(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(module, name, 99)
    assert unit_key(SPEC, **COMMON) != BASE


def test_the_order_of_mappings_does_not_count() -> None:
    turned = {"nested": {"b": [2, 3], "a": 1}, "rate": 0.1}
    content = dict(reversed(COMMON["content"].items()))
    assert unit_key(SPEC, **(COMMON | {"settings": turned, "content": content})) == BASE


def test_settings_of_other_types() -> None:
    class Kind(Enum):
        SMALL = "small"

    def key(value: object) -> str:
        return unit_key(SPEC, **(COMMON | {"settings": {"value": value}}))

    assert key(Path("a/b")) == key("a/b")
    assert key(Kind.SMALL) == key("small")
    assert key({"b", "a"}) == key(["a", "b"])
    with pytest.raises(TypeError, match="A learner's setting of type object cannot be hashed"):
        key(object())


def test_seeds_differ_by_all_but_the_group() -> None:
    base = unit_seed(0, "diagnosis", 0, 0)
    others = {unit_seed(1, "diagnosis", 0, 0), unit_seed(0, "segmentation", 0, 0)}
    others |= {unit_seed(0, "diagnosis", 1, 0), unit_seed(0, "diagnosis", 0, 1)}
    assert len(others | {base}) == 5
    assert all(0 <= seed < 2**31 for seed in others)


@pytest.mark.parametrize("what", ["frames", "masks", "biomarkers", "scale", "names", "more", "no masks"])
def test_all_that_is_known_of_a_frame_counts(what: str) -> None:
    def pool() -> FramePool:
        return replace(tiny_pool(), biomarkers=np.ones((12, 1)), biomarker_names=["CNFL"])

    changed, more = pool(), [""] * 12
    if what in ("frames", "masks", "biomarkers"):
        getattr(changed, what)[3] = 0.25 if what != "masks" else 1
    elif what == "more":
        more[3] = "another mask"
    else:
        new = {"scale": {"pixel_size_um": 4.5}, "names": {"biomarker_names": ["CNFD"]}}
        changed = replace(changed, **new.get(what, {"masks": None}))
    before, after = frame_digests(pool(), [""] * 12), frame_digests(changed, more)
    differs = [row for row in range(12) if before[row] != after[row]]
    assert differs == ([3] if what in ("frames", "masks", "biomarkers", "more") else list(range(12)))


def test_labels_weights_and_order_of_a_portion_count_and_row_numbers_do_not() -> None:
    digests = ["a", "b", "c", "a", "b"]
    base = portion_digest(digests, portion([0, 1], [0, 1], [1.0, 2.0]))
    assert portion_digest(digests, portion([3, 4], [0, 1], [1.0, 2.0])) == base
    others = [
        portion([1, 0], [1, 0], [2.0, 1.0]),
        portion([0, 1], [1, 1], [1.0, 2.0]),
        portion([0, 1], [0, 1], [1.0, 2.0 + 1e-12]),
        portion([0, 1, 1], [0, 1, 1], [1.0, 2.0, 2.0]),
        portion([0, 2], [0, 1], [1.0, 2.0]),
    ]
    assert len({portion_digest(digests, part) for part in others} | {base}) == 6


def test_portions_must_fit() -> None:
    with pytest.raises(ValueError, match="equally many"):
        portion([0, 1], [0])


def test_every_portion_of_a_work_enters_its_key(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"train": portion([0, 1, 2, 3], [0, 1, 0, 0])},
        {"validation": portion([4, 9], [0, 1])},
        {"test": portion([6, 7], [0, 1])},
        {"synth": [10]},
        {"examples": [6]},
    ]
    assert len({make_work(tmp_path, **change).key for change in changes}) == 6
    elsewhere = make_work(tmp_path, threads=7, keep_model=True)
    assert elsewhere.key == make_work(tmp_path).key
