"""Candidate trunks against an exhaustive search with networkx and the rule written out once more."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from ccmeval.morphometry import MorphometrySettings, NerveGraph, nerve_graph
from ccmeval.morphometry.candidates import find_candidates
from tests.morphometry.drawing import draw, ray

SETTINGS = MorphometrySettings()


def plexus(seed: int) -> NerveGraph:
    """Nerves in three directions, some of which end inside: short edges and many ways through."""
    rng = np.random.default_rng(seed)
    directions = (80.0, 100.0, 140.0)
    curves = [
        ray(
            rng.uniform(60.0, 340.0, 2),
            directions[k % 3] + rng.normal(0.0, 8.0),
            *rng.uniform(60.0, 400.0, 2),
        )
        for k in range(8)
    ]
    return nerve_graph(draw(curves, [3.5] * 8), pixel_size_um=400.0 / 384.0)


def whole_path(graph: NerveGraph, nodes: list[int], edges: list[int]) -> tuple[np.ndarray, list[float]]:
    """Path through successive edges, and the arc length at each inner node."""
    parts, arcs, total = [], [], 0.0
    for node, index in zip(nodes, edges, strict=False):
        edge = graph.edges[index]
        path = edge.path_um if edge.start == node else edge.path_um[::-1]
        total += float(np.hypot(*np.diff(path, axis=0).T).sum())
        parts.append(path[1:] if parts else path)
        arcs.append(total)
    return np.concatenate(parts), arcs[:-1]


def at(path: np.ndarray, arc: float) -> np.ndarray:
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    return np.array([np.interp(arc, s, path[:, 0]), np.interp(arc, s, path[:, 1])])


def angle(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ two / np.hypot(*one) / np.hypot(*two), -1.0, 1.0))))


def goes_straight(graph: NerveGraph, node: int, came: int, goes: int) -> bool:
    """Whether the way on is the straightest of the three at a crossing."""

    def leaving(index: int) -> np.ndarray:
        edge = graph.edges[index]
        path = edge.path_um if edge.start == node else edge.path_um[::-1]
        s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
        return path[min(np.searchsorted(s, SETTINGS.direction_um), len(path) - 1)] - path[0]

    others = [k for k, edge in enumerate(graph.edges) if node in (edge.start, edge.end) and k != came]
    return goes == min(others, key=lambda k: angle(-leaving(came), leaving(k)))


def is_candidate(graph: NerveGraph, nodes: list[int], edges: list[int], on_border: list[bool]) -> bool:
    path, arcs = whole_path(graph, nodes, edges)
    for node, (came, goes) in zip(nodes[1:-1], pairwise(edges), strict=True):
        if graph.nodes[node].kind == "crossing" and not goes_straight(graph, node, came, goes):
            return False
    share = SETTINGS.min_chord_share if on_border[nodes[-1]] else SETTINGS.min_fading_share
    chord = float(np.hypot(*(path[-1] - path[0])))
    length = sum(graph.edges[edge].length_um for edge in edges)
    if chord < share * 400.0 or chord < SETTINGS.min_straightness * length:
        return False
    reach = SETTINGS.direction_um
    turns = [angle(at(path, s) - at(path, s - reach), at(path, s + reach) - at(path, s)) for s in arcs]
    return max(turns, default=0.0) <= SETTINGS.max_turn_deg


@pytest.mark.parametrize("seed", range(6))
def test_search_finds_all_paths_that_the_rule_allows(seed: int) -> None:
    graph = plexus(seed)
    on_border = [
        node.kind == "border" or min(*node.position_um, *(400.0 - np.array(node.position_um))) <= 8.0
        for node in graph.nodes
    ]
    network, expected = graph.to_networkx(), set()
    for start in np.flatnonzero(on_border).tolist():
        for stop in range(len(graph.nodes)):
            if stop == start or not (on_border[stop] or graph.nodes[stop].kind == "end"):
                continue
            for walk in nx.all_simple_edge_paths(network, start, stop, cutoff=12):
                nodes, edges = [start, *(far for _, far, _ in walk)], [key for *_, key in walk]
                if not any(on_border[n] for n in nodes[1:-1]) and is_candidate(
                    graph, nodes, edges, on_border
                ):
                    expected.add(min(tuple(edges), tuple(edges[::-1])))
    found = {min(c.edges, c.edges[::-1]) for c in find_candidates(graph, SETTINGS)}
    assert found == expected
    assert found
