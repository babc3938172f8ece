"""From a nerve mask to the nerve graph."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ccmeval.arrays import BoolArray, FloatArray, IntArray
from ccmeval.morphometry.arms import measure_arms
from ccmeval.morphometry.attributes import with_attributes
from ccmeval.morphometry.ends import FrameEdge
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.morphometry.junctions import find_junctions
from ccmeval.morphometry.layout import lay_out
from ccmeval.morphometry.pixels import PixelGraph, join_passed, prune_spurs, trace_skeleton
from ccmeval.morphometry.settings import MorphometrySettings
from ccmeval.morphometry.strands import chain_arms, smooth_strands
from ccmeval.thinning import thin_mask


def nerve_graph(
    mask: BoolArray,
    *,
    pixel_size_um: float,
    centre_line: BoolArray | None = None,
    imaged: BoolArray | None = None,
    frame: FloatArray | None = None,
    width_um: FloatArray | None = None,
    settings: MorphometrySettings | None = None,
) -> NerveGraph:
    """Turn a nerve mask into nodes and sub-pixel paths.

    The mask is thinned (or the given centre line taken), its pixel graph cleaned of roughness, and
    each path moved to the middle of the mask and smoothed with free ends. Near junctions and ends,
    where skeletons are wrong, paths are rebuilt from their straight surroundings: a branch is led
    back to the nerve it leaves, a nerve goes on to the imaged border where its mask does, and a free
    end reaches half a width short of the end of its mask (which rasterisation rounds off by that).

    Parameters
    ----------
    mask : bool array (H, W)
        Nerve pixels.
    pixel_size_um : float
        Side of a pixel in micrometres.
    centre_line : bool array (H, W), optional
        Centre line, thinned to one pixel where it is not; without it the mask is thinned.
    imaged : bool array (H, W), optional
        The imaged area; everywhere if not given.
    frame : float array (H, W), optional
        Grey levels in [0, 1], for intensity, contrast and beads.
    width_um : float array (H, W), optional
        Nerve width at the pixels of the centre line, NaN elsewhere; takes the place of the width
        measured across the mask wherever it is known.
    settings : MorphometrySettings, optional

    Returns
    -------
    NerveGraph
        Without nodes or edges where the mask is empty. A piece of a single pixel has an area but no
        length, and so no edge.

    Raises
    ------
    ValueError
        If the arrays differ in shape or the pixel size is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((100, 100), dtype=bool)
    >>> mask[48:52] = True
    >>> graph = nerve_graph(mask, pixel_size_um=2.0)
    >>> round(graph.length_um, 3), round(graph.edges[0].width_um, 3)
    (200.0, 8.0)
    >>> [node.kind for node in graph.nodes]
    ['border', 'border']
    """
    settings = settings or MorphometrySettings()
    _validate(mask, pixel_size_um, centre_line, imaged, frame, width_um)
    seen = np.ones(mask.shape, dtype=np.bool_) if imaged is None else np.asarray(imaged, dtype=np.bool_)
    nerve = np.asarray(mask, dtype=np.bool_) & seen
    filled = fill_small_holes(nerve, settings.max_hole_um2 / pixel_size_um**2) & seen
    skeleton = thin_mask(filled if centre_line is None else np.asarray(centre_line, dtype=np.bool_) & seen)
    pixels = prune_spurs(join_passed(trace_skeleton(skeleton)), _spur_rule(filled, pixel_size_um, settings))
    arms = measure_arms(pixels, filled, pixel_size_um, settings, imaged)
    junctions, rungs = find_junctions(_positions(pixels), arms, pixel_size_um, settings)
    strands = chain_arms(arms, junctions, rungs)
    smooth_strands(strands, arms, settings.smoothing_um / pixel_size_um)
    edge = FrameEdge(
        filled,
        seen if imaged is not None else None,
        settings.border_gap_um / pixel_size_um,
        settings.border_distance_um / pixel_size_um,
    )
    laid = lay_out(strands, arms, junctions, edge)
    return with_attributes(
        laid,
        arms,
        nerve,
        seen,
        pixel_size_um=pixel_size_um,
        frame=frame,
        width_um=width_um,
        settings=settings,
    )


def fill_small_holes(mask: BoolArray, max_area_px: float) -> BoolArray:
    """Fill holes of the mask of at most so many pixels; their rims would become loops.

    Parameters
    ----------
    mask : bool array (H, W)
    max_area_px : float

    Returns
    -------
    bool array (H, W)
    """
    labels, count = ndimage.label(~mask)
    if count == 0:
        return mask
    area = np.bincount(labels.ravel())
    small = area <= max_area_px
    small[0] = True
    # Background cut off at the border is no hole.
    for rim in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        small[rim[rim > 0]] = False
    filled: BoolArray = small[labels]
    return filled


def _validate(mask: BoolArray, pixel_size_um: float, *others: BoolArray | FloatArray | None) -> None:
    if mask.ndim != 2:
        raise ValueError(f"A mask has two dimensions, not {mask.ndim}.")
    if not pixel_size_um > 0.0:
        raise ValueError(f"The pixel size must be positive, not {pixel_size_um}.")
    for other in others:
        if other is not None and other.shape != mask.shape:
            raise ValueError(f"Arrays of one frame must share one shape, not {mask.shape} and {other.shape}.")


def _positions(graph: PixelGraph) -> list[FloatArray]:
    return [cluster.mean(axis=0) for cluster in graph.nodes]


def _spur_rule(mask: BoolArray, pixel_size_um: float, settings: MorphometrySettings) -> _Spur:
    return _Spur(mask, settings.spur_width_ratio, settings.max_spur_um / pixel_size_um)


_BESIDE_PX = 8
"""How far from a junction the width of its other arms is taken."""

_GRAIN_PX = 3.0
"""A twig of two or three pixels is the grain of the raster, however thin the nerve."""


class _Spur:
    """Whether a twig is mask roughness: no longer than the nerve it leaves is wide."""

    def __init__(self, mask: BoolArray, ratio: float, longest_px: float) -> None:
        self.mask, self.ratio, self.longest = mask, ratio, longest_px

    def __call__(self, arms: list[IntArray], length: float) -> bool:
        if length > self.longest:
            return False
        # The junction itself is wider than the nerve where a real branch leaves at a small angle.
        width = max(2.0 * self._depth(arm[min(_BESIDE_PX, len(arm) - 1)]) for arm in arms)
        return length <= max(self.ratio * width, _GRAIN_PX)

    def _depth(self, pixel: IntArray) -> float:
        """Distance from a pixel to the nearest background, as far as spurs reach."""
        row, column = (int(x) for x in pixel)
        reach = int(np.ceil(self.longest))
        top, left = max(0, row - reach), max(0, column - reach)
        window = self.mask[top : row + reach + 1, left : column + reach + 1]
        rows, columns = np.nonzero(~window)
        if not len(rows):
            return self.longest
        return float(np.sqrt(((rows + top - row) ** 2 + (columns + left - column) ** 2).min()))
