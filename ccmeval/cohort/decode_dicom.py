"""DICOM through the optional package pydicom."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ccmeval.cohort.ranges import declared_white
from ccmeval.cohort.raster import Raster, Reduce, check_size
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnavailableError, UnreadableFrameError

if TYPE_CHECKING:
    from pydicom import Dataset


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
    pixels = _pixels(dataset, name, page)
    bits = int(dataset.BitsStored)
    if pixels.ndim == 3:
        pixels = reduce(pixels, 2.0**bits - 1, name, settings)
    raster = declared_white(pixels, name, 2**bits - 1 if bits > 8 else None)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        raster.samples = (raster.white - raster.samples).astype(raster.samples.dtype)
    raster.pixel_um = _pixel_um(dataset)
    return raster


def _dataset(data: bytes, name: str) -> Dataset:
    try:
        import pydicom
    except ImportError as error:
        raise UnavailableError(
            f"{name} is a DICOM file, which takes the package pydicom; run: pip install 'ccmeval[dicom]'."
        ) from error
    return pydicom.dcmread(io.BytesIO(data))


def _pixels(dataset: Dataset, name: str, page: int) -> np.ndarray[Any, Any]:
    from pydicom.pixels.utils import pixel_array

    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        raise UnreadableFrameError(f"{name} is a colour DICOM picture; export it as grey.")
    try:
        return np.asarray(pixel_array(dataset, index=page))
    except RuntimeError as error:  # no decoder for this transfer syntax
        raise UnavailableError(
            f"{name} holds DICOM pixels compressed in a way that no installed package reads;"
            " run: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg, or export it uncompressed."
        ) from error


def _pixel_um(dataset: Dataset) -> tuple[float, float] | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = dataset.get(keyword)
        if spacing:
            return float(spacing[0]) * 1000.0, float(spacing[1]) * 1000.0
    return None


def dicom_frames(file: BinaryIO) -> int:
    """Count the frames of a DICOM file; 1 where pydicom is absent or the file is damaged."""
    try:
        import pydicom

        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["NumberOfFrames"])
        return max(int(dataset.get("NumberOfFrames") or 1), 1)
    except Exception:  # reading it will give the sentence
        return 1
