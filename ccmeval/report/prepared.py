"""A frame and its nerves brought to the size of an overlay's panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from ccmeval.report import drawing
from ccmeval.report.drawing import Bytes, solid
from ccmeval.report.layout import Layout, Rasters, rasterise

if TYPE_CHECKING:
    from ccmeval.arrays import BoolArray, FloatArray
    from ccmeval.morphometry.graph import NerveGraph

DIM = 0.5
"""Grey levels under lines are multiplied by this."""

DIM_STEP = 2
"""Dimmed greys are coarser by this factor: unseen under the lines, and the file is a tenth smaller."""

DARKEST_BRIGHT = 0.30
"""A frame whose brightest 1 % lies below this is shown brightened, and the caption says by how much."""

SMALL_SCALE = 0.6
"""Below this scale (mosaics) lines are one pixel wide and marks small, lest they hide the nerves."""


class TrunksLike(Protocol):
    """What the overlay needs to know of trunks."""

    @property
    def edge_is_trunk(self) -> Sequence[bool] | npt.NDArray[np.bool_]:
        """Whether each edge belongs to a trunk."""

    @property
    def branch_nodes(self) -> Sequence[int] | npt.NDArray[np.integer]:
        """Nodes that are branch points on trunks."""

    @property
    def count(self) -> int:
        """Number of trunks."""


@dataclass(frozen=True)
class Prepared:
    """One frame at panel size.

    Attributes
    ----------
    grey : uint8 array (H, W)
        The frame in palette indices.
    dimmed : uint8 array (H, W)
        The same, darker, so that lines on it stand out.
    mask : bool array (H, W)
    lines : Rasters
        Panel pixels along every edge of `graph`.
    nodes_px : float array (N, 2)
        Panel coordinates of every node of `graph`.
    on_trunk : bool array (edges,)
    trunk_nodes : frozenset of int
        Branch points on trunks.
    mask_share : float
        Of the imaged area.
    gain : float
        By what the frame was brightened.
    um_per_px : float
        Side of a panel pixel.
    small : bool
        Whether the frame was scaled down so far that lines and marks are drawn small.
    """

    grey: Bytes
    dimmed: Bytes
    mask: BoolArray
    lines: Rasters
    nodes_px: npt.NDArray[np.float64]
    graph: NerveGraph
    on_trunk: BoolArray
    trunk_nodes: frozenset[int]
    trunk_count: int
    mask_share: float
    gain: float
    um_per_px: float
    small: bool


def prepare(
    pixels: FloatArray,
    mask: BoolArray,
    graph: NerveGraph,
    trunks: TrunksLike | None,
    *,
    layout: Layout,
    pixel_size_um: float,
    imaged: BoolArray | None = None,
) -> Prepared:
    """Bring a frame and its nerves to panel size.

    Parameters are those of :func:`ccmeval.report.overlay.render_overlay`.
    """
    scale = layout.scale / pixel_size_um
    grey, gain = _grey_indices(pixels, layout)
    if imaged is not None and not imaged.all():
        grey[_resize(imaged, layout) < 0.5] = solid("outside")
    edges = len(graph.edges)
    area = mask.size if imaged is None else max(int(np.count_nonzero(imaged)), 1)
    return Prepared(
        grey=grey,
        dimmed=np.take(_dim_levels(), grey),
        mask=np.asarray(_resize(mask, layout) > 0.3),
        lines=rasterise([np.asarray(edge.path_um) * scale for edge in graph.edges]),
        nodes_px=np.array([n.position_um for n in graph.nodes], dtype=float).reshape(-1, 2) * scale,
        graph=graph,
        on_trunk=np.zeros(edges, bool) if trunks is None else np.asarray(trunks.edge_is_trunk, dtype=bool),
        trunk_nodes=frozenset() if trunks is None else frozenset(int(n) for n in trunks.branch_nodes),
        trunk_count=0 if trunks is None else trunks.count,
        mask_share=np.count_nonzero(mask) / area,
        gain=gain,
        small=layout.scale < SMALL_SCALE,
        um_per_px=pixel_size_um / layout.scale,
    )


def _grey_indices(pixels: FloatArray, layout: Layout) -> tuple[Bytes, float]:
    bright = float(np.quantile(pixels[::4, ::4], 0.99))
    gain = min(0.9 / bright, 64.0) if 0.0 < bright < DARKEST_BRIGHT else 1.0
    top = drawing.GREYS - 1
    levels = np.clip(_resize(pixels, layout) * np.float32(gain * top) + np.float32(0.5), 0, top)
    return levels.astype(np.uint8), gain


def _resize(values: npt.NDArray[np.generic], layout: Layout) -> npt.NDArray[np.float32]:
    plain = np.asarray(values, dtype=np.float32)
    if layout.scale == 1.0:
        return plain
    from PIL import Image

    how = Image.Resampling.BOX if layout.scale < 1 else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(plain).resize((layout.width_px, layout.height_px), how))


@cache
def _dim_levels() -> Bytes:
    """Give the darker index for every index of a frame; other indices stay."""
    levels = np.arange(256, dtype=np.uint8)
    steps = np.floor(levels[: drawing.GREYS] * DIM / DIM_STEP)
    levels[: drawing.GREYS] = (steps * DIM_STEP).astype(np.uint8)
    return levels
