"""A corpus of files that a folder of CCM frames may hold by mistake, mishap or malice.

``build(folder)`` writes it and says what is to become of each file: a measured row, or a failed row whose
reason holds a word. The frames in it show a few bright lines on noise, 384 x 384 px unless the
case is about the size.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One file of the corpus.

    Attributes
    ----------
    frame : str
        Path below the folder, and the name of its row.
    readable : bool
        Whether it becomes a measured row.
    word : str
        What the reason of a failed row, or a note of a measured one, must hold (in small letters).
    """

    frame: str
    readable: bool
    word: str = ""


def picture(height: int = 384, width: int = 384, *, seed: int = 0) -> U8:
    """Bright curves on a noisy ground that no reader can take for a mask, a constant or a mosaic."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    grey = 70 + 12 * rng.standard_normal((height, width)) + 20 * np.cos(rows / height * 3)
    for start in np.linspace(0.15, 0.85, 5) * height:
        distance = rows - start - 0.12 * columns - 6 * np.sin(columns / 40 + start)
        grey += 90 * np.exp(-(distance**2) / 4.5)
    return np.clip(grey, 3, 250).astype(np.uint8)


def saved(array: npt.NDArray[Any], form: str, mode: str | None = None, **options: Any) -> bytes:
    """Encode an array with Pillow."""
    image = Image.fromarray(array)
    if mode is not None:
        image = image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def tiff(array: npt.NDArray[Any], **options: Any) -> bytes:
    """Encode an array with tifffile."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def huge_png(side: int = 60_000) -> bytes:
    """A few hundred bytes that claim 3.6 thousand million pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def huge_bmp(side: int = 60_000) -> bytes:
    """A bitmap header with next to nothing behind it."""
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 0, 0, 2835, 2835, 256, 0)
    return b"BM" + struct.pack("<IHHI", 2000, 0, 0, 54 + 1024) + info + bytes(1024) + bytes(64)


def huge_jpeg(side: int = 65_000) -> bytes:
    """A frame whose header claims 4.2 thousand million pixels."""
    data = bytearray(saved(picture(), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, side, side)
    return bytes(data)


def raw_tiff(body: bytes, *entries: tuple[int, int, int, int], at: int = 600) -> bytes:
    """A TIFF of one directory of (tag, type, count, value) and a body at byte `at`."""
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries)) + struct.pack("<I", 0)
    return (b"II*\0" + struct.pack("<I", 8) + directory).ljust(at, b"\0") + body


def huge_tiff(side: int = 60_000, samples: int = 1, bits: int = 8) -> bytes:
    """A TIFF directory that claims a giant and points at 64 bytes of it."""
    data = raw_tiff(
        bytes(64),
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, bits) if samples == 1 else (258, 3, 3, 400),
        (259, 3, 1, 1),
        (262, 3, 1, 1 if samples == 1 else 2),
        (273, 4, 1, 600),
        (277, 3, 1, samples),
        (278, 4, 1, side),
        (279, 4, 1, 64),
    )
    return data[:400] + struct.pack("<HHH", bits, bits, bits) + data[406:]


def deflated_tiff(megabytes: int, samples: int = 1, side: int = 384, tile: int | None = None) -> bytes:
    """A TIFF of zeros, deflated a thousandfold, that unpack to more than its picture (or tile) holds."""
    body = zlib.compress(bytes(megabytes * 1_000_000), 9)
    place = ((322, 4, 1, tile), (323, 4, 1, tile), (324, 4, 1, 600), (325, 4, 1, len(body)))
    strip = ((273, 4, 1, 600), (278, 4, 1, side), (279, 4, 1, len(body)))
    common = ((256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1))
    return raw_tiff(body, *common, (277, 3, 1, samples), *(place if tile else strip))


def twelve_bit_tiff(grey: npt.NDArray[np.uint16]) -> bytes:
    """Samples of 12 bits, two in three bytes."""
    first, second = grey.reshape(-1, 2).T.astype(np.uint16)
    packed = np.stack([first >> 4, ((first & 15) << 4) | (second >> 8), second & 255], axis=1)
    body = packed.astype(np.uint8).tobytes()
    height, width = grey.shape
    return raw_tiff(
        body,
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 12),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 600),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, len(body)),
    )


def looping_tiff() -> bytes:
    """A TIFF whose only directory names itself as the next."""
    data = bytearray(saved(picture(), "TIFF"))
    offset = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, offset)[0]
    struct.pack_into("<I", data, offset + 2 + 12 * count, offset)
    return bytes(data)


def coloured() -> U8:
    """A frame with a red mark."""
    rgb = np.repeat(picture()[..., None], 3, axis=2)
    rgb[200:230, 100:180] = (220, 30, 30)
    return rgb


def with_alpha() -> U8:
    """Grey with the left third hidden."""
    rgba = np.repeat(picture()[..., None], 4, axis=2)
    rgba[..., 3] = 255
    rgba[:, :128] = (0, 255, 0, 0)
    return rgba


def animated(form: str) -> bytes:
    """Three pictures in one file."""
    frames = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, form, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def contents() -> dict[str, tuple[Callable[[], bytes], Case]]:
    """What each file of the corpus holds, and what is to become of it, by its name."""
    grey = picture()
    deep = grey.astype(np.uint16) * 257
    flat = np.full((384, 384), 90, np.uint8)
    table: list[tuple[str, Callable[[], bytes], bool, str]] = [
        ("plain.png", lambda: saved(grey, "PNG"), True, ""),
        ("plain.bmp", lambda: saved(grey, "BMP"), True, ""),
        ("plain8.tif", lambda: saved(grey, "TIFF"), True, ""),
        ("grey_as_rgb.jpg", lambda: saved(grey, "JPEG", "RGB", quality=90), True, ""),
        ("palette.png", lambda: saved(grey, "PNG", "P"), True, ""),
        ("tiff_inside.jpg", lambda: saved(grey, "TIFF", compression="packbits"), True, ""),
        ("png_inside.tif", lambda: saved(grey, "PNG"), True, ""),
        ("no_suffix", lambda: saved(grey, "PNG"), True, ""),
        ("deep.tif", lambda: tiff(deep), True, ""),
        ("deep.png", lambda: saved(deep, "PNG"), True, ""),
        ("twelve_bits.tif", lambda: tiff(grey.astype(np.uint16) * 16), True, "12-bit"),
        ("alpha.png", lambda: saved(with_alpha(), "PNG"), True, "transparent"),
        ("turned.jpg", lambda: saved(grey, "JPEG", exif=_orientation(6)), True, ""),
        ("float.tif", lambda: tiff((grey / 255).astype(np.float32)), True, ""),
        ("float_255.tif", lambda: tiff(grey.astype(np.float32)), False, "floating-point"),
        ("twelve_packed.tif", lambda: twelve_bit_tiff(grey.astype(np.uint16) * 16), True, ""),
        ("wide.tif", lambda: tiff(grey.astype(np.int32) * 16), False, "no declared range"),
        ("negative.tif", lambda: tiff(grey.astype(np.int16) - 100), False, "negative"),
        ("complex.tif", lambda: tiff(grey.astype(np.complex64)), False, "no grey levels"),
        ("nan.tif", lambda: tiff(np.full((384, 384), np.nan, np.float32)), False, "not numbers"),
        ("zero_bytes.png", lambda: b"", False, "empty"),
        ("one_byte.tif", lambda: b"I", False, "no picture"),
        ("text.png", lambda: b"frame,subject\n1,2\n", False, "no picture"),
        ("truncated.png", lambda: saved(grey, "PNG")[:20_000], False, "damaged"),
        ("truncated.jpg", lambda: saved(grey, "JPEG")[:9_000], False, "damaged"),
        ("truncated.bmp", lambda: saved(grey, "BMP")[:50_000], False, "damaged"),
        ("truncated.tif", lambda: saved(grey, "TIFF")[:50_000], False, "damaged"),
        ("header_only.png", lambda: saved(grey, "PNG")[:24], False, "damaged"),
        ("header_only.jpg", lambda: saved(grey, "JPEG")[:4], False, "damaged"),
        ("header_only.tif", lambda: b"II*\0\x08\0\0\0", False, "damaged"),
        ("wrong_crc.png", lambda: _bitten(saved(grey, "PNG"), 5_000), False, "damaged"),
        ("huge.png", huge_png, False, "claims"),
        ("huge.bmp", huge_bmp, False, "claims"),
        ("huge.jpg", huge_jpeg, False, "claims"),
        ("huge.tif", huge_tiff, False, "claims"),
        ("huge_deep.tif", lambda: huge_tiff(bits=16), False, "claims"),
        ("huge_deep_rgb.tif", lambda: huge_tiff(samples=3, bits=16), False, "claims"),
        ("huge_tile.tif", lambda: deflated_tiff(1, tile=50_000), False, "claims"),
        ("unpacks.tif", lambda: deflated_tiff(50, samples=2), False, "unpacks to more"),
        ("many_samples.tif", lambda: deflated_tiff(1, samples=60_000), False, "60000 samples"),
        ("wrong_lzw.tif", _wrong_lzw, False, "damaged"),
        ("no_pixels.dcm", lambda: bytes(128) + b"DICM", False, "dicom"),
        ("looping.tif", looping_tiff, True, ""),
        ("cmyk.jpg", lambda: saved(coloured(), "JPEG", "CMYK"), False, "cmyk"),
        ("cmyk.tif", lambda: saved(coloured(), "TIFF", "CMYK"), False, "cmyk"),
        ("colour.png", lambda: saved(coloured(), "PNG"), False, "colour"),
        ("colour.jpg", lambda: saved(coloured(), "JPEG"), False, "colour"),
        ("colour_deep.tif", lambda: tiff(coloured().astype(np.uint16) * 257), False, "colour"),
        ("animated.gif", lambda: animated("GIF"), False, "gif"),
        ("animated.png", lambda: animated("PNG"), False, "animation"),
        ("picture.webp", lambda: b"RIFF\0\0\0\0WEBPVP8 " + bytes(200), False, "webp"),
        ("tiny.png", lambda: saved(picture(20, 20), "PNG"), False, "too few"),
        ("one_pixel.bmp", lambda: saved(picture(1, 1), "BMP"), False, "too few"),
        ("strip.png", lambda: saved(picture(8, 2000), "PNG"), False, "too few"),
        ("not_square.png", lambda: saved(picture(300, 400), "PNG"), False, "pixel size"),
        ("flat.png", lambda: saved(flat, "PNG"), False, "one grey level"),
        ("black.png", lambda: saved(flat * 0, "PNG"), False, "one grey level"),
        ("a_mask_alone.png", lambda: saved((grey > 140) * np.uint8(255), "PNG"), False, "two grey levels"),
        (
            "a_mask_alone.jpg",
            lambda: saved((grey > 140) * np.uint8(255), "JPEG", quality=90),
            False,
            "almost two grey levels",
        ),
        ("sub/plain.png", lambda: saved(picture(seed=2), "PNG"), True, ""),
        ("SUB2/PLAIN.PNG", lambda: saved(picture(seed=3), "PNG"), True, ""),
        ("=cmd.png", lambda: saved(grey, "PNG"), True, ""),
        ("-rf.png", lambda: saved(grey, "PNG"), True, ""),
        ("comma, and 'quote'.png", lambda: saved(grey, "PNG"), True, ""),
        ("Ünïcödé 角膜.png", lambda: saved(grey, "PNG"), True, ""),
        ("two..dots.v1.png", lambda: saved(grey, "PNG"), True, ""),
        (" lead and trail .png", lambda: saved(grey, "PNG"), True, ""),
        ("%s{0}$HOME#1.png", lambda: saved(grey, "PNG"), True, ""),
        (f"{'long' * 60}.png", lambda: saved(grey, "PNG"), True, ""),
    ]
    if sys.platform != "win32":
        table += [
            ("<script>alert(1)<&>.png", lambda: saved(grey, "PNG"), True, ""),
            ('"quoted".png', lambda: saved(grey, "PNG"), True, ""),
            ("CON.png", lambda: saved(grey, "PNG"), True, ""),
        ]
    return {name: (make, Case(name, readable, word)) for name, make, readable, word in table}


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = value
    return exif


def _bitten(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def _wrong_lzw() -> bytes:
    """Damage of which libtiff tells line by line on the process's standard error."""
    data = bytearray(saved(picture(), "TIFF", compression="tiff_lzw"))
    for place in range(2_000, 40_000, 500):
        data[place : place + 8] = b"\xff" * 8
    return bytes(data)


def build(folder: Path) -> list[Case]:
    """Write the corpus, with a multi-page TIFF, hidden files and a few that are no pictures at all.

    Returns
    -------
    list of Case
        One a row that a run over `folder` must have, no more and no fewer.
    """
    cases = []
    for name, (make, case) in contents().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
        cases.append(case)
    pages = np.stack([picture(seed=seed) for seed in range(3)])
    (folder / "stack.tif").write_bytes(tiff(pages, photometric="minisblack"))
    cases += [Case(f"stack.tif#{page}", readable=True) for page in (1, 2, 3)]
    for passed_over in (
        "notes.txt",
        "table.csv",
        ".hidden.png",
        "Thumbs.db",
        "DICOMDIR",
        "__MACOSX/._plain.png",
    ):
        path = folder / passed_over
        path.parent.mkdir(exist_ok=True)
        dicom = bytes(128) + b"DICM" if passed_over == "DICOMDIR" else b"not a picture\n"
        path.write_bytes(saved(picture(), "PNG") if passed_over.endswith(".png") else dicom)
    return cases
