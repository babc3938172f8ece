"""Candidate trunks: the paths through the frame that the rule allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.morphometry.paths import arc_lengths, unit
from ccmeval.morphometry.settings import MorphometrySettings

_MOST_PATHS = 1000
"""Paths followed from one start at most: a dense mesh has more than anybody can rank."""

_SLACK_DEG = 5.0
"""Added to the largest turn while paths are followed, where directions end at a sample of the path."""


@dataclass(frozen=True)
class Candidate:
    """A path that may be a trunk.

    Attributes
    ----------
    edges, nodes : tuple of int
        In order; one node more than edges.
    border_nodes : frozenset of int
        Those of its two ends that lie on the border.
    exclusive : frozenset of int
        Nodes that no other trunk may share (all but crossings).
    rank : float
    """

    edges: tuple[int, ...]
    nodes: tuple[int, ...]
    border_nodes: frozenset[int]
    exclusive: frozenset[int]
    rank: float


@dataclass(frozen=True)
class _Frame:
    """What the search needs, worked out once for each graph."""

    graph: NerveGraph
    settings: MorphometrySettings
    leaving: Sequence[Sequence[tuple[int, int]]]
    directions: dict[tuple[int, int], tuple[float, float]]
    on_border: Sequence[bool]
    side_um: float
    prominence: FloatArray


def find_candidates(graph: NerveGraph, settings: MorphometrySettings) -> list[Candidate]:
    """List all paths that fulfil the conditions of a trunk.

    Parameters
    ----------
    graph : NerveGraph
    settings : MorphometrySettings

    Returns
    -------
    list of Candidate
        Each path once, whichever way it is walked.
    """
    if not graph.edges:
        return []
    frame = _prepare(graph, settings)
    found: dict[tuple[int, ...], Candidate] = {}
    for start in range(len(graph.nodes)):
        if not frame.on_border[start]:
            continue
        for nodes, edges in _paths_from(start, frame):
            candidate = _judge(nodes, edges, frame)
            if candidate is not None:
                key = min(candidate.edges, candidate.edges[::-1])
                found.setdefault(key, candidate)
    return list(found.values())


def _prepare(graph: NerveGraph, settings: MorphometrySettings) -> _Frame:
    leaving: list[list[tuple[int, int]]] = [[] for _ in graph.nodes]
    directions: dict[tuple[int, int], tuple[float, float]] = {}
    for index, edge in enumerate(graph.edges):
        for side, node in ((0, edge.start), (1, edge.end)):
            leaving[node].append((index, side))
            path = edge.path_um if side == 0 else edge.path_um[::-1]
            directions[index, side] = _direction(path, settings.direction_um)
    height, width = graph.shape_um
    on_border = [
        node.kind == "border"
        or min(
            node.position_um[0],
            node.position_um[1],
            height - node.position_um[0],
            width - node.position_um[1],
        )
        <= settings.border_distance_um
        for node in graph.nodes
    ]
    return _Frame(
        graph,
        settings,
        leaving,
        directions,
        on_border,
        min(height, width, settings.reference_side_um),
        _prominence(graph, settings),
    )


def _direction(path: FloatArray, length: float) -> tuple[float, float]:
    """Direction in which a path leaves its first point, as the chord over its first stretch."""
    s = arc_lengths(path)
    k = min(int(np.searchsorted(s, length)), len(path) - 1)
    row, column = (path[k] - path[0]).tolist()
    chord = math.hypot(row, column)
    return (row / chord, column / chord) if chord > 0.0 else (0.0, 0.0)


def _prominence(graph: NerveGraph, settings: MorphometrySettings) -> FloatArray:
    """Weight of each edge's length in the rank; 1 where width or grey level is unknown."""
    width = np.array([edge.width_um for edge in graph.edges])
    level = np.array([edge.mean_intensity for edge in graph.edges])
    weight = np.where(np.isfinite(width), width, 1.0) if np.isfinite(width).all() else np.ones(len(width))
    if settings.intensity_exponent > 0.0 and np.isfinite(level).all():
        weight = weight * level**settings.intensity_exponent
    result: FloatArray = weight
    return result


def _paths_from(start: int, frame: _Frame) -> Iterator[tuple[list[int], list[int]]]:
    """Walk all paths from a border node that never turn too far or meet themselves, straightest first.

    What a path is longer than its chord can only grow with each edge, so a walk stops as soon as no
    chord that fits into the frame could still make it straight enough.
    """
    nodes = frame.graph.nodes
    row, column = nodes[start].position_um
    most = math.hypot(*frame.graph.shape_um) * (1.0 / max(frame.settings.min_straightness, 1e-6) - 1.0)
    stack: list[tuple[list[int], list[int], float]] = [([start], [], 0.0)]
    followed = 0
    while stack and followed < _MOST_PATHS:
        passed, edges, length = stack.pop()
        here = passed[-1]
        if edges:
            followed += 1
            yield passed, edges
            if frame.on_border[here]:
                continue
        onward = []
        for edge, side in frame.leaving[here]:
            way = frame.graph.edges[edge]
            far = way.end if side == 0 else way.start
            if far in passed:
                continue
            turn = _turn(edges, here, edge, side, frame) if edges else 0.0
            total = length + way.length_um
            place = nodes[far].position_um
            detour = total - math.hypot(place[0] - row, place[1] - column)
            if turn <= _bound_deg(edges, edge, frame) and detour <= most:
                onward.append((turn, edge, far, total))
        for _, edge, far, total in sorted(onward, reverse=True):
            stack.append(([*passed, far], [*edges, edge], total))


def _bound_deg(edges: Sequence[int], edge: int, frame: _Frame) -> float:
    """Largest turn into the next edge with which a walk goes on.

    The turn at a node is measured over `direction_um` on either side. Where an edge is shorter, those
    beyond it decide, which are not known yet.
    """
    least = frame.settings.direction_um
    known = edges and min(frame.graph.edges[edges[-1]].length_um, frame.graph.edges[edge].length_um) >= least
    return frame.settings.max_turn_deg + _SLACK_DEG if known else 180.0


def _turn(edges: Sequence[int], node: int, edge: int, side: int, frame: _Frame) -> float:
    """Turn in degrees from the last edge into the next; beyond all bounds off a crossing's straight line."""
    last = frame.graph.edges[edges[-1]]
    came_by = (edges[-1], 1 if last.end == node else 0)
    back = frame.directions[came_by]
    onward = (-back[0], -back[1])
    turn = _angle(onward, frame.directions[edge, side])
    if frame.graph.nodes[node].kind == "crossing":
        others = [way for way in frame.leaving[node] if way != came_by]
        if any(_angle(onward, frame.directions[way]) < turn for way in others):
            return 360.0
    return turn


def _angle(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Angle in degrees between two unit vectors."""
    return math.degrees(math.acos(max(-1.0, min(1.0, one[0] * two[0] + one[1] * two[1]))))


def _judge(nodes: Sequence[int], edges: Sequence[int], frame: _Frame) -> Candidate | None:
    """Make a candidate of a path, if chord, straightness and turns allow."""
    graph, settings = frame.graph, frame.settings
    ends = [node for node in (nodes[0], nodes[-1]) if frame.on_border[node]]
    fades = len(ends) < 2
    if fades and not (settings.count_fading and graph.nodes[nodes[-1]].kind == "end"):
        return None
    share = settings.min_fading_share if fades else settings.min_chord_share
    first, last = (graph.nodes[node].position_um for node in (nodes[0], nodes[-1]))
    chord = math.hypot(last[0] - first[0], last[1] - first[1])
    length = sum(graph.edges[edge].length_um for edge in edges)
    if chord < share * frame.side_um or chord < settings.min_straightness * length:
        return None
    turn = _largest_turn(nodes, edges, frame)
    if turn > settings.max_turn_deg:
        return None
    weighted = sum(graph.edges[edge].length_um * frame.prominence[edge] for edge in edges)
    exclusive = frozenset(node for node in nodes if graph.nodes[node].kind != "crossing")
    rank = weighted * (chord / length) * math.cos(math.radians(turn) / 2.0)
    return Candidate(tuple(edges), tuple(nodes), frozenset(ends), exclusive, rank)


def _largest_turn(nodes: Sequence[int], edges: Sequence[int], frame: _Frame) -> float:
    """Largest turn at an inner node, in degrees, between the chords of the path before and after it.

    Each chord spans `direction_um` of the path, through further nodes where edges are shorter: the
    direction of a short edge is mostly the error of its two nodes.
    """
    if len(edges) < 2:
        return 0.0
    path = join_paths(frame.graph, edges)
    s = arc_lengths(path)
    lengths = np.array([frame.graph.edges[edge].length_um for edge in edges])
    at = np.cumsum(lengths)[:-1] * (s[-1] / lengths.sum())
    reach = frame.settings.direction_um
    stops = np.clip(np.concatenate([at - reach, at, at + reach]), 0.0, s[-1])
    points = np.column_stack([np.interp(stops, s, path[:, 0]), np.interp(stops, s, path[:, 1])])
    before, here, after = np.split(points, 3)
    cosine = (unit(here - before) * unit(after - here)).sum(axis=1)
    return float(np.degrees(np.arccos(np.clip(cosine.min(), -1.0, 1.0))))


def join_paths(graph: NerveGraph, edges: Sequence[int]) -> FloatArray:
    """Join the paths of successive edges.

    Parameters
    ----------
    graph : NerveGraph
    edges : sequence of int
        Edge indices in order, as in `Trunks.paths`.

    Returns
    -------
    float array (N, 2)
        In micrometres.
    """
    first = graph.edges[edges[0]]
    here = first.start
    if len(edges) > 1:
        following = graph.edges[edges[1]]
        here = first.end if first.start in (following.start, following.end) else first.start
    parts = []
    for index in edges:
        edge = graph.edges[index]
        forward = edge.start == here
        parts.append(edge.path_um if forward else edge.path_um[::-1])
        here = edge.end if forward else edge.start
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])
