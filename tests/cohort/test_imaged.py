"""A surround is found, and nothing else is taken for one."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ccmeval.cohort import Record, imaged_area, read_frame
from tests.hostile import picture

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"real frames are absent: {DATA}")


def mosaic(quality: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Three overlapping tiles on black, one turned by a few degrees, and where they lie."""
    canvas = Image.new("L", (900, 700))
    where = Image.new("L", (900, 700))
    for seed, (place, angle) in enumerate([((20, 30), 0), ((330, 120), 0), ((480, 280), 4)]):
        tile = Image.fromarray(picture(seed=seed)).rotate(angle, expand=True)
        lid = Image.new("L", (384, 384), 255).rotate(angle, expand=True)
        canvas.paste(tile, place, lid)
        where.paste(255, place, lid)
    if quality:
        buffer = io.BytesIO()
        canvas.save(buffer, "JPEG", quality=quality)
        canvas = Image.open(buffer)
    return np.asarray(canvas, dtype=np.float32) / 255, np.asarray(where) > 0


@pytest.mark.parametrize("quality", [None, 95, 75])
def test_mosaic(quality: int | None) -> None:
    pixels, where = mosaic(quality)
    imaged = imaged_area(pixels)
    assert not (imaged & ~where).any()
    assert imaged.sum() == pytest.approx(where.sum(), rel=0.02)


def test_a_gap_between_tiles_is_outside_and_a_dark_spot_is_not() -> None:
    pixels = picture(600, 600).astype(np.float32) / 255
    pixels[:, :150] = 0
    pixels[300:340, 300:340] = 0  # a gap
    pixels[100:110, 400:410] = 0  # a spot
    imaged = imaged_area(pixels)
    assert not imaged[298:342, 298:342].any()
    assert imaged[90:120, 390:420].all()


def test_letters_in_a_surround_are_outside() -> None:
    pixels = picture(384, 600).astype(np.float32) / 255
    pixels[:, 384:] = 0
    pixels[180:195, 450:458] = 1.0
    assert not imaged_area(pixels)[:, 384:].any()


@pytest.mark.parametrize("height", [22, 32, 48])
def test_a_bar_of_text_is_outside(height: int) -> None:
    page = Image.new("L", (384, 384 + height))
    page.paste(Image.fromarray(picture()), (0, 0))
    ImageDraw.Draw(page).text((4, 386), "OD  depth 52 um  ID 0001  12.03.2019", fill=255)
    imaged = imaged_area(np.asarray(page, dtype=np.float32) / 255)
    assert imaged[:382].all()
    assert not imaged[384:].any()


@pytest.mark.parametrize("mean", [0.1, 0.3, 1.0, 3.0])
def test_a_noisy_dark_frame_keeps_its_rectangle(mean: float) -> None:
    pixels = np.random.default_rng(1).poisson(mean, (384, 384)) * np.float32(4 / 255)
    assert imaged_area(pixels).all()


@pytest.mark.parametrize("reach", [150, 200, 250])
def test_a_vignette_that_fades_to_black_is_imaged(reach: int) -> None:
    rows, columns = np.mgrid[:384, :384] - 191.5
    fall = np.clip(1 - np.hypot(rows, columns) / reach, 0, 1)
    assert imaged_area((fall * picture() / 255).astype(np.float32)).all()


@pytest.mark.parametrize("level", [90, 110, 140])
def test_a_frame_with_its_ground_clipped_to_black_is_imaged(level: int) -> None:
    clipped = np.clip(picture().astype(np.float32) - level, 0, None) / 255
    assert (clipped == 0).mean() > 0.4
    assert imaged_area(clipped).all()
    smooth = np.where(clipped > 20 / 255, clipped, 0)  # nerves on solid black
    assert imaged_area(smooth).all()


@pytest.mark.parametrize("width", [5, 8, 20])
def test_a_black_strip_at_one_side_is_outside(width: int) -> None:
    pixels = picture().astype(np.float32) / 255
    pixels[:, :width] = 0
    assert imaged_area(pixels).sum() == 384 * (384 - width - 2)


@pytest.mark.parametrize("scale", [1 / 4, 1 / 16, 1 / 64])
def test_a_dim_picture_is_judged_by_its_own_range(scale: float) -> None:
    # 12-bit samples in a 16-bit file that declares nothing are a sixteenth as bright as they should be.
    pixels = picture().astype(np.float32) / 255 * np.float32(scale)
    assert imaged_area(pixels).all()
    mosaic_pixels, where = mosaic()
    imaged = imaged_area(mosaic_pixels * np.float32(scale))
    assert imaged.sum() == pytest.approx(where.sum(), rel=0.02)


def test_a_black_picture_has_no_imaged_area() -> None:
    assert not imaged_area(np.zeros((100, 100), np.float32)).any()


@needs_data
def test_every_raw_frame_is_imaged_throughout() -> None:
    paths = sorted(
        path for part in ("frames", "repeat", "traced/images") for path in (DATA / part).rglob("*.*")
    )
    assert len(paths) == 171
    for path in paths:
        assert read_frame(Record(path.name, "key", path)).imaged.all(), path


@needs_data
@pytest.mark.parametrize(("name", "share"), [("bigmap_0", 0.465), ("bigmap_3", 0.784)])
def test_real_mosaics(name: str, share: float) -> None:
    # The shares of pixels above 12/255, counted apart from this code; the fringe takes 0.5 to 1 %.
    frame = read_frame(Record(name, name, DATA / "mosaics" / f"{name}.jpg"), pixel_size_um=1.0417)
    assert share - 0.011 < frame.imaged.mean() <= share
    rim = frame.pixels[frame.imaged]
    assert (rim < 12 / 255).mean() < 1e-4
