"""Samples of more than 8 bits are divided by their declared range: never clipped, never stretched."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ccmeval.cohort import ReadingSettings, load_cohort, read_frame
from ccmeval.errors import UnreadableFrameError
from tests.cohort.written import read
from tests.hostile import chunk, picture, saved, tiff, twelve_bit_tiff

GREY = picture()


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

    def test_the_user_may_declare(self, tmp_path: Path) -> None:
        settings = ReadingSettings(undeclared_bits=12)
        for data in (tiff(self.deep), saved(self.deep, "PNG")):
            frame = read(data, tmp_path, settings=settings)
            assert np.allclose(frame.pixels, self.deep / 4095.0, rtol=1e-6)
            assert (frame.bits, frame.notes) == (12, ())
        full = GREY.astype(np.uint16) * 257
        frame = read(tiff(full), tmp_path, settings=settings)
        assert np.allclose(frame.pixels, GREY / 255.0, rtol=1e-6)
        assert "more than 12 bits" in frame.notes[0]
        declared = tiff(self.deep // 4, extratags=[(281, "H", 1, 1023, True)])
        assert np.allclose(read(declared, tmp_path, settings=settings).pixels, self.deep // 4 / 1023.0)

    @pytest.mark.parametrize("declared", [1023, int(deep.max()) - 1])
    def test_a_wrong_declaration_clips_nothing(self, tmp_path: Path, declared: int) -> None:
        frame = read(tiff(self.deep, extratags=[(281, "H", 1, declared, True)]), tmp_path)
        assert np.allclose(frame.pixels, self.deep / 65535.0, rtol=1e-6)
        assert str(declared) in frame.notes[0]

    @pytest.mark.parametrize(
        ("samples", "tag"),
        [(deep, (341, "H", 1, 4095, True)), (deep.view(np.int16), (341, "h", 1, 4095, True))],
    )
    def test_declared_maximum_of_signed_kinds(self, tmp_path: Path, samples: Any, tag: Any) -> None:
        frame = read(tiff(samples, extratags=[tag]), tmp_path)
        assert np.allclose(frame.pixels, self.deep / 4095.0, rtol=1e-6)
        assert frame.notes == ()

    def test_bits_of_ome(self, tmp_path: Path) -> None:
        text = '<OME><Pixels SignificantBits="12"/></OME>'
        frame = read(tiff(self.deep, description=text, metadata=None), tmp_path)
        assert np.allclose(frame.pixels, self.deep / 4095.0, rtol=1e-6)

    def test_twelve_bits_in_twelve(self, tmp_path: Path) -> None:
        frame = read(twelve_bit_tiff(self.deep), tmp_path)
        assert np.allclose(frame.pixels, self.deep / 4095.0, rtol=1e-6)
        assert (frame.bits, frame.notes) == (12, ())

    def test_signed_sixteen_bits_end_at_half(self, tmp_path: Path) -> None:
        full = GREY.astype(np.int16) * 128
        assert np.allclose(read(tiff(full), tmp_path).pixels, full / 32767.0, rtol=1e-6)

    def test_a_statistic_is_no_range(self, tmp_path: Path) -> None:
        # Writers that put each frame's own maximum into the tag would give every frame another scale.
        for top in (3335, 2500):
            samples = np.minimum(self.deep, top).astype(np.uint16)
            samples[0, 0] = top
            frame = read(tiff(samples, extratags=[(281, "H", 1, top, True)]), tmp_path)
            assert np.allclose(frame.pixels, samples / 4095.0, rtol=1e-6)
            assert f"maximum {top} is this frame's own" in frame.notes[0]

    def test_the_first_page_declares_for_the_stack(self, tmp_path: Path) -> None:
        stack = np.stack([self.deep, self.deep // 2])
        data = tiff(stack, photometric="minisblack", extratags=[(281, "H", 1, 4095, True)])
        (tmp_path / "s.tif").write_bytes(data)
        second = read_frame(load_cohort(tmp_path / "s.tif").records[1])
        assert np.allclose(second.pixels, (self.deep // 2) / 4095.0, rtol=1e-6)

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

    def test_scaled_samples_of_a_dark_png_are_not_taken_for_few_bits(self, tmp_path: Path) -> None:
        # By the standard 12 significant bits fill the upper ones; in a dark frame they look like few.
        dark = (GREY.astype(np.uint16) // 2) << 4
        data = saved(dark, "PNG")
        frame = read(data[:33] + chunk(b"sBIT", bytes([12])) + data[33:], tmp_path)
        assert np.allclose(frame.pixels, dark / 65535.0, rtol=1e-6)

    @pytest.mark.parametrize("factor", [1, 100_000])
    def test_wide_integers_of_no_range_are_refused(self, tmp_path: Path, factor: int) -> None:
        with pytest.raises(UnreadableFrameError, match=r"32-bit integers .* no declared range"):
            read(tiff(GREY.astype(np.uint32) * factor), tmp_path)
        declared = tiff(GREY.astype(np.uint32) * factor, extratags=[(281, "I", 1, 255 * factor, True)])
        assert np.allclose(read(declared, tmp_path).pixels, GREY / 255.0, rtol=1e-6)

    def test_negative_samples_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFrameError, match="negative"):
            read(tiff(GREY.astype(np.int16) - 100), tmp_path)
