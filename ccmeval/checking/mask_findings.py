"""Findings on masks and their conventions."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.checking.facts import FrameFacts, MaskFacts
from ccmeval.checking.findings import counted, finding
from ccmeval.cohort.record import Cohort
from ccmeval.evaluation.schema import Finding

Masked = tuple[str, MaskFacts]


def masks(cohort: Cohort, facts: Sequence[FrameFacts]) -> list[Finding]:
    """Tell which frames have masks, which of these cannot be used, and by what convention they are drawn."""
    if not any(record.mask for record in cohort):
        return []
    bare = [record.frame for record in cohort if record.mask is None]
    given: list[Masked] = [(one.frame, one.mask) for one in facts if one.mask is not None]
    found = [*_unusable(given), *_conventions(given)]
    if bare:
        sentence = f"{counted(len(bare), 'frame')} without a mask, though others have one; add one each."
        found.append(finding("masks-missing", "warning", sentence, bare))
    good = sum(mask.state == "good" for _, mask in given)
    return [finding("masks", "note", f"{counted(good, 'mask')} can be used.", count=good), *found]


def _unusable(given: list[Masked]) -> list[Finding]:
    found = []
    for code, state in (
        ("mask-size", "wrong size"),
        ("mask-unusable", "unusable"),
        ("mask-is-frame", "the frame itself"),
    ):
        those = [(frame, mask) for frame, mask in given if mask.state == state]
        if those:
            sentence = f"{counted(len(those), 'mask')} cannot be used, e.g. of {those[0][0]}: "
            found.append(finding(code, "error", sentence + those[0][1].reason, (frame for frame, _ in those)))
    empty = [frame for frame, mask in given if mask.state == "empty"]
    if empty:
        sentence = (
            f"{counted(len(empty), 'mask')} with one value throughout, taken as without nerves; check whether"
            " these frames really have none."
        )
        found.append(finding("mask-empty", "warning", sentence, empty))
    return found


def _conventions(given: list[Masked]) -> list[Finding]:
    found = []
    drawn = [(frame, mask) for frame, mask in given if mask.state == "good"]
    inverted = [frame for frame, mask in drawn if mask.inverted]
    if inverted:
        mixed = len(inverted) < len(drawn)
        sentence = f"{counted(len(inverted), 'mask')} with dark nerves on white, read the other way round" + (
            f"; the other {len(drawn) - len(inverted)} are not: look at some." if mixed else "."
        )
        found.append(finding("mask-inverted", "warning" if mixed else "note", sentence, inverted))
    soft = [frame for frame, mask in drawn if mask.soft]
    if soft:
        sentence = f"{counted(len(soft), 'mask')} with grey edges, cut half-way between black and white."
        found.append(finding("mask-soft", "note", sentence, soft))
    traces = [frame for frame, mask in drawn if mask.trace]
    if traces:
        mixed = len(traces) < len(drawn)
        sentence = (
            f"{counted(len(traces), 'mask')} with lines one pixel wide, which say nothing of widths and"
            " areas."
        )
        found.append(finding("mask-is-trace", "warning" if mixed else "note", sentence, traces))
    return found
