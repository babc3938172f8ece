"""What groups train with: counts, weights and choices, by hand and as invariants."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.utility.fold import Fold
from ccmeval.utility.groups import compose
from ccmeval.utility.members import Member
from ccmeval.utility.units import UnitSpec
from tests.utility.crowd import CLASSES

B = UnitSpec("diagnosis", "hmsvit", "B", fold=0, seed=0)
LESS_WORK = settings(max_examples=60, deadline=None)


def world(real: list[int], synth: list[int]) -> tuple[Fold, list[Member]]:
    """Make a fold with so many real and synthetic frames of each diagnosis."""
    names = [
        (kind, CLASSES[i])
        for kind, counts in (("real", real), ("synth", synth))
        for i, n in enumerate(counts)
        for _ in range(n)
    ]
    members = [Member(row, kind, f"{row}", name) for row, (kind, name) in enumerate(names)]  # type: ignore[arg-type]
    rows = np.arange(len(members))
    nobody = rows[:0]
    return Fold(0, rows[: sum(real)], nobody, nobody, rows[sum(real) :]), members


def counts(rows: np.ndarray, members: list[Member]) -> list[int]:
    found = Counter(members[int(row)].diagnosis for row in rows)
    return [found[name] for name in CLASSES]


SIZES = st.lists(st.integers(1, 12), min_size=3, max_size=3)


@LESS_WORK
@given(SIZES, SIZES, st.integers(0, 9), st.sampled_from([None, 0.25, 1.0, 3.0]))
def test_control_has_the_count_of_b_and_c_its_synthetic_frames(
    real: list[int], synth: list[int], seed: int, ratio: float | None
) -> None:
    fold, members = world(real, synth)
    spec = replace(B, ratio=ratio)
    a, dup, b, c = (
        compose(replace(spec, group=group), fold, members, seed)  # type: ignore[arg-type]
        for group in ("A", "A-dup", "B", "C")
    )
    assert a.rows.tolist() == b.rows[: b.n_real].tolist() == fold.train_rows.tolist()
    assert dup.rows.size == b.rows.size == b.n_real + b.n_synth
    assert c.rows.tolist() == b.rows[b.n_real :].tolist()
    repeats = Counter(dup.rows.tolist()).values()
    assert len(repeats) == sum(real)
    assert max(repeats) - min(repeats) <= 1
    assert dup.n_synth == a.n_synth == c.n_real == 0
    for one in (a, dup, b, c):
        assert one.weights.tolist() == [1.0] * one.rows.size


@LESS_WORK
@given(SIZES, SIZES, st.integers(0, 9), st.floats(0.05, 4), st.floats(0.05, 4))
def test_choices_are_nested_even_and_without_repeats(
    real: list[int], synth: list[int], seed: int, one: float, other: float
) -> None:
    fold, members = world(real, synth)
    few, many = (
        compose(replace(B, group="C", ratio=ratio), fold, members, seed) for ratio in sorted((one, other))
    )
    assert set(few.rows.tolist()) <= set(many.rows.tolist())
    assert (
        many.n_distinct == many.rows.size == min(max(round_half(max(one, other) * sum(real)), 1), sum(synth))
    )
    held = counts(many.rows, members)
    for i in range(3):
        # A diagnosis has fewer than another, by more than one, only where it has no more.
        assert held[i] >= max(held) - 1 or held[i] == synth[i]


def round_half(value: float) -> int:
    return int(np.floor(value + 0.5))


def test_frames_per_diagnosis_are_nested_and_what_is_missing_is_told() -> None:
    fold, members = world([4, 4, 4], [10, 10, 3])
    few, many = (compose(replace(B, group="C", per_diagnosis=n), fold, members, 0) for n in (2, 5))
    assert counts(few.rows, members) == [2, 2, 2]
    assert counts(many.rows, members) == [5, 5, 3]
    assert set(few.rows.tolist()) < set(many.rows.tolist())
    assert (few.n_missing, few.note, many.n_missing) == (0, "", 2)
    assert many.note.startswith("2 synthetic frames fewer than asked for")


def test_a_ratio_beyond_the_set_is_capped_and_told() -> None:
    fold, members = world([2, 2, 2], [1, 1, 1])
    found = compose(replace(B, ratio=2.0), fold, members, 0)
    assert (found.n_real, found.n_synth, found.n_missing) == (6, 3, 9)


@LESS_WORK
@given(SIZES, st.integers(0, 9))
def test_balanced_group_has_equal_diagnoses_and_loses_no_frame(real: list[int], seed: int) -> None:
    fold, members = world(real, [1, 1, 1])
    found = compose(replace(B, group="A-balanced"), fold, members, seed)
    assert counts(found.rows, members) == [max(real)] * 3
    assert set(found.rows.tolist()) == set(fold.train_rows.tolist())
    for i, n in enumerate(real):
        repeats = Counter(row for row in found.rows.tolist() if members[row].diagnosis == CLASSES[i])
        assert {max(real) // n} <= set(repeats.values()) <= {max(real) // n, max(real) // n + 1}


@LESS_WORK
@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.05, 0.95))
def test_weighted_mean_loss_is_that_of_the_definition(n_real: int, n_synth: int, share: float) -> None:
    fold, members = world([n_real, 0, 0], [n_synth, 0, 0])
    found = compose(replace(B, loss_weight=share), fold, members, 0)
    losses = np.random.default_rng(0).random(n_real + n_synth)
    real, synth, n = losses[:n_real].mean(), losses[n_real:].mean(), n_real + n_synth
    wanted = share * n_real / n * real + (1 - share) * n_synth / n * synth
    factor = n / (share * n_real + (1 - share) * n_synth)
    assert (found.weights * losses).mean() == pytest.approx(factor * wanted)
    assert found.weights.mean() == pytest.approx(1.0)


def test_weights_by_hand() -> None:
    fold, members = world([1, 0, 0], [3, 0, 0])
    # 0.8 and three times 0.2 have the mean 0.35.
    found = compose(replace(B, loss_weight=0.8), fold, members, 0)
    np.testing.assert_allclose(found.weights, [0.8 / 0.35, 0.2 / 0.35, 0.2 / 0.35, 0.2 / 0.35])


def test_choice_follows_seed_and_fold_alone() -> None:
    fold, members = world([4, 4, 4], [20, 20, 20])
    spec = replace(B, ratio=1.0)
    chosen = [
        compose(
            s, replace(fold, index=s.fold), members[::-1] if s.learner == "x" else members, seed
        ).rows.tolist()
        for s, seed in [
            (spec, 0),
            (replace(spec, learner="x", loss_weight=0.3), 0),
            (spec, 1),
            (replace(spec, seed=1), 0),
            (replace(spec, fold=1), 0),
        ]
    ]
    assert chosen[0] == chosen[1]
    assert len({tuple(rows) for rows in chosen}) == 4
    with pytest.raises(ValueError, match="fold 1 was given fold 0"):
        compose(replace(spec, fold=1), fold, members, 0)
