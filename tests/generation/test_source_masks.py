"""Masks of any layout, size and scale, brought to a generator's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import FrameFormat
from ccmeval.generation.mask_fitting import fit_mask
from ccmeval.generation.source_masks import read_source_masks
from tests.generation.mask_files import draw_mask, save, write_cohort

FORMAT = FrameFormat((96, 96), 1.0)


def test_a_folder_of_masks(tmp_path: Path) -> None:
    for folder, name in (("Control", "P1_a"), ("Control", "P2_a_mask"), ("T1DPN", "P3_a")):
        save(tmp_path / folder / f"{name}.png", draw_mask(len(name)))
    (tmp_path / "notes.txt").write_text("no picture")
    found = read_source_masks(tmp_path, FORMAT, pixel_size_um=1.0, subject_pattern=r"(P\d)_")
    assert [(it.name, it.diagnosis, it.subject) for it in found.masks] == [
        ("Control/P1_a.png", "Control", "P1"),
        ("T1DPN/P3_a.png", "T1DPN", "P3"),
        ("Control/P2_a_mask.png", "Control", "P2"),
    ]
    assert np.array_equal(found.masks[0].pixels, draw_mask(4))


def test_a_manifest_of_masks_alone(tmp_path: Path) -> None:
    save(tmp_path / "a.png", draw_mask(0, side=192))
    (tmp_path / "manifest.csv").write_text("frame,diagnosis,subject,pixel_size_um\na.png,T1DPN,P7,0.5\n")
    (mask,) = read_source_masks(tmp_path / "manifest.csv", FORMAT).masks
    assert (mask.diagnosis, mask.subject, mask.shape) == ("T1DPN", "P7", (96, 96))
    # Half as many pixels a side: a quarter of the pixels are nerve, within what the nerves' edges allow.
    assert mask.pixels.sum() == pytest.approx(draw_mask(0, side=192).sum() / 4, rel=0.05)


def test_a_cohort_of_frames_and_masks(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path, 4, side=192)
    found = read_source_masks(manifest, FORMAT)
    assert [(it.name, it.diagnosis, it.subject) for it in found.masks] == [
        ("frames/f0.png", "Control", "S0"),
        ("frames/f2.png", "T1DPN", "S1"),
        ("frames/f1.png", "Control", "S0"),
        ("frames/f3.png", "T1DPN", "S1"),
    ]
    rows = manifest.read_text().splitlines()
    manifest.write_text("\n".join([*rows[:-1], rows[-1].replace("masks/m3.png", "")]))
    found = read_source_masks(manifest, FORMAT)
    assert len(found.masks) == 3
    assert "Frames without a mask, of which none was made: 1." in found.notes


@pytest.mark.parametrize("kind", ["inverted", "colour", "levels 0 and 1", "jpeg", "1 bit"])
def test_masks_of_other_formats(tmp_path: Path, kind: str) -> None:
    mask = draw_mask(3)
    grey = mask.astype(np.uint8)
    path = tmp_path / ("a.jpg" if kind == "jpeg" else "a.png")
    if kind == "inverted":
        Image.fromarray(255 - 255 * grey).save(path)
    elif kind == "colour":
        Image.fromarray(np.stack([255 * grey, 0 * grey, 0 * grey], axis=2)).save(path)
    elif kind == "levels 0 and 1":
        Image.fromarray(grey).save(path)
    elif kind == "jpeg":
        Image.fromarray(255 * grey).save(path, quality=90)
    else:
        Image.fromarray(255 * grey).convert("1").save(path)
    (found,) = read_source_masks(tmp_path, FORMAT, pixel_size_um=1.0).masks
    assert np.array_equal(found.pixels, mask)


def test_a_mask_smaller_than_the_format_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.png", draw_mask(0, side=80))
    with pytest.raises(CcmevalError, match=r"shows 80 x 80 um, less than the generator's frames of 96 x 96"):
        read_source_masks(tmp_path, FORMAT, pixel_size_um=1.0)
    save(tmp_path / "b.png", draw_mask(1))
    found = read_source_masks(tmp_path, FORMAT, pixel_size_um=1.0)
    assert [mask.name for mask in found.masks] == ["b.png"]
    assert len(found.unusable) == 1


def test_unknown_pixel_size_is_asked_for(tmp_path: Path) -> None:
    save(tmp_path / "a.png", draw_mask(0))
    with pytest.raises(CcmevalError, match="--pixel-size"):
        read_source_masks(tmp_path, FORMAT)
    assert len(read_source_masks(tmp_path, FORMAT, field_of_view_um=96.0).masks) == 1


def test_grey_frames_are_no_masks(tmp_path: Path) -> None:
    write_cohort(tmp_path, 2)
    with pytest.raises(CcmevalError, match="grey picture"):
        read_source_masks(tmp_path / "frames", FORMAT, pixel_size_um=1.0)


def test_a_mask_of_another_size_than_its_frame_is_refused(tmp_path: Path) -> None:
    manifest = write_cohort(tmp_path, 2)
    save(tmp_path / "masks" / "m0.png", draw_mask(0, side=192))
    found = read_source_masks(manifest, FORMAT)
    assert len(found.masks) == 1
    assert "give the mask of this frame at the frame's size" in found.unusable[0]


def test_traces_and_empty_masks_are_told(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.eye(96, dtype=bool))
    save(tmp_path / "b.png", np.zeros((96, 96), dtype=bool))
    found = read_source_masks(tmp_path, FORMAT, pixel_size_um=1.0)
    assert any("one-pixel traces: 1" in note for note in found.notes)
    assert any("without any nerve: 1" in note for note in found.notes)


@pytest.mark.parametrize(("side", "size_um"), [(96, 1.0), (96, 0.997), (384, 0.2499), (97, 1.0), (200, 0.5)])
def test_shapes_are_exact_within_the_tolerance_of_scales(side: int, size_um: float) -> None:
    mask = np.zeros((side, side), dtype=bool)
    mask[:, side // 2 - 4 : side // 2 + 4] = True
    fitted = fit_mask(mask, size_um, FORMAT, "a")
    assert fitted.shape == (96, 96)
    widths = fitted.sum(axis=1)
    assert np.all(np.abs(widths - 8 * size_um) <= 1)
    centre = float(np.argwhere(fitted)[:, 1].mean())
    assert centre == pytest.approx(47.5, abs=1.0)


def test_the_middle_is_kept() -> None:
    mask = np.zeros((120, 100), dtype=bool)
    mask[12, 2] = True
    fitted = fit_mask(mask, 1.0, FORMAT, "a")
    assert fitted[0, 0]
    assert fitted.sum() == 1
