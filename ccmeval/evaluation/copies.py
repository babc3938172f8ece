"""Synthetic frames that are copies of real ones, looked for in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.fidelity.schema import NearPair

if TYPE_CHECKING:
    from ccmeval.fidelity.signatures import Signature

PAIRED_NOTE = (
    "A synthetic frame drawn from a real frame's mask shows the same nerves; only one that also repeats its"
    " texture counts as a copy (correlation from {:g} on)."
)


@dataclass(frozen=True)
class Copies:
    """Outcome of the search over all real frames."""

    pairs: list[NearPair] = field(default_factory=list)
    n_copies: int | None = None
    notes: list[str] = field(default_factory=list)


def search_copies(parts: RunParts, likely: Sequence[Sequence[int]] | None = None) -> Copies:
    """Look for every synthetic frame among the real ones.

    Parameters
    ----------
    parts : RunParts
    likely : sequence of sequences of int, optional
        For each synthetic frame, real frames to try in any case, such as the nearest by features.

    Returns
    -------
    Copies
        Nearest pairs first, a bounded number; all copies are counted.
    """
    from ccmeval.fidelity.duplicates import CopySettings, find_copies

    settings = CopySettings(most_pairs=parts.settings.fidelity.most_near_pairs)
    real = parts.once("signatures of real frames", lambda: _signatures(parts, parts.real))
    synth = _signatures(parts, parts.synth)
    names = [[record.frame for record in one.cohort] for one in (parts.real, parts.synth)]
    parts.progress("Looking for copies", 0, 1)
    found = find_copies(synth, real, names[1], names[0], settings=settings, also=likely)
    parts.progress("Looking for copies", 1, 1)
    notes = [PAIRED_NOTE.format(settings.threshold)]
    unseen = len(synth) - found.n_searched
    if unseen:
        notes.append(f"{unseen} synthetic frames are constant and were not looked for among the real ones.")
    return Copies(list(found.pairs), found.n_copies, notes)


def _signatures(parts: RunParts, one: EvaluatedSet) -> Sequence[Signature]:
    from ccmeval.fidelity.signatures import signature, signature_file

    found = signature_file(parts.out)
    for index in range(len(one.cohort)):
        found.append(signature(parts.read(one, index).pixels))
        parts.progress(f"Reading {one.name} frames", index + 1, len(one.cohort))
    return found
