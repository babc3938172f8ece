"""What was found of leaks, as rows of the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ccmeval.utility.leakage import (
    COPY_OF_TEST,
    COPY_OF_VALIDATION,
    MASK_OF_TEST,
    MASK_OF_VALIDATION,
    Copy,
    Sides,
)
from ccmeval.utility.members import Member
from ccmeval.utility.schema import Leak
from ccmeval.utility.words import MOST_FRAMES, counted


def dropped_leaks(dropped: Sequence[Mapping[str, frozenset[int]]], members: Sequence[Member]) -> list[Leak]:
    """Report the synthetic frames that folds could not use, over all folds.

    Parameters
    ----------
    dropped : sequence of dict
        From :func:`synth_dropped`, one a fold.
    members : sequence of Member
    """
    names = {m.row: m.frame for m in members}
    leaks = []
    for code, sentence in _DROPPED.items():
        rows = sorted(frozenset().union(*(one.get(code, frozenset()) for one in dropped)))
        if not rows:
            continue
        frames = "synthetic frame was" if len(rows) == 1 else "synthetic frames were"
        leaks.append(
            Leak(
                code=code,
                severity="warning" if code == COPY_OF_TEST else "note",
                sentence=f"{len(rows)} {frames} {sentence}",
                count=len(rows),
                frames=[names[row] for row in rows][:MOST_FRAMES],
            )
        )
    return leaks


_DROPPED = {
    COPY_OF_TEST: "found to be a copy of a test frame and not trained with: a generator that repeats test"
    " frames has seen them.",
    COPY_OF_VALIDATION: "found to be a copy of a validation frame and not trained with in that fold.",
    MASK_OF_TEST: "made from the mask of a test subject and not trained with.",
    MASK_OF_VALIDATION: "made from the mask of a validation subject and not trained with in that fold.",
}


def near_real_leaks(folds: Sequence[Sides], members: Sequence[Member], copies: Iterable[Copy]) -> list[Leak]:
    """Report real test frames that nearly repeat real frames which models learn from."""
    known = {m.row: m for m in members}
    near = [one for one in copies if one[0] in known and one[1] in known]
    pairs: dict[tuple[int, int], float] = {}
    for train, validation, test in folds:
        learnt = {m.row for m in (*train, *validation)}
        tested = {m.row for m in test}
        for first, second, value in near:
            for row, other in ((first, second), (second, first)):
                if row in tested and other in learnt:
                    pairs[row, other] = max(value, pairs.get((row, other), value))
    if not pairs:
        return []
    rows = sorted({row for row, _ in pairs})
    sentence = (
        f"Training or validation frames nearly repeat {counted(len(rows), 'test frame')} (correlation of"
        f" pixels up to {max(pairs.values()):.2f}); look whether subjects are named rightly."
    )
    frames = [f"{known[a].frame} ~ {known[b].frame}" for a, b in sorted(pairs)][:MOST_FRAMES]
    return [
        Leak(
            code="near-copies-of-real", severity="warning", sentence=sentence, count=len(rows), frames=frames
        )
    ]


def undeclared_leaks(members: Sequence[Member], *, held_out: bool) -> list[Leak]:
    """Report synthetic frames of whose generator's training frames nothing was declared.

    Parameters
    ----------
    members : sequence of Member
    held_out : bool
        Whether the user named a held-out set, which is a declaration of its own.

    Examples
    --------
    >>> [(leak.code, leak.severity) for leak in undeclared_leaks([Member(0, "synth", "s")], held_out=False)]
    [('nothing-declared', 'warning')]
    """
    if any(m.generator_saw for m in members if m.kind != "synth"):
        return []
    synth = [m for m in members if m.kind == "synth"]
    silent = [m for m in synth if not (m.declared or m.generator_subjects)]
    if not silent:
        return []
    rest = (
        "that it never saw a held-out frame rests on the word of --held-out"
        if held_out
        else "if it saw test subjects, groups B and C are too good"
    )
    which = "the synthetic frames" if len(silent) == len(synth) else f"{len(silent)} synthetic frames"
    sentence = (
        f"Nothing is declared of what the generator of {which} was trained on: {rest}. Declare it with the"
        " manifest columns generator_subjects (synthetic set) or generator_training (real set)."
    )
    severity = "note" if held_out else "warning"
    return [
        Leak.model_validate(
            {
                "code": "nothing-declared",
                "severity": severity,
                "sentence": sentence,
                "count": len(silent),
                "frames": [m.frame for m in silent][:MOST_FRAMES],
            }
        )
    ]


def by_frame_leak(n_frames: int) -> Leak:
    """Give the warning of a split by frame."""
    return Leak(
        code="split-by-frame",
        severity="warning",
        sentence="The split is by frame: frames of one eye are alike and lie on both sides, so results are"
        " too good and intervals too narrow.",
        count=n_frames,
    )
