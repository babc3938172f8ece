"""TIFFs that Pillow would reduce to 8 bits or not open: several 16-bit samples a pixel, rare kinds."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ccmeval.cohort.metadata import pixel_um_of_tiff
from ccmeval.cohort.ranges import declared_white
from ccmeval.cohort.raster import TURNED, Raster, Reduce, SampleArray
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.cohort.tiff_tags import (
    COMPRESSION,
    ORIENTATION,
    PHOTOMETRIC,
    RESOLUTION_X,
    RESOLUTION_Y,
    Tags,
    bits_from_zero,
    check_tags,
    declared_maximum,
    in_stack,
    used_tags,
)
from ccmeval.errors import UnreadableFrameError

if TYPE_CHECKING:
    from ccmeval.arrays import BoolArray


def read_with_tifffile(
    data: bytes, name: str, page: int, settings: ReadingSettings, reduce: Reduce
) -> Raster:
    """Read one page of a TIFF.

    Raises
    ------
    UnreadableFrameError
        If it is too large, coloured, or has too many samples a pixel.
    """
    from tifffile import TiffFile

    with TiffFile(io.BytesIO(data)) as tiff:
        leaf: Any = tiff.pages[page]
        tags = in_stack(_tags(leaf), _tags(tiff.pages[0])) if page else _tags(leaf)
        check_tags(tags, name, settings)
        _check_compression(leaf, tags, data, name)
        samples = leaf.asarray()
    if leaf.planarconfig == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    grey, opaque = _grey(samples, name, settings, reduce)
    raster = declared_white(
        grey,
        name,
        declared_maximum(tags),
        bits=bits_from_zero(tags),
        undeclared_bits=settings.undeclared_bits,
    )
    if tags.get(PHOTOMETRIC) == 0:  # white is zero
        raster.invert()
    raster.opaque, raster.pixel_um = opaque, pixel_um_of_tiff(tags)
    return _upright(raster, tags.get(ORIENTATION, 1))


def _tags(leaf: Any) -> Tags:
    tags = used_tags(lambda code: leaf.tags.valueof(code))
    return {code: _plain(value) if code in _RATIONALS else value for code, value in tags.items()}


_NONE, _LZW, _PACKBITS = 1, 5, 32773
_DEFLATE: Final = frozenset({8, 32946})


def _check_compression(leaf: Any, tags: Tags, data: bytes, name: str) -> None:
    """Refuse a page that would unpack to more than its picture, or that may not be unpacked in bounds."""
    compression = tags.get(COMPRESSION, _NONE)
    if compression in _DEFLATE:
        page_bytes = max(int(leaf.nbytes), int(np.prod(leaf.chunks)) * leaf.dtype.itemsize)
        for offset, count in zip(leaf.dataoffsets, leaf.databytecounts, strict=True):
            unpacked = zlib.decompressobj().decompress(data[offset : offset + count], page_bytes + 1)
            if len(unpacked) > page_bytes:
                raise UnreadableFrameError(
                    f"{name} is a damaged TIFF file: it unpacks to more than its picture; export it again."
                )
    elif compression not in {_NONE, _LZW, _PACKBITS}:
        raise UnreadableFrameError(
            f"{name} is a TIFF file in a compression that is not read for such samples;"
            " export it uncompressed."
        )


_TURNS: dict[int, Callable[[Any], Any]] = {
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).T,
    8: np.rot90,
}
"""What makes a stored picture upright, by the value of its orientation tag."""


def _upright(raster: Raster, orientation: int) -> Raster:
    turn = _TURNS.get(orientation)
    if turn is None:
        return raster
    raster.samples = np.ascontiguousarray(turn(raster.samples))
    if raster.opaque is not None:
        raster.opaque = np.ascontiguousarray(turn(raster.opaque))
    raster.notes.append(TURNED)
    if raster.pixel_um and orientation >= 5:
        raster.pixel_um = raster.pixel_um[::-1]
    return raster


_RATIONALS: Final = frozenset({RESOLUTION_X, RESOLUTION_Y})


def _plain(value: Any) -> Any:
    """Turn a rational, which tifffile gives as two integers, into a number."""
    if isinstance(value, tuple) and len(value) == 2 and value[1]:
        return value[0] / value[1]
    return value


def _grey(
    samples: SampleArray, name: str, settings: ReadingSettings, reduce: Reduce
) -> tuple[SampleArray, BoolArray | None]:
    if samples.ndim == 2:
        return samples, None
    count = samples.shape[-1]
    if samples.ndim != 3 or count not in {2, 3, 4} or samples.dtype.kind not in "uf":
        raise UnreadableFrameError(f"{name} has {count} samples a pixel; export it as grey.")
    white = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "u" else 1.0
    opaque = samples[..., -1] >= white / 2 if count in {2, 4} else None
    if opaque is not None and (opaque.all() or not opaque.any()):
        opaque = None
    colours = samples[..., :3] if count >= 3 else np.repeat(samples[..., :1], 3, axis=2)
    if opaque is not None:
        colours = np.where(opaque[..., None], colours, samples.dtype.type(0))
    return reduce(colours, white, name, settings), opaque
