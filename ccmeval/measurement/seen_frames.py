"""Frames as networks see them: the middle square at one scale, with a mask that has widths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.reading import read_frame
from ccmeval.cohort.record import Frame, Record
from ccmeval.cohort.standardise import CommonScale, standardise
from ccmeval.errors import CcmevalError
from ccmeval.measurement.nerve_source import Nerves, at_common_scale, given_nerves
from ccmeval.settings import RunSettings

SMALLEST_SHARE = 0.98
"""Of the common field's side: a frame that shows less tissue is not stretched to look like more."""


@dataclass(frozen=True)
class SeenFrame:
    """A frame as networks see it.

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


def read_by(record: Record, reading: RunSettings) -> Frame:
    """Read the frame of a record as the settings say.

    Raises
    ------
    UnreadableFrameError, UnknownPixelSizeError
        If it is no usable frame, or nobody tells its scale.
    """
    return read_frame(
        record,
        pixel_size_um=reading.pixel_size_um,
        field_of_view_um=reading.field_of_view_um,
        settings=reading.part("reading"),
    )


def seen_frame(record: Record, reading: RunSettings, scale: CommonScale, *, masks: bool) -> SeenFrame:
    """Read a frame and bring its middle square to a common scale.

    Parameters
    ----------
    record : Record
    reading : RunSettings
        How frames and masks are read.
    scale : CommonScale
        Pixel size, and the square that larger frames are cropped to.
    masks : bool
        Whether its mask is read too.

    Returns
    -------
    SeenFrame

    Raises
    ------
    UnreadableFrameError, UnknownPixelSizeError
        If the frame itself cannot be used.
    """
    frame = read_by(record, reading)
    nerves, reason = nerves_with_widths(record, frame, reading) if masks else (None, "")
    mask = None if nerves is None else at_common_scale(frame, nerves, scale)[1].mask
    seen = standardise(frame, scale)
    cut = middle_square(seen.pixels.shape)
    return SeenFrame(
        np.clip(seen.pixels[cut], 0.0, 1.0),
        seen.imaged[cut],
        seen.pixel_size_um,
        None if mask is None else mask[cut],
        reason,
    )


def nerves_with_widths(record: Record, frame: Frame, reading: RunSettings) -> tuple[Nerves | None, str]:
    """Read a record's mask, if it has one and widths can be learnt of it.

    Returns
    -------
    nerves : Nerves or None
    reason : str
        Why a mask that is known cannot serve.
    """
    if record.mask is None:
        return None, ""
    try:
        nerves = given_nerves(record.mask, frame, "mask", page=record.page, settings=reading)
    except CcmevalError as error:
        return None, str(error)
    if nerves.is_trace:
        return None, f"The mask of {record.frame} is a line one pixel wide, of which no width can be learnt."
    return nerves, ""


def middle_square(shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Give the middle square of a frame.

    Examples
    --------
    >>> middle_square((4, 7))
    (slice(0, 4, None), slice(1, 5, None))
    """
    side = min(shape)
    top, left = ((length - side) // 2 for length in shape)
    return slice(top, top + side), slice(left, left + side)
