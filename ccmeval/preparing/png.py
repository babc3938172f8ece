"""Grey samples to a PNG file that holds nothing else, proved to be read back as they were."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.reading import frame_of_bytes
from ccmeval.cohort.record import Record
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError
from ccmeval.preparing.grey import THE_FILE, Grey, KeptArray, rescaled

_BYTE_WHITE, _DEEP_WHITE = 255, 65535


@dataclass(frozen=True)
class Encoded:
    """A frame as it is written.

    Attributes
    ----------
    data : bytes
        The PNG file.
    sha256 : str
        Of these bytes.
    content : str
        Hash of size and grey levels as :class:`ccmeval.checking.FrameFacts` has it, whatever the format.
    shape : tuple of int
        Height and width in pixels.
    white : int
    rescaled : bool
        Whether the range had to be brought to 16 bits, since PNG could not tell it.
    """

    data: bytes
    sha256: str
    content: str
    shape: tuple[int, int]
    white: int
    rescaled: bool = False


def encode_frame(grey: Grey, settings: ReadingSettings) -> Encoded:
    """Encode a frame, and read it back by the reader that all commands use.

    Samples of 9 to 15 bits stand in 16 as they are, and the chunk sBIT tells how many they are. Where a
    frame's samples are such that a reader would take them for scaled ones, they are scaled instead.

    Raises
    ------
    UnreadableFrameError
        If what was read is no usable frame: too small, of one grey level, a mask.
    """
    data = encode(grey.samples, grey.white)
    pixels = _read_back(data, settings)
    if np.array_equal(pixels, scaled(grey.samples, grey.white)):
        return _encoded(data, pixels, grey.white)
    samples = rescaled(grey.samples, grey.white)
    data = encode(samples, _DEEP_WHITE)
    pixels = _read_back(data, settings)
    if not np.array_equal(pixels, scaled(samples, _DEEP_WHITE)):
        raise UnreadableFrameError(f"{THE_FILE} could not be written so that it is read back unchanged.")
    return _encoded(data, pixels, _DEEP_WHITE, rescaled=True)


def encode(samples: KeptArray, white: int) -> bytes:
    """Write samples as a PNG file without any text, date or profile.

    Examples
    --------
    >>> [kind in encode(np.zeros((2, 2), np.uint16), 4095) for kind in (b"sBIT", b"tEXt", b"tIME")]
    [True, False, False]
    """
    from PIL import Image, PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    if white not in (_BYTE_WHITE, _DEEP_WHITE):
        chunks.add(b"sBIT", bytes([white.bit_length()]))
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def encode_mask(mask: BoolArray) -> bytes:
    """Write a mask or trace as 0 and 255."""
    return encode(mask.astype(np.uint8) * np.uint8(_BYTE_WHITE), _BYTE_WHITE)


def scaled(samples: KeptArray, white: int) -> FloatArray:
    """Give grey levels in [0, 1] as :func:`ccmeval.cohort.read_frame` does."""
    return samples.astype(np.float32) / np.float32(white)


def content_hash(pixels: FloatArray) -> str:
    """Hash size and grey levels.

    Examples
    --------
    >>> byte = np.arange(256, dtype=np.uint8)[None]
    >>> content_hash(scaled(byte, 255)) == content_hash(scaled(byte.astype(np.uint16) * 257, 65535))
    True
    """
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels, dtype="<f4").tobytes())
    return digest.hexdigest()


def _read_back(data: bytes, settings: ReadingSettings) -> FloatArray:
    record = Record(THE_FILE, "", Path())
    # Whoever reads the cohort is not told what the user said of undeclared ranges: the file must.
    plain = settings.model_copy(update={"undeclared_bits": 16})
    return frame_of_bytes(data, "", record, pixel_size_um=1.0, settings=plain).pixels


def _encoded(data: bytes, pixels: FloatArray, white: int, *, rescaled: bool = False) -> Encoded:
    sha256 = hashlib.sha256(data).hexdigest()
    shape = (pixels.shape[0], pixels.shape[1])
    return Encoded(data, sha256, content_hash(pixels), shape, white, rescaled)
