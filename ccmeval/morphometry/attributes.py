"""Width, grey level, contrast and beads of each edge, and the graph in micrometres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.morphometry.arms import Arm
from ccmeval.morphometry.beads import count_beads
from ccmeval.morphometry.graph import Edge, NerveGraph, Node
from ccmeval.morphometry.layout import LaidEdge, Layout
from ccmeval.morphometry.paths import path_length, stacked_normals
from ccmeval.morphometry.settings import MorphometrySettings

_Value = TypeVar("_Value", bound=np.generic)

_SURROUND_UM = np.array([3.0, 5.0, 7.0])
"""Distances from a nerve's edge at which its surround is sampled, on either side."""

_UNKNOWN_WIDTH_UM = 4.0
"""Width that keeps the surround clear of a nerve whose width is not known."""


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
    edges = [
        _plain_edge(laid, width, pixel_size_um) for laid, width in zip(layout.edges, widths, strict=True)
    ]
    if frame is not None and edges:
        paths = [laid.path for laid in layout.edges]
        edges = _seen_in(frame, mask, imaged, edges, paths, pixel_size_um, settings)
    nodes = [
        Node(((float(p[0]) + 0.5) * pixel_size_um, (float(p[1]) + 0.5) * pixel_size_um), kind)
        for p, kind in zip(layout.positions, layout.kinds, strict=True)
    ]
    shape = (mask.shape[0] * pixel_size_um, mask.shape[1] * pixel_size_um)
    return NerveGraph(nodes, edges, shape, float(imaged.sum()) * area, float(mask.sum()) * area)


def _plain_edge(laid: LaidEdge, width_um: float, pixel_size_um: float) -> Edge:
    path_um = (laid.path + 0.5) * pixel_size_um
    return Edge(laid.start, laid.end, path_um, path_length(path_um), width_um)


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


def _within(points: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Whether points lie on the frame's pixels."""
    inside = (points >= -0.5) & (points <= np.array(shape) - 0.5)
    both: BoolArray = inside[..., 0] & inside[..., 1]
    return both


def _seen_in(
    frame: FloatArray,
    mask: BoolArray,
    imaged: BoolArray,
    edges: Sequence[Edge],
    paths_px: Sequence[FloatArray],
    pixel_size_um: float,
    settings: MorphometrySettings,
) -> list[Edge]:
    """Add what the frame tells of each edge; all edges are sampled at once, where the frame was imaged."""
    counts = np.array([len(path) for path in paths_px])
    starts = np.cumsum(counts) - counts
    points = np.concatenate(paths_px)
    along = _sample(frame, points).astype(np.float64)
    seen = _sample(imaged, points)
    # A path is imaged but for its last step to the border; should none of it be, all of it counts.
    seen |= np.repeat(np.add.reduceat(seen, starts, dtype=np.int64) == 0, counts)
    level = np.add.reduceat(along * seen, starts) / np.add.reduceat(seen, starts, dtype=np.int64)
    contrast = _contrast(frame, mask, imaged, edges, points, counts, level, pixel_size_um)
    blur = settings.bead_blur_um / pixel_size_um
    profiles = [along[i : i + n][seen[i : i + n]] for i, n in zip(starts, counts, strict=True)]
    return [
        replace(
            edge,
            mean_intensity=float(level[k]),
            contrast=float(contrast[k]),
            beads=count_beads(profiles[k], settings.bead_prominence, blur),
        )
        for k, edge in enumerate(edges)
    ]


def _contrast(
    frame: FloatArray,
    mask: BoolArray,
    imaged: BoolArray,
    edges: Sequence[Edge],
    points: FloatArray,
    counts: IntArray,
    level: FloatArray,
    pixel_size_um: float,
) -> FloatArray:
    """Level of each edge over that of its imaged surround that is no nerve, minus one; NaN without any."""
    width = np.array([edge.width_um for edge in edges])
    half = np.where(np.isfinite(width), width, _UNKNOWN_WIDTH_UM) / 2.0
    gaps = (half[:, None] + _SURROUND_UM) / pixel_size_um
    offsets = np.repeat(np.concatenate([-gaps, gaps], axis=1), counts, axis=0)
    surround = points[:, None] + stacked_normals(points, counts)[:, None] * offsets[:, :, None]
    free = _sample(imaged & ~mask, surround) & _within(surround, mask.shape)
    around = (_sample(frame, surround) * free).sum(axis=1, dtype=np.float64)
    starts = np.cumsum(counts) - counts
    free_count = np.add.reduceat(free.sum(axis=1), starts)
    background = np.add.reduceat(around, starts) / np.maximum(free_count, 1)
    known = (free_count > 0) & (background > 0.0)
    contrast: FloatArray = np.where(known, level / np.where(known, background, 1.0) - 1.0, np.nan)
    return contrast
