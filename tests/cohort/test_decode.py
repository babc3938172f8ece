"""Samples of every kind of file come out as they went in."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.cohort import ReadingSettings, Record, load_cohort, read_frame
from ccmeval.errors import UnreadableFrameError
from tests.cohort.written import read
from tests.hostile import picture, raw_tiff, saved, tiff, with_alpha

GREY = picture()


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


@pytest.mark.parametrize("compression", ["zlib", "lzma"])
def test_rare_samples_unpack_in_bounds_or_not_at_all(compression: str, tmp_path: Path) -> None:
    deep = np.repeat(GREY[..., None], 3, axis=2).astype(np.uint16) * 257
    data = tiff(deep, photometric="rgb", compression=compression)
    if compression == "zlib":
        assert np.allclose(read(data, tmp_path).pixels, GREY / 255.0, rtol=1e-6)
    else:
        with pytest.raises(UnreadableFrameError, match="export it uncompressed"):
            read(data, tmp_path)


def test_forms_that_no_installed_package_reads_are_not_called_damaged(tmp_path: Path) -> None:
    data = raw_tiff(
        bytes(384 * 384 * 10 // 8),
        *((256, 4, 1, 384), (257, 4, 1, 384), (258, 3, 1, 10), (259, 3, 1, 1), (262, 3, 1, 1)),
        *((273, 4, 1, 600), (277, 3, 1, 1), (278, 4, 1, 384), (279, 4, 1, 384 * 384 * 10 // 8)),
    )
    with pytest.raises(UnreadableFrameError, match="in a form that is not read"):
        read(data, tmp_path)


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_a_mask_saved_as_jpeg_is_no_frame(quality: int, tmp_path: Path) -> None:
    mask = (GREY > 120) * np.uint8(255)
    with pytest.raises(UnreadableFrameError, match="almost two grey levels only"):
        read(saved(mask, "JPEG", quality=quality), tmp_path)


def test_a_dark_frame_with_bright_specks_is_no_mask(tmp_path: Path) -> None:
    dark = GREY // 16
    dark.flat[:: dark.size // 300] = 255
    assert read(saved(dark, "PNG"), tmp_path).imaged.all()


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
    assert [note for note in frame.notes if "turned" in note] == list(frame.notes)
    assert len(frame.notes) == (value > 1)


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
