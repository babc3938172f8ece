"""Ways by which test frames could reach training: refused, or kept away from training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from ccmeval.errors import CcmevalError
from ccmeval.utility.clusters import seen_subjects
from ccmeval.utility.members import Member
from ccmeval.utility.words import counted, listed

Copy: TypeAlias = tuple[int, int, float]
"""Rows of two frames whose pixels are nearly the same, and their correlation: a synthetic frame and a real
one, or two real ones."""

Sides: TypeAlias = tuple[Sequence[Member], Sequence[Member], Sequence[Member]]
"""Training, validation and test frames of a fold; real ones."""

MASK_OF_TEST = "mask-of-test-subject"
MASK_OF_VALIDATION = "mask-of-validation-subject"
COPY_OF_TEST = "copy-of-test-frame"
COPY_OF_VALIDATION = "copy-of-validation-frame"


def refuse_shared_subjects(members: Sequence[Member]) -> None:
    """Refuse a held-out set with subjects of the real one.

    Raises
    ------
    CcmevalError
        With the subjects.

    Examples
    --------
    >>> frames = [Member(0, "real", "a", subject="P1"), Member(1, "held-out", "b", subject="P1")]
    >>> refuse_shared_subjects(frames)
    Traceback (most recent call last):
        ...
    ccmeval.errors.CcmevalError: 1 subject is in the real and in the held-out set (P1); leave its frames in...
    """
    real, held_out = (
        {m.subject for m in members if m.kind == kind and m.subject is not None}
        for kind in ("real", "held-out")
    )
    shared = real & held_out
    if shared:
        verb, whose = ("is", "its") if len(shared) == 1 else ("are", "their")
        raise CcmevalError(
            f"{counted(len(shared), 'subject')} {verb} in the real and in the held-out set"
            f" ({listed(shared)}); leave {whose} frames in one of them."
        )


def refuse_seen(test: Sequence[Member], members: Sequence[Member], fold: int = 0) -> None:
    """Refuse test frames that a generator was trained on, or whose subject it saw.

    Parameters
    ----------
    test : sequence of Member
        Test frames of the fold.
    members : sequence of Member
        All frames, with what is declared of them.
    fold : int
        Of no meaning here: the test set is the same in all.

    Raises
    ------
    CcmevalError
        With the subjects, or frames where those are unknown.

    Examples
    --------
    >>> test = Member(0, "held-out", "a", subject="P1")
    >>> refuse_seen([test], [test, Member(1, "synth", "s", generator_subjects=frozenset({"P1", "P2"}))])
    Traceback (most recent call last):
        ...
    ccmeval.errors.CcmevalError: A generator was trained on frames of 1 test subject (P1); name frames...
    """
    cure = "name frames that no generator saw with --held-out, or leave these out"
    _refuse_subjects(test, seen_subjects(members), f"A generator was trained on frames of {{}}; {cure}.")
    frames = [member.frame for member in test if member.generator_saw]
    if frames:
        raise CcmevalError(
            f"A generator was trained on {counted(len(frames), 'test frame')} ({listed(frames)}); {cure}."
        )


def refuse_seen_in_fold(test: Sequence[Member], members: Sequence[Member], fold: int) -> None:
    """Refuse test frames of a fold whose subjects the generator of its synthetic frames saw.

    Raises
    ------
    CcmevalError
        With the subjects.
    """
    mine = (m.generator_subjects for m in members if m.kind == "synth" and m.fold == fold)
    _refuse_subjects(
        test,
        frozenset().union(*mine),
        f"The generator of the synthetic frames of fold {fold} was trained on frames of {{}}, on which that"
        " fold tests; fit it without them, and name the folds in the column fold of both manifests.",
    )


def _refuse_subjects(test: Sequence[Member], seen: frozenset[str], sentence: str) -> None:
    subjects = {str(m.subject) for m in test if m.subject is not None and m.subject in seen}
    if subjects:
        raise CcmevalError(sentence.format(f"{counted(len(subjects), 'test subject')} ({listed(subjects)})"))


def refuse_identical(train: Sequence[Member], validation: Sequence[Member], test: Sequence[Member]) -> None:
    """Refuse byte-identical files on two sides of a split.

    Where subjects are split these are files of different subjects: one of the two names is wrong.

    Raises
    ------
    CcmevalError
        With the frames.
    """
    sides = (("test", test, "training", train), ("test", test, "validation", validation))
    for name, these, other, those in (*sides, ("validation", validation, "training", train)):
        by_file = _by_file(those)
        pairs = sorted(f"{one.frame} = {twin.frame}" for one in these for twin in by_file.get(one.sha256, ()))
        if pairs:
            raise CcmevalError(
                f"Identical files are {name} and {other} frames at once ({listed(pairs, 3)}); remove the"
                " repeats, or give all frames of one subject the same subject."
            )


def synth_dropped(
    synth: Sequence[Member], sides: Sides, copies: Iterable[Copy], *, by_subject: bool
) -> dict[str, frozenset[int]]:
    """Tell which synthetic frames must not serve for training in a fold.

    Parameters
    ----------
    synth : sequence of Member
    sides : (train, validation, test)
    copies : iterable of (int, int, float)
    by_subject : bool
        Whether masks of test and validation subjects are barred too. A split by frame cannot: there
        subjects lie on both sides.

    Returns
    -------
    dict of str to frozenset of int
        Rows by the code of the first reason that holds.

    Examples
    --------
    >>> synth = [Member(3, "synth", "s", sha256="x"), Member(4, "synth", "t", subject="P2")]
    >>> real = [Member(i, "real", f"r{i}", subject=f"P{i}", sha256="abx"[i]) for i in range(3)]
    >>> synth_dropped(synth, (real[:1], real[1:2], real[2:]), [], by_subject=True)
    {'copy-of-test-frame': frozenset({3}), 'mask-of-test-subject': frozenset({4})}
    """
    _, validation, test = sides
    near = _near_rows(copies)
    found: dict[str, frozenset[int]] = {}
    taken: set[int] = set()
    for of_copy, of_mask, frames in (
        (COPY_OF_TEST, MASK_OF_TEST, test),
        (COPY_OF_VALIDATION, MASK_OF_VALIDATION, validation),
    ):
        files = {m.sha256 for m in frames if m.sha256}
        rows = {m.row for m in frames}
        subjects = {m.subject for m in frames if m.subject is not None} if by_subject else set()
        hits = {
            of_copy: {m.row for m in synth if m.sha256 in files or near[m.row] & rows},
            of_mask: {m.row for m in synth if m.subject in subjects},
        }
        for code, hit in hits.items():
            if hit - taken:
                found[code] = frozenset(hit - taken)
            taken |= hit
    return found


def _by_file(frames: Sequence[Member]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in frames:
        if member.sha256:
            found.setdefault(member.sha256, []).append(member)
    return found


def _near_rows(copies: Iterable[Copy]) -> defaultdict[int, set[int]]:
    near: defaultdict[int, set[int]] = defaultdict(set)
    for first, second, _ in copies:
        near[first].add(second)
        near[second].add(first)
    return near
