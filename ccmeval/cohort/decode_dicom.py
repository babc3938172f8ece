"""DICOM through the optional package pydicom."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from ccmeval.cohort.ranges import declared_white
from ccmeval.cohort.raster import Raster, Reduce, check_size
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnavailableError, UnreadableFrameError

if TYPE_CHECKING:
    from pydicom import Dataset

_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
"""Transfer syntax by which a file is inflated whole, to whatever size, before its header can be read."""

_META_BYTES: Final = 2**16
"""Bytes at a file's head within which its transfer syntax stands."""

_LEAST_FRAME_BYTES: Final = 64
"""Shortest compressed frame: the header of a run-length encoded one."""

_SIZE_KEYWORDS: Final = ("NumberOfFrames", "Rows", "Columns", "BitsAllocated")


def read_dicom(data: bytes, name: str, page: int, settings: ReadingSettings, reduce: Reduce) -> Raster:
    """Read one frame of a DICOM file.

    Raises
    ------
    UnavailableError
        If pydicom, or the decoder of a compressed transfer syntax, is not installed.
    UnreadableFrameError
        If the file has no pixels, or is too large, coloured or damaged.
    """
    dataset = _dataset(data, name)
    if "PixelData" not in dataset:
        raise UnreadableFrameError(f"{name} is a DICOM file without pixels; export the frame itself.")
    check_size(int(dataset.Rows), int(dataset.Columns), name, settings)
    frames = int(dataset.get("NumberOfFrames") or 1)
    if page >= frames:
        raise UnreadableFrameError(f"{name} has {frames} pages, not {page + 1}; export it again.")
    white = _white(dataset, name)
    pixels = _pixels(dataset, name, page)
    if pixels.ndim == 3:
        pixels = reduce(pixels, float(white), name, settings)
    if pixels.dtype == np.uint8:
        raster = Raster(pixels, float(white), white.bit_length())
    else:
        raster = declared_white(pixels, name, white)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        raster.invert()
    raster.pixel_um = _pixel_um(dataset)
    ratio = [float(side) for side in dataset.get("PixelAspectRatio") or (1, 1)]
    if raster.pixel_um is None and ratio[0] != ratio[1]:
        raise UnreadableFrameError(
            f"{name} has pixels of {ratio[1]:g} x {ratio[0]:g} by its metadata; resample it to square ones."
        )
    return raster


def _dataset(data: bytes, name: str) -> Dataset:
    try:
        import pydicom
    except ImportError as error:
        raise UnavailableError(
            f"{name} is a DICOM file, which takes the package pydicom; run: pip install 'ccmeval[dicom]'."
        ) from error
    if _DEFLATED in data[:_META_BYTES]:
        raise UnreadableFrameError(f"{name} is a deflated DICOM file; export it uncompressed.")
    return pydicom.dcmread(io.BytesIO(data))


def _white(dataset: Dataset, name: str) -> int:
    """Largest value that the declared bits hold; refuse pixels that are stored in another way."""
    stored, allocated = int(dataset.BitsStored), int(dataset.BitsAllocated)
    if not 1 <= stored <= allocated or allocated not in {8, 16}:
        raise UnreadableFrameError(f"{name} has {stored} bits in {allocated}; export it as 8 or 16 bit.")
    if int(dataset.get("HighBit", stored - 1)) != stored - 1:
        raise UnreadableFrameError(
            f"{name} does not keep its {stored} bits in the lowest ones (HighBit {dataset.HighBit});"
            " export it again."
        )
    return int(2 ** (stored - int(dataset.get("PixelRepresentation", 0) == 1)) - 1)


def _pixels(dataset: Dataset, name: str, page: int) -> np.ndarray[Any, Any]:
    from pydicom.pixels.utils import pixel_array

    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        raise UnreadableFrameError(f"{name} is a colour DICOM picture; export it as grey.")
    _check_stored_bits(dataset, name, page)
    try:
        return np.asarray(pixel_array(dataset, index=page))
    except RuntimeError as error:  # no decoder for this transfer syntax
        raise UnavailableError(
            f"{name} holds DICOM pixels compressed in a way that no installed package reads;"
            " run: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg, or export it uncompressed."
        ) from error


def _check_stored_bits(dataset: Dataset, name: str, page: int) -> None:
    # pydicom cuts off higher bits: a bright pixel beyond a wrongly declared range would come out dark.
    stored, allocated = int(dataset.BitsStored), int(dataset.BitsAllocated)
    if dataset.file_meta.TransferSyntaxUID.is_compressed or dataset.get("PixelRepresentation", 0):
        return
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    count = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel)
    start = page * count * (allocated // 8)
    if stored == allocated or len(dataset.PixelData) < start + count * (allocated // 8):
        return  # nothing to exceed, or a truncated file, which the decoder refuses
    samples = np.frombuffer(dataset.PixelData, f"{order}u{allocated // 8}", count, start)
    if int(samples.max()) >= 2**stored:
        raise UnreadableFrameError(
            f"{name} holds samples up to {samples.max()}, more than its declared {stored} bits have;"
            " export it again."
        )


def _pixel_um(dataset: Dataset) -> tuple[float, float] | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(keyword) or _shared_spacing(dataset, keyword)
        if spacing:
            return float(spacing[0]) * 1000.0, float(spacing[1]) * 1000.0
    return None


def _shared_spacing(dataset: Dataset, keyword: str) -> Any:
    """Look a spacing up where files of several frames keep what their frames share (PS3.3 C.7.6.16.2.1)."""
    for shared in dataset.get("SharedFunctionalGroupsSequence") or []:
        for measures in shared.get("PixelMeasuresSequence") or []:
            return measures.get(keyword)
    return None


def dicom_frames(file: BinaryIO, size: int) -> int:
    """Count the frames of a DICOM file.

    Parameters
    ----------
    file : binary file
        At its beginning.
    size : int
        Its length in bytes.

    Returns
    -------
    int
        1 where pydicom is absent, the file is damaged, or it claims more frames than its bytes can
        hold; reading it gives the sentence.
    """
    try:
        import pydicom

        if _DEFLATED in file.read(_META_BYTES):
            return 1
        file.seek(0)
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_SIZE_KEYWORDS))
        frames = max(int(dataset.get("NumberOfFrames") or 1), 1)
        least = _LEAST_FRAME_BYTES
        if not dataset.file_meta.TransferSyntaxUID.is_compressed:
            least = dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8
        return frames if frames * least <= size else 1
    except Exception:  # reading it will give the sentence
        return 1
