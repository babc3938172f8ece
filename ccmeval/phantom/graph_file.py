"""The exact graph as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.errors import CcmevalError
from ccmeval.morphometry.graph import Edge, NerveGraph, Node


def graph_document(graph: NerveGraph) -> dict[str, Any]:
    """Give a graph as plain data.

    Parameters
    ----------
    graph : NerveGraph

    Returns
    -------
    dict
        Positions in micrometres, rounded to 0.1 nm; unknown numbers are None.
    """
    return {
        "shape_um": list(graph.shape_um),
        "imaged_area_mm2": graph.imaged_area_mm2,
        "nerve_area_mm2": graph.nerve_area_mm2,
        "nodes": [{"position_um": np.round(n.position_um, 4).tolist(), "kind": n.kind} for n in graph.nodes],
        "edges": [_edge_document(edge) for edge in graph.edges],
    }


def _edge_document(edge: Edge) -> dict[str, Any]:
    numbers = {name: getattr(edge, name) for name in ("length_um", "width_um", "mean_intensity", "contrast")}
    known = {name: None if np.isnan(value) else value for name, value in numbers.items()}
    return {"start": edge.start, "end": edge.end, **known, "path_um": np.round(edge.path_um, 4).tolist()}


def read_graph(path: str | Path) -> NerveGraph:
    """Read a graph that :func:`ccmeval.phantom.write_cohort` wrote.

    Parameters
    ----------
    path : path
        A file in the cohort's `graphs` folder.

    Returns
    -------
    NerveGraph

    Raises
    ------
    CcmevalError
        If the file is not such a graph.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        nodes = [Node((n["position_um"][0], n["position_um"][1]), n["kind"]) for n in document["nodes"]]
        edges = [_read_edge(edge) for edge in document["edges"]]
        height, width = document["shape_um"]
        areas = float(document["imaged_area_mm2"]), float(document["nerve_area_mm2"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CcmevalError(f"{path} is not a phantom's graph ({error}); write the cohort again.") from error
    return NerveGraph(nodes, edges, (float(height), float(width)), *areas)


def _read_edge(document: dict[str, Any]) -> Edge:
    names = ("length_um", "width_um", "mean_intensity", "contrast")
    numbers = {name: float("nan") if document[name] is None else document[name] for name in names}
    return Edge(document["start"], document["end"], np.array(document["path_um"]), **numbers)
