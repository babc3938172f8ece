"""Splits: shares by hand, and what must hold for any row of subjects."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.errors import CcmevalError
from ccmeval.preparing.splitting import Unit, assign
from ccmeval.preparing.using import SPLITS

SHARES = (0.7, 0.15, 0.15)
shares = st.tuples(st.integers(1, 20), st.integers(0, 10), st.integers(0, 10)).map(
    lambda parts: tuple(part / sum(parts) for part in parts)
)
diagnoses = st.lists(st.sampled_from(["Control", "T1NoDPN", "T1DPN"]), min_size=1, max_size=60)


def row(labels: list[str], start: int = 0) -> list[Unit]:
    return [Unit([f"S{i}"], label, f"mark {i}") for i, label in enumerate(labels, start)]


def test_exact_shares_where_they_can_be_had() -> None:
    units = row(["Control"] * 20 + ["T1DPN"] * 40)
    found = assign(units, SHARES, 3)
    control = Counter(found[f"S{i}"] for i in range(20))
    assert control == {"train": 14, "validation": 3, "test": 3}
    dpn = Counter(found[f"S{i}"] for i in range(20, 60))
    assert dpn == {"train": 28, "validation": 6, "test": 6}


def test_seeds_differ_and_order_does_not_matter() -> None:
    units = row(["Control"] * 30)
    assert assign(units, SHARES, 1) == assign(units[::-1], SHARES, 1)
    assert assign(units, SHARES, 1) != assign(units, SHARES, 2)


@settings(max_examples=150, deadline=None)
@given(diagnoses, shares, st.integers(0, 5))
def test_no_split_is_off_its_share_by_a_subject(
    labels: list[str], parts: tuple[float, float, float], seed: int
) -> None:
    found = assign(row(labels), parts, seed)
    assert set(found) == {f"S{i}" for i in range(len(labels))}
    for label in set(labels):
        inside = [found[f"S{i}"] for i, one in enumerate(labels) if one == label]
        for split, share in zip(SPLITS, parts, strict=True):
            assert abs(inside.count(split) - share * len(inside)) < 1
            assert share > 0 or split not in inside


@settings(max_examples=150, deadline=None)
@given(diagnoses, diagnoses, shares)
def test_newcomers_move_nobody_and_shares_still_hold(
    first: list[str], more: list[str], parts: tuple[float, float, float]
) -> None:
    old = row(first)
    before = assign(old, parts, 0)
    strata = {f"S{i}": label for i, label in enumerate(first)}
    units = old + row(more, len(first))
    after = assign(units, parts, 0, before, strata)
    assert {name: after[name] for name in before} == before
    for label in set(first + more):
        inside = [after[unit.names[0]] for unit in units if unit.stratum == label]
        for split, share in zip(SPLITS, parts, strict=True):
            assert abs(inside.count(split) - share * len(inside)) < 1


def test_units_of_several_names_stay_together() -> None:
    units = [*row(["Control"] * 5), Unit(["A", "B"], "Control", "m")]
    found = assign(units, SHARES, 0)
    assert found["A"] == found["B"]
    with pytest.raises(CcmevalError, match="capitals or blanks"):
        assign(units, SHARES, 0, {"A": "train", "B": "test"})
    assert assign(units, SHARES, 0, {"A": "test"})["B"] == "test"
