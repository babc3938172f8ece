"""Parts of a release by themselves: bare PNG files, withheld names, columns, pseudonyms."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ccmeval.generation.set_manifest import COLUMNS
from ccmeval.preparing.png import encode
from ccmeval.releasing.columns import DECISIONS, decide
from ccmeval.releasing.pictures import is_bare
from ccmeval.releasing.pseudonyms import pseudonyms_of
from ccmeval.releasing.withholding import Withholder

PLAIN = encode(np.arange(64, dtype=np.uint8).reshape(8, 8), 255)


def saved(picture: Image.Image, **more: object) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG", **more)  # type: ignore[arg-type]
    return held.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_plain_grey_png_is_bare() -> None:
    assert is_bare(PLAIN)
    assert is_bare(encode(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000, 65535))


def test_anything_else_in_the_file_is_seen() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Patient", "Doe")
    grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    assert not is_bare(saved(grey, pnginfo=text))
    assert not is_bare(saved(grey, dpi=(300, 300)))
    assert not is_bare(saved(grey.convert("RGB")))
    assert not is_bare(saved(grey.convert("P")))
    assert not is_bare(PLAIN + b"Doe")
    assert not is_bare(PLAIN[:-1])
    assert not is_bare(b"")
    assert not is_bare(PLAIN.replace(b"IEND", b"IENE"))


def test_bytes_behind_the_pixels_are_seen() -> None:
    head = PLAIN[: 8 + 25]
    rows = b"".join(b"\x00" + bytes(range(8 * i, 8 * i + 8)) for i in range(8))
    packed = zlib.compress(rows)
    assert is_bare(head + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    assert not is_bare(head + chunk(b"IDAT", packed + b"Doe") + chunk(b"IEND", b""))
    assert not is_bare(head + chunk(b"IDAT", packed[:-2]) + chunk(b"IEND", b""))
    more = zlib.compress(rows + b"Doe, John")
    assert not is_bare(head + chunk(b"IDAT", more) + chunk(b"IEND", b""))


def test_every_column_of_a_generated_set_is_decided() -> None:
    assert set(COLUMNS) <= DECISIONS.keys()
    assert decide("patient_name").fate == "left out"
    assert decide("generator_subjects", ["generator_subjects"]).fate == "replaced"


@settings(deadline=None)
@given(st.sets(st.text(min_size=1), max_size=40), st.binary(min_size=1, max_size=8))
def test_pseudonyms_are_one_to_one_and_the_same_again(names: set[str], secret: bytes) -> None:
    found = pseudonyms_of(names, secret)
    assert set(found) == names
    assert len(set(found.values())) == len(names)
    assert found == pseudonyms_of(sorted(names), secret)


def test_pseudonyms_do_not_follow_the_names() -> None:
    names = [f"P{i:03d}" for i in range(60)]
    orders = [[pseudonyms_of(names, bytes([s]))[name] for name in names] for s in range(2)]
    assert orders[0] != sorted(orders[0])
    assert orders[0] != orders[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Frame in/P017_2.png of P017.", "Frame [withheld] of [withheld]."),
        ("P017_2.png#3 is dark", "[withheld] is dark"),
        ("John Doe, 12 frames", "[withheld], 12 frames"),
        ("see '/home/eve/x y'", "see '[withheld] y'"),
        (r"C:\data\eve.png", "[withheld]"),
        ("12 of 123456 frames at 3/4 and and/or 1/mm", "12 of [withheld] frames at 3/4 and and/or 1/mm"),
        ("https://arxiv.org/abs/2602.13693 stays", "https://arxiv.org/abs/2602.13693 stays"),
        ("tables/pairs.csv stays, S0001 too", "tables/pairs.csv stays, S0001 too"),
    ],
)
def test_private_names_are_withheld(text: str, expected: str) -> None:
    hide = Withholder(["in/P017_2.png", "P017", "John Doe", "12", "123456", "S0001"], public=["S0001"])
    assert hide(text) == expected
