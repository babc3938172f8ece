"""A plexus traced from a mask, so that the phantom's microscope images nerves that somebody else drew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.morphometry import MorphometrySettings, find_trunks, nerve_graph
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.phantom.anatomy import Plan
from ccmeval.phantom.assemble import RELATIVE_WIDTH, DrawnNerve, draw_beads, scale_widths, vary_width
from ccmeval.phantom.chaining import Step, chain_edges, ends_of, walked
from ccmeval.phantom.curves import arc_length, resample
from ccmeval.phantom.frame import Anatomy
from ccmeval.phantom.plexus import CurveKind
from ccmeval.phantom.raster import rasterise
from ccmeval.phantom.settings import PhantomSettings

_TRACE_WIDTH_UM = 5.0
"""Mean width of nerves whose mask is a trace and tells none: CNFW of arXiv 2602.13693, Table V, is 31 um per
mm2, in frames of 0.16 mm2."""

_SMOOTH_UM = 3.0
"""Gaussian radius by which the width along a mask is smoothed: its edge is rough by a pixel."""

_WIDTH_RANGE = (0.6, 1.6)
"""Bounds of the local width over the nerve's mean: where nerves meet, the mask is wider than either."""


def trace_anatomy(rng: np.random.Generator, mask: BoolArray, settings: PhantomSettings) -> Anatomy:
    """Trace the nerves of a mask, for :func:`ccmeval.phantom.frame.image_anatomy` to image.

    The mask's nerve graph gives the centre lines; edges that go straight on at a node are one nerve. Widths
    follow the mask. Nerves on a trunk by the rule of :func:`ccmeval.morphometry.find_trunks` are trunks,
    others with a branch point branches, the rest fibres. Beads, which a mask does not tell, are drawn.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the beads, and of the widths where the mask is a trace.
    mask : bool array (H, W)
        Nerve pixels, or a one-pixel trace.
    settings : PhantomSettings
        Its `shape_px` is the mask's.

    Returns
    -------
    Anatomy
        Its mask is the one redrawn from the traced curves, with smooth edges; its plan holds what was found.

    Raises
    ------
    ValueError
        If the mask has another shape.

    Examples
    --------
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[:, 30:34] = True
    >>> anatomy = trace_anatomy(np.random.default_rng(0), mask, PhantomSettings(shape_px=(64, 64)))
    >>> [nerve.kind for nerve in anatomy.nerves], bool((anatomy.drawn.mask == mask).all())
    (['trunk'], True)
    """
    if mask.shape != settings.shape_px:
        raise ValueError(f"A mask of shape {mask.shape} does not fit a frame of shape {settings.shape_px}.")
    graph = nerve_graph(mask, pixel_size_um=settings.pixel_size_um)
    trunks = find_trunks(graph, MorphometrySettings(intensity_exponent=0.0))
    # A blob that thins to a single pixel can leave a chain without length, along which nothing can be drawn.
    chains = [chain for chain in chain_edges(graph) if _length_um(graph, chain) > 0.0]
    wide = _width_map(mask, settings.pixel_size_um)
    nerves = [
        _nerve(rng, graph, chain, _kind(graph, chain, trunks.edge_is_trunk), wide, settings)
        for chain in chains
    ]
    if nerves and not all(np.isfinite(edge.width_um) for edge in graph.edges):
        nerves = scale_widths(nerves, _TRACE_WIDTH_UM, settings.anatomy)
    nerves = _with_joints(graph, chains, nerves)
    drawn = rasterise(
        [nerve.points_um for nerve in nerves],
        [nerve.width_um for nerve in nerves],
        settings.shape_px,
        settings.pixel_size_um,
    )
    plan = Plan(trunks.count, len(trunks.branch_nodes), graph.length_um, _mean_width(nerves))
    return Anatomy(nerves, graph, drawn, plan)


def _width_map(mask: BoolArray, pixel_size_um: float) -> FloatArray:
    """Twice the distance of every pixel's centre to the mask's edge, half a pixel before the background."""
    around = np.pad(mask, 1, mode="edge")  # a nerve goes on beyond the frame
    deep = np.asarray(ndimage.distance_transform_edt(around))[1:-1, 1:-1]
    return np.asarray(np.maximum(2.0 * deep - 1.0, 0.0) * pixel_size_um)


def _length_um(graph: NerveGraph, chain: list[Step]) -> float:
    return sum(graph.edges[edge].length_um for edge, _ in chain)


def _kind(graph: NerveGraph, chain: list[Step], on_trunk: BoolArray) -> CurveKind:
    length = _length_um(graph, chain)
    if 2 * sum(graph.edges[edge].length_um for edge, _ in chain if on_trunk[edge]) >= length:
        return "trunk"
    touched = {node for edge, _ in chain for node in (graph.edges[edge].start, graph.edges[edge].end)}
    return "branch" if any(graph.nodes[node].kind == "branch point" for node in touched) else "fibre"


def _nerve(
    rng: np.random.Generator,
    graph: NerveGraph,
    chain: list[Step],
    kind: CurveKind,
    wide: FloatArray,
    settings: PhantomSettings,
) -> DrawnNerve:
    points = resample(walked(graph, chain))
    along = arc_length(points)
    bead, beads = draw_beads(rng, along, settings.anatomy)
    edges = [graph.edges[edge] for edge, _ in chain]
    mean = float(np.average([e.width_um for e in edges], weights=[e.length_um for e in edges]))
    if np.isfinite(mean):
        width = _width_along(points, mean, wide, settings.pixel_size_um)
    else:
        width = rng.uniform(*RELATIVE_WIDTH[kind]) * vary_width(rng, points, settings.anatomy)
    border = tuple(graph.nodes[node].kind == "border" for node in ends_of(graph, chain))
    return DrawnNerve(points, width, bead, beads, kind, (border[0], border[1]), None, None, (), None)


def _width_along(points: FloatArray, mean_um: float, wide: FloatArray, pixel_size_um: float) -> FloatArray:
    """Width at each point after the mask, with the mean that was measured across it."""
    at = points.T / pixel_size_um - 0.5
    local = ndimage.map_coordinates(wide, at, order=1, mode="nearest")
    local = ndimage.gaussian_filter1d(local, _SMOOTH_UM, mode="nearest")
    relative = local / local.mean() if local.mean() > 0 else np.ones(len(points))
    return np.asarray(mean_um * np.clip(relative, *_WIDTH_RANGE))


def _with_joints(graph: NerveGraph, chains: list[list[Step]], nerves: list[DrawnNerve]) -> list[DrawnNerve]:
    """Tell each nerve that starts or ends on another where it does: there it does not fade."""
    degree = graph.degree()
    every = [nerve.points_um for nerve in nerves]
    joined = []
    for index, (chain, nerve) in enumerate(zip(chains, nerves, strict=True)):
        start, end = (
            _nearest(graph.nodes[node].position_um, every, index) if degree[node] > 1 else None
            for node in ends_of(graph, chain)
        )
        joined.append(replace(nerve, parent=start, target=end))
    return joined


def _nearest(position: tuple[float, float], curves: list[FloatArray], own: int) -> tuple[int, int]:
    """Curve, another than one's own if there is one, and point that lie nearest."""
    others = [index for index in range(len(curves)) if index != own] or [own]
    away = [np.hypot(*(curves[index] - position).T) for index in others]
    best = int(np.argmin([float(distance.min()) for distance in away]))
    return others[best], int(np.argmin(away[best]))


def _mean_width(nerves: list[DrawnNerve]) -> float:
    if not nerves:
        return 0.0
    lengths = [arc_length(nerve.points_um)[-1] for nerve in nerves]
    return float(np.average([nerve.width_um.mean() for nerve in nerves], weights=lengths))
