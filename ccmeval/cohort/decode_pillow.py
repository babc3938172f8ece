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
from ccmeval.cohort.raster import TURNED, TURNING, Raster, Reduce, SampleArray, check_size
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.cohort.tiff_tags import (
    BITS,
    ORIENTATION,
    PHOTOMETRIC,
    SAMPLES,
    Tags,
    bits_from_zero,
    check_tags,
    declared_maximum,
    first_of,
    in_stack,
    used_tags,
)
from ccmeval.errors import UnreadableFrameError

if TYPE_CHECKING:
    from PIL.Image import Image

    from ccmeval.arrays import BoolArray

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
    if _is_deep_colour(tags):
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


def _is_deep_colour(tags: Tags) -> bool:
    # Pillow keeps only the upper byte of 16-bit samples when there are several a pixel.
    return first_of(tags.get(SAMPLES, 1)) > 1 and first_of(tags.get(BITS, 1)) > 8


def _raster(
    kind: str, image: Image, data: bytes, name: str, settings: ReadingSettings, reduce: Reduce
) -> Raster:
    orientation = image.getexif().get(ORIENTATION) if kind != "BMP" else None
    upright = _upright(image, orientation)
    samples, opaque = _samples(upright, name, settings, reduce)
    significant = significant_bits(data) if kind == "PNG" else None
    raster = declared_white(samples, name, significant=significant, undeclared_bits=settings.undeclared_bits)
    if kind == "PNG" and upright.mode not in _GREY_MODES and data[24] == 16:
        raster.notes.append("16-bit colour samples were read at 8 bits; a grey 16-bit file keeps them all.")
    return _completed(raster, opaque, pixel_um_of(image), orientation)


def _tiff_raster(image: Image, tags: Tags, name: str, settings: ReadingSettings, reduce: Reduce) -> Raster:
    # Pillow turns the samples round itself, but for deep ones.
    inverted = image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == 0
    orientation = tags.get(ORIENTATION)
    samples, opaque = _samples(_upright(image, orientation), name, settings, reduce)
    raster = declared_white(
        samples,
        name,
        declared_maximum(tags),
        bits=bits_from_zero(tags),
        undeclared_bits=settings.undeclared_bits,
    )
    if inverted:
        raster.invert()
    return _completed(raster, opaque, pixel_um_of_tiff(tags), orientation)


def _completed(
    raster: Raster, opaque: BoolArray | None, stored_um: tuple[float, float] | None, orientation: int | None
) -> Raster:
    raster.opaque = opaque
    raster.pixel_um = (stored_um[1], stored_um[0]) if stored_um and orientation in _TRANSPOSED else stored_um
    if orientation in TURNING:
        raster.notes.append(TURNED)
    return raster


def _samples(
    image: Image, name: str, settings: ReadingSettings, reduce: Reduce
) -> tuple[SampleArray, BoolArray | None]:
    if image.mode in _GREY_MODES:
        return np.asarray(image), None
    if image.mode in _COLOUR_MODES:
        return _split(image, name, settings, reduce)
    raise UnreadableFrameError(f"{name} is a {image.mode} picture, not a grey one; export it as grey.")


def _upright(image: Image, orientation: int | None) -> Image:
    from PIL import ImageOps

    # Pillow may have turned a TIFF while it loaded it; its own tag is then gone.
    return ImageOps.exif_transpose(image) if orientation in TURNING else image


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
