"""Frames that repeat real ones, looked for in pixels: synthetic copies, and real ones of two subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.utility_members import sets_of
from ccmeval.utility.leakage import Copy

if TYPE_CHECKING:
    from ccmeval.fidelity.signatures import Signature


def near_copies(parts: RunParts) -> list[Copy]:
    """Find the synthetic frames that copy real or held-out ones, and real frames that repeat each other.

    Parameters
    ----------
    parts : RunParts

    Returns
    -------
    list of (int, int, float)
        Rows of the pool and their correlation: of each synthetic frame the real one that it copies best, and
        pairs of real frames.
    """
    from ccmeval.fidelity.duplicates import CopySettings, find_copies, find_repeats
    from ccmeval.fidelity.signatures import signature

    signatures: dict[str, list[Signature]] = {}
    rows: dict[str, list[str]] = {}
    done = 0
    total = sum(len(one.cohort) for one in sets_of(parts))
    for one in sets_of(parts):
        rows[one.name] = [str(done + index) for index in range(len(one.cohort))]
        signatures[one.name] = []
        for index in range(len(one.cohort)):
            signatures[one.name].append(signature(parts.read(one, index).pixels))
            done += 1
            parts.progress("Reading frames to look for copies", done, total)
    real = [*signatures["real"], *signatures.get("held-out", [])]
    real_rows = [*rows["real"], *rows.get("held-out", [])]
    settings = CopySettings(most_pairs=total * total)
    parts.progress("Looking for copies", 0, 2)
    copied = find_copies(signatures["synth"], real, rows["synth"], real_rows, settings=settings)
    parts.progress("Looking for copies", 1, 2)
    repeated = find_repeats(real, real_rows, settings=settings)
    parts.progress("Looking for copies", 2, 2)
    return [
        (int(pair.synth), int(pair.real), pair.value)
        for pair in (*copied.pairs, *repeated.pairs)
        if pair.value >= settings.threshold
    ]
