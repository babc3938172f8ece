"""Grey levels of prepared frames, held against what Pillow, tifffile and pydicom read of the sources."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ccmeval.checking import read_facts
from ccmeval.cohort import Record, read_frame
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import UnreadableFrameError
from ccmeval.preparing import PrepareSettings
from ccmeval.preparing.grey import Grey, luminance, to_grey
from ccmeval.preparing.png import Encoded, encode_frame
from tests.hostile import coloured, picture, saved, tiff, with_alpha

PLAIN = PrepareSettings()


def prepared(
    data: bytes, options: PrepareSettings = PLAIN, page: int = 0
) -> tuple[Grey, Encoded, np.ndarray]:
    """What is kept of a file, and what Pillow reads of the output."""
    grey = to_grey(data, page, options)
    encoded = encode_frame(grey, options.reading)
    return grey, encoded, np.asarray(Image.open(io.BytesIO(encoded.data)))


def chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG file, parsed by its standard."""
    place, found = 8, {}
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        found[kind] = data[place + 8 : place + 8 + length]
        place += 12 + length
    return found


@pytest.mark.parametrize(
    ("form", "mode", "changes"),
    [
        ("PNG", None, ()),
        ("BMP", None, ()),
        ("TIFF", None, ()),
        ("JPEG", None, ()),
        ("PNG", "RGB", ("grey-as-colour",)),
        ("BMP", "RGB", ("grey-as-colour",)),
        ("TIFF", "RGB", ("grey-as-colour",)),
        ("PNG", "P", ("palette",)),
        ("PNG", "LA", ("alpha",)),
        ("PNG", "RGBA", ("grey-as-colour", "alpha")),
    ],
)
def test_8_bit_grey_is_kept_exactly(form: str, mode: str | None, changes: tuple[str, ...]) -> None:
    data = saved(picture(), form, mode)
    grey, _, pixels = prepared(data)
    peer = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[..., 1]
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, peer)
    assert grey.changes == changes


@pytest.mark.parametrize("form", ["tifffile", "TIFF", "PNG", "big-endian", "deflated", "grey in three"])
def test_16_bit_grey_stays_16_bit(form: str) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (96, 80)).astype(np.uint16)
    data = {
        "tifffile": lambda: tiff(deep),
        "TIFF": lambda: saved(deep, "TIFF"),
        "PNG": lambda: saved(deep, "PNG"),
        "big-endian": lambda: tiff(deep, byteorder=">"),
        "deflated": lambda: tiff(deep, compression="zlib"),
        "grey in three": lambda: tiff(np.repeat(deep[..., None], 3, axis=2), photometric="rgb"),
    }[form]()
    _, encoded, pixels = prepared(data)
    np.testing.assert_array_equal(pixels, deep)
    assert encoded.white == 65535
    assert set(chunks(encoded.data)) == {b"IHDR", b"IDAT", b"IEND"}


def test_declared_12_bits_are_respected(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 4096, (96, 80)).astype(np.uint16)
    data = tiff(deep, extratags=[(281, "H", 1, 4095, True)])
    (tmp_path / "in.tif").write_bytes(data)
    _, encoded, pixels = prepared(data)
    np.testing.assert_array_equal(pixels, tifffile.imread(io.BytesIO(data)))
    assert chunks(encoded.data)[b"sBIT"] == b"\x0c"
    (tmp_path / "out.png").write_bytes(encoded.data)
    frames = [read_frame(Record(n, n, tmp_path / n), pixel_size_um=1) for n in ("in.tif", "out.png")]
    np.testing.assert_array_equal(frames[0].pixels, frames[1].pixels)
    assert [frame.bits for frame in frames] == [12, 12]


def test_12_bits_that_look_scaled_are_scaled_without_loss() -> None:
    deep = (np.random.default_rng(1).integers(0, 256, (96, 80)) * 16).astype(np.uint16)
    grey, encoded, pixels = prepared(tiff(deep, extratags=[(281, "H", 1, 4095, True)]))
    assert encoded.rescaled
    assert encoded.white == 65535
    np.testing.assert_array_equal(np.rint(pixels * (4095 / 65535)), deep)
    assert grey.white == 4095


def test_undeclared_12_bits_by_option() -> None:
    deep = np.random.default_rng(1).integers(0, 4096, (96, 80)).astype(np.uint16)
    options = PrepareSettings(reading=ReadingSettings(undeclared_bits=12))
    _, encoded, pixels = prepared(tiff(deep), options)
    np.testing.assert_array_equal(pixels, deep)
    assert encoded.white == 4095
    grey, encoded, pixels = prepared(tiff(deep))
    np.testing.assert_array_equal(pixels, deep)
    assert encoded.white == 65535
    assert "--undeclared-bits 12" in grey.remarks[0]


def test_floats_of_8_and_16_bits_come_back_as_those() -> None:
    byte = picture(96, 80)
    for samples, white in ((byte, 255), (byte.astype(np.uint16) * 256 + 7, 65535)):
        grey, encoded, pixels = prepared(tiff(samples.astype(np.float32) / np.float32(white)))
        np.testing.assert_array_equal(pixels, samples)
        assert (encoded.white, grey.changes) == (white, ())
    noise = np.random.default_rng(0).random((96, 80), dtype=np.float32)
    grey, _, pixels = prepared(tiff(noise))
    assert grey.changes == ("rounded",)
    assert np.abs(pixels / 65535 - noise).max() <= 0.5001 / 65535


def test_colour_becomes_luminance_as_in_pillow() -> None:
    data = saved(coloured(), "PNG")
    grey, _, pixels = prepared(data)
    np.testing.assert_array_equal(pixels, np.asarray(Image.open(io.BytesIO(data)).convert("L")))
    assert grey.changes == ("luminance",)
    with pytest.raises(UnreadableFrameError, match="colour picture"):
        to_grey(data, 0, PrepareSettings(colour="refuse"))


def test_luminance_by_hand() -> None:
    deep = np.array([[[65535, 0, 0], [0, 65535, 0], [0, 0, 65535], [40000, 40000, 40000]]], np.uint16)
    assert luminance(deep).tolist() == [[19595, 38469, 7471, 40000]]
    unit = luminance(np.float32([[[1, 0, 0], [0.5, 0.5, 0.5]]]))
    np.testing.assert_allclose(unit, [[0.299, 0.5]], atol=1e-5)


def test_what_alpha_hides_is_black() -> None:
    grey, _, pixels = prepared(saved(with_alpha(), "PNG"))
    source = with_alpha()
    shown = source[..., -1] >= 128
    assert "alpha" in grey.changes
    np.testing.assert_array_equal(pixels, np.where(shown, source[..., 0], 0))


def test_orientation_is_applied_as_pillow_does() -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[274] = 6
    data = saved(picture(96, 128), "JPEG", exif=exif, quality=95)
    grey, encoded, pixels = prepared(data)
    np.testing.assert_array_equal(
        pixels, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L"))
    )
    assert grey.changes == ("turned",)
    assert set(chunks(encoded.data)) == {b"IHDR", b"IDAT", b"IEND"}


@pytest.mark.parametrize("inverted", [False, True])
def test_dicom_of_12_bits(inverted: bool) -> None:
    pydicom = pytest.importorskip("pydicom")
    deep = np.random.default_rng(1).integers(0, 4096, (96, 80)).astype(np.uint16)
    data = dicom(deep, 12, "MONOCHROME1" if inverted else "MONOCHROME2")
    peer = pydicom.dcmread(io.BytesIO(data)).pixel_array
    grey, encoded, pixels = prepared(data)
    np.testing.assert_array_equal(pixels, 4095 - peer if inverted else peer)
    assert grey.changes == (("burnt-in",) if inverted else ())
    assert b"Doe" in data
    assert b"Doe" not in encoded.data
    assert encoded.white == 4095


def dicom(samples: np.ndarray, bits: int, kind: str) -> bytes:
    """A DICOM file with a patient's name."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset, meta = Dataset(), FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3"
    dataset.file_meta = meta
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "Doe77"
    dataset.Rows, dataset.Columns = samples.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PhotometricInterpretation = kind
    dataset.BurnedInAnnotation = "YES" if kind == "MONOCHROME1" else "NO"
    dataset.PixelSpacing = [0.001, 0.001]
    dataset.PixelData = samples.astype("<u2").tobytes()
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 255, 4095, 65535]), st.sampled_from(["PNG", "TIFF"]))
def test_any_samples_come_out_as_they_went_in(seed: int, top: int, form: str) -> None:
    kind = np.uint8 if top <= 255 else np.uint16
    samples = (np.random.default_rng(seed).integers(0, top + 1, (64, 70)) + (2 if top < 255 else 0)).astype(
        kind
    )
    if top < 3:  # else two levels alone, which are a mask
        samples[0, :3] = 100, 120, 140
    data = saved(samples, form)
    _, encoded, pixels = prepared(data)
    np.testing.assert_array_equal(pixels, samples)
    assert encoded.shape == (64, 70)


def test_content_is_the_hash_of_ccmeval_check(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(data := tiff(picture().astype(np.uint16) * 257))
    facts = read_facts(Record("a.tif", "a", tmp_path / "a.tif"))
    assert facts.pixel_sha256 == prepared(data)[1].content == prepared(saved(picture(), "BMP"))[1].content
