"""Findings on two sets together: frames in both, and declared pairs."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.checking.facts import FrameFacts
from ccmeval.checking.findings import counted, finding
from ccmeval.cohort.record import Cohort
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.pairs import PAIR_COLUMNS, declared_pairs
from ccmeval.evaluation.schema import Finding


def shared_frames(facts: Sequence[FrameFacts], other: Sequence[FrameFacts], other_name: str) -> list[Finding]:
    """Tell which frames are in both sets, byte for byte or pixel for pixel."""
    bytes_of = {one.sha256: one.frame for one in other if one.sha256 and one.pixel_sha256}
    pixels_of = {one.pixel_sha256: one.frame for one in other if one.pixel_sha256}
    shared = [one for one in facts if one.pixel_sha256 in pixels_of]
    if not shared:
        return []
    whole = sum(one.sha256 in bytes_of for one in shared)
    first = shared[0]
    sentence = (
        f"{len(shared)} of {counted(len(facts), 'frame')} are also in {other_name} ({whole} byte for byte,"
        f" the rest pixel for pixel), e.g. {first.frame} is {pixels_of[first.pixel_sha256]}; sets that share"
        " frames look alike for no merit: take them out."
    )
    return [finding("shared-frames", "error", sentence, (one.frame for one in shared))]


def pairing(
    cohort: Cohort, other: Cohort, other_name: str, *, by_stem: bool, is_real: bool = False
) -> list[Finding]:
    """Tell which frames of either set have no declared partner in the other.

    Parameters
    ----------
    cohort, other : Cohort
    other_name : str
        For the sentences.
    by_stem : bool
        Whether frames of one stem are pairs (``--paired``).
    is_real : bool
        Whether `cohort` is the real set of the two.
    """
    real, synth = (cohort, other) if is_real else (other, cohort)
    try:
        pairs = declared_pairs(real, synth, by_stem=by_stem)
    except CcmevalError as error:
        return [finding("pairing", "error", str(error))]
    if not pairs and not by_stem:
        return []
    found = [finding("pairs", "note", f"{counted(len(pairs), 'pair')} declared.", count=len(pairs))]
    taken = {index for pair in pairs for index in (pair[1:] if not is_real else pair[:1])}
    theirs = {index for pair in pairs for index in (pair[:1] if not is_real else pair[1:])}
    for code, one, paired, where in (
        ("unpaired-here", cohort, taken, "here"),
        ("unpaired-there", other, theirs, f"in {other_name}"),
    ):
        alone = [record.frame for index, record in enumerate(one) if index not in paired]
        if alone:
            sentence = (
                f"{counted(len(alone), 'frame')} {where} without a partner, left out of what is told of"
                f" pairs; name partners alike, or in a manifest column {PAIR_COLUMNS[0]}."
            )
            found.append(finding(code, "warning", sentence, alone))
    torn = [
        synth.records[s].frame
        for r, s in pairs
        if None not in (a := real.records[r].diagnosis, b := synth.records[s].diagnosis) and a != b
    ]
    if torn:
        sentence = f"{counted(len(torn), 'pair')} of different diagnoses; correct the labels or the pairs."
        found.append(finding("pairs-disagree", "error", sentence, torn))
    return found
