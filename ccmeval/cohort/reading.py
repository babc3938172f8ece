"""A record's file to a frame."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.decode import decode
from ccmeval.cohort.imaged import imaged_area
from ccmeval.cohort.names import printable
from ccmeval.cohort.pixel_size import choose_pixel_size
from ccmeval.cohort.raster import Raster, SampleArray
from ccmeval.cohort.record import Frame, Record
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError


def read_frame(
    record: Record,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    settings: ReadingSettings | None = None,
) -> Frame:
    """Read the frame of a record.

    Parameters
    ----------
    record : Record
        Says where the pixels are.
    pixel_size_um : float, optional
        Side of a pixel in um from the command line; the manifest's goes before it.
    field_of_view_um : float, optional
        Width of the frame in um, instead of `pixel_size_um`.
    settings : ReadingSettings, optional
        Limits and tolerances.

    Returns
    -------
    Frame
        Pixels in [0, 1], pixel size and its source, imaged area, hash.

    Raises
    ------
    UnreadableFrameError
        If the file is no usable frame.
    UnknownPixelSizeError
        If nobody says how large a pixel is.
    """
    settings = settings or ReadingSettings()
    data, sha256 = read_bytes(record.path, record.frame, settings)
    return frame_of_bytes(
        data,
        sha256,
        record,
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_of_view_um,
        settings=settings,
    )


def frame_of_bytes(
    data: bytes,
    sha256: str,
    record: Record,
    *,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    settings: ReadingSettings | None = None,
) -> Frame:
    """Do as :func:`read_frame` for a file already read, of which `sha256` is the hash."""
    settings = settings or ReadingSettings()
    raster = decode(data, record.frame, record.page, settings)
    if raster.unscaled:
        raise UnreadableFrameError(raster.unscaled)
    _check_content(raster, record.frame, settings)
    height, width = raster.samples.shape
    size_um, source = choose_pixel_size(
        (height, width),
        record.frame,
        manifest_um=record.pixel_size_um,
        pixel_size_um=pixel_size_um,
        field_of_view_um=field_of_view_um,
        metadata_um=raster.pixel_um,
        settings=settings,
    )
    pixels = _scaled(raster)
    imaged = _imaged(pixels, raster, record.frame, settings)
    return Frame(
        pixels=pixels,
        pixel_size_um=size_um,
        pixel_size_source=source,
        imaged=imaged,
        sha256=sha256,
        bits=raster.bits,
        notes=tuple(raster.notes),
    )


def read_bytes(path: Path, name: str, settings: ReadingSettings) -> tuple[bytes, str]:
    """Read a file whole, with its sha256; the last file stays at hand for its further pages.

    Raises
    ------
    UnreadableFrameError
        If it is absent, no file, not readable, or larger than ``settings.max_file_bytes``.
    """
    try:
        status = path.stat()
        if not path.is_file():
            raise UnreadableFrameError(f"{name} is not a file; give the file itself.")
        if status.st_size > settings.max_file_bytes:
            raise UnreadableFrameError(
                f"{name} has {status.st_size / 1e9:.1f} GB, more than the limit; split it into smaller files."
            )
        return _read_once(path, status.st_mtime_ns, status.st_size)
    except FileNotFoundError as error:
        looked = printable(str(path))
        raise UnreadableFrameError(
            f"{name} does not exist (looked for {looked}); correct the path."
        ) from error
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise UnreadableFrameError(
            f"{name} cannot be read ({cause}); check its rights and its disk."
        ) from error


@lru_cache(maxsize=1)
def _read_once(path: Path, _changed_ns: int, _size: int) -> tuple[bytes, str]:
    data = path.read_bytes()
    return data, hashlib.sha256(data).hexdigest()


def _check_content(raster: Raster, name: str, settings: ReadingSettings) -> None:
    height, width = raster.samples.shape
    if min(height, width) < settings.min_side_px:
        raise UnreadableFrameError(
            f"{name} has {width} x {height} px, too few to hold nerves; a frame has at least"
            f" {settings.min_side_px} px a side."
        )
    seen = raster.samples if raster.opaque is None else raster.samples[raster.opaque]
    low, high = seen.min(), seen.max()
    if low == high:
        raise UnreadableFrameError(f"{name} has one grey level throughout; export the frame again.")
    exactly = bool(((seen == low) | (seen == high)).all())
    if exactly or _is_like_a_mask(seen, float(low), float(high), settings):
        raise UnreadableFrameError(
            f"{name} has {'' if exactly else 'almost '}two grey levels only, as a mask has;"
            " give the frame, and the mask by --masks."
        )


def _is_like_a_mask(seen: SampleArray, low: float, high: float, settings: ReadingSettings) -> bool:
    """Whether nearly all is black or white, and neither is a few specks: a mask saved as JPEG."""
    margin = settings.mask_like_margin * (high - low)
    black, white = float((seen <= low + margin).mean()), float((seen >= high - margin).mean())
    both = black + white >= settings.mask_like_fraction
    return both and min(black, white) >= settings.mask_like_speck_fraction


def _scaled(raster: Raster) -> FloatArray:
    pixels = raster.samples.astype(np.float32)
    pixels /= np.float32(raster.white)
    if raster.opaque is not None:
        pixels[~raster.opaque] = 0.0
    return pixels


def _imaged(pixels: FloatArray, raster: Raster, name: str, settings: ReadingSettings) -> BoolArray:
    imaged = imaged_area(pixels, settings)
    outside = "the black surround is"
    if raster.opaque is not None:
        outside = "what is transparent or a black surround is"
        imaged &= raster.opaque
    if not imaged.any():
        raise UnreadableFrameError(f"{name} is black throughout; export the frame again.")
    share = float(imaged.mean())
    if share < 1:
        raster.notes.append(f"{share * 100:.1f} % of the picture is imaged; {outside} outside.")
    return imaged
