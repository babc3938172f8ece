"""The nerve graph: nodes and sub-pixel paths in micrometres.

The same type holds what was found in a mask and what the phantom drew, so that one rule for trunks,
branch points and lengths serves both.

Coordinates are (row, column) in micrometres from the outer corner of the first pixel: the centre of
pixel (r, c) lies at ((r + 0.5) * pixel_size_um, (c + 0.5) * pixel_size_um), and the frame spans
[0, H * pixel_size_um] x [0, W * pixel_size_um].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ccmeval.arrays import FloatArray

if TYPE_CHECKING:
    import networkx as nx

NodeKind = Literal["end", "branch point", "border", "crossing", "loop"]
"""What a node is.

``end``: a nerve ends inside the frame. ``branch point``: three or more edges meet. ``border``: a
nerve leaves the imaged area. ``crossing``: two nerves pass over each other without joining.
``loop``: an arbitrary point of a closed path without branch points.
"""


@dataclass(frozen=True)
class Node:
    """A node of the nerve graph.

    Attributes
    ----------
    position_um : (float, float)
        Row and column in micrometres.
    kind : str
        See :data:`NodeKind`.
    """

    position_um: tuple[float, float]
    kind: NodeKind


@dataclass(frozen=True)
class Edge:
    """A stretch of nerve between two nodes.

    Attributes
    ----------
    start, end : int
        Indices into :attr:`NerveGraph.nodes`.
    path_um : float array (N, 2), N >= 2
        Sub-pixel centre line from `start` to `end`, both included, as (row, column).
    length_um : float
        Length, unbiased by direction.
    width_um : float
        Mean width across the nerve; NaN where unknown.
    mean_intensity : float
        Mean grey level in [0, 1] along the centre line; NaN where no frame is known.
    contrast : float
        Mean grey level on the nerve over that of its surround, minus one; NaN where unknown.
    beads : float
        Number of beads (local maxima of grey level along the nerve); NaN where no frame is known.
    """

    start: int
    end: int
    path_um: FloatArray
    length_um: float
    width_um: float = float("nan")
    mean_intensity: float = float("nan")
    contrast: float = float("nan")
    beads: float = float("nan")


@dataclass(frozen=True)
class NerveGraph:
    """All nerves of one frame.

    Attributes
    ----------
    nodes : sequence of Node
    edges : sequence of Edge
    shape_um : (float, float)
        Height and width of the frame in micrometres.
    imaged_area_mm2 : float
        Area that densities refer to.
    nerve_area_mm2 : float
        Area covered by nerves.

    Examples
    --------
    >>> import numpy as np
    >>> path = np.array([[0.0, 50.0], [400.0, 50.0]])
    >>> nodes = [Node((0.0, 50.0), "border"), Node((400.0, 50.0), "border")]
    >>> graph = NerveGraph(nodes, [Edge(0, 1, path, 400.0)], (400.0, 400.0), 0.16, 0.0016)
    >>> graph.length_um
    400.0
    >>> graph.to_networkx().number_of_edges()
    1
    """

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    shape_um: tuple[float, float]
    imaged_area_mm2: float
    nerve_area_mm2: float

    @property
    def length_um(self) -> float:
        """Length of all edges in micrometres."""
        return float(sum(edge.length_um for edge in self.edges))

    def to_networkx(self) -> nx.MultiGraph:
        """Give the graph to networkx.

        Returns
        -------
        networkx.MultiGraph
            Nodes are indices with `position_um` and `kind`; edges have the index into
            :attr:`edges` as key and `length_um`, `width_um`, `mean_intensity`, `contrast`, `beads`.
        """
        import networkx as nx

        graph = nx.MultiGraph()
        for index, node in enumerate(self.nodes):
            graph.add_node(index, position_um=node.position_um, kind=node.kind)
        for index, edge in enumerate(self.edges):
            graph.add_edge(
                edge.start,
                edge.end,
                key=index,
                length_um=edge.length_um,
                width_um=edge.width_um,
                mean_intensity=edge.mean_intensity,
                contrast=edge.contrast,
                beads=edge.beads,
            )
        return graph

    def degree(self) -> dict[int, int]:
        """Count the edge ends at each node; a loop counts twice."""
        counts = np.zeros(len(self.nodes), dtype=int)
        for edge in self.edges:
            counts[edge.start] += 1
            counts[edge.end] += 1
        return dict(enumerate(counts.tolist()))
