"""The split: nobody on two sides, every diagnosis everywhere, the same again for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.clusters import OtherSets
from ccmeval.utility.members import Member
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.splits import OWN_TEST, Split, make_split
from tests.utility.crowd import CLASSES, crowds, made, simple

FEW = settings(max_examples=60, deadline=None)


def subjects(members: list[Member], rows: np.ndarray) -> set[str | None]:
    known = {m.row: m.subject for m in members}
    return {known[int(row)] for row in rows}


def diagnoses(members: list[Member], rows: np.ndarray) -> set[str | None]:
    known = {m.row: m.diagnosis for m in members}
    return {known[int(row)] for row in rows}


def as_lists(split: Split) -> list[list[list[int]]]:
    return [
        [part.tolist() for part in (f.train_rows, f.validation_rows, f.test_rows, f.synth_rows)]
        for f in split.folds
    ]


def check(members: list[Member], split: Split, *, every_class: bool) -> None:
    validated: Counter[int] = Counter()
    for fold in split.folds:
        parts = (fold.train_rows, fold.validation_rows, fold.test_rows)
        sides = [subjects(members, part) for part in parts]
        assert all(part.size for part in parts)
        assert len(sides[0] | sides[1] | sides[2]) == sum(map(len, sides))
        if every_class:
            assert all(diagnoses(members, part) == set(split.classes) for part in parts)
        assert {m.row for m in members if m.kind == "real"} == set(np.concatenate(parts).tolist())
        validated.update(fold.validation_rows.tolist())
    rest = {m.row for m in members if m.kind == "real"} - set(split.test_rows.tolist())
    if split.facts.test == "split of the real set":
        assert validated == dict.fromkeys(rest, 1)


@FEW
@given(crowds(), st.integers(0, 5), st.integers(2, 6), st.sampled_from([0.1, 0.2, 0.5]))
def test_diagnosis_split_keeps_subjects_apart_and_classes_present(
    members: list[Member], seed: int, folds: int, share: float
) -> None:
    wanted = UtilitySettings(folds=folds, test_share=share)
    try:
        split = make_split(members, wanted, "diagnosis", seed)
    except UnavailableError:
        # Only where subjects of several diagnoses leave a class with fewer than three whole ones.
        pure = Counter(
            next(iter(names))
            for subject in {m.subject for m in members if m.kind == "real"}
            if len(names := {m.diagnosis for m in members if m.subject == subject}) == 1
        )
        assert min(pure[name] for name in CLASSES) < 4
        return
    check(members, split, every_class=True)
    assert all(np.array_equal(fold.test_rows, split.test_rows) for fold in split.folds)
    shuffled = list(np.random.default_rng(seed).permutation(np.array(members, dtype=object)))
    assert as_lists(make_split(shuffled, wanted, "diagnosis", seed)) == as_lists(split)


@FEW
@given(crowds(least=1), st.integers(0, 3), st.integers(2, 6))
def test_segmentation_split_needs_no_classes(members: list[Member], seed: int, folds: int) -> None:
    assume(len({m.subject for m in members if m.kind == "real"}) > 3)
    check(members, make_split(members, UtilitySettings(folds=folds), "segmentation", seed), every_class=False)


@FEW
@given(crowds(least=4), st.integers(0, 3))
def test_cross_fit_tests_every_frame_once(members: list[Member], seed: int) -> None:
    real = [m for m in members if m.kind == "real"]
    assume(all(len({m.diagnosis for m in real if m.subject == one.subject}) == 1 for one in real))
    saw = frozenset({"somebody else"})
    n = len(real)
    synth = [
        Member(n + i, "synth", "s", CLASSES[i % 3], fold=i % 4, generator_subjects=saw) for i in range(12)
    ]
    split = make_split([*real, *synth], UtilitySettings(folds=4, cross_fit=True), "diagnosis", seed)
    check([*real, *synth], split, every_class=True)
    tested = Counter(row for fold in split.folds for row in fold.test_rows.tolist())
    assert tested == dict.fromkeys(range(n), 1)
    for fold, following in zip(split.folds, (*split.folds[1:], split.folds[0]), strict=True):
        assert fold.validation_rows.tolist() == following.test_rows.tolist()
        assert fold.synth_rows.tolist() == [m.row for m in synth if m.fold == fold.index]
    assert split.facts.test == "cross-fit"


def test_one_in_five_subjects_of_each_diagnosis_is_tested() -> None:
    members = simple(30, frames=2)
    split = make_split(members, UtilitySettings(folds=4), "diagnosis", 3)
    assert split.facts.n_test_subjects == 6
    assert split.facts.test_diagnoses == dict.fromkeys(CLASSES, 4)
    assert (split.facts.n_real_frames, split.facts.n_real_subjects, split.facts.n_synth_frames) == (
        48,
        24,
        30,
    )
    assert split.notes == ()
    assert as_lists(split) == as_lists(make_split(members, UtilitySettings(folds=4), "segmentation", 3))
    assert as_lists(split) != as_lists(make_split(members, UtilitySettings(folds=4), "diagnosis", 4))


def test_held_out_set_is_the_test_set() -> None:
    real = simple(9)
    held = made({f"Q{i}": [CLASSES[i % 3]] for i in range(3)}, 0, kind="held-out", start=100)
    split = make_split([*real, *held], UtilitySettings(), "diagnosis", 0)
    assert split.test_rows.tolist() == [100, 101, 102]
    assert split.facts.test == "held-out set"
    validated = sorted(row for fold in split.folds for row in fold.validation_rows.tolist())
    assert validated == list(range(27))


def test_subjects_that_a_generator_saw_and_sources_of_masks_are_not_tested() -> None:
    members = [replace(m, generator_saw=m.kind == "real" and int(str(m.subject)[1:]) < 9) for m in simple(30)]
    sources = [
        replace(m, subject=f"P{9 + i % 12:02d}") if m.kind == "synth" else m for i, m in enumerate(members)
    ]
    for seed in range(5):
        tested = subjects(sources, make_split(sources, UtilitySettings(), "diagnosis", seed).test_rows)
        assert all(int(str(name)[1:]) >= 21 for name in tested)


def test_subjects_declared_by_the_synthetic_set_are_not_tested() -> None:
    saw = frozenset(f"P{i:02d}" for i in range(21))
    members = [replace(m, generator_subjects=saw) if m.kind == "synth" else m for m in simple(30)]
    tested = subjects(members, make_split(members, UtilitySettings(), "diagnosis", 0).test_rows)
    assert not tested & saw
    assert len(tested) == 6


def test_fewer_unseen_subjects_than_wanted_make_a_smaller_test_set_with_a_note() -> None:
    saw = frozenset(f"P{i:02d}" for i in range(27))
    members = [replace(m, generator_subjects=saw) if m.kind == "synth" else m for m in simple(30)]
    split = make_split(members, UtilitySettings(), "diagnosis", 0)
    assert subjects(members, split.test_rows) == {"P27", "P28", "P29"}
    assert split.notes == (
        "The test set has 3 instead of 6 subjects: generators saw the others that could have been chosen.",
    )


@pytest.mark.parametrize("n_seen", [28, 30])
def test_too_few_unseen_subjects_are_refused(n_seen: int) -> None:
    saw = frozenset(f"P{i:02d}" for i in range(n_seen))
    members = [replace(m, generator_subjects=saw) if m.kind == "synth" else m for m in simple(30)]
    with pytest.raises(
        CcmevalError, match=f"trained on {n_seen} of 30 real subjects.*--held-out.*--cross-fit"
    ):
        make_split(members, UtilitySettings(), "diagnosis", 0)


def test_fewer_subjects_than_folds_make_fewer_folds_with_a_note() -> None:
    split = make_split(simple(9), UtilitySettings(folds=5), "diagnosis", 0)
    assert len(split.folds) == split.facts.folds == 2
    assert split.notes == ("2 instead of 5 folds: the diagnosis Control has only 2 subjects to deal out.",)


def test_two_subjects_of_a_diagnosis_are_too_few() -> None:
    members = [m for m in simple(12) if m.subject not in ("P02", "P05")]
    with pytest.raises(UnavailableError, match="The diagnosis T1DPN has only 2 subjects, and three"):
        make_split(members, UtilitySettings(), "diagnosis", 0)
    assert make_split(members, UtilitySettings(), "segmentation", 0).folds


def test_frames_without_an_answer_are_left_out_with_a_note() -> None:
    members = simple(18)
    members[0] = replace(members[0], diagnosis=None, has_mask=False)
    members[-1] = replace(members[-1], diagnosis="Keratoconus", has_mask=False)
    split = make_split(members, UtilitySettings(), "diagnosis", 0)
    assert split.notes == (
        "1 real frame has no diagnosis and is left out.",
        "1 synthetic frame of diagnoses that no real frame has (Keratoconus) left out.",
    )
    assert split.facts.n_real_frames + split.facts.n_test_frames == 53
    assert split.facts.n_synth_frames == 29
    notes = make_split(members, UtilitySettings(), "segmentation", 0).notes
    assert notes == (
        "1 real frame has no mask and is left out.",
        "1 synthetic frame has no mask and is left out.",
    )


@pytest.mark.parametrize(
    ("kind", "cure"), [("real", "--real-masks.*column mask.*biomarkers"), ("synth", "--synth-masks")]
)
def test_without_masks_segmentation_is_unavailable_with_the_cure(kind: str, cure: str) -> None:
    members = [replace(m, has_mask=m.kind != kind) for m in simple()]
    with pytest.raises(UnavailableError, match=cure):
        make_split(members, UtilitySettings(), "segmentation", 0)


@pytest.mark.parametrize(("name", "said"), [(None, "none has one"), ("Control", "all have Control")])
def test_fewer_than_two_diagnoses_are_unavailable(name: str | None, said: str) -> None:
    members = [replace(m, diagnosis=name) for m in simple()]
    with pytest.raises(UnavailableError, match=said):
        make_split(members, UtilitySettings(), "diagnosis", 0)


def test_a_held_out_set_without_a_diagnosis_is_unavailable() -> None:
    held = made({"Q0": ["Control"], "Q1": ["T1DPN"]}, 0, kind="held-out", start=500)
    with pytest.raises(UnavailableError, match="The test set has no frame of the diagnosis T1NoDPN"):
        make_split([*simple(), *held], UtilitySettings(), "diagnosis", 0)


def test_without_subjects_the_split_must_be_by_frame_and_warns() -> None:
    members = [replace(m, subject=None) for m in simple(10, frames=4)]
    with pytest.raises(CcmevalError, match=r"40 of 40 real frames have no subject.*--split-by frame"):
        make_split(members, UtilitySettings(), "diagnosis", 0)
    # Two identical files stay together: no copy of a test frame is trained with.
    members[5] = replace(members[5], sha256=members[4].sha256)
    for seed in range(6):
        split = make_split(members, UtilitySettings(split_by="frame", folds=4), "diagnosis", seed)
        assert [leak.code for leak in split.leaks] == ["split-by-frame"]
        assert split.leaks[0].severity == "warning"
        assert split.facts.n_test_subjects == 0
        for fold in split.folds:
            for part in (fold.train_rows, fold.validation_rows, fold.test_rows):
                assert len({4, 5} & set(part.tolist())) in (0, 2)


def crossed(**more: object) -> list[Member]:
    """Nine subjects whose frames name three folds, and synthetic frames of three generators."""
    members = []
    for m in simple(9):
        fold = int(str(m.subject)[1:]) // 3 if m.kind == "real" else (m.row // 3) % 3
        members.append(replace(m, **{"fold": fold, **(more if m.kind == "synth" else {})}))  # type: ignore[arg-type]
    return members


CROSS = UtilitySettings(cross_fit=True, folds=3)


def test_cross_fit_takes_the_folds_that_real_frames_name() -> None:
    members = crossed()
    split = make_split(members, CROSS, "diagnosis", 0)
    for fold in split.folds:
        assert subjects(members, fold.test_rows) == {f"P{fold.index * 3 + i:02d}" for i in range(3)}
    assert split.leaks == ()


def test_cross_fit_refuses_what_it_cannot_check() -> None:
    with pytest.raises(CcmevalError, match="30 of 30 synthetic frames do not name the fold"):
        make_split(crossed(fold=None), CROSS, "diagnosis", 0)
    anonymous = [replace(m, fold=None) if m.kind == "real" else m for m in crossed()]
    with pytest.raises(CcmevalError, match="cannot tell which subjects the folds"):
        make_split(anonymous, CROSS, "diagnosis", 0)
    with pytest.raises(CcmevalError, match=r"fold 0 was trained on frames of 1 test subject \(P01\)"):
        make_split(crossed(generator_subjects=frozenset({"P01"})), CROSS, "diagnosis", 0)
    with pytest.raises(CcmevalError, match="name fold 7, but the real ones make 3"):
        make_split(crossed(fold=7), CROSS, "diagnosis", 0)
    with pytest.raises(UnavailableError, match="No synthetic frame names fold 0"):
        make_split(crossed(fold=1), CROSS, "diagnosis", 0)
    held = made({"Q": ["Control"]}, 0, kind="held-out", start=900)
    with pytest.raises(CcmevalError, match=r"--cross-fit.*--held-out"):
        make_split([*crossed(), *held], CROSS, "diagnosis", 0)


def test_cross_fit_refuses_folds_that_tear_subjects_or_have_gaps() -> None:
    torn = crossed()
    torn[0] = replace(torn[0], fold=1)
    with pytest.raises(CcmevalError, match=r"one subject into several folds \(P00\)"):
        make_split(torn, CROSS, "diagnosis", 0)
    partly = crossed()
    partly[0] = replace(partly[0], fold=None)
    with pytest.raises(CcmevalError, match="Only 26 of 27 real frames name their fold"):
        make_split(partly, CROSS, "diagnosis", 0)
    gaps = [replace(m, fold=2 * int(m.fold or 0)) if m.kind == "real" else m for m in crossed()]
    with pytest.raises(CcmevalError, match="holds 0, 2, 4"):
        make_split(gaps, CROSS, "diagnosis", 0)


def of_masks(subjects: range, seen: range = range(0)) -> list[Member]:
    """Give the same real frames with a synthetic set of other masks, whose generator saw others."""
    members, names = simple(30), [f"P{i:02d}" for i in subjects]
    saw = frozenset(f"P{i:02d}" for i in seen)
    synth = [it for it in members if it.kind == "synth"]
    turned = {
        it.row: replace(it, subject=names[i % len(names)], generator_subjects=saw)
        for i, it in enumerate(synth)
    }
    return [turned.get(it.row, it) for it in members]


def test_sets_of_a_comparison_are_tested_on_the_same_frames() -> None:
    others = OtherSets(frozenset({"P20", "P21"}), frozenset(f"P{i:02d}" for i in range(18)))
    few, many = of_masks(range(3), range(20, 22)), of_masks(range(18))
    alone = [make_split(it, UtilitySettings(), "diagnosis", 0) for it in (few, many)]
    assert alone[0].test_rows.tolist() != alone[1].test_rows.tolist()
    found = [make_split(it, UtilitySettings(), "diagnosis", 0, others=others) for it in (few, many)]
    for one, other in zip(*(as_lists(it) for it in found), strict=True):
        assert one[:3] == other[:3]
    tested = subjects(few, found[0].test_rows)
    assert tested <= {f"P{i:02d}" for i in (18, 19, *range(22, 30))}
    assert not found[0].notes


def test_where_generators_saw_all_subjects_each_set_has_its_own_test_frames_and_says_so() -> None:
    members = of_masks(range(3), range(15))
    others = OtherSets(seen=frozenset(f"P{i:02d}" for i in range(30)))
    found = make_split(members, UtilitySettings(), "diagnosis", 0, others=others)
    assert as_lists(found) == as_lists(make_split(members, UtilitySettings(), "diagnosis", 0))
    assert found.notes == (OWN_TEST,)
