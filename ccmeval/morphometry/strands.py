"""Nerves as they run: arms chained through their junctions, smoothed as one, then cut at the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.arms import Arm
from ccmeval.morphometry.junctions import ArmEnd, Junction
from ccmeval.morphometry.paths import smooth_paths

_POOR_TRUST = 0.1
"""Weight of samples from an arm without core: all there is to go by, but poor."""

_BRIDGE_TRUST = 1e-3
"""Weight of the straight link between two arms: too little to bend a gap of a few widths, enough to keep
the path from swinging out over one that is far longer than the arms beside it."""


@dataclass
class Strand:
    """A chain of arms that is one nerve.

    Attributes
    ----------
    arms : list of (int, bool)
        Index of each arm and whether it is walked from its end to its start.
    path : float array (N, 2)
        Smoothed, in pixels.
    spans : list of (int, int)
        Samples of `path` that come from each arm.
    closed : bool
        Whether it is a loop without any junction.
    """

    arms: list[tuple[int, bool]]
    path: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    spans: list[tuple[int, int]] = field(default_factory=list)
    closed: bool = False

    @property
    def head(self) -> ArmEnd:
        """The arm's end at which the strand begins."""
        index, reverse = self.arms[0]
        return index, int(reverse)

    @property
    def tail(self) -> ArmEnd:
        """The arm's end at which the strand stops."""
        index, reverse = self.arms[-1]
        return index, int(not reverse)


def chain_arms(arms: Sequence[Arm], junctions: Sequence[Junction], rungs: set[int]) -> list[Strand]:
    """Chain arms through the junctions at which they go on.

    Parameters
    ----------
    arms : sequence of Arm
    junctions : sequence of Junction
    rungs : set of int
        Arms to leave out.

    Returns
    -------
    list of Strand
        Every other arm is in exactly one.
    """
    link: dict[ArmEnd, ArmEnd] = {}
    for junction in junctions:
        for a, b in junction.through:
            link[a], link[b] = b, a
    used = set(rungs)
    strands = []
    for index in range(len(arms)):
        if index in used:
            continue
        first = (index, 0)
        seen = {index}
        # Walk back to where the nerve begins, unless it closes on itself.
        while first in link and link[first][0] not in seen:
            other, side = link[first]
            seen.add(other)
            first = (other, 1 - side)
        strand = _follow(first, link, used)
        strand.closed = len(strand.arms) == 1 and _is_loop(arms[strand.arms[0][0]], strand, junctions)
        strands.append(strand)
    return strands


def _follow(first: ArmEnd, link: dict[ArmEnd, ArmEnd], used: set[int]) -> Strand:
    here = first
    walked: list[tuple[int, bool]] = []
    while here[0] not in used:
        index, side = here
        used.add(index)
        walked.append((index, side == 1))
        leaving = (index, 1 - side)
        if leaving not in link:
            break
        here = link[leaving]
    return Strand(walked)


def _is_loop(arm: Arm, strand: Strand, junctions: Sequence[Junction]) -> bool:
    if arm.start != arm.end:
        return False
    return not any(strand.head in junction.ends for junction in junctions)


def smooth_strands(strands: Sequence[Strand], arms: Sequence[Arm], cutoff_px: float) -> None:
    """Fill in the smoothed path of each strand, all in one solve.

    Gaps at junctions, between the cores of successive arms, are bridged with next to no trust in
    where they lie.

    Parameters
    ----------
    strands : sequence of Strand
        Changed in place.
    arms : sequence of Arm
    cutoff_px : float
        See :func:`ccmeval.morphometry.paths.smooth_paths`.
    """
    overlap = int(np.ceil(2.0 * cutoff_px))
    points, weights, keep = [], [], []
    for strand in strands:
        path, weight, strand.spans = _string_together(strand, arms)
        begin = 0
        if strand.closed:
            path = arms[strand.arms[0][0]].path[:-1]
            strand.spans = [(0, len(path) + 1)]
            begin = min(overlap, len(path))
            path = np.concatenate([path[-begin:], path, path[:begin]])
            weight = np.ones(len(path))
        points.append(path)
        weights.append(weight)
        keep.append(slice(begin, len(path) - begin))
    for strand, path, part in zip(strands, smooth_paths(points, weights, cutoff_px), keep, strict=True):
        kept = path[part]
        strand.path = np.concatenate([kept, kept[:1]]) if strand.closed else kept


def _string_together(
    strand: Strand, arms: Sequence[Arm]
) -> tuple[FloatArray, FloatArray, list[tuple[int, int]]]:
    """Lay the cores end to end, with evenly spaced points of hardly any weight between them."""
    parts: list[FloatArray] = []
    trust: list[FloatArray] = []
    spans = []
    total = 0
    for index, reverse in strand.arms:
        arm = arms[index]
        core = arm.core[::-1] if reverse else arm.core
        if parts:
            bridge = _bridge(parts[-1][-1], core[0])
            parts.append(bridge)
            trust.append(np.full(len(bridge), _BRIDGE_TRUST))
            total += len(bridge)
        parts.append(core)
        trust.append(np.full(len(core), 1.0 if arm.has_core else _POOR_TRUST))
        spans.append((total, total + len(core)))
        total += len(core)
    return np.concatenate(parts), np.concatenate(trust), spans


def _bridge(start: FloatArray, stop: FloatArray) -> FloatArray:
    steps = max(1, round(float(np.hypot(*(stop - start)))))
    t = np.arange(1, steps)[:, None] / steps
    result: FloatArray = start + t * (stop - start)
    return result
