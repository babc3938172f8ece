"""BMP, PNG, JPEG and TIFF through Pillow; tifffile takes the TIFFs that Pillow would degrade."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from ccmeval.cohort.decode_tifffile import read_with_tifffile
from ccmeval.cohort.metadata import pixel_um_of, pixel_um_of_tiff
from ccmeval.cohort.pages import opened_at
from ccmeval.cohort.quiet import mute_decoder
from ccmeval.cohort.ranges import declared_white, significant_bits
from ccmeval.cohort.raster import Raster, Reduce, SampleArray, check_size
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.cohort.tiff_tags import (
    ORIENTATION,
    PHOTOMETRIC,
    Tags,
    bits_from_zero,
    check_tags,
    declared_maximum,
    in_stack,
    used_tags,
)
from ccmeval.errors import UnreadableFrameError

if TYPE_CHECKING:
    from PIL.Image import Image

_GREY_MODES = frozenset({"1", "L", "I;16", "I;16B", "I;16L", "I;16N", "I", "F"})
_COLOUR_MODES = frozenset({"LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr"})
_TRANSPOSED = frozenset({5, 6, 7, 8})


def read_with_pillow(
    kind: str, data: bytes, name: str, page: int, settings: ReadingSettings, reduce: Reduce
) -> Raster:
    """Read one page of a BMP, PNG, JPEG or TIFF file.

    Raises
    ------
    UnreadableFrameError
        If it is too large, animated, coloured or of a kind of sample that is no frame's.
    """
    image = _open(kind, _file(kind, data, name, page), name)
    if image is None:
        return read_with_tifffile(data, name, page, settings, reduce)
    if kind == "PNG" and getattr(image, "n_frames", 1) > 1:
        raise UnreadableFrameError(f"{name} is an animation; export single frames.")
    check_size(image.height, image.width, name, settings)
    if kind != "TIFF":
        return _raster(kind, image, data, name, settings, reduce)
    tags = _tags(image, data, page)
    check_tags(tags, name, settings)
    if _deep_colour(image):
        return read_with_tifffile(data, name, page, settings, reduce)
    with mute_decoder():
        image.load()
    return _tiff_raster(image, tags, name, settings, reduce)


def _tags(image: Image, data: bytes, page: int) -> Tags:
    from PIL.Image import open as opened

    own = used_tags(image.tag_v2.get)  # type: ignore[attr-defined]
    if page == 0:
        return own
    try:
        first = opened(io.BytesIO(data), formats=["TIFF"])
    except (OSError, ValueError, SyntaxError):  # of a kind that Pillow does not know
        return own
    return in_stack(own, used_tags(first.tag_v2.get))  # type: ignore[attr-defined]


def _file(kind: str, data: bytes, name: str, page: int) -> io.BytesIO:
    if page == 0:
        return io.BytesIO(data)
    file = opened_at(data, page) if kind == "TIFF" else None
    if file is None:
        raise UnreadableFrameError(f"{name} has no page {page + 1}; correct the page after the #.")
    return file


def _open(kind: str, file: io.BytesIO, name: str) -> Image | None:
    """Open a picture; ``None`` for a TIFF of a kind that Pillow does not know."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file, formats=[kind])
    except Image.DecompressionBombError as error:
        raise UnreadableFrameError(
            f"{name} claims more pixels than any frame has and was not decoded; cut it into smaller frames."
        ) from error
    except UnidentifiedImageError as error:
        if kind == "TIFF":
            return None
        raise UnreadableFrameError(
            f"{name} is a truncated or damaged {kind} file, or of a variant that cannot be read;"
            " copy or export it again."
        ) from error


def _deep_colour(image: Image) -> bool:
    # Pillow keeps only the upper byte of 16-bit samples when there are several a pixel.
    bits = image.tag_v2.get(258, (1,))  # type: ignore[attr-defined]
    return len(bits) > 1 and max(bits) > 8


def _raster(
    kind: str, image: Image, data: bytes, name: str, settings: ReadingSettings, reduce: Reduce
) -> Raster:
    pixel_um = _turned(pixel_um_of(image), image.getexif().get(ORIENTATION))
    upright = _upright(image) if kind != "BMP" else image
    samples, opaque = _samples(upright, name, settings, reduce)
    raster = declared_white(samples, name, significant=significant_bits(data) if kind == "PNG" else None)
    if kind == "PNG" and upright.mode not in _GREY_MODES and data[24] == 16:
        raster.notes.append("16-bit colour samples were read at 8 bits; a grey 16-bit file keeps them all.")
    raster.opaque, raster.pixel_um = opaque, pixel_um
    return raster


def _tiff_raster(image: Image, tags: Tags, name: str, settings: ReadingSettings, reduce: Reduce) -> Raster:
    pixel_um = _turned(pixel_um_of_tiff(tags), tags.get(ORIENTATION))
    # Pillow turns the samples round itself, but for deep ones.
    inverted = image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == 0
    samples, opaque = _samples(_upright(image), name, settings, reduce)
    raster = declared_white(samples, name, declared_maximum(tags), bits=bits_from_zero(tags))
    if inverted:
        raster.invert()
    raster.opaque, raster.pixel_um = opaque, pixel_um
    return raster


def _samples(
    image: Image, name: str, settings: ReadingSettings, reduce: Reduce
) -> tuple[SampleArray, np.ndarray | None]:
    if image.mode in _GREY_MODES:
        return np.asarray(image), None
    if image.mode in _COLOUR_MODES:
        return _split(image, name, settings, reduce)
    raise UnreadableFrameError(f"{name} is a {image.mode} picture, not a grey one; export it as grey.")


def _turned(sizes: tuple[float, float] | None, orientation: int | None) -> tuple[float, float] | None:
    return (sizes[1], sizes[0]) if sizes and orientation in _TRANSPOSED else sizes


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    return image if image.getexif().get(ORIENTATION, 1) == 1 else ImageOps.exif_transpose(image)


def _split(
    image: Image, name: str, settings: ReadingSettings, reduce: Reduce
) -> tuple[SampleArray, np.ndarray | None]:
    # A single colour declared transparent (tRNS of grey and RGB) is a trick of drawing, not an area.
    has_alpha = image.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or (
        image.mode == "P" and "transparency" in image.info
    )
    channels = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    opaque = channels[..., 3] >= 128 if has_alpha else None
    colours = channels[..., :3]
    if opaque is not None:
        if not opaque.any() or opaque.all():
            opaque = None
        else:
            # What is hidden was never meant to be seen; its colour says nothing.
            colours = np.where(opaque[..., None], colours, np.uint8(0))
    return reduce(colours, 255.0, name, settings), opaque
