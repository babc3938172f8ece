"""The pixel graph of a skeleton: junction clusters, pixel paths, spurs.

Symbols: a skeleton has `n` pixels; `neighbours[i]` lists the pixels that touch pixel `i`. Pixels
with two neighbours are on a path; all others are nodes, and touching junction pixels are one node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ccmeval.arrays import BoolArray, IntArray

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1))


@dataclass
class PixelEdge:
    """A pixel path between two nodes; `pixels` is (N, 2), ends included."""

    start: int
    end: int
    pixels: IntArray


@dataclass
class PixelGraph:
    """Nodes as clusters of pixels (each (K, 2)) and the pixel paths between them."""

    nodes: list[IntArray] = field(default_factory=list)
    edges: list[PixelEdge] = field(default_factory=list)

    def incident(self) -> list[list[int]]:
        """List, for each node, the edges that end there; a loop stands twice."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for index, edge in enumerate(self.edges):
            found[edge.start].append(index)
            found[edge.end].append(index)
        return found


def neighbour_lists(skeleton: BoolArray) -> tuple[IntArray, list[list[int]]]:
    """Find which skeleton pixels touch.

    A diagonal step is left out where two straight steps lead to the same pixel, so that a corner is
    not taken for a junction.

    Parameters
    ----------
    skeleton : bool array (H, W)

    Returns
    -------
    pixels : int array (n, 2)
        Row and column of each skeleton pixel.
    neighbours : list of list of int

    Examples
    --------
    >>> import numpy as np
    >>> neighbour_lists(np.array([[1, 1], [0, 1]], dtype=bool))[1]
    [[1], [2, 0], [1]]
    """
    padded = np.pad(skeleton, 1)
    rows, columns = np.nonzero(padded)
    index = np.full(padded.shape, -1, dtype=np.int32)
    index[rows, columns] = np.arange(len(rows))
    table = np.stack([index[rows + dr, columns + dc] for dr, dc in _STEPS], axis=1)
    straight = table[:, :4] >= 0
    for k, (dr, dc) in enumerate(_STEPS[4:], start=4):
        vertical, horizontal = straight[:, 1 if dr > 0 else 3], straight[:, 0 if dc > 0 else 2]
        table[vertical | horizontal, k] = -1
    neighbours = [[q for q in row if q >= 0] for row in table.tolist()]
    return np.stack([rows - 1, columns - 1], axis=1), neighbours


def _cluster(neighbours: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """Give each node pixel its node (-1 on paths); touching junction pixels share one."""
    node_of = [-1] * len(neighbours)
    clusters: list[list[int]] = []
    for first, around in enumerate(neighbours):
        if node_of[first] >= 0 or len(around) == 2:
            continue
        node_of[first] = len(clusters)
        cluster = [first]
        if len(around) > 2:
            for pixel in cluster:
                for other in neighbours[pixel]:
                    if node_of[other] < 0 and len(neighbours[other]) > 2:
                        node_of[other] = len(clusters)
                        cluster.append(other)
        clusters.append(cluster)
    return node_of, clusters


def _walk(first: int, second: int, neighbours: list[list[int]], node_of: list[int]) -> list[int]:
    path = [first, second]
    previous, here = first, second
    while node_of[here] < 0:
        a, b = neighbours[here]
        previous, here = here, (b if a == previous else a)
        path.append(here)
    return path


def trace_skeleton(skeleton: BoolArray) -> PixelGraph:
    """Turn a one-pixel skeleton into nodes and pixel paths.

    Parameters
    ----------
    skeleton : bool array (H, W)

    Returns
    -------
    PixelGraph
        A closed path without junction has one node, where it starts and ends.

    Examples
    --------
    >>> import numpy as np
    >>> graph = trace_skeleton(np.array([[1, 0, 1], [0, 1, 0], [0, 1, 0]], dtype=bool))
    >>> len(graph.nodes), len(graph.edges)
    (4, 3)
    """
    pixels, neighbours = neighbour_lists(skeleton)
    node_of, clusters = _cluster(neighbours)
    edges: list[PixelEdge] = []
    walked: set[tuple[int, int]] = set()
    on_path = [False] * len(neighbours)

    def follow(pixel: int, other: int) -> None:
        path = _walk(pixel, other, neighbours, node_of)
        walked.update(((path[0], path[1]), (path[-1], path[-2])))
        for passed in path[1:-1]:
            on_path[passed] = True
        edges.append(PixelEdge(node_of[path[0]], node_of[path[-1]], pixels[path]))

    for node, cluster in enumerate(list(clusters)):
        for pixel in cluster:
            for other in neighbours[pixel]:
                if node_of[other] != node and (pixel, other) not in walked:
                    follow(pixel, other)
    for pixel, around in enumerate(neighbours):
        if node_of[pixel] < 0 and not on_path[pixel]:
            node_of[pixel] = len(clusters)
            clusters.append([pixel])
            follow(pixel, around[0])
    return PixelGraph([pixels[cluster] for cluster in clusters], edges)


def path_steps(pixels: IntArray) -> float:
    """Length of a pixel path in pixels, diagonal steps as the square root of two."""
    return float(np.sqrt((np.diff(pixels, axis=0) ** 2).sum(axis=1)).sum())


def prune_spurs(graph: PixelGraph, is_spur: Callable[[IntArray, float], bool]) -> PixelGraph:
    """Cut side twigs that are mask roughness, and join what they had split.

    Parameters
    ----------
    graph : PixelGraph
    is_spur : callable
        Given the junction's pixels (K, 2) and the twig's length in pixels, whether it is roughness.

    Returns
    -------
    PixelGraph
        Where all arms of a junction are twigs, the longest two stay.
    """
    while True:
        incident = graph.incident()
        cut: set[int] = set()
        for node, arms in enumerate(incident):
            if len(arms) < 3:
                continue
            twigs = [e for e in arms if len(incident[_other(graph.edges[e], node)]) == 1]
            lengths = sorted((path_steps(graph.edges[e].pixels), e) for e in twigs)
            for length, edge in lengths[: len(arms) - (2 if len(lengths) == len(arms) else 1)]:
                if is_spur(graph.nodes[node], length):
                    cut.add(edge)
        if not cut:
            return graph
        graph = join_passed(PixelGraph(graph.nodes, [e for i, e in enumerate(graph.edges) if i not in cut]))


def _other(edge: PixelEdge, node: int) -> int:
    return edge.end if edge.start == node else edge.start


def join_passed(graph: PixelGraph) -> PixelGraph:
    """Join the two paths at each node that has just two, and drop nodes that have none."""
    edges: dict[int, PixelEdge] = dict(enumerate(graph.edges))
    incident = graph.incident()
    for node, arms in enumerate(incident):
        if len(arms) != 2 or arms[0] == arms[1]:
            continue
        first, second = arms
        joined = _join(edges[first], edges[second], node)
        far = _other(edges[second], node)
        edges[first] = joined
        del edges[second]
        incident[node] = []
        incident[far][incident[far].index(second)] = first
    order = sorted({end for edge in edges.values() for end in (edge.start, edge.end)})
    rank = {node: k for k, node in enumerate(order)}
    renamed = [PixelEdge(rank[e.start], rank[e.end], e.pixels) for e in edges.values()]
    return PixelGraph([graph.nodes[node] for node in order], renamed)


def _join(first: PixelEdge, second: PixelEdge, node: int) -> PixelEdge:
    """Path of `first` up to `node`, then of `second` away from it."""
    head = first.pixels if first.end == node else first.pixels[::-1]
    start = first.start if first.end == node else first.end
    tail = second.pixels if second.start == node else second.pixels[::-1]
    end = second.end if second.start == node else second.start
    if (head[-1] == tail[0]).all():
        tail = tail[1:]
    return PixelEdge(start, end, np.concatenate([head, tail]))
