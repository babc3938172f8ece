"""Masks of every habit read as the same nerves; what is no mask is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage as ndi
from skimage.morphology import skeletonize

from ccmeval.cohort import is_trace, load_cohort, read_mask
from ccmeval.errors import UnreadableFrameError
from tests.hostile import picture, saved, tiff

DATA = Path(__file__).parents[2].parent / "shared" / "data"

NERVES = ndi.gaussian_filter(picture().astype(float), 1.0) > 110
WHITE = NERVES.astype(np.uint8) * np.uint8(255)


def read(data: bytes, tmp_path: Path, shape: tuple[int, int] = (384, 384), **options: Any) -> Any:
    path = tmp_path / "m.png"
    path.write_bytes(data)
    return read_mask(path, shape, **options)


def _coloured(nerve: tuple[int, int, int], ground: tuple[int, int, int]) -> np.ndarray:
    return np.where(NERVES[..., None], np.uint8(nerve), np.uint8(ground))


def test_the_mask_used_here_is_a_minority() -> None:
    assert 0.02 < NERVES.mean() < 0.3


@pytest.mark.parametrize(
    "data",
    [
        saved(WHITE, "PNG"),
        saved(WHITE // 255, "PNG"),
        saved(WHITE // 255 + 1, "PNG"),
        saved(WHITE, "PNG", "RGB"),
        saved(WHITE, "PNG", "RGBA"),
        saved(WHITE, "PNG", "P"),
        saved(WHITE, "PNG", "1"),
        saved(WHITE, "BMP", "1"),
        tiff(WHITE.astype(np.uint16)),
        tiff(WHITE.astype(np.uint16) * 257),
        tiff((WHITE / 255).astype(np.float32)),
        tiff(WHITE.astype(np.float32)),
        tiff((WHITE // 255).astype(np.int32) * 7),
        tiff((WHITE // 255).astype(np.int16) - 1),
        saved(_coloured((255, 0, 0), (0, 0, 0)), "PNG"),
        saved(_coloured((200, 0, 0), (255, 255, 255)), "PNG"),
    ],
)
def test_two_values_of_any_kind(data: bytes, tmp_path: Path) -> None:
    mask, notes = read(data, tmp_path)
    assert mask.dtype == bool
    assert np.array_equal(mask, NERVES)
    assert notes == []


@pytest.mark.parametrize("high", [1, 255])
def test_inverted(high: int, tmp_path: Path) -> None:
    mask, notes = read(saved((~NERVES).astype(np.uint8) * np.uint8(high), "PNG"), tmp_path)
    assert np.array_equal(mask, NERVES)
    assert len(notes) == 1
    assert "inverted" in notes[0]


def test_what_is_transparent_is_no_nerve(tmp_path: Path) -> None:
    alpha = np.full(NERVES.shape, 255, np.uint8)
    alpha[:60, :90] = 0
    for ground in ((255, 255, 255), (0, 0, 255)):
        data = saved(np.dstack([_coloured((200, 0, 0), ground), alpha]), "PNG")
        assert np.array_equal(read(data, tmp_path)[0], NERVES & (alpha > 0))


@pytest.mark.parametrize("nerves", [0.45, 0.55])
def test_the_majority_is_background(nerves: float, tmp_path: Path) -> None:
    drawn = np.arange(384)[:, None] + np.zeros((384, 384)) < nerves * 384
    mask, notes = read(saved(drawn.astype(np.uint8) * np.uint8(255), "PNG"), tmp_path)
    assert np.array_equal(mask, drawn if nerves < 0.5 else ~drawn)
    assert bool(notes) == (nerves > 0.5)


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_jpeg(quality: int, tmp_path: Path) -> None:
    mask, notes = read(saved(WHITE, "JPEG", quality=quality), tmp_path)
    assert (mask != NERVES).mean() < 0.003
    assert "half-way" in notes[0]


def test_soft_edges(tmp_path: Path) -> None:
    large = Image.fromarray(WHITE).resize((1536, 1536), Image.Resampling.NEAREST)
    soft = np.asarray(large.rotate(0.3).resize((384, 384), Image.Resampling.BOX))
    mask, notes = read(saved(soft, "PNG"), tmp_path)
    assert (mask != (soft > 127)).mean() < 0.001
    assert "half-way" in notes[0]


def test_empty_is_empty(tmp_path: Path) -> None:
    for value in (0, 255):
        mask, notes = read(saved(np.full((384, 384), value, np.uint8), "PNG"), tmp_path)
        assert not mask.any()
        assert "empty" in notes[0]


def test_sizes_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFrameError, match=r"m\.png has 384 x 384 px, but its frame 400 x 300 px"):
        read(saved(WHITE, "PNG"), tmp_path, (300, 400))


def test_a_frame_is_no_mask(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFrameError, match="grey picture"):
        read(saved(picture(), "PNG"), tmp_path)


def test_several_labels_are_no_mask(tmp_path: Path) -> None:
    labels = NERVES.astype(np.uint8)
    labels[50:80, 50:80] = 2
    with pytest.raises(UnreadableFrameError, match="3 different values"):
        read(saved(labels, "PNG"), tmp_path)
    colours = _coloured((255, 0, 0), (0, 0, 0))
    colours[50:80, 50:80] = (0, 200, 0)
    with pytest.raises(UnreadableFrameError, match="3 different values"):
        read(saved(colours, "PNG"), tmp_path)


def test_pages(tmp_path: Path) -> None:
    stack = np.stack([WHITE, WHITE[::-1]])
    assert np.array_equal(read(tiff(stack, photometric="minisblack"), tmp_path, page=1)[0], NERVES[::-1])
    # One mask serves all pages of its frame.
    assert np.array_equal(read(saved(WHITE, "TIFF"), tmp_path, page=1)[0], NERVES)


def test_traces_and_masks_are_told_apart() -> None:
    line = skeletonize(NERVES)
    assert is_trace(line)
    assert not is_trace(NERVES)
    assert not is_trace(ndi.binary_dilation(line, np.ones((2, 2))))
    assert not is_trace(np.zeros((9, 9), bool))


@pytest.mark.skipif(not DATA.is_dir(), reason=f"real frames are absent: {DATA}")
def test_no_real_frame_is_taken_for_a_mask() -> None:
    for part in ("frames", "repeat", "traced/images", "mosaics"):
        for record in load_cohort(DATA / part):
            with Image.open(record.path) as image:
                shape = (image.height, image.width)
            with pytest.raises(UnreadableFrameError, match="grey picture"):
                read_mask(record.path, shape)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"real traces are absent: {DATA}")
def test_experts_traces() -> None:
    for record in load_cohort(DATA / "traced"):
        assert record.trace is not None
        mask, notes = read_mask(record.trace, (384, 384))
        assert np.array_equal(mask, np.asarray(Image.open(record.trace)) == 1)
        assert notes == []
        assert is_trace(mask)
