"""Final geometry: strands cut at their nodes, branches led back to the nerve they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.arms import Arm
from ccmeval.morphometry.ends import FrameEdge
from ccmeval.morphometry.graph import NodeKind
from ccmeval.morphometry.junctions import ArmEnd, Junction
from ccmeval.morphometry.paths import cut_path, end_direction, meeting_point, path_length, point_at
from ccmeval.morphometry.strands import Strand

_TIP_PX = 6
"""Samples near an end over which the width of its round cap is taken."""

_FIT_PX = 5.0
"""Stretch of a smoothed path over which its direction at a tip is fitted."""

_FOOT_FIT_PX = 8.0
"""The same where a branch is led back to its nerve, often over as long a stretch."""

_HOOKED = float(np.cos(np.radians(15.0)))
"""Cosine of the bend from which on a nerve's tip is led to the skeleton's end, not straight on."""


@dataclass
class LaidEdge:
    """An edge in pixels, and the arm it comes from."""

    start: int
    end: int
    path: FloatArray
    arm: int


@dataclass
class Layout:
    """Nodes and edges in pixels; (0, 0) is the centre of the first pixel."""

    positions: list[FloatArray] = field(default_factory=list)
    kinds: list[NodeKind] = field(default_factory=list)
    edges: list[LaidEdge] = field(default_factory=list)

    def add_node(self, position: FloatArray, kind: NodeKind) -> int:
        """Add a node and give its index."""
        self.positions.append(np.asarray(position, dtype=np.float64))
        self.kinds.append(kind)
        return len(self.kinds) - 1


@dataclass(frozen=True)
class _Host:
    """A strand that goes on through a junction, between its arms `k` and `k + 1`."""

    strand: int
    k: int
    low: int
    high: int


def lay_out(
    strands: Sequence[Strand], arms: Sequence[Arm], junctions: Sequence[Junction], edge: FrameEdge
) -> Layout:
    """Place the nodes and cut the strands there.

    Parameters
    ----------
    strands : sequence of Strand
        Smoothed.
    arms : sequence of Arm
    junctions : sequence of Junction
    edge : FrameEdge

    Returns
    -------
    Layout
    """
    layout = Layout()
    place = {(a, side): (s, k) for s, strand in enumerate(strands) for k, (a, _) in enumerate(strand.arms)
             for side in (0, 1)}  # fmt: skip
    cuts: list[dict[int, tuple[float, int]]] = [{} for _ in strands]
    joined: dict[ArmEnd, int] = {}
    for junction in junctions:
        hosts = _hosts(junction, strands, place)
        node = _place(junction, hosts, strands, cuts, layout, arms, place)
        inside = {end for pair in junction.through for end in pair if _interior(pair, strands, place)}
        joined.update({end: node for end in junction.ends if end not in inside})
    for strand, cut in zip(strands, cuts, strict=True):
        _cut(strand, cut, joined, arms, edge, layout)
    return layout


def _interior(
    pair: tuple[ArmEnd, ArmEnd], strands: Sequence[Strand], place: dict[ArmEnd, tuple[int, int]]
) -> bool:
    """Whether a pair of ends lies inside a strand (not where a closed chain was cut open)."""
    (s, j), (t, k) = place[pair[0]], place[pair[1]]
    strand = strands[s]
    return s == t and abs(j - k) == 1 and not {strand.head, strand.tail} & set(pair)


def _hosts(
    junction: Junction, strands: Sequence[Strand], place: dict[ArmEnd, tuple[int, int]]
) -> list[_Host]:
    hosts = []
    for pair in junction.through:
        if not _interior(pair, strands, place):
            continue
        s = place[pair[0]][0]
        k = min(place[pair[0]][1], place[pair[1]][1])
        spans = strands[s].spans
        low = max((stop - 1 for start, stop in spans[: k + 1] if stop > start), default=0)
        last = len(strands[s].path) - 1
        high = min((start for start, stop in spans[k + 1 :] if stop > start), default=last)
        hosts.append(_Host(s, k, low, max(high, low)))
    return hosts


def _place(
    junction: Junction,
    hosts: Sequence[_Host],
    strands: Sequence[Strand],
    cuts: list[dict[int, tuple[float, int]]],
    layout: Layout,
    arms: Sequence[Arm],
    place: dict[ArmEnd, tuple[int, int]],
) -> int:
    """Find a junction's exact place, note it in `cuts`, and add its node."""
    kind: NodeKind = "crossing" if junction.crossing else "branch point"
    if not hosts:
        return layout.add_node(junction.position, kind)
    margin = int(np.ceil(2.0 * max(arms[index].typical_width for index, _ in junction.ends))) + 4
    if len(hosts) == 2:
        targets = [_nearest_approach(strands, hosts, margin)]
    else:
        targets = [
            hit for end in junction.ends
            if (hit := _branch_foot(end, strands, place, hosts[0], margin)) is not None
        ]  # fmt: skip
    target = np.mean(targets, axis=0) if targets else junction.position
    indices = [_project(strands[h.strand].path, target, h.low - margin, h.high + margin) for h in hosts]
    found = [point_at(strands[h.strand].path, i) for h, i in zip(hosts, indices, strict=True)]
    node = layout.add_node(np.mean(found, axis=0), kind)
    for host, index in zip(hosts, indices, strict=True):
        cuts[host.strand][host.k] = (index, node)
    return node


def _branch_foot(
    end: ArmEnd, strands: Sequence[Strand], place: dict[ArmEnd, tuple[int, int]], host: _Host, margin: int
) -> FloatArray | None:
    """Where a branch that ends here meets the nerve it leaves."""
    strand = strands[place[end][0]]
    if end not in (strand.head, strand.tail) or len(strand.path) < 3:
        return None
    path = strand.path if end == strand.tail else strand.path[::-1]
    begin = max(0, host.low - margin)
    window = strands[host.strand].path[begin : host.high + margin + 1]
    hit = meeting_point(path[-1], end_direction(path, _FOOT_FIT_PX), window)
    if hit is None or hit[1] > 4.0 * margin:
        return None
    return point_at(window, hit[0])


def _nearest_approach(strands: Sequence[Strand], hosts: Sequence[_Host], margin: int) -> FloatArray:
    """Where two nerves cross: the middle of the shortest link between them."""
    one, two = (strands[h.strand].path[max(0, h.low - margin) : h.high + margin + 1] for h in hosts)
    gap = ((one[:, None] - two[None]) ** 2).sum(axis=2)
    i, j = np.unravel_index(int(np.argmin(gap)), gap.shape)
    middle: FloatArray = (one[i] + two[j]) / 2.0
    return middle


def _project(path: FloatArray, target: FloatArray, low: int, high: int) -> float:
    """Fractional index of the point of a path nearest to a target, within a window."""
    low, high = max(low, 0), min(high, len(path) - 1)
    if high - low < 1:
        return float(low)
    start, step = path[low:high], np.diff(path[low : high + 1], axis=0)
    length = np.maximum((step**2).sum(axis=1), 1e-12)
    t = np.clip(((target - start) * step).sum(axis=1) / length, 0.0, 1.0)
    gap = ((start + t[:, None] * step - target) ** 2).sum(axis=1)
    best = int(np.argmin(gap))
    return low + best + float(t[best])


def _cut(
    strand: Strand,
    cuts: dict[int, tuple[float, int]],
    joined: dict[ArmEnd, int],
    arms: Sequence[Arm],
    edge: FrameEdge,
    layout: Layout,
) -> None:
    """Cut one strand at its nodes and lead its two ends to where they belong."""
    path = strand.path
    if strand.closed:
        node = layout.add_node(path[0], "loop")
        layout.edges.append(LaidEdge(node, node, path, strand.arms[0][0]))
        return
    head, head_node = _finish(path[::-1], strand.head, joined, arms, edge, layout)
    tail, tail_node = _finish(path, strand.tail, joined, arms, edge, layout)
    whole = np.concatenate([head[None], path, tail[None]])
    here, node = 0.0, head_node
    for k, (arm, _) in enumerate(strand.arms):
        if k + 1 < len(strand.arms):
            index, following = cuts[k]
            # One more point stands before the path; nodes keep their order along it.
            stop = max(index + 1.0, here)
        else:
            stop, following = len(whole) - 1.0, tail_node
        piece = cut_path(whole, here, stop)
        piece[0], piece[-1] = layout.positions[node], layout.positions[following]
        layout.edges.append(LaidEdge(node, following, piece, arm))
        here, node = stop, following


def _finish(
    path: FloatArray,
    end: ArmEnd,
    joined: dict[ArmEnd, int],
    arms: Sequence[Arm],
    edge: FrameEdge,
    layout: Layout,
) -> tuple[FloatArray, int]:
    """Last point of a strand, and its node."""
    if end in joined:
        return layout.positions[joined[end]], joined[end]
    if len(path) < 2 or path_length(path) == 0.0:
        return path[-1], layout.add_node(path[-1], "end")
    arm, side = arms[end[0]], end[1]
    direction = end_direction(path, _FIT_PX)
    # The skeleton's last pixel is nerve, even where a straight line leaves a thin or bent mask before it;
    # in a mask wider than a line, thinning stops half a pixel beyond the middle of the round end.
    beyond = min(0.5, max(0.0, (arm.typical_width - 1.0) / 2.0))
    to_tip, width = arm.pixels[-side] - path[-1], arm.width_near(side, _TIP_PX)
    point, kind = edge.lead_on(path[-1], direction, width, float(direction @ to_tip) - beyond)
    distance = float(np.hypot(*to_tip))
    if kind == "end" and direction @ to_tip < _HOOKED * distance:
        point, kind = edge.lead_on(path[-1], to_tip / distance, width, distance - beyond)
    return point, layout.add_node(point, kind)
