"""A frame from whatever a user has: an array, a path, or a frame that was read already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray
from ccmeval.cohort.record import Frame, Record
from ccmeval.errors import UnreadableFrameError
from ccmeval.settings import RunSettings


def as_frame(
    frame: Frame | npt.NDArray[Any] | str | Path,
    pixel_size_um: float | None,
    field_of_view_um: float | None,
    settings: RunSettings,
) -> Frame:
    """Give the frame of an array or a path.

    Parameters
    ----------
    frame : Frame, array (H, W) or path
        What the user has.
    pixel_size_um, field_of_view_um : float or None
        What the user says of its scale.
    settings : RunSettings
        Limits of reading.

    Returns
    -------
    Frame

    Raises
    ------
    UnreadableFrameError, UnknownPixelSizeError
        If it is no usable frame, or nobody tells its scale.
    """
    if isinstance(frame, Frame):
        return frame
    if isinstance(frame, (str, Path)):
        from ccmeval.cohort import read_frame

        path = Path(frame)
        record = Record(frame=path.name, key=path.stem, path=path)
        return read_frame(
            record,
            pixel_size_um=pixel_size_um,
            field_of_view_um=field_of_view_um,
            settings=settings.part("reading"),
        )
    return _frame_of_array(np.asarray(frame), pixel_size_um, field_of_view_um, settings)


def _frame_of_array(
    array: npt.NDArray[Any],
    pixel_size_um: float | None,
    field_of_view_um: float | None,
    settings: RunSettings,
) -> Frame:
    if array.ndim != 2 or 0 in array.shape:
        raise UnreadableFrameError(f"A frame must be a grey picture of shape (H, W), not {array.shape}.")
    from ccmeval.cohort import choose_pixel_size
    from ccmeval.cohort.imaged import imaged_area

    pixels = _grey_levels(array)
    size_um, source = choose_pixel_size(
        (array.shape[0], array.shape[1]),
        "The array",
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_of_view_um,
    )
    imaged = imaged_area(pixels, settings.part("reading"))
    if not imaged.any():
        raise UnreadableFrameError("The array is black throughout; give the frame as it was recorded.")
    return Frame(
        pixels,
        size_um,
        source,
        imaged,
        sha256="",
        bits=8 * array.dtype.itemsize,
    )


def _grey_levels(array: npt.NDArray[Any]) -> FloatArray:
    """Divide by the largest value of the array's type; floats are grey levels already."""
    if array.dtype in (np.uint8, np.uint16):
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    if not np.issubdtype(array.dtype, np.floating):
        raise UnreadableFrameError(f"A frame must be of float, uint8 or uint16, not {array.dtype}.")
    pixels = array.astype(np.float32)
    if not (pixels.min() >= 0.0 and pixels.max() <= 1.0):
        raise UnreadableFrameError("A frame of floats must have grey levels in [0, 1] and no NaN.")
    return pixels
