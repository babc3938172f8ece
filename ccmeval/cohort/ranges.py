"""The declared range of samples: grey levels are divided by it, never clipped and never stretched."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ccmeval.cohort.raster import Raster, SampleArray
from ccmeval.errors import UnreadableFrameError


def declared_white(
    samples: SampleArray,
    name: str,
    declared: Any = None,
    *,
    significant: int | None = None,
    bits: int = 16,
    undeclared_bits: int = 16,
) -> Raster:
    """Find the top of the range that a file's samples are to be divided by.

    Parameters
    ----------
    samples : array (H, W)
        As decoded: bool, unsigned or signed integers, or floating.
    name : str
        File, for the sentence.
    declared : int or tuple of int, optional
        TIFF's MaxSampleValue or SMaxSampleValue, or the largest value of DICOM's BitsStored.
    significant : int, optional
        PNG's sBIT.
    bits : int
        Bits a sample that the file's own type has for values from 0 (15 for signed 16-bit); decoders
        put 12 bits into 16 and 16 into 32.
    undeclared_bits : int
        Bits that the user says samples of no declared range have.

    Returns
    -------
    Raster
        With `samples`, `white`, `bits` and `notes` set; with `unscaled` where nobody can tell the range:
        negative, wide or floating samples, which a mask may have and a frame may not.

    Raises
    ------
    UnreadableFrameError
        If the samples are complex or not finite.

    Notes
    -----
    A declaration that the samples exceed is wrong and is ignored with a note. One that is this frame's own
    maximum and no number of whole bits was meant as a statistic (TIFF 6.0 calls the tag "the maximum
    component value used") and would give every frame another scale: it is rounded up to whole bits.
    Without a declaration the range is that of the type: 255, 4095 (12-bit TIFF) or 65535. So 12-bit
    samples in a 16-bit file that declares nothing stay dark unless the user declares them; stretching them by
    their own maximum would give every frame another scale.

    Examples
    --------
    >>> declared_white(np.array([[0, 4095]], np.uint16), "a.tif", declared=4095).white
    4095.0
    >>> declared_white(np.array([[0, 4095]], np.uint16), "a.tif").white
    65535.0
    >>> declared_white(np.array([[0, 3000]], np.uint16), "a.tif", declared=3000).white
    4095.0
    """
    if samples.dtype == bool:
        return Raster(samples.astype(np.uint8) * np.uint8(255), 255.0, 1)
    if samples.dtype.kind not in "iuf":
        raise UnreadableFrameError(
            f"{name} holds no grey levels ({samples.dtype}); export it as 8 or 16 bit."
        )
    if samples.dtype.kind == "f":
        return _floating(samples, name)
    if samples.min() < 0:
        return _unscaled(samples, f"{name} holds negative values; export it as unsigned 8 or 16 bit.")
    if samples.dtype == np.uint8:
        return Raster(samples, 255.0, 8)
    if significant:
        declared = 2**significant - 1 if _is_right_justified(samples, significant) else 65535
    return _deep(samples, name, _first(declared), bits, undeclared_bits)


def _first(declared: Any) -> int | None:
    value = declared[0] if isinstance(declared, (tuple, list)) and declared else declared
    if isinstance(value, (float, np.floating)) and not float(value).is_integer():
        return None
    return int(value) if isinstance(value, (int, float, np.number)) and value > 0 else None


def _unscaled(samples: SampleArray, why: str) -> Raster:
    return Raster(samples, 1.0, samples.dtype.itemsize * 8, unscaled=why)


def _floating(samples: SampleArray, name: str) -> Raster:
    if not np.isfinite(samples).all():
        raise UnreadableFrameError(f"{name} holds values that are not numbers; export it as 8 or 16 bit.")
    low, high = float(samples.min()), float(samples.max())
    if low < 0 or high > 1:
        return _unscaled(
            samples,
            f"{name} holds floating-point values from {low:g} to {high:g} of no declared range;"
            " scale them to 0 to 1, or export it as 8 or 16 bit.",
        )
    return Raster(samples.astype(np.float32), 1.0, samples.dtype.itemsize * 8)


def _deep(samples: SampleArray, name: str, declared: int | None, bits: int, undeclared_bits: int) -> Raster:
    top = int(samples.max())
    if bits > 16 and not (declared and declared >= top):
        return _unscaled(
            samples,
            f"{name} holds {8 * ((bits + 7) // 8)}-bit integers up to {top} of no declared range;"
            " export it as 8 or 16 bit.",
        )
    samples = samples.astype(np.uint16 if top <= 65535 else np.uint32, copy=False)
    notes: list[str] = []
    white = _declared(top, declared, notes) or _undeclared(top, bits, undeclared_bits, notes)
    if white >= 32767 and 0 < top <= 4095:
        cure = "" if declared else "; if these are 12-bit data, set reading.undeclared_bits to 12 (--config)"
        notes.append(f"The samples reach only {top} of {white}: read as a very dark frame{cure}.")
    return Raster(samples, float(white), white.bit_length(), notes=notes)


def _declared(top: int, declared: int | None, notes: list[str]) -> int | None:
    if declared is None:
        return None
    if top > declared:
        notes.append(f"Samples reach {top} above the declared maximum {declared}, which was ignored.")
        return None
    white = _whole_bits(declared) if declared == top else declared
    if white != declared:
        notes.append(f"The declared maximum {declared} is this frame's own; {white} was taken for it.")
    return white


def _undeclared(top: int, bits: int, undeclared_bits: int, notes: list[str]) -> int:
    white = int(2 ** min(bits, undeclared_bits) - 1)
    if top <= white:
        return white
    notes.append(f"Samples reach {top}, more than {undeclared_bits} bits (reading.undeclared_bits) hold.")
    return int(2**bits - 1)


def _whole_bits(value: int) -> int:
    return int(2 ** value.bit_length() - 1)


def _is_right_justified(samples: SampleArray, significant: int) -> bool:
    """Whether 16-bit PNG samples are as few bits as sBIT says, not scaled to 16 as the standard asks."""
    if int(samples.max()) >= 2**significant:
        return False
    # Scaled samples of a dark frame are small too, but their lowest bits are empty.
    return bool((samples & (2 ** (16 - significant) - 1)).any())


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
