"""Pages told from headers agree with what an independent reader finds."""

import io
import struct
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from ccmeval.cohort import Record, load_cohort, read_frame
from ccmeval.cohort.pages import opened_at, pages_of, pages_of_bytes
from tests.hostile import looping_tiff, picture, saved, tiff

STACK = np.stack([picture(96, 96, seed=seed) for seed in range(5)])


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"compression": "zlib"}])
def test_stacks(options: dict[str, Any]) -> None:
    data = tiff(STACK, photometric="minisblack", **options)
    with tifffile.TiffFile(io.BytesIO(data)) as peer:
        assert pages_of_bytes(data) == list(range(len(peer.pages)))
    for page, expected in enumerate(STACK):
        file = opened_at(data, page)
        assert file is not None
        assert np.array_equal(np.asarray(Image.open(file)), expected)
    assert opened_at(data, 5) is None


def test_stack_compressed_by_libtiff() -> None:
    buffer = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in STACK]
    first.save(buffer, "TIFF", save_all=True, append_images=others, compression="tiff_lzw")
    for page, expected in enumerate(STACK):
        file = opened_at(buffer.getvalue(), page)
        assert file is not None
        assert np.array_equal(np.asarray(Image.open(file)), expected)


def test_thumbnails_are_no_frames(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(picture(96, 96), subfiletype=1)
        writer.write(picture())
        writer.write(picture(96, 96) > 100, subfiletype=4)
    assert pages_of(tmp_path / "a.tif") == [1]
    record = load_cohort(tmp_path).records[0]
    assert (record.frame, record.page) == ("a.tif", 1)
    assert read_frame(record).pixels.shape == (384, 384)


def test_chains_that_do_not_end_well(tmp_path: Path) -> None:
    assert pages_of_bytes(looping_tiff()) == [0]
    plain = bytearray(saved(picture(), "TIFF"))
    offset = struct.unpack_from("<I", plain, 4)[0]
    count = struct.unpack_from("<H", plain, offset)[0]
    struct.pack_into("<I", plain, offset + 2 + 12 * count, 2**32 - 10)
    assert pages_of_bytes(bytes(plain)) == [0]
    assert pages_of(tmp_path / "absent.tif") == [0]
    assert pages_of(tmp_path) == [0]


def test_other_files_have_one_page(tmp_path: Path) -> None:
    for form in ("PNG", "BMP", "JPEG"):
        assert pages_of_bytes(saved(picture(), form)) == [0]
    (tmp_path / "a.png").write_bytes(b"")
    assert pages_of(tmp_path / "a.png") == [0]


def test_a_late_page_takes_no_walk_through_all_before_it(tmp_path: Path) -> None:
    data = tiff(np.stack([picture(96, 96)] * 2000), photometric="minisblack")
    (tmp_path / "s.tif").write_bytes(data)
    record = Record("s.tif#2000", "s", tmp_path / "s.tif", page=1999)

    def walk() -> None:
        with Image.open(io.BytesIO(data)) as image:
            image.seek(1999)
            image.load()

    def quickest(job: Callable[[], object]) -> float:
        return min(timeit.repeat(job, number=1, repeat=5))

    assert quickest(lambda: read_frame(record, pixel_size_um=1.0)) < 0.5 * quickest(walk)
