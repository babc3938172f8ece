"""Samples of every kind of file come out as they went in."""

import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from ccmeval.cohort import Frame, ReadingSettings, Record, load_cohort, read_frame
from ccmeval.errors import UnavailableError, UnreadableFrameError
from tests.hostile import chunk, coloured, picture, saved, tiff, with_alpha

GREY = picture()


def read(data: bytes, tmp_path: Path, name: str = "frame.bin", **options: Any) -> Frame:
    path = tmp_path / name
    path.write_bytes(data)
    return read_frame(Record(name, "key", path), **options)


@pytest.mark.parametrize(
    "data",
    [
        saved(GREY, "PNG"),
        saved(GREY, "BMP"),
        saved(GREY, "BMP", "RGB"),
        saved(GREY, "PNG", "RGBA"),
        saved(GREY, "PNG", "LA"),
        saved(GREY, "PNG", "P"),
        saved(GREY, "TIFF", compression="tiff_lzw"),
        saved(GREY, "TIFF", compression="packbits"),
        saved(GREY, "TIFF", "RGB", compression="tiff_adobe_deflate"),
        tiff(GREY, bigtiff=True),
        tiff(GREY, byteorder=">"),
        tiff(GREY, tile=(64, 64)),
        tiff(255 - GREY, photometric="miniswhite"),
        tiff(np.stack([GREY] * 3), photometric="rgb", planarconfig="separate"),
    ],
)
def test_eight_bits_are_exact(data: bytes, tmp_path: Path) -> None:
    frame = read(data, tmp_path)
    assert np.array_equal(frame.pixels, GREY.astype(np.float32) / np.float32(255))
    assert frame.bits == 8
    assert frame.imaged.all()


def test_grey_jpeg_stored_as_colour_keeps_its_grey(tmp_path: Path) -> None:
    data = saved(GREY, "JPEG", "RGB", quality=75, subsampling=2)
    grey = np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float)
    assert np.abs(read(data, tmp_path).pixels * 255 - grey).max() <= 1.0


@pytest.mark.parametrize("levels", [3, 12])
def test_a_tint_of_a_few_levels_is_grey(levels: int, tmp_path: Path) -> None:
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    rgb[..., 0] -= np.minimum(rgb[..., 0], levels).astype(np.uint8)
    assert np.abs(read(saved(rgb, "PNG"), tmp_path).pixels * 255 - GREY).max() <= levels


def test_one_coloured_pixel_makes_a_colour_picture(tmp_path: Path) -> None:
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    rgb[100, 100] = (255, 0, 0)
    with pytest.raises(UnreadableFrameError, match="colour picture"):
        read(saved(rgb, "PNG"), tmp_path)


class TestDeepSamples:
    deep = GREY.astype(np.uint16) * 16 + 7  # 12 bits

    @pytest.mark.parametrize("byteorder", ["<", ">"])
    def test_declared_maximum(self, tmp_path: Path, byteorder: str) -> None:
        data = tiff(self.deep, extratags=[(281, "H", 1, 4095, True)], byteorder=byteorder)
        frame = read(data, tmp_path)
        assert np.allclose(frame.pixels, self.deep / 4095.0, rtol=1e-6)
        assert (frame.bits, frame.notes) == (12, ())

    def test_without_declaration_nothing_is_stretched(self, tmp_path: Path) -> None:
        frame = read(tiff(self.deep), tmp_path)
        assert np.allclose(frame.pixels, self.deep / 65535.0, rtol=1e-6)
        assert "12-bit" in frame.notes[0]

    def test_a_wrong_declaration_clips_nothing(self, tmp_path: Path) -> None:
        frame = read(tiff(self.deep, extratags=[(281, "H", 1, 1023, True)]), tmp_path)
        assert np.allclose(frame.pixels, self.deep / 65535.0, rtol=1e-6)
        assert "1023" in frame.notes[0]

    def test_sixteen_bit_grey_as_colour_keeps_its_depth(self, tmp_path: Path) -> None:
        full = GREY.astype(np.uint16) * 250 + 3
        frame = read(tiff(np.repeat(full[..., None], 3, axis=2), photometric="rgb"), tmp_path)
        assert np.array_equal(frame.pixels, full.astype(np.float32) / np.float32(65535))

    @pytest.mark.parametrize("alpha", [65535, 0])
    def test_kinds_that_pillow_does_not_know(self, tmp_path: Path, alpha: int) -> None:
        full = GREY.astype(np.uint16) * 250 + 3
        with_alpha = np.stack([full, np.full_like(full, alpha)], axis=-1)
        data = tiff(
            with_alpha,
            photometric="minisblack",
            extrasamples=["unassalpha"],
            extratags=[(281, "H", 2, (65535, 65535), True)],
            resolution=(2e4, 2e4),
            resolutionunit=3,
        )
        frame = read(data, tmp_path)
        assert np.array_equal(frame.pixels, full.astype(np.float32) / np.float32(65535))
        assert frame.pixel_size_um == 0.5
        half = read(tiff((GREY / 255).astype(np.float16)), tmp_path, "half")
        assert np.abs(half.pixels - GREY / 255).max() < 1e-3

    @pytest.mark.parametrize(
        ("value", "turn"), [(2, np.fliplr), (6, lambda a: np.rot90(a, 1)), (3, np.flipud)]
    )
    def test_orientation(self, tmp_path: Path, value: int, turn: Any) -> None:
        full = picture(200, 300).astype(np.uint16) * 250
        stored = np.ascontiguousarray(np.fliplr(turn(full)) if value == 3 else turn(full))
        rgb = np.repeat(stored[..., None], 3, axis=2)
        data = tiff(rgb, photometric="rgb", extratags=[(274, "H", 1, value, True)])
        frame = read(data, tmp_path, pixel_size_um=1.0)
        assert np.array_equal(frame.pixels, full.astype(np.float32) / np.float32(65535))

    def test_sixteen_bit_colour_png_is_told(self, tmp_path: Path) -> None:
        rgb = np.repeat((GREY.astype(">u2") * 257)[..., None], 3, axis=2)
        rows = b"".join(b"\0" + row.tobytes() for row in rgb)
        header = struct.pack(">IIBBBBB", 384, 384, 16, 2, 0, 0, 0)
        body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        frame = read(b"\x89PNG\r\n\x1a\n" + body, tmp_path)
        assert np.allclose(frame.pixels, GREY / 255.0, rtol=1e-6)
        assert "read at 8 bits" in frame.notes[0]

    def test_white_is_zero(self, tmp_path: Path) -> None:
        full = GREY.astype(np.uint16) * 250
        frame = read(tiff(65535 - full, photometric="miniswhite"), tmp_path)
        assert np.allclose(frame.pixels, full / 65535.0, rtol=1e-6)

    def test_png_with_significant_bits(self, tmp_path: Path) -> None:
        plain = saved(self.deep, "PNG")
        marked = plain[:33] + chunk(b"sBIT", bytes([12])) + plain[33:]
        assert np.allclose(read(marked, tmp_path).pixels, self.deep / 4095.0, rtol=1e-6)
        full = saved(GREY.astype(np.uint16) * 257, "PNG")
        # By the standard the samples are scaled to the full range whatever sBIT says.
        scaled = full[:33] + chunk(b"sBIT", bytes([12])) + full[33:]
        assert np.allclose(read(scaled, tmp_path, "b").pixels, GREY / 255.0, rtol=1e-6)

    def test_wide_integers_of_no_range_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="no declared range"):
            read(tiff(GREY.astype(np.uint32) * 100_000), tmp_path)

    def test_negative_samples_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="negative"):
            read(tiff(GREY.astype(np.int16) - 100), tmp_path)


def test_hidden_pixels_are_not_imaged(tmp_path: Path) -> None:
    frame = read(saved(with_alpha(), "PNG"), tmp_path)
    assert not frame.imaged[:, :128].any()
    assert frame.imaged[:, 140:].all()
    assert np.array_equal(frame.pixels[:, 128:], GREY[:, 128:].astype(np.float32) / np.float32(255))


def test_an_alpha_channel_that_hides_all_is_dropped(tmp_path: Path) -> None:
    rgba = np.repeat(GREY[..., None], 4, axis=2)
    rgba[..., 3] = 0
    assert read(saved(rgba, "PNG"), tmp_path).imaged.all()


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_orientation_tags(value: int, form: str, tmp_path: Path) -> None:
    # What each value says of the stored picture, by the EXIF standard.
    stored = {
        1: lambda up: up,
        2: np.fliplr,
        3: lambda up: np.rot90(up, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda up: np.rot90(up, 1),
        7: lambda up: np.rot90(up, 2).T,
        8: lambda up: np.rot90(up, 3),
    }
    upright = picture(200, 300)
    exif = Image.Exif()
    exif[274] = value
    data = saved(np.ascontiguousarray(stored[value](upright)), form, exif=exif)
    frame = read(data, tmp_path, pixel_size_um=1.0)
    assert np.array_equal(frame.pixels, upright.astype(np.float32) / np.float32(255))


class TestLimits:
    def test_the_limit_is_a_setting(self, tmp_path: Path) -> None:
        data = saved(GREY, "PNG")
        assert read(data, tmp_path, settings=ReadingSettings(max_pixels=384 * 384)).bits == 8
        for name, encoded in {"a": data, "b": saved(GREY, "TIFF"), "c": saved(GREY, "BMP")}.items():
            with pytest.raises(UnreadableFrameError, match="384 x 384 px, more than the limit"):
                read(encoded, tmp_path, name, settings=ReadingSettings(max_pixels=384 * 384 - 1))

    def test_a_large_mosaic_passes(self, tmp_path: Path) -> None:
        assert read(saved(picture(1312, 2184), "PNG"), tmp_path, pixel_size_um=1.04).pixels.shape == (
            1312,
            2184,
        )

    def test_large_files_are_not_read(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="more than the limit; split"):
            read(saved(GREY, "BMP"), tmp_path, settings=ReadingSettings(max_file_bytes=1000))

    def test_absent_and_directory(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="does not exist"):
            read_frame(Record("a.png", "a", tmp_path / "a.png"))
        with pytest.raises(UnreadableFrameError, match="not a file"):
            read_frame(Record("a.png", "a", tmp_path))

    def test_page_beyond_the_last(self, tmp_path: Path) -> None:
        for name, data in {"a.tif": saved(GREY, "TIFF"), "a.png": saved(GREY, "PNG")}.items():
            (tmp_path / name).write_bytes(data)
            with pytest.raises(UnreadableFrameError, match="no page 8"):
                read_frame(Record(name, "a", tmp_path / name, page=7))


def test_pages_of_a_stack(tmp_path: Path) -> None:
    stack = np.stack([picture(seed=seed) for seed in range(3)])
    (tmp_path / "s.tif").write_bytes(tiff(stack, photometric="minisblack"))
    frames = [read_frame(record) for record in load_cohort(tmp_path / "s.tif")]
    for page, frame in zip(stack, frames, strict=True):
        assert np.array_equal(frame.pixels, page.astype(np.float32) / np.float32(255))
    assert len({frame.sha256 for frame in frames}) == 1


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
