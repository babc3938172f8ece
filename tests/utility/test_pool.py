"""The frame pool: what is in it, and that it is whole or absent."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.report.files import OutputError
from ccmeval.utility.pool import FRAMES, MASKS, build_pool


def frames(n: int = 3, side: int = 24) -> Iterator[tuple[FloatArray, BoolArray | None]]:
    rng = np.random.default_rng(0)
    for index in range(n):
        yield rng.random((side, side), dtype=np.float32), rng.random((side, side)) < 0.3 if index else None


def never() -> Iterator[tuple[FloatArray, BoolArray | None]]:
    raise AssertionError("frames were read though the pool was there")
    yield


def test_pixels_are_block_means_and_coverage_is_the_share_of_nerve(tmp_path: Path) -> None:
    pool = build_pool(frames(), 3, 8, 12.5, tmp_path / "pool", key="k", names=("a", "b", "c"))
    assert (pool.frames.dtype, pool.pixel_size_um, pool.names) == (np.float16, 12.5, ("a", "b", "c"))
    assert pool.masks is not None
    assert pool.biomarkers.shape == (3, 0)
    for index, (pixels, mask) in enumerate(frames()):
        means = pixels.reshape(8, 3, 8, 3).mean(axis=(1, 3))
        np.testing.assert_allclose(pool.frames[index], means, atol=5e-4)
        share = np.zeros((8, 8)) if mask is None else mask.reshape(8, 3, 8, 3).mean(axis=(1, 3))
        np.testing.assert_array_equal(pool.masks[index], np.rint(255 * share))


def test_reduction_leaves_no_stripes_of_aliasing(tmp_path: Path) -> None:
    stripes = np.tile(np.float32([0.0, 1.0]), (90, 45))
    pool = build_pool([(stripes, None)], 1, 40, 1.0, tmp_path / "pool", key="k")
    assert float(np.abs(pool.frames[0].astype(float) - 0.5).max()) < 0.12
    assert pool.masks is None
    assert not (tmp_path / "pool" / MASKS).exists()


def test_a_pool_of_the_same_key_is_used_again_and_another_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pool"
    first = build_pool(frames(), 3, 8, 1.0, path, key="k")
    again = build_pool(never(), 3, 8, 1.0, path, key="k")
    assert isinstance(again.frames, np.memmap)
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.masks, again.masks)  # type: ignore[arg-type]
    other = build_pool(frames(2), 2, 6, 1.0, path, key="k2")
    assert other.frames.shape == (2, 6, 6)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pool"]


@pytest.mark.parametrize("name", [FRAMES, MASKS, "facts.json"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_pool_is_made_again(tmp_path: Path, name: str, how: str) -> None:
    path = tmp_path / "pool"
    whole = np.array(build_pool(frames(), 3, 8, 1.0, path, key="k").frames)
    if how == "gone":
        (path / name).unlink()
    else:
        os.truncate(path / name, (path / name).stat().st_size - 7)
    found = build_pool(frames(), 3, 8, 1.0, path, key="k")
    np.testing.assert_array_equal(found.frames, whole)
    assert found.masks is not None


def test_an_interrupted_write_leaves_nothing_and_is_done_again(tmp_path: Path) -> None:
    def interrupted() -> Iterator[tuple[FloatArray, BoolArray | None]]:
        yield next(frames())
        raise KeyboardInterrupt

    path = tmp_path / "pool"
    with pytest.raises(KeyboardInterrupt):
        build_pool(interrupted(), 3, 8, 1.0, path, key="k")
    assert list(tmp_path.iterdir()) == []
    assert build_pool(frames(), 3, 8, 1.0, path, key="k").frames.shape == (3, 8, 8)


def test_what_a_killed_process_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, fresh = tmp_path / "pool.0a.partial", tmp_path / "pool.0b.partial"
    for folder in (old, fresh):
        folder.mkdir()
        (folder / FRAMES).write_bytes(b"half")
    past = time.time() - 7200
    os.utime(old / FRAMES, (past, past))
    os.utime(old, (past, past))
    build_pool(frames(), 3, 8, 1.0, tmp_path / "pool", key="k")
    assert not old.exists()
    assert fresh.exists()


def test_another_process_that_was_first_keeps_its_pool(tmp_path: Path) -> None:
    path = tmp_path / "pool"

    def raced() -> Iterator[tuple[FloatArray, BoolArray | None]]:
        yield from frames()
        build_pool(frames(), 3, 8, 1.0, path, key="k")

    pool = build_pool(raced(), 3, 8, 1.0, path, key="k")
    assert pool.frames.shape == (3, 8, 8)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pool"]


@pytest.mark.parametrize("n", [2, 4])
def test_another_number_of_frames_than_told_is_an_error(tmp_path: Path, n: int) -> None:
    with pytest.raises(ValueError, match=r"3 of 4 frames came|does not fit"):
        build_pool(frames(), n, 8, 1.0, tmp_path / "pool", key="k")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pixels", "mask", "said"),
    [
        (np.zeros((4, 6), np.float32), None, "not square"),
        (np.full((4, 4), 2.0, np.float32), None, "outside"),
        (np.full((4, 4), np.nan, np.float32), None, "outside"),
        (np.zeros((4, 4), np.float32), np.zeros((3, 3), bool), "does not fit"),
    ],
)
def test_frames_that_are_not_standardised_are_an_error(
    tmp_path: Path, pixels: FloatArray, mask: BoolArray | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        build_pool([(pixels, mask)], 1, 2, 1.0, tmp_path / "pool", key="k")


def test_a_file_where_the_pool_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        build_pool(frames(), 3, 8, 1.0, tmp_path / "in-the-way" / "pool", key="k")
