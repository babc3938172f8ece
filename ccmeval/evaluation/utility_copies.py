"""Frames that repeat real ones, looked for in pixels: synthetic copies, and real ones of two subjects."""

from __future__ import annotations

from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.utility_members import sets_of
from ccmeval.utility.leakage import Copy


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
    from ccmeval.fidelity.signatures import signature, signature_file

    made, known = signature_file(parts.out), signature_file(parts.out)
    made_rows: list[str] = []
    known_rows: list[str] = []
    total = sum(len(one.cohort) for one in sets_of(parts))
    for one in sets_of(parts):
        kept, rows = (made, made_rows) if one.name == "synth" else (known, known_rows)
        for index in range(len(one.cohort)):
            kept.append(signature(parts.read(one, index).pixels))
            rows.append(str(len(made) + len(known) - 1))
            parts.progress("Reading frames to look for copies", len(made) + len(known), total)
    settings = CopySettings(most_pairs=total * total)
    parts.progress("Looking for copies", 0, 2)
    copied = find_copies(made, known, made_rows, known_rows, settings=settings)
    parts.progress("Looking for copies", 1, 2)
    repeated = find_repeats(known, known_rows, settings=settings)
    parts.progress("Looking for copies", 2, 2)
    return [
        (int(pair.synth), int(pair.real), pair.value)
        for pair in (*copied.pairs, *repeated.pairs)
        if pair.value >= settings.threshold
    ]
