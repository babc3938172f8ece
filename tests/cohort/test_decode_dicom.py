"""DICOM files, as far as they hold grey frames."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from ccmeval.cohort import load_cohort, read_frame
from ccmeval.errors import UnavailableError, UnknownPixelSizeError, UnreadableFrameError
from tests.cohort.written import read
from tests.hostile import coloured, picture

GREY = picture()


def dicom(samples: Any, bits_stored: int = 8, **changes: Any) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("x", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SamplesPerPixel = 1 if samples.ndim == 2 or changes.get("NumberOfFrames") else 3
    data.Rows, data.Columns = samples.shape[-2:] if data.SamplesPerPixel == 1 else samples.shape[:2]
    data.PhotometricInterpretation = "MONOCHROME2" if data.SamplesPerPixel == 1 else "RGB"
    data.BitsAllocated = 8 * samples.dtype.itemsize
    data.BitsStored, data.HighBit, data.PixelRepresentation = bits_stored, bits_stored - 1, 0
    if data.SamplesPerPixel == 3:
        data.PlanarConfiguration = 0
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    data.PixelData = samples.tobytes()
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


class TestDicom:
    def test_grey(self, tmp_path: Path) -> None:
        frame = read(dicom(GREY, PixelSpacing=[0.00105, 0.00105]), tmp_path)
        assert np.array_equal(frame.pixels, GREY.astype(np.float32) / np.float32(255))
        assert (round(frame.pixel_size_um, 9), frame.pixel_size_source) == (1.05, "metadata")

    def test_declared_bits(self, tmp_path: Path) -> None:
        deep = GREY.astype(np.uint16) * 16
        frame = read(dicom(deep, 12), tmp_path)
        assert np.allclose(frame.pixels, deep / 4095.0, rtol=1e-6)
        assert frame.bits == 12

    def test_bits_that_are_not_where_declared_are_refused(self, tmp_path: Path) -> None:
        deep = GREY.astype(np.uint16) * 16
        # pydicom would cut the upper bits off in silence.
        with pytest.raises(UnreadableFrameError, match="samples up to 3328, more than its declared 10 bits"):
            read(dicom(deep, 10), tmp_path)
        with pytest.raises(UnreadableFrameError, match="HighBit 15"):
            read(dicom(deep * 16, 12, HighBit=15), tmp_path)
        with pytest.raises(UnreadableFrameError, match="32 bits in 32"):
            read(dicom(GREY.astype(np.uint32), 32), tmp_path)

    @pytest.mark.parametrize("bits", [7, 8])
    def test_few_bits(self, tmp_path: Path, bits: int) -> None:
        samples = GREY >> (8 - bits)
        assert np.allclose(read(dicom(samples, bits), tmp_path).pixels, samples / (2.0**bits - 1))

    def test_spacing_shared_by_frames(self, tmp_path: Path) -> None:
        measures, shared = pydicom.Dataset(), pydicom.Dataset()
        measures.PixelSpacing = [0.0008, 0.0008]
        shared.PixelMeasuresSequence = [measures]
        frame = read(dicom(GREY, SharedFunctionalGroupsSequence=[shared]), tmp_path)
        assert frame.pixel_size_um == pytest.approx(0.8)

    def test_pixels_that_are_not_square(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="2 x 1 by its metadata"):
            read(dicom(GREY, PixelAspectRatio=[1, 2]), tmp_path)
        assert read(dicom(GREY, PixelAspectRatio=[1, 1]), tmp_path).bits == 8
        # PS3.3 10.7.1.3: the first value is the distance between rows.
        with pytest.raises(UnknownPixelSizeError, match="pixels of 1 x 2 um"):
            read(dicom(GREY, PixelSpacing=[0.002, 0.001]), tmp_path)

    @pytest.mark.parametrize("claimed", [3, 2_000_000_000])
    def test_claims_of_many_frames(self, tmp_path: Path, claimed: int) -> None:
        (tmp_path / "s.dcm").write_bytes(dicom(GREY, NumberOfFrames=claimed))
        records = load_cohort(tmp_path).records
        assert [record.frame for record in records] == ["s.dcm"]
        with pytest.raises(UnreadableFrameError, match="damaged"):
            read_frame(records[0])

    def test_a_deflated_file_is_not_inflated(self, tmp_path: Path) -> None:
        dataset = pydicom.dcmread(io.BytesIO(dicom(GREY)))
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        buffer = io.BytesIO()
        dataset.save_as(buffer)
        (tmp_path / "s.dcm").write_bytes(buffer.getvalue())
        with pytest.raises(UnreadableFrameError, match="deflated DICOM file"):
            read_frame(load_cohort(tmp_path).records[0])

    def test_dark_is_white(self, tmp_path: Path) -> None:
        frame = read(dicom(255 - GREY, PhotometricInterpretation="MONOCHROME1"), tmp_path)
        assert np.array_equal(frame.pixels, GREY.astype(np.float32) / np.float32(255))

    def test_frames(self, tmp_path: Path) -> None:
        stack = np.stack([picture(seed=seed) for seed in range(2)])
        (tmp_path / "s.dcm").write_bytes(dicom(stack, NumberOfFrames=2))
        cohort = load_cohort(tmp_path)
        assert [record.frame for record in cohort] == ["s.dcm#1", "s.dcm#2"]
        assert np.allclose(read_frame(cohort.records[1]).pixels, stack[1] / 255.0, rtol=1e-6)

    def test_colour_is_refused_and_grey_as_colour_is_not(self, tmp_path: Path) -> None:
        grey = np.ascontiguousarray(np.repeat(GREY[..., None], 3, axis=2))
        assert np.allclose(read(dicom(grey), tmp_path).pixels, GREY / 255.0, rtol=1e-6)
        with pytest.raises(UnreadableFrameError, match="colour"):
            read(dicom(coloured()), tmp_path, "c")

    def test_claims_of_giants_and_truncation(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="claims"):
            read(dicom(GREY, Rows=60_000, Columns=60_000), tmp_path)
        with pytest.raises(UnreadableFrameError, match="damaged"):
            read(dicom(GREY)[:50_000], tmp_path, "t")

    def test_without_pydicom_the_cure_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        data = dicom(GREY)
        monkeypatch.setitem(sys.modules, "pydicom", None)
        (tmp_path / "a.dcm").write_bytes(data)
        assert len(load_cohort(tmp_path)) == 1
        with pytest.raises(UnavailableError, match=r"pip install 'ccmeval\[dicom\]'"):
            read(data, tmp_path)
