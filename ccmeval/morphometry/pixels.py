"""The pixel graph of a skeleton: junction clusters, pixel paths, spurs.

Symbols: a skeleton has `n` pixels; `neighbours[i]` lists the pixels that touch pixel `i`. Pixels
with two neighbours are on a path; all others are nodes, and touching junction pixels are one node.

This is the graph that `skan.csr.skeleton_to_csgraph` gives, built here with arrays alone: importing
skan (numba, pandas) costs a fifth of a single frame's cold start, and its `Skeleton` compiles for more
than a second in every process. The tests hold it against skan's counts and lengths.
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


def neighbour_table(skeleton: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
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
    table : int array (n, 8)
        Pixels that touch each pixel, first in its row; -1 after them.
    degree : int array (n,)
        How many there are.

    Examples
    --------
    >>> import numpy as np
    >>> neighbour_table(np.array([[1, 1], [0, 1]], dtype=bool))[1][:, :2]
    array([[ 1, -1],
           [ 2,  0],
           [ 1, -1]])
    """
    height, width = skeleton.shape
    padded = np.zeros((height + 2, width + 2), dtype=np.bool_)
    padded[1:-1, 1:-1] = skeleton
    flat = np.flatnonzero(padded)
    index = np.full(padded.size, -1, dtype=np.int64)
    index[flat] = np.arange(len(flat))
    table = index[flat[:, None] + np.array([dr * (width + 2) + dc for dr, dc in _STEPS])]
    straight = table[:, :4] >= 0
    for k, (dr, dc) in enumerate(_STEPS[4:], start=4):
        vertical, horizontal = straight[:, 1 if dr > 0 else 3], straight[:, 0 if dc > 0 else 2]
        table[vertical | horizontal, k] = -1
    exists = table >= 0
    order = np.argsort(~exists, axis=1, kind="stable")
    pixels = np.stack(np.divmod(flat, width + 2), axis=1) - 1
    return pixels, np.take_along_axis(table, order, axis=1), exists.sum(axis=1)


def _cluster(nodes: list[int], neighbours: dict[int, list[int]]) -> list[list[int]]:
    """Group the node pixels; touching junction pixels are one node, an end is one by itself."""
    clusters: list[list[int]] = []
    seen: set[int] = set()
    for first in nodes:
        if first in seen:
            continue
        seen.add(first)
        cluster = [first]
        if len(neighbours[first]) > 2:
            for pixel in cluster:
                for other in neighbours[pixel]:
                    if other not in seen and len(neighbours.get(other, ())) > 2:
                        seen.add(other)
                        cluster.append(other)
        clusters.append(cluster)
    return clusters


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
    pixels, table, degree = neighbour_table(skeleton)
    nodes = np.flatnonzero(degree != 2).tolist()
    neighbours = {pixel: table[pixel, : degree[pixel]].tolist() for pixel in nodes}
    clusters = _cluster(nodes, neighbours)
    node_of = {pixel: node for node, cluster in enumerate(clusters) for pixel in cluster}
    one, two = table[:, 0].tolist(), table[:, 1].tolist()
    paths: list[list[int]] = []
    walked: set[tuple[int, int]] = set()

    def follow(pixel: int, other: int) -> None:
        path = [pixel, other]
        previous, here = pixel, other
        while here not in node_of:
            previous, here = here, (two[here] if one[here] == previous else one[here])
            path.append(here)
        walked.update(((pixel, other), (here, previous)))
        paths.append(path)

    for node, cluster in enumerate(clusters):
        for pixel in cluster:
            for other in neighbours[pixel]:
                if node_of.get(other) != node and (pixel, other) not in walked:
                    follow(pixel, other)
    passed = np.zeros(len(pixels), dtype=np.bool_)
    passed[nodes] = True
    for path in paths:
        passed[path] = True
    # What no path from a node passed is closed: any pixel will do as its node.
    for pixel in np.flatnonzero(~passed).tolist():
        if not passed[pixel]:
            node_of[pixel] = len(clusters)
            clusters.append([pixel])
            follow(pixel, one[pixel])
            passed[paths[-1]] = True
    edges = [PixelEdge(node_of[path[0]], node_of[path[-1]], pixels[path]) for path in paths]
    return PixelGraph([pixels[cluster] for cluster in clusters], edges)


def path_steps(pixels: IntArray) -> float:
    """Length of a pixel path in pixels, diagonal steps as the square root of two."""
    return float(np.sqrt((np.diff(pixels, axis=0) ** 2).sum(axis=1)).sum())


def prune_spurs(graph: PixelGraph, is_spur: Callable[[list[IntArray], float], bool]) -> PixelGraph:
    """Cut side twigs that are mask roughness, and join what they had split.

    Parameters
    ----------
    graph : PixelGraph
    is_spur : callable
        Given the junction's other arms, as pixel paths (N, 2) that lead away from it, and the twig's
        length in pixels, whether it is roughness.

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
                if is_spur([_away(graph.edges[e], node) for e in arms if e != edge], length):
                    cut.add(edge)
        if not cut:
            return graph
        graph = join_passed(PixelGraph(graph.nodes, [e for i, e in enumerate(graph.edges) if i not in cut]))


def _away(edge: PixelEdge, node: int) -> IntArray:
    return edge.pixels if edge.start == node else edge.pixels[::-1]


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
