"""Edges of a nerve graph strung together to nerves: at a node, those that go straight on are one."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.graph import NerveGraph

Step = tuple[int, bool]
"""An edge, and whether it is walked from its end to its start."""

_DIRECTION_UM = 12.0
"""Length over which the direction of an edge at its node is taken."""

_MOST_TURN_DEG = 60.0
"""Two edges that turn by more at their node are two nerves."""


def chain_edges(graph: NerveGraph) -> list[list[Step]]:
    """Join the edges of a graph to nerves.

    At each node the two edges that turn least go on as one nerve, then the next two, as long as none turns
    by more than 60 degrees: a branch ends at its parent, and two nerves that cross stay two.

    Parameters
    ----------
    graph : NerveGraph

    Returns
    -------
    list of list of (int, bool)
        Each edge in one nerve, in order along it, with whether it is walked backwards.

    Examples
    --------
    >>> from ccmeval.morphometry import Edge, Node
    >>> at = [(0.0, 50.0), (50.0, 50.0), (100.0, 50.0), (60.0, 90.0)]
    >>> edges = [Edge(a, b, np.array([at[a], at[b]]), 1.0) for a, b in ((0, 1), (2, 1), (1, 3))]
    >>> nodes = [Node(position, "branch point") for position in at]
    >>> chain_edges(NerveGraph(nodes, edges, (100.0, 100.0), 0.01, 0.001))
    [[(0, False), (1, True)], [(2, False)]]
    """
    partner = _partners(graph)
    left = dict.fromkeys(range(len(graph.edges)))
    free = [(edge, side) for edge in left for side in (0, 1) if (edge, side) not in partner]
    # Closed paths have no free end and begin anywhere.
    begins = [*free, *((edge, 0) for edge in left)]
    chains = []
    for edge, side in begins:
        if edge in left:
            chains.append(_walk(edge, side, partner, left))
    return chains


def walked(graph: NerveGraph, chain: list[Step]) -> FloatArray:
    """Give the points of a nerve along its edges, (N, 2) in micrometres, none twice in a row."""
    paths = [graph.edges[edge].path_um[::-1] if back else graph.edges[edge].path_um for edge, back in chain]
    points = np.vstack(paths)
    moved = np.concatenate([[True], np.hypot(*np.diff(points, axis=0).T) > 1e-9])
    return np.asarray(points[moved])


def ends_of(graph: NerveGraph, chain: list[Step]) -> tuple[int, int]:
    """Give the nodes at which a nerve starts and ends."""
    (first, back), (last, returning) = chain[0], chain[-1]
    start, end = graph.edges[first], graph.edges[last]
    return (start.end if back else start.start), (end.start if returning else end.end)


def _walk(
    edge: int, side: int, partner: dict[tuple[int, int], tuple[int, int]], left: dict[int, None]
) -> list[Step]:
    chain: list[Step] = []
    while edge in left:
        del left[edge]
        chain.append((edge, side == 1))
        following = partner.get((edge, 1 - side))
        if following is None:
            break
        edge, side = following
    return chain


def _partners(graph: NerveGraph) -> dict[tuple[int, int], tuple[int, int]]:
    """Pair the ends of edges, (edge, 0 for its start and 1 for its end), that go on into each other."""
    at_node: dict[int, list[tuple[int, int]]] = {}
    for index, edge in enumerate(graph.edges):
        at_node.setdefault(edge.start, []).append((index, 0))
        at_node.setdefault(edge.end, []).append((index, 1))
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    least = np.cos(np.deg2rad(_MOST_TURN_DEG))
    for ends in at_node.values():
        ways = {end: _direction(graph.edges[end[0]].path_um, end[1]) for end in ends}
        pairs = sorted(combinations(ends, 2), key=lambda pair: float(ways[pair[0]] @ ways[pair[1]]))
        for one, other in pairs:
            if one not in partner and other not in partner and -(ways[one] @ ways[other]) >= least:
                partner[one], partner[other] = other, one
    return partner


def _direction(path: FloatArray, side: int) -> FloatArray:
    """Direction of a path away from its start (0) or its end (1)."""
    points = path if side == 0 else path[::-1]
    away = np.hypot(*(points - points[0]).T)
    far = int(np.argmax(away >= _DIRECTION_UM)) or len(points) - 1
    move = points[far] - points[0]
    length = float(np.hypot(*move))
    return np.asarray(move / length if length > 0 else np.zeros(2))
