"""Frames of a run as learners see them: square, at one scale, with masks that have widths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.reading import read_frame
from ccmeval.cohort.record import Frame, Record
from ccmeval.cohort.standardise import CommonScale, standardise
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.evaluation.utility_members import sets_of

SMALLEST_SHARE = 0.98
"""Of the common field's side: a frame that shows less tissue is not stretched to look like more."""


@dataclass(frozen=True)
class SeenFrame:
    """A frame as learners see it.

    Attributes
    ----------
    pixels : float32 array (H, H), in [0, 1]
    imaged : bool array (H, H)
    pixel_size_um : float
    mask : bool array (H, H) or None
        None where no mask with widths is known.
    reason : str
        Why a mask that is known cannot serve.
    """

    pixels: FloatArray
    imaged: BoolArray
    pixel_size_um: float
    mask: BoolArray | None = None
    reason: str = ""


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
            yield _seen(parts, one, record, scale, masks)


def _seen(parts: RunParts, one: EvaluatedSet, record: Record, scale: CommonScale, masks: bool) -> SeenFrame:
    reading = parts.readings[one.name]
    frame = read_frame(
        record,
        pixel_size_um=reading.pixel_size_um,
        field_of_view_um=reading.field_of_view_um,
        settings=reading.part("reading"),
    )
    mask, reason = _mask(parts, one, record, frame, scale) if masks else (None, "")
    seen = standardise(frame, scale)
    cut = _square(seen.pixels.shape)
    return SeenFrame(
        np.clip(seen.pixels[cut], 0.0, 1.0),
        seen.imaged[cut],
        seen.pixel_size_um,
        None if mask is None else mask[cut],
        reason,
    )


def _mask(
    parts: RunParts, one: EvaluatedSet, record: Record, frame: Frame, scale: CommonScale
) -> tuple[BoolArray | None, str]:
    from ccmeval.measurement.nerve_source import at_common_scale, given_nerves

    if record.mask is None:
        return None, ""
    try:
        nerves = given_nerves(record.mask, frame, "mask", page=record.page, settings=parts.readings[one.name])
    except CcmevalError as error:
        return None, str(error)
    if nerves.is_trace:
        return None, f"The mask of {record.frame} is a line one pixel wide, of which no width can be learnt."
    return at_common_scale(frame, nerves, scale)[1].mask, ""


def _square(shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Give the middle square of a frame."""
    side = min(shape)
    top, left = ((length - side) // 2 for length in shape)
    return slice(top, top + side), slice(left, left + side)
