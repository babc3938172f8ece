"""How well a synthetic frame obeys the mask that asked for its nerves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.masks import is_trace
from ccmeval.nerves.scoring import TOLERANCE_PX, score_centre_line
from ccmeval.preservation.alignment import Alignment, align, inside
from ccmeval.preservation.schema import AdherenceFrame
from ccmeval.preservation.topology import betti_numbers, cl_dice
from ccmeval.thinning import thin_mask

if TYPE_CHECKING:
    from ccmeval.morphometry.graph import NerveGraph

TOLERANCE_UM = TOLERANCE_PX * 400.0 / 384.0
"""Distance up to which two centre lines agree: 3 px of an HRT3-RCM frame, which are as many px of other
frames as make 3.125 um."""

BRANCH_POINT_TOLERANCE_UM = 10.0
"""Distance up to which two branch points are one: where a branch leaves at 20 degrees, 3 px across it move
the meeting point by 9 um along its parent."""

_ROUNDING_PX = 1e-6


@dataclass(frozen=True)
class _Nerves:
    """Mask, one-pixel centre line and where branch points are, within the imaged area."""

    mask: BoolArray
    line: BoolArray
    branch_points_um: FloatArray


def adherence(
    found_mask: BoolArray,
    found_line: BoolArray | None,
    asked_mask: BoolArray,
    pixel_size_um: float,
    imaged: BoolArray | None = None,
    *,
    frame: str = "",
    diagnosis: str | None = None,
    found_graph: NerveGraph | None = None,
) -> AdherenceFrame:
    """Hold the nerves found in a synthetic frame against the mask that asked for them.

    Everything is taken within the imaged area. Centre lines agree within :data:`TOLERANCE_UM`; lengths are
    counted in pixels of the centre line. Holes of a mask up to the morphometry's `max_hole_um2` are noise and
    no loops. Branch points are those of the nerve graph; one that was asked for is found where one of the
    found is within :data:`BRANCH_POINT_TOLERANCE_UM`.

    Parameters
    ----------
    found_mask : bool array (H, W)
        Nerves found in the synthetic frame, by the segmenter that is used for the real ones.
    found_line : bool array (H, W) or None
        Its centre line, thinned where it is not; None to thin the mask.
    asked_mask : bool array (H, W)
        The conditioning mask, or a trace.
    pixel_size_um : float
        Side of a pixel in micrometres.
    imaged : bool array (H, W), optional
        The imaged area; everywhere if not given.
    frame : str
        Name in the result.
    diagnosis : str, optional
        For tables per diagnosis.
    found_graph : NerveGraph, optional
        Of the found mask, if it is known already.

    Returns
    -------
    AdherenceFrame
        Errors of Betti numbers are found minus asked. Nothing asked: `length_recall`, `branch_point_recall`
        and what misalignment says are None. Nothing found: recall and clDice are 0 and `hallucinated_length`
        is None. Neither: clDice is None. A trace has no inside, so that clDice and the Betti numbers,
        which hang on the width of lines, are None. Shift and scale are None where nerves overlap no more
        than by chance however they are moved; `aligned_length_recall` is then the plain one.

    Raises
    ------
    ValueError
        If the arrays differ in shape.

    Examples
    --------
    >>> asked = np.zeros((128, 128), dtype=bool)
    >>> asked[:, 60:64] = asked[62:66, 60:] = True
    >>> same = adherence(asked, None, asked, 1.0417)
    >>> same.length_recall, same.hallucinated_length, same.cl_dice, same.branch_point_recall
    (1.0, 0.0, 1.0, 1.0)
    >>> half = adherence(asked & (np.arange(128) < 64), None, asked, 1.0417)
    >>> half.length_recall < 0.75, half.hallucinated_length, half.branch_point_recall
    (True, 0.0, 0.0)
    """
    seen = np.ones(asked_mask.shape, np.bool_) if imaged is None else imaged
    _check_shapes(asked_mask, found_mask, seen, *(() if found_line is None else (found_line,)))
    found = _nerves(found_mask, found_line, pixel_size_um, seen, found_graph)
    asked = _nerves(asked_mask, None, pixel_size_um, seen)
    tolerance_px = TOLERANCE_UM / pixel_size_um + _ROUNDING_PX
    score = score_centre_line(found.line, asked.line, tolerance_px=tolerance_px)
    move = align(found.line, asked.line, pixel_size_um)
    solid = not is_trace(asked.mask) and not is_trace(found.mask)
    pieces, loops = _betti_errors(found.mask, asked.mask, pixel_size_um) if solid else (None, None)
    return AdherenceFrame(
        frame=frame,
        diagnosis=diagnosis,
        length_recall=_known(score.sensitivity),
        hallucinated_length=_known(score.false_discovery),
        cl_dice=_known(cl_dice(found.mask, found.line, asked.mask, asked.line)) if solid else None,
        betti_0_error=pieces,
        betti_1_error=loops,
        branch_point_recall=_branch_point_recall(found.branch_points_um, asked.branch_points_um),
        shift_row_px=move.shift_row_px if move.clear else None,
        shift_column_px=move.shift_column_px if move.clear else None,
        scale=move.scale if move.clear else None,
        aligned_length_recall=_aligned_recall(found.line, asked.line, move, seen, tolerance_px),
    )


def _check_shapes(asked: BoolArray, *others: BoolArray) -> None:
    for other in others:
        if other.shape != asked.shape:
            raise ValueError(f"Masks of one frame must share one shape, not {asked.shape} and {other.shape}.")


def _nerves(
    mask: BoolArray,
    line: BoolArray | None,
    pixel_size_um: float,
    imaged: BoolArray,
    graph: NerveGraph | None = None,
) -> _Nerves:
    from ccmeval.morphometry import nerve_graph

    mask = np.asarray(mask, dtype=np.bool_) & imaged
    thin = thin_mask(mask if line is None else np.asarray(line, dtype=np.bool_) & imaged)
    if graph is None:
        graph = nerve_graph(mask, pixel_size_um=pixel_size_um, centre_line=thin, imaged=imaged)
    points = [node.position_um for node in graph.nodes if node.kind == "branch point"]
    return _Nerves(mask, thin, np.array(points, dtype=np.float64).reshape(-1, 2))


def _betti_errors(found: BoolArray, asked: BoolArray, pixel_size_um: float) -> tuple[int, int]:
    from ccmeval.morphometry.build import fill_small_holes
    from ccmeval.morphometry.settings import MorphometrySettings

    least_px = MorphometrySettings().max_hole_um2 / pixel_size_um**2
    pieces, loops = (
        after - before
        for after, before in zip(
            *(betti_numbers(fill_small_holes(mask, least_px)) for mask in (found, asked)), strict=True
        )
    )
    return pieces, loops


def _branch_point_recall(found_um: FloatArray, asked_um: FloatArray) -> float | None:
    """Share of the asked branch points with a found one near; None where none was asked for."""
    if len(asked_um) == 0:
        return None
    if len(found_um) == 0:
        return 0.0
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(found_um).query(asked_um)
    return float(np.mean(distance <= BRANCH_POINT_TOLERANCE_UM))


def _aligned_recall(
    found_line: BoolArray, asked_line: BoolArray, move: Alignment, imaged: BoolArray, tolerance_px: float
) -> float | None:
    """Recall of the asked pixels that the move leaves in view, each looked for where it was moved to."""
    if not asked_line.any():
        return None
    if not found_line.any():
        return 0.0
    from scipy.ndimage import distance_transform_edt, map_coordinates

    shape = (imaged.shape[0], imaged.shape[1])
    points = move.found_at(np.argwhere(asked_line).astype(np.float64), shape)
    points = points[inside(points, shape)]
    pixels = np.rint(points).astype(int)
    kept = imaged[tuple(np.clip(pixels, 0, np.array(shape) - 1).T)]
    if not kept.any():
        return None
    distance = map_coordinates(distance_transform_edt(~found_line), points[kept].T, order=1, mode="nearest")
    return float(np.mean(distance <= tolerance_px * move.scale))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
