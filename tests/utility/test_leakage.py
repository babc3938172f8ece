"""Leaks: each is refused or reported, with its sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.members import Member
from ccmeval.utility.schema import Leak
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.splits import Split, make_split
from tests.utility.crowd import CLASSES, made, simple

SETTINGS = UtilitySettings()


def with_held_out() -> list[Member]:
    held = made({f"Q{i}": [CLASSES[i % 3]] * 2 for i in range(3)}, 0, kind="held-out", start=200)
    return [*simple(12), *held]


def split_of(members: list[Member], copies: list[tuple[int, int, float]] | None = None) -> Split:
    return make_split(members, SETTINGS, "diagnosis", 0, copies=copies or [])


def changed(members: list[Member], row: int, **more: object) -> list[Member]:
    return [replace(m, **more) if m.row == row else m for m in members]  # type: ignore[arg-type]


def leak(split: Split, code: str) -> Leak:
    (found,) = [one for one in split.leaks if one.code == code]
    return found


def first_synth(members: list[Member]) -> int:
    return next(m.row for m in members if m.kind == "synth")


def test_nothing_is_reported_where_nothing_leaks() -> None:
    assert split_of(with_held_out()).leaks == ()


def test_subject_in_real_and_held_out_set_is_refused() -> None:
    members = changed(with_held_out(), 200, subject="P03")
    with pytest.raises(CcmevalError, match=r"1 subject is in the real and in the held-out set \(P03\)"):
        split_of(members)


@pytest.mark.parametrize("how", ["frame", "subject", "other frame of the subject"])
def test_test_subject_that_a_generator_saw_is_refused(how: str) -> None:
    members = with_held_out()
    if how == "frame":
        members = changed(members, 203, generator_saw=True)
    elif how == "subject":
        members = changed(members, first_synth(members), generator_subjects=frozenset({"Q1"}))
    else:
        unlabelled = Member(999, "held-out", "u.png", None, "Q1", "Q1", "u", generator_saw=True)
        members = [*members, unlabelled]
    with pytest.raises(CcmevalError, match=r"trained on frames of 1 test subject \(Q1\)"):
        split_of(members)


def test_test_frame_that_a_generator_saw_is_refused_without_subjects_too() -> None:
    members = [replace(m, subject=None) for m in changed(with_held_out(), 203, generator_saw=True)]
    with pytest.raises(CcmevalError, match=r"trained on 1 test frame \(held-out3.png\)"):
        make_split(members, UtilitySettings(split_by="frame"), "diagnosis", 0)


def test_sentences_name_a_bounded_number() -> None:
    held = made({f"Q{i}": [CLASSES[i % 3]] for i in range(60)}, 0, kind="held-out", start=200)
    seen = [replace(m, generator_saw=True) for m in held]
    with pytest.raises(CcmevalError, match=r"60 test subjects \(.* and 54 more\)"):
        split_of([*simple(12), *seen])


def test_identical_file_in_test_and_training_is_refused() -> None:
    members = changed(with_held_out(), 200, sha256="real-0")
    with pytest.raises(CcmevalError, match=r"test and .* at once \(held-out0.png = real0.png\)"):
        split_of(members)


def test_identical_file_in_validation_and_training_is_refused() -> None:
    members = with_held_out()
    fold = split_of(members).folds[0]
    twin, row = int(fold.train_rows[0]), int(fold.validation_rows[0])
    with pytest.raises(CcmevalError, match="Identical files are validation and training frames at once"):
        split_of(changed(members, row, sha256=members[twin].sha256))


def test_identical_files_of_one_subject_and_unknown_sums_are_no_leak() -> None:
    members = changed(with_held_out(), 1, sha256="real-0")
    assert split_of(members).leaks == ()
    assert split_of([replace(m, sha256="") for m in members]).leaks == ()


def test_synthetic_copy_of_a_test_frame_is_dropped_and_reported() -> None:
    members = with_held_out()
    first = first_synth(members)
    members = changed(members, first, sha256="held-out-0")
    copies = [(first + 4, 201, 0.97), (first + 5, 0, 0.99)]
    split = split_of(members, copies)
    found = leak(split, "copy-of-test-frame")
    assert (found.count, found.severity, found.frames) == (2, "warning", ["s0.png", "s4.png"])
    for fold in split.folds:
        assert not {first, first + 4} & set(fold.synth_rows.tolist())
        # Row 0 validates in one fold and is trained with in the others.
        assert (first + 5 in fold.synth_rows) == (0 in fold.train_rows)
    assert leak(split, "copy-of-validation-frame").severity == "note"
    assert split.facts.n_synth_frames == 28


def test_masks_of_test_and_validation_subjects_are_not_used_in_their_fold() -> None:
    members = with_held_out()
    first = first_synth(members)
    for i in range(12):
        members = changed(members, first + i, subject=f"P{i:02d}")
    members = changed(members, first + 12, subject="Q0")
    split = split_of(members)
    known = {m.row: m for m in members}
    for fold in split.folds:
        barred = {known[int(row)].subject for row in (*fold.validation_rows, *fold.test_rows)}
        used = {known[int(row)].subject for row in fold.synth_rows} - {None}
        assert used == {f"P{i:02d}" for i in range(12)} - barred
    assert (leak(split, "mask-of-test-subject").count, leak(split, "mask-of-validation-subject").count) == (
        1,
        12,
    )
    assert {one.severity for one in split.leaks} == {"note"}


def test_no_synthetic_frame_left_in_a_fold_is_said() -> None:
    members = [replace(m, subject="Q0") if m.kind == "synth" else m for m in with_held_out()]
    with pytest.raises(UnavailableError, match="No synthetic frame can be used in fold 0"):
        split_of(members)


def test_near_copies_among_real_frames_are_reported() -> None:
    members = with_held_out()
    found = leak(split_of(members, [(0, 200, 0.91), (201, 3, 0.93), (4, 5, 0.99)]), "near-copies-of-real")
    assert (found.count, found.severity) == (2, "warning")
    assert found.frames == ["held-out0.png ~ real0.png", "held-out1.png ~ real3.png"]
    assert "up to 0.93" in found.sentence


def test_nothing_declared_is_a_warning_and_with_a_held_out_set_a_note() -> None:
    silent = [replace(m, declared=False) for m in simple(12)]
    found = leak(split_of(silent), "nothing-declared")
    assert (found.severity, found.count) == ("warning", 30)
    assert "generator_subjects" in found.sentence
    assert "generator_training" in found.sentence
    held = [m for m in with_held_out() if m.kind == "held-out"]
    assert leak(split_of([*silent, *held]), "nothing-declared").severity == "note"
    assert split_of(changed(silent, 0, generator_saw=True)).leaks == ()
