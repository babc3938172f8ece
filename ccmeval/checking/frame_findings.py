"""Findings on frames by themselves: readable, sizes, pixel sizes, bits, grey levels, copies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from ccmeval.checking.facts import FrameFacts
from ccmeval.checking.findings import counted, finding
from ccmeval.cohort.standardise import agree
from ccmeval.evaluation.schema import Finding

_SHOWN = 4


def usability(facts: Sequence[FrameFacts]) -> list[Finding]:
    """Tell how many frames can be used, and of each that cannot why."""
    usable = [one for one in facts if one.usable]
    if not usable:
        sentence = f"None of {counted(len(facts), 'frame')} can be used; see the reasons below."
        return [finding("nothing-usable", "error", sentence, (one.frame for one in facts)), *_reasons(facts)]
    found = [finding("frames", "note", f"{len(usable)} of {counted(len(facts), 'frame')} can be used.")]
    found[0].count = len(usable)
    if len(usable) == 1:
        sentence = "There is one frame, which has no spread and no distance to another; give more."
        found.append(finding("one-frame", "error", sentence, [usable[0].frame]))
    return [*found, *_reasons(facts)]


def _reasons(facts: Sequence[FrameFacts]) -> list[Finding]:
    found = [
        finding("unreadable-frame", "error", one.reason, [one.frame])
        for one in facts
        if not (one.usable or one.constant or one.unknown_scale)
    ]
    constant = [one.frame for one in facts if one.constant]
    if constant:
        sentence = (
            f"{counted(len(constant), 'frame')} with one grey level throughout, as a failed export or"
            " generator leaves; make them again or take them out."
        )
        found.append(finding("constant-frames", "error", sentence, constant))
    unscaled = [one for one in facts if one.unknown_scale]
    if unscaled:
        sentence = (
            f"{counted(len(unscaled), 'frame')} of unknown pixel size, so that nothing can be measured in"
            f" them: {unscaled[0].reason}"
        )
        found.append(finding("unknown-pixel-size", "error", sentence, (one.frame for one in unscaled)))
    return found


def sizes(facts: Sequence[FrameFacts]) -> list[Finding]:
    """Tell the frames' sizes in pixels, what a pixel measures and who says so."""
    known = [one for one in facts if one.shape is not None and (one.usable or one.unknown_scale)]
    if not known:
        return []
    shapes = Counter(f"{one.shape[1]} x {one.shape[0]} px" for one in known if one.shape)
    found = [_same_or_mixed("frame-sizes", "Frames have", shapes, "they will be brought to one scale")]
    scaled = [one for one in known if one.pixel_size_um is not None]
    if scaled:
        found.append(_pixel_sizes(scaled))
    assumed = [one.frame for one in scaled if one.pixel_size_source == "HRT3-RCM default"]
    if assumed:
        sentence = (
            f"{counted(len(assumed), 'frame')} of 384 x 384 px without a pixel size, taken to be of an"
            " HRT3-RCM (400 um wide); if not so, give --field-of-view."
        )
        found.append(finding("pixel-size-assumed", "note", sentence, assumed))
    return found


def _pixel_sizes(scaled: Sequence[FrameFacts]) -> Finding:
    values = [one.pixel_size_um for one in scaled if one.pixel_size_um is not None]
    shown = Counter(f"{value:.4g} um" for value in values)
    if agree(min(values), max(values)):
        text = next(iter(shown))
        return finding("pixel-sizes", "note", f"A pixel measures {text}.", count=len(values))
    return _same_or_mixed("pixel-sizes", "Pixels measure", shown, "they will be brought to one scale")


def _same_or_mixed(code: str, start: str, counts: Mapping[str, int], meaning: str) -> Finding:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    total = sum(counts.values())
    if len(ranked) == 1:
        return finding(code, "note", f"{start} {ranked[0][0]}.", count=total)
    shown = ", ".join(f"{text} ({count})" for text, count in ranked[:_SHOWN])
    more = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    return finding(code, "warning", f"{start} mixed sizes: {shown}{more}; {meaning}.", count=total)


def bits(facts: Sequence[FrameFacts]) -> list[Finding]:
    """Tell where frames of 8 and of more bits are mixed."""
    counts = Counter(one.bits for one in facts if one.bits is not None)
    if len(counts) < 2:
        return []
    shown = ", ".join(f"{depth} bits ({count})" for depth, count in sorted(counts.items()))
    sentence = (
        f"Frames of different depth: {shown}. Each is divided by its own range; make sure that none was"
        " stretched on the way."
    )
    return [finding("bit-depths", "warning", sentence, count=sum(counts.values()))]


def exposure(facts: Sequence[FrameFacts]) -> list[Finding]:
    """Tell which frames are too dark or saturated, by the thresholds of the quality flags."""
    found = []
    for code, names, what in (
        ("dark-frames", [one.frame for one in facts if one.dark], "too dark to judge"),
        ("saturated-frames", [one.frame for one in facts if one.saturated], "saturated"),
    ):
        if names:
            sentence = f"{counted(len(names), 'frame')} {what}; look at them before trusting their numbers."
            found.append(finding(code, "warning", sentence, names))
    return found


def copies(facts: Sequence[FrameFacts], diagnoses: Mapping[str, str | None]) -> list[Finding]:
    """Tell which frames are exact copies of others of the same set.

    Parameters
    ----------
    facts : sequence of FrameFacts
    diagnoses : mapping
        Diagnosis by frame: copies under different ones contradict each other.
    """
    groups = _alike(facts)
    if not groups:
        return []
    spare = [one for group in groups for one in group[1:]]
    whole = sum(one.sha256 in {other.sha256 for other in group if other is not one}
                for group in groups for one in group[1:])  # fmt: skip
    sentence = (
        f"{counted(len(spare), 'frame')} with the very pixels of another one ({whole} byte for byte), so that"
        f" one picture counts several times, e.g. {groups[0][0].frame} and {groups[0][1].frame};"
        " keep one of each."
    )
    names = [one.frame for group in groups for one in group]
    found = [finding("duplicate-frames", "warning", sentence, names, count=len(spare))]
    torn = [group for group in groups if len({diagnoses.get(one.frame) for one in group}) > 1]
    if torn:
        first, second = torn[0][:2]
        sentence = (
            f"{counted(len(torn), 'picture')} under several diagnoses, e.g. {first.frame} and {second.frame};"
            " correct the labels."
        )
        names = [one.frame for group in torn for one in group]
        found.append(finding("duplicates-disagree", "error", sentence, names, count=len(torn)))
    return found


def _alike(facts: Sequence[FrameFacts]) -> list[list[FrameFacts]]:
    groups: dict[str, list[FrameFacts]] = defaultdict(list)
    for one in facts:
        if one.pixel_sha256:
            groups[one.pixel_sha256].append(one)
    return [group for group in groups.values() if len(group) > 1]
