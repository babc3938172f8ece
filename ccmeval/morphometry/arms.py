"""Skeleton paths measured against the mask: which stretch of each can be trusted, and its direction.

A skeleton is wrong where nerves join (the skeleton of two overlapping nerves runs between them) and
at its ends (it stops short or forks). Those stretches are found by the width of the mask and left
out; what is left of a path is its core.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.morphometry.paths import end_direction, smooth_paths, stacked_normals
from ccmeval.morphometry.pixels import PixelGraph
from ccmeval.morphometry.profiles import mask_profiles
from ccmeval.morphometry.settings import MorphometrySettings

_FIRST_CUTOFF_PX = 12.0
"""Smoothing just strong enough for the normals of a pixel path."""

_SHORT_WIDTHS = 10.0
"""Below so many widths of length, half of a path may lie in junctions."""


@dataclass(frozen=True)
class Arm:
    """One skeleton path between two nodes, in pixels.

    Attributes
    ----------
    start, end : int
        Nodes of the pixel graph.
    path : float array (N, 2)
        Middle of the mask along the skeleton.
    width : float array (N,)
        Extent of the mask across it; NaN outside the mask.
    first, last : int
        The core is ``path[first:last]``; empty where nothing can be trusted.
    typical_width : float
        Median width in pixels.
    pixels : int array (N, 2)
        The skeleton's pixels.
    """

    start: int
    end: int
    path: FloatArray
    width: FloatArray
    first: int
    last: int
    typical_width: float
    pixels: IntArray
    _toward: dict[tuple[int, float], tuple[FloatArray, FloatArray]] = field(default_factory=dict, repr=False)

    @property
    def has_core(self) -> bool:
        """Whether any stretch can be trusted."""
        return self.last - self.first >= 3

    @property
    def core(self) -> FloatArray:
        """The trusted stretch; where there is none, what lies half a width off both ends, or all."""
        if self.has_core:
            return self.path[self.first : self.last]
        off = _least_off(self.typical_width)
        return self.path[off:-off] if len(self.path) >= 2 * off + 3 else self.path

    def toward(self, end: int, length: float) -> tuple[FloatArray, FloatArray]:
        """Give the core's last point on one side, and its direction there.

        Parameters
        ----------
        end : {0, 1}
            0: the side of `start`; 1: the side of `end`.
        length : float
            Stretch over which the direction is fitted, in pixels.

        Returns
        -------
        point, direction : float arrays (2,)
        """
        if (end, length) not in self._toward:
            core = self.core if end else self.core[::-1]
            direction = end_direction(core, length) if len(core) > 1 else np.zeros(2)
            self._toward[end, length] = core[-1], direction
        return self._toward[end, length]

    def width_near(self, end: int, length: int) -> float:
        """Mean width over the last samples of the core on one side."""
        last = self.width[self.first : self.last]
        near = last[-length:] if end else last[:length]
        known = near[np.isfinite(near)]
        return float(known.mean()) if len(known) else self.typical_width


def measure_arms(
    graph: PixelGraph,
    mask: BoolArray,
    pixel_size_um: float,
    settings: MorphometrySettings,
    imaged: BoolArray | None = None,
) -> list[Arm]:
    """Measure all paths of a pixel graph against the mask.

    Parameters
    ----------
    graph : PixelGraph
    mask : bool array (H, W)
    pixel_size_um : float
    settings : MorphometrySettings
    imaged : bool array (H, W), optional

    Returns
    -------
    list of Arm
        In the order of the graph's edges.
    """
    if not graph.edges:
        return []
    raw = [edge.pixels.astype(np.float64) for edge in graph.edges]
    rough = np.concatenate(smooth_paths(raw, [np.ones(len(path)) for path in raw], _FIRST_CUTOFF_PX))
    counts = np.array([len(path) for path in raw])
    stops = np.cumsum(counts)
    across = stacked_normals(rough, counts)
    found = mask_profiles(mask, rough, across, settings.max_half_width_um / pixel_size_um, imaged)
    middle = rough + across * found.shift_px[:, None]
    typical = float(np.nanmedian(found.width_px)) if np.isfinite(found.width_px).any() else 0.0
    # A mean over three samples; where two paths meet in the array it is no worse than their grain.
    even = np.convolve(np.nan_to_num(found.width_px), np.full(3, 1.0 / 3.0), mode="same")
    arms_at = [len(incident) for incident in graph.incident()]
    arms = []
    for edge, stop, count in zip(graph.edges, stops, counts, strict=True):
        part = slice(stop - count, stop)
        width = found.width_px[part]
        usual = _usual_width(width, typical)
        free = (arms_at[edge.start] == 1, arms_at[edge.end] == 1)
        first, last = _core(even[part], found.open_ended[part], usual, free)
        arms.append(Arm(edge.start, edge.end, middle[part], width, first, last, usual, edge.pixels))
    return arms


def _usual_width(width: FloatArray, typical: float) -> float:
    """Width of the nerve by itself: the median, or the lower quartile of a path that junctions dominate."""
    known = np.sort(width[np.isfinite(width)])
    if not len(known):
        return typical
    usual = float(known[len(known) // 2])
    return float(known[len(known) // 4]) if len(width) < _SHORT_WIDTHS * usual else usual


def _least_off(width: float) -> int:
    """Count the samples at either end that are never trusted: half a width, and one for the grain."""
    return int(np.ceil(width / 2.0)) + 1


def _core(
    smooth: FloatArray, open_ended: BoolArray, usual: float, free: tuple[bool, bool]
) -> tuple[int, int]:
    """Leave out both ends up to where the width is usual again; a free end has nothing to widen it."""
    least = _least_off(usual)
    # 15 % and half a pixel: above the grain of a rasterised edge, below what a joining nerve adds.
    good = ~(smooth > 1.15 * usual + 0.5) & ~open_ended
    steady = _starts_of_three(good)
    seen = _starts_of_three(~open_ended)
    first, last = (seen if free[0] else steady), (seen if free[1] else steady)
    begins, ends = first[first >= least], last[last + 3 <= len(smooth) - least]
    if not len(begins) or not len(ends):
        return 0, 0
    return int(begins[0]), int(ends[-1]) + 3


def _starts_of_three(good: BoolArray) -> IntArray:
    """Where three good samples in a row begin."""
    return np.nonzero(good[:-2] & good[1:-1] & good[2:])[0]
