"""Frames of a run as learners see them: square, at one scale, with masks that have widths."""

from __future__ import annotations

from collections.abc import Iterator

from ccmeval.cohort.standardise import CommonScale
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.utility_members import sets_of
from ccmeval.measurement.seen_frames import SMALLEST_SHARE, SeenFrame, seen_frame


def side_um(parts: RunParts) -> float:
    """Give the side of the square that every learner sees, in um: the shorter one of the common field.

    Raises
    ------
    CcmevalError
        If the run has no common scale.
    """
    field = parts.scale.field_of_view_um
    if field is None:
        raise CcmevalError("The sets have no common field of view; give --real-field-of-view.")
    return min(field)


def too_small(parts: RunParts) -> list[int]:
    """List the pool's rows of frames that show less than the common square."""
    least = SMALLEST_SHARE * side_um(parts)
    sides = [
        min(shape) * size
        for one in sets_of(parts)
        for shape, size in zip(one.shapes, one.pixel_sizes_um, strict=True)
    ]
    return [row for row, side in enumerate(sides) if side < least]


def seen_frames(parts: RunParts, *, masks: bool) -> Iterator[SeenFrame]:
    """Read all frames of a run in the order of the pools' rows.

    Parameters
    ----------
    parts : RunParts
    masks : bool
        Whether masks are read too.

    Yields
    ------
    SeenFrame
    """
    side = side_um(parts)
    scale = CommonScale(parts.scale.pixel_size_um, (side, side))
    for one in sets_of(parts):
        for record in one.cohort:
            yield seen_frame(record, parts.readings[one.name], scale, masks=masks)
