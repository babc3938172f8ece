"""Bytes of a file to the grey samples of one of its pages."""

from __future__ import annotations

from ccmeval.cohort.formats import HEAD_BYTES, READABLE, sniff
from ccmeval.cohort.quiet import quiet
from ccmeval.cohort.raster import Raster, Reduce, grey_from_colour
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import CcmevalError, UnreadableFrameError


def decode(
    data: bytes, name: str, page: int, settings: ReadingSettings, reduce: Reduce = grey_from_colour
) -> Raster:
    """Decode one page.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        How to call it in sentences.
    page : int
        Page from 0.
    settings : ReadingSettings
        Limits.
    reduce : callable, optional
        Makes one channel of three; refuses real colour unless told otherwise.

    Returns
    -------
    Raster
        Grey samples, as stored.

    Raises
    ------
    UnreadableFrameError
        If the bytes are no picture, a damaged one, one too large or one in colour.
    UnavailableError
        If reading this format takes a package that is not installed.
    """
    kind = _known_format(data, name)
    try:
        with quiet():
            return _read(kind, data, name, page, settings, reduce)
    except CcmevalError:
        raise
    except MemoryError as error:
        raise UnreadableFrameError(f"{name} does not fit into memory; cut it into smaller frames.") from error
    except Exception as error:  # damaged bytes raise anything from the depths of a decoder
        if "imagecodecs" in str(error):
            raise UnreadableFrameError(
                f"{name} is a TIFF file in a form that is not read; export it as 8 or 16 bit, uncompressed."
            ) from error
        raise UnreadableFrameError(
            f"{name} is a truncated or damaged {kind} file; copy or export it again."
        ) from error


def _known_format(data: bytes, name: str) -> str:
    if not data:
        raise UnreadableFrameError(f"{name} is empty (0 bytes); copy or export it again.")
    kind = sniff(data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableFrameError(
            f"{name} holds no picture, whatever its name says; give BMP, PNG, JPEG, TIFF or DICOM."
        )
    if kind not in READABLE:
        raise UnreadableFrameError(f"{name} is a {kind} file; save it as PNG, TIFF, BMP, JPEG or DICOM.")
    return kind


def _read(kind: str, data: bytes, name: str, page: int, settings: ReadingSettings, reduce: Reduce) -> Raster:
    if kind == "DICOM":
        from ccmeval.cohort.decode_dicom import read_dicom

        return read_dicom(data, name, page, settings, reduce)
    from ccmeval.cohort.decode_pillow import read_with_pillow

    return read_with_pillow(kind, data, name, page, settings, reduce)
