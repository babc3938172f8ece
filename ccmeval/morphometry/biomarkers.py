"""The biomarkers of one frame, as pure functions of its nerve graph and trunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.morphometry import shape
from ccmeval.morphometry.candidates import join_paths
from ccmeval.morphometry.definitions import COLUMNS, DEFINITIONS
from ccmeval.morphometry.fractal import box_dimension
from ccmeval.morphometry.graph import Edge, NerveGraph
from ccmeval.morphometry.paths import arc_lengths
from ccmeval.morphometry.settings import MorphometrySettings
from ccmeval.morphometry.trunks import Trunks, find_trunks

_POINT_SPACING_UM = 1.0
"""Coarser points would miss boxes that a line only grazes, and so bias the dimension."""


def compute_biomarkers(
    graph: NerveGraph, trunks: Trunks | None = None, *, settings: MorphometrySettings | None = None
) -> dict[str, float]:
    """Compute all biomarkers of one frame.

    Parameters
    ----------
    graph : NerveGraph
    trunks : Trunks, optional
        Found by :func:`find_trunks` if not given.
    settings : MorphometrySettings, optional

    Returns
    -------
    dict of str to float
        One value for each of :data:`ccmeval.morphometry.definitions.COLUMNS`; a frame without nerves
        has the definitions' `empty` values.

    Raises
    ------
    ValueError
        If the graph has no imaged area.

    Examples
    --------
    >>> import numpy as np
    >>> from ccmeval.morphometry import Edge, Node
    >>> path = np.array([[0.0, 50.0], [400.0, 50.0]])
    >>> nodes = [Node((0.0, 50.0), "border"), Node((400.0, 50.0), "border")]
    >>> graph = NerveGraph(nodes, [Edge(0, 1, path, 400.0, 4.0)], (400.0, 400.0), 0.16, 0.0016)
    >>> found = compute_biomarkers(graph)
    >>> found["cnfl_mm_per_mm2"], found["cnfd_per_mm2"], found["cnfw_um_per_mm2"]
    (2.5, 6.25, 25.0)
    """
    settings = settings or MorphometrySettings()
    if not graph.imaged_area_mm2 > 0.0:
        raise ValueError("A frame without any imaged area has no biomarkers.")
    if not graph.edges:
        empty = {definition.column: definition.empty for definition in DEFINITIONS}
        return empty | {"cnfa_mm2_per_mm2": graph.nerve_area_mm2 / graph.imaged_area_mm2}
    trunks = trunks if trunks is not None else find_trunks(graph, settings)
    found = _densities(graph, trunks) | _network(graph, settings) | _bending(graph, trunks, settings)
    return {column: found[column] for column in COLUMNS}


def _densities(graph: NerveGraph, trunks: Trunks) -> dict[str, float]:
    area = graph.imaged_area_mm2
    on_trunks = sum(e.length_um for e, trunk in zip(graph.edges, trunks.edge_is_trunk, strict=True) if trunk)
    branch_points = sum(node.kind == "branch point" for node in graph.nodes)
    width = _weighted(graph.edges, lambda edge: edge.width_um)
    return {
        "cnfl_mm_per_mm2": graph.length_um / 1000.0 / area,
        "cnfd_per_mm2": trunks.count / area,
        "cnbd_per_mm2": len(trunks.branch_nodes) / area,
        "ctbd_per_mm2": branch_points / area,
        "cnfa_mm2_per_mm2": graph.nerve_area_mm2 / area,
        "mean_width_um": width,
        "cnfw_um_per_mm2": width / area,
        "trunk_length_mm_per_mm2": on_trunks / 1000.0 / area,
        "branch_length_mm_per_mm2": (graph.length_um - on_trunks) / 1000.0 / area,
    }


def _network(graph: NerveGraph, settings: MorphometrySettings) -> dict[str, float]:
    length_mm = graph.length_um / 1000.0
    points = shape.dense_points([edge.path_um for edge in graph.edges], _POINT_SPACING_UM)
    dimension = box_dimension(points, settings.box_sizes_um, graph.shape_um, settings.box_offsets)
    per_length = 1.0 / length_mm if length_mm > 0.0 else float("nan")
    return {
        "cnfrd": dimension,
        "acnfrd": dimension * per_length * graph.imaged_area_mm2,
        "nerve_contrast": _weighted(graph.edges, lambda edge: edge.contrast),
        "bead_density_per_mm": sum(edge.beads for edge in graph.edges) * per_length,
        "fragmentation_per_mm": count_pieces(graph) * per_length,
        "orientation_coherence": shape.orientation_coherence([edge.path_um for edge in graph.edges]),
    }


def _bending(graph: NerveGraph, trunks: Trunks, settings: MorphometrySettings) -> dict[str, float]:
    paths = [join_paths(graph, trunk) for trunk in trunks.paths]
    measures: dict[str, Callable[[FloatArray], float]] = {
        "tortuosity": shape.arc_over_chord,
        "tortuosity_coefficient": lambda path: shape.kallinikos_coefficient(path, settings.curvature_um),
        "curvature_squared_per_um": lambda path: shape.integrated_squared_curvature(
            path, settings.curvature_um
        ),
    }
    weights = np.array([arc_lengths(path)[-1] for path in paths])
    return {
        name: _mean(np.array([measure(path) for path in paths]), weights)
        for name, measure in measures.items()
    }


def count_pieces(graph: NerveGraph) -> int:
    """Count the connected pieces of nerve (nodes that share an edge are connected)."""
    parent = list(range(len(graph.nodes)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for edge in graph.edges:
        parent[root(edge.start)] = root(edge.end)
    return len({root(edge.start) for edge in graph.edges})


def _weighted(edges: Sequence[Edge], value: Callable[[Edge], float]) -> float:
    return _mean(np.array([value(e) for e in edges]), np.array([e.length_um for e in edges]))


def _mean(values: FloatArray, weights: FloatArray) -> float:
    """Weighted mean of the known values; NaN where none is known."""
    known: BoolArray = np.isfinite(values)
    total = float(weights[known].sum()) if known.any() else 0.0
    return float((values[known] * weights[known]).sum() / total) if total > 0.0 else float("nan")
