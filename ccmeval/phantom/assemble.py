"""From the drawn curves to the exact nerve graph: wiggle, motion, widths, clipping, nodes and edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.graph import Edge, NerveGraph, Node, NodeKind
from ccmeval.phantom.curves import arc_length, border_point, inside, smooth_noise
from ccmeval.phantom.plexus import CurveKind, Plexus
from ccmeval.phantom.wiggle import Wiggle

if TYPE_CHECKING:
    from ccmeval.phantom.settings import AnatomySettings

RELATIVE_WIDTH: dict[str, tuple[float, float]] = {
    "trunk": (0.78, 1.25),
    "branch": (0.6, 0.92),
    "fibre": (0.58, 0.8),
}
"""Widths over that of a typical trunk."""

_BEAD_RADIUS_UM = 1.6
"""Gaussian radius of a bead along the nerve."""


@dataclass(frozen=True)
class DrawnNerve:
    """A curve inside the frame with what varies along it.

    Attributes
    ----------
    points_um : float array (N, 2)
        Row and column; the first and last lie on the border where the nerve leaves the frame.
    width_um : float array (N,)
        Local width.
    bead : float array (N,)
        0 between beads, 0.4 to 1 at their centres.
    beads : int
        Number of beads.
    kind : {"trunk", "branch", "fibre"}
    border : (bool, bool)
        Whether the start and the end lie on the border.
    parent, target : (int, int) or None
        Curve and point at which it starts and ends.
    cuts : tuple of int
        Points at which it is split into edges.
    crossing : (int, (int, int)) or None
        Point at which it crosses another nerve, and that one's index and point.
    """

    points_um: FloatArray
    width_um: FloatArray
    bead: FloatArray
    beads: int
    kind: CurveKind
    border: tuple[bool, bool]
    parent: tuple[int, int] | None
    target: tuple[int, int] | None
    cuts: tuple[int, ...]
    crossing: tuple[int, tuple[int, int]] | None


def finish_curves(
    plexus: Plexus,
    rng: np.random.Generator,
    mean_width_um: float,
    settings: AnatomySettings,
    wiggle: Wiggle,
) -> list[DrawnNerve]:
    """Apply the wiggle and the eye's motion, cut at the border and give widths and beads.

    Parameters
    ----------
    plexus : Plexus
    rng : numpy.random.Generator
    mean_width_um : float
        Wanted length-weighted mean width over the frame, met exactly unless a width meets its bounds.
    settings : AnatomySettings
    wiggle : Wiggle

    Returns
    -------
    list of DrawnNerve
        In the order of the plexus's curves.
    """
    if not plexus.curves:
        return []
    shift = _motion(rng, plexus.shape_um, float(rng.uniform(*settings.motion_um)))
    moved = [wiggle.displaced(curve.points) for curve in plexus.curves]
    clipped = [_clip(points + shift(points), plexus.shape_um) for points in moved]
    nerves = []
    for curve, (points, offset, border) in zip(plexus.curves, clipped, strict=True):
        parent, target = (_moved(joint, clipped) for joint in (curve.parent, curve.target))
        crossing = None
        if curve.crossing is not None:
            other = curve.crossing[1]
            crossing = (curve.crossing[0] - offset, (other[0], other[1] - clipped[other[0]][1]))
        bead, beads = draw_beads(rng, arc_length(points), settings)
        low, high = RELATIVE_WIDTH[curve.kind]
        width = (
            rng.uniform(low, high) * vary_width(rng, points, settings) * (1 + settings.bead_widening * bead)
        )
        cuts = tuple(sorted({index - offset for index in curve.junctions}))
        nerves.append(
            DrawnNerve(points, width, bead, beads, curve.kind, border, parent, target, cuts, crossing)
        )
    return scale_widths(nerves, mean_width_um, settings)


def _moved(
    joint: tuple[int, int] | None, clipped: list[tuple[FloatArray, int, tuple[bool, bool]]]
) -> tuple[int, int] | None:
    """Find a joint again after the curves were cut at the border."""
    return None if joint is None else (joint[0], joint[1] - clipped[joint[0]][1])


def _motion(
    rng: np.random.Generator, shape_um: tuple[float, float], amplitude_um: float
) -> Callable[[FloatArray], FloatArray]:
    rows = np.arange(-40.0, shape_um[0] + 41.0)
    moved = amplitude_um * smooth_noise(rng, rows, (60.0, 500.0), 1)[0]

    def shift(points: FloatArray) -> FloatArray:
        sideways = np.interp(points[:, 0], rows, moved)
        return np.column_stack([np.zeros_like(sideways), sideways])

    return shift


def _clip(points: FloatArray, shape_um: tuple[float, float]) -> tuple[FloatArray, int, tuple[bool, bool]]:
    """Longest stretch inside the frame, how many points were lost before it, and which ends were cut."""
    within = inside(points, shape_um).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], within, [0]])))
    runs = edges.reshape(-1, 2)
    first, last = (int(v) for v in runs[np.argmax(runs[:, 1] - runs[:, 0])])
    kept = points[first:last]
    starts, ends = first > 0, last < len(points)
    if starts:
        kept = np.vstack([border_point(points[first], points[first - 1], shape_um), kept])
    if ends:
        kept = np.vstack([kept, border_point(points[last - 1], points[last], shape_um)])
    return kept, first - int(starts), (starts, ends)


def draw_beads(
    rng: np.random.Generator, along: FloatArray, settings: AnatomySettings
) -> tuple[FloatArray, int]:
    """Draw the beads of a nerve: their height at each point, given by its arc length, and their number."""
    spacing = rng.uniform(*settings.bead_spacing_um)
    steps = spacing * (0.3 + rng.exponential(0.7, int(3 * along[-1] / spacing) + 3))
    places = np.cumsum(np.maximum(steps, 4 * _BEAD_RADIUS_UM))
    places = places[places < along[-1] - 2.0]
    if len(places) == 0:
        return np.zeros_like(along), 0
    heights = rng.uniform(0.4, 1.0, len(places))
    bumps = heights * np.exp(-0.5 * ((along[:, None] - places) / _BEAD_RADIUS_UM) ** 2)
    return np.asarray(bumps.max(axis=1)), len(places)


def vary_width(rng: np.random.Generator, points: FloatArray, settings: AnatomySettings) -> FloatArray:
    """Draw how the width of a nerve changes slowly along its points, about 1."""
    noise = smooth_noise(rng, arc_length(points), (80.0, 300.0), 1)[0]
    return np.asarray(np.exp(settings.width_change * noise))


def _mean(along: FloatArray, values: FloatArray) -> float:
    """Mean along a curve by the trapezium rule."""
    return float(np.sum(np.diff(along) * (values[1:] + values[:-1])) / (2 * along[-1]))


def scale_widths(
    nerves: list[DrawnNerve], mean_width_um: float, settings: AnatomySettings
) -> list[DrawnNerve]:
    """Scale widths to a length-weighted mean, as far as the bounds of a nerve's mean width allow."""
    lengths = np.array([arc_length(nerve.points_um)[-1] for nerve in nerves])
    means = np.array([_mean(arc_length(nerve.points_um), nerve.width_um) for nerve in nerves])
    wanted = means.copy()
    for _ in range(20):  # bounds change the mean, so scale again
        wanted = np.clip(wanted * mean_width_um / np.average(wanted, weights=lengths), *settings.width_um)
    scale = wanted / means
    return [
        replace(nerve, width_um=nerve.width_um * factor) for nerve, factor in zip(nerves, scale, strict=True)
    ]


def build_graph(nerves: list[DrawnNerve], shape_um: tuple[float, float]) -> NerveGraph:
    """Turn drawn nerves into the exact graph.

    Parameters
    ----------
    nerves : list of DrawnNerve
    shape_um : (float, float)
        Height and width of the frame.

    Returns
    -------
    NerveGraph
        Edges in the order of the nerves, along each from its start; the nerve area is NaN as yet.
    """
    nodes: list[Node] = []
    joints: dict[tuple[int, int], int] = {}
    edges: list[Edge] = []

    def node(position: FloatArray, kind: NodeKind) -> int:
        nodes.append(Node((float(position[0]), float(position[1])), kind))
        return len(nodes) - 1

    def joint(where: tuple[int, int]) -> int:
        if where not in joints:
            joints[where] = node(nerves[where[0]].points_um[where[1]], "branch point")
        return joints[where]

    for index, nerve in enumerate(nerves):
        if nerve.crossing is not None:
            own, other = nerve.crossing
            joints[index, own] = joints[other] = node(nerve.points_um[own], "crossing")
    for index, nerve in enumerate(nerves):
        last = len(nerve.points_um) - 1
        kinds: list[NodeKind] = ["border" if cut else "end" for cut in nerve.border]
        start = joint(nerve.parent) if nerve.parent else node(nerve.points_um[0], kinds[0])
        end = joint(nerve.target) if nerve.target else node(nerve.points_um[-1], kinds[1])
        stops = [(0, start), *((cut, joint((index, cut))) for cut in nerve.cuts), (last, end)]
        for (first, before), (until, after) in pairwise(stops):
            edges.append(_edge(nerve, first, until, before, after))
    return NerveGraph(nodes, edges, shape_um, shape_um[0] * shape_um[1] * 1e-6, float("nan"))


def _edge(nerve: DrawnNerve, first: int, until: int, start: int, end: int) -> Edge:
    path = nerve.points_um[first : until + 1]
    along = arc_length(path)
    return Edge(start, end, path, float(along[-1]), _mean(along, nerve.width_um[first : until + 1]))
