"""The declared range of samples: grey levels are divided by it, never clipped and never stretched."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ccmeval.cohort.raster import Raster, SampleArray
from ccmeval.errors import UnreadableFrameError


def declared_white(
    samples: SampleArray, name: str, declared: Any = None, significant: int | None = None
) -> Raster:
    """Find the top of the range that a file's samples are to be divided by.

    Parameters
    ----------
    samples : array (H, W)
        As decoded: bool, unsigned or signed integers, or floating.
    name : str
        File, for the sentence.
    declared : int or tuple of int, optional
        TIFF's MaxSampleValue.
    significant : int, optional
        PNG's sBIT, or DICOM's BitsStored.

    Returns
    -------
    Raster
        With `samples`, `white`, `bits` and `notes` set.

    Raises
    ------
    UnreadableFrameError
        If the samples are negative, not finite, or floating outside 0 to 1.

    Notes
    -----
    A declaration that the samples exceed is wrong and is ignored with a note. Without one the range
    is that of the type: 255, or 65535. So 12-bit samples in a 16-bit file that declares nothing stay
    dark; stretching them by their own maximum would give every frame another scale. The note names it.

    Examples
    --------
    >>> declared_white(np.array([[0, 4095]], np.uint16), "a.tif", declared=4095).white
    4095.0
    >>> declared_white(np.array([[0, 4095]], np.uint16), "a.tif").white
    65535.0
    """
    if samples.dtype == bool:
        return Raster(samples.astype(np.uint8) * np.uint8(255), 255.0, 1)
    if samples.dtype.kind == "f":
        return _floating(samples, name)
    if samples.dtype.kind == "i":
        samples = _unsigned(samples, name)
    if samples.dtype == np.uint8:
        return Raster(samples, 255.0, 8)
    return _deep(samples, name, _first(declared), significant)


def _first(declared: Any) -> int | None:
    value = declared[0] if isinstance(declared, (tuple, list)) and declared else declared
    return int(value) if isinstance(value, (int, np.integer)) and value > 0 else None


def _floating(samples: SampleArray, name: str) -> Raster:
    if not np.isfinite(samples).all():
        raise UnreadableFrameError(f"{name} holds values that are not numbers; export it as 8 or 16 bit.")
    low, high = float(samples.min()), float(samples.max())
    if low < 0 or high > 1:
        raise UnreadableFrameError(
            f"{name} holds floating-point values from {low:g} to {high:g} of no declared range;"
            " scale them to 0 to 1, or export it as 8 or 16 bit."
        )
    return Raster(samples.astype(np.float32), 1.0, samples.dtype.itemsize * 8)


def _unsigned(samples: SampleArray, name: str) -> SampleArray:
    if samples.size and samples.min() < 0:
        raise UnreadableFrameError(f"{name} holds negative values; export it as unsigned 8 or 16 bit.")
    return samples.astype(np.uint16 if samples.max(initial=0) <= 65535 else np.uint32)


def _deep(samples: SampleArray, name: str, declared: int | None, significant: int | None) -> Raster:
    top = int(samples.max(initial=0))
    if top > 65535 and not (declared and declared >= top):
        raise UnreadableFrameError(
            f"{name} holds integers up to {top} of no declared range; export it as 8 or 16 bit."
        )
    notes: list[str] = []
    if declared is None and significant and significant < 16:
        declared = 2**significant - 1
    if declared and top <= declared:
        return Raster(samples, float(declared), declared.bit_length(), notes=notes)
    if declared:
        notes.append(f"Samples reach {top} above the declared maximum {declared}, which was ignored.")
    elif 0 < top <= 4095:
        notes.append(
            f"16-bit samples reach only {top}: if these are 12-bit data, declare it (TIFF MaxSampleValue);"
            " they were divided by 65535."
        )
    return Raster(samples, 65535.0, 16, notes=notes)


def significant_bits(data: bytes) -> int | None:
    """Read the significant bits of a PNG file's first channel from its sBIT chunk.

    Examples
    --------
    >>> significant_bits(b"no picture") is None
    True
    """
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind in {b"IDAT", b"IEND"}:
            return None
        if kind == b"sBIT" and 1 <= length <= 4:
            return data[place + 8]
        place += 12 + length
    return None
