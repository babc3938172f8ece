"""Width, grey level, contrast and beads of each edge, and the graph in micrometres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.morphometry.arms import Arm
from ccmeval.morphometry.beads import count_beads
from ccmeval.morphometry.graph import Edge, NerveGraph, Node
from ccmeval.morphometry.layout import Layout
from ccmeval.morphometry.paths import normals, path_length
from ccmeval.morphometry.settings import MorphometrySettings

_Value = TypeVar("_Value", bound=np.generic)


def with_attributes(
    layout: Layout,
    arms: Sequence[Arm],
    mask: BoolArray,
    imaged: BoolArray,
    *,
    pixel_size_um: float,
    frame: FloatArray | None,
    width_um: FloatArray | None,
    settings: MorphometrySettings,
) -> NerveGraph:
    """Complete a layout to a nerve graph in micrometres.

    Parameters
    ----------
    layout : Layout
    arms : sequence of Arm
    mask, imaged : bool arrays (H, W)
    pixel_size_um : float
    frame, width_um : float arrays (H, W) or None
    settings : MorphometrySettings

    Returns
    -------
    NerveGraph
    """
    area = (pixel_size_um / 1000.0) ** 2
    widths = _widths(layout, arms, mask, pixel_size_um, width_um)
    edges = []
    for laid, width in zip(layout.edges, widths, strict=True):
        edge = Edge(
            laid.start,
            laid.end,
            (laid.path + 0.5) * pixel_size_um,
            path_length(laid.path) * pixel_size_um,
            width_um=width,
        )
        if frame is not None:
            edge = _seen_in(frame, mask & imaged, laid.path, edge, pixel_size_um, settings)
        edges.append(edge)
    nodes = [
        Node(((float(p[0]) + 0.5) * pixel_size_um, (float(p[1]) + 0.5) * pixel_size_um), kind)
        for p, kind in zip(layout.positions, layout.kinds, strict=True)
    ]
    shape = (mask.shape[0] * pixel_size_um, mask.shape[1] * pixel_size_um)
    return NerveGraph(nodes, edges, shape, float(imaged.sum()) * area, float(mask.sum()) * area)


def _widths(
    layout: Layout, arms: Sequence[Arm], mask: BoolArray, pixel_size_um: float, width_um: FloatArray | None
) -> list[float]:
    """Mean width of each edge in micrometres; of the frame's other edges where it has no core."""
    found = np.array([_arm_width(arms[edge.arm]) * pixel_size_um for edge in layout.edges])
    length = sum(len(arm.pixels) for arm in arms)
    # A mask that is its own centre line says nothing about width.
    if length and mask.sum() < 1.5 * length:
        found[:] = np.nan
    if width_um is not None:
        given = np.array([_given_width(arms[edge.arm], width_um) for edge in layout.edges])
        found = np.where(np.isfinite(given), given, found)
    known = np.isfinite(found)
    if known.any():
        found[~known] = float(np.median(found[known]))
    return [float(width) for width in found]


def _arm_width(arm: Arm) -> float:
    if not arm.has_core:
        return arm.typical_width if arm.typical_width > 0.0 else float("nan")
    core = slice(arm.first, arm.last)
    step = np.hypot(*np.gradient(arm.path[core], axis=0).T)
    width = arm.width[core]
    known = np.isfinite(width)
    return float((width[known] * step[known]).sum() / step[known].sum()) if known.any() else float("nan")


def _given_width(arm: Arm, width_um: FloatArray) -> float:
    core = arm.pixels[arm.first : arm.last] if arm.has_core else arm.pixels
    values = width_um[core[:, 0], core[:, 1]]
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else float("nan")


def _sample(image: npt.NDArray[_Value], points: FloatArray) -> npt.NDArray[_Value]:
    """Nearest pixel's value; points beyond the frame take the border's."""
    r = np.clip(np.rint(points[..., 0]).astype(np.int64), 0, image.shape[0] - 1)
    c = np.clip(np.rint(points[..., 1]).astype(np.int64), 0, image.shape[1] - 1)
    values: npt.NDArray[_Value] = image[r, c]
    return values


def _seen_in(
    frame: FloatArray,
    mask: BoolArray,
    path_px: FloatArray,
    edge: Edge,
    pixel_size_um: float,
    settings: MorphometrySettings,
) -> Edge:
    """Add what the frame tells of an edge."""
    across = normals(path_px)
    along = _sample(frame, path_px).astype(np.float64)
    half = (edge.width_um if np.isfinite(edge.width_um) else 4.0) / 2.0 / pixel_size_um
    offsets = np.array([side * (half + gap / pixel_size_um) for side in (-1, 1) for gap in (3.0, 5.0, 7.0)])
    surround = path_px[:, None] + across[:, None] * offsets[:, None]
    values = _sample(frame, surround)
    free = ~_sample(mask, surround)
    level = float(along.mean())
    background = float(values[free].mean()) if free.any() else float("nan")
    contrast = level / background - 1.0 if background > 0.0 else float("nan")
    return Edge(
        edge.start, edge.end, edge.path_um, edge.length_um, edge.width_um,
        mean_intensity=level, contrast=contrast,
        beads=count_beads(along, settings.bead_prominence),
    )  # fmt: skip
