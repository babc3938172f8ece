"""How the panels of an overlay are laid out, and how micrometres become sheet pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PANELS = 6
MARGIN_PX = 10
CAPTION_PX = 42
"""Above each panel: a caption and a line of legend."""

LONGEST_PX = 1100
LARGEST_PX2 = 800 * 800
"""A panel is scaled down to this side and area: a sheet has at most some 4 million pixels."""

SHORTEST_PX = 320
"""A panel's longer side is scaled up to this at least, by whole factors."""

NARROWEST_CELL_PX = 330
"""A caption and its legend need this much beside each other."""

ASPECT = 1.45
"""Width over height of a sheet that suits a laptop's screen and a landscape page."""


@dataclass(frozen=True)
class Layout:
    """Where panels go.

    Attributes
    ----------
    height_px, width_px : int
        Of one panel.
    scale : float
        Panel pixels a frame pixel.
    columns : int
        Panels beside each other.
    cell_px : int
        Width kept for a panel and its caption.
    """

    height_px: int
    width_px: int
    scale: float
    columns: int
    cell_px: int

    @property
    def sheet_width_px(self) -> int:
        """Width of the whole sheet."""
        return MARGIN_PX + self.columns * (self.cell_px + MARGIN_PX)

    @property
    def panels_height_px(self) -> int:
        """Height of all rows of panels."""
        return (PANELS // self.columns) * (CAPTION_PX + self.height_px + MARGIN_PX)

    def corner(self, panel: int, top: int) -> tuple[int, int]:
        """Row and column where a panel's caption starts, below a header of `top` pixels."""
        row, column = divmod(panel, self.columns)
        return (
            top + row * (CAPTION_PX + self.height_px + MARGIN_PX),
            MARGIN_PX + column * (self.cell_px + MARGIN_PX),
        )


def choose_layout(shape: tuple[int, int]) -> Layout:
    """Choose scale and columns for a frame of a shape (H, W).

    Examples
    --------
    >>> layout = choose_layout((384, 384))
    >>> layout.columns, layout.scale, layout.sheet_width_px
    (3, 1.0, 1192)
    >>> layout = choose_layout((1312, 2184))
    >>> layout.height_px, layout.width_px
    (620, 1032)
    """
    longest = max(shape)
    scale = 1.0
    if longest < SHORTEST_PX:
        scale = float(math.ceil(SHORTEST_PX / longest))
    else:
        scale = min(1.0, LONGEST_PX / longest, math.sqrt(LARGEST_PX2 / (shape[0] * shape[1])))
    height, width = (max(1, round(side * scale)) for side in shape)
    cell = max(width, NARROWEST_CELL_PX)
    candidates = [Layout(height, width, scale, columns, cell) for columns in (1, 2, 3, 6)]
    return min(
        candidates,
        key=lambda it: abs(math.log(it.sheet_width_px / (it.panels_height_px + 70) / ASPECT)),
    )


@dataclass(frozen=True)
class Rasters:
    """Pixels of a panel that paths run through.

    Attributes
    ----------
    rows, columns : int arrays (N,)
        Panel pixels; not all inside the panel.
    path : int array (N,)
        Index of the path each belongs to.
    """

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    path: npt.NDArray[np.int64]


def rasterise(paths_px: Sequence[npt.NDArray[np.floating]], *, step_px: float = 0.7) -> Rasters:
    """Find the pixels along paths, all at once.

    Parameters
    ----------
    paths_px : sequence of float arrays (N, 2)
        Points (row, column) in panel pixels, from the outer corner of the first pixel.
    step_px : float
        Distance between samples; below 1 so that lines have no holes.

    Returns
    -------
    Rasters

    Examples
    --------
    >>> found = rasterise([np.array([[0.5, 0.5], [0.5, 2.5]])])
    >>> sorted(set(zip(found.rows.tolist(), found.columns.tolist())))
    [(0, 0), (0, 1), (0, 2)]
    """
    if not paths_px:
        none = np.zeros(0, dtype=np.int64)
        return Rasters(none, none, none)
    points = np.concatenate(paths_px)
    owner = np.repeat(np.arange(len(paths_px)), [len(path) for path in paths_px])
    along = np.flatnonzero(owner[1:] == owner[:-1])
    delta = points[along + 1] - points[along]
    samples = np.ceil(np.hypot(delta[:, 0], delta[:, 1]) / step_px).astype(np.int64) + 1
    segment = np.repeat(np.arange(len(along)), samples)
    first = np.repeat(np.cumsum(samples) - samples, samples)
    fraction = (np.arange(len(segment)) - first) / np.maximum(samples[segment] - 1, 1)
    places = np.floor(points[along][segment] + fraction[:, None] * delta[segment]).astype(np.int64)
    return Rasters(places[:, 0], places[:, 1], owner[along][segment])
