"""Frames of different subjects that show one picture but for noise, shift or compression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ccmeval.preparing.naming import Member
from ccmeval.preparing.problems import KEPT, Problem

_MOST_PAIRS = 10_000_000  # all of them: only those of different subjects are told


def near_repeats(
    members: Sequence[Member], out: Path, progress: Callable[[int, int], None]
) -> tuple[list[Problem], int]:
    """Find near repeats; nothing is left out for them, since no measure of pixels is sure.

    Frames of one subject are meant to be alike (a sweep over one eye) and are counted only.

    Parameters
    ----------
    members : sequence of Member
        Written.
    out : pathlib.Path
        The cohort.
    progress : callable

    Returns
    -------
    problems : list of Problem
        Pairs of different subjects, or of frames without one; those that straddle splits are told as such.
    within : int
        Pairs of one subject.
    """
    from ccmeval.cohort import Record, read_frame
    from ccmeval.fidelity.duplicates import CopySettings, find_repeats
    from ccmeval.fidelity.signatures import signature, signature_file

    signatures = signature_file(out)
    for done, one in enumerate(members, 1):
        path = out / f"{one.place}.png"
        frame = read_frame(Record(one.stem, one.stem, path), pixel_size_um=one.chosen.pixel_size_um)
        signatures.append(signature(frame.pixels))
        progress(done, len(members))
    by_stem = {one.stem: one for one in members}
    found = find_repeats(signatures, list(by_stem), settings=CopySettings(most_pairs=_MOST_PAIRS))
    problems, within = [], 0
    for pair in found.pairs:
        if not pair.is_copy:
            continue
        first, second = by_stem[pair.synth], by_stem[pair.real]
        if first.subject is not None and first.subject == second.subject:
            within += 1
        else:
            problems.append(_told(first, second, pair.value, pair.transform))
    return problems, within


def _told(first: Member, second: Member, value: float, transform: str) -> Problem:
    straddles = first.split != second.split
    where = f" They are in {first.split} and {second.split}." if straddles else ""
    whose = "of no known subject" if None in (first.subject, second.subject) else "of different subjects"
    wrong = f"Two frames {whose} are nearly the same (correlation {value:.2f}, {transform}).{where}"
    done = f"{KEPT[:-1]}, both; look at them, and correct the subject if it is one."
    names = [one.chosen.source.record.frame for one in (first, second)]
    code = "near repeat across splits" if straddles else "near repeat"
    return Problem(names[0], code, wrong, done, names[1], left_out=False)
