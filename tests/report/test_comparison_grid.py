"""The picture grid: a column is one mask, and a frame of another mask says so."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from ccmeval.cohort.load import load_cohort
from ccmeval.report.comparison_grid import CohortGrid, GridColumn, grid_of
from ccmeval.report.comparison_page import render_comparison
from ccmeval.report.comparison_pictures import MASKS, REAL, grid_sheet, grid_view, small_picture
from tests.comparison.example import example
from tests.report.test_page import Page


def save(path: Path, seed: int, mask: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    pixels = (random.random((40, 48)) < 0.1) * 255 if mask else random.integers(0, 255, (40, 48))
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def write_set(folder: Path, rows: list[dict[str, str]], seed: int) -> Path:
    """Write a set; the seed of a mask is told by its column `mask_seed`."""
    lines = ["frame,mask,diagnosis,subject,source_subject,source_mask,mask_diagnosis"]
    for number, row in enumerate(rows):
        frame, mask = row["frame"], f"masks/{row['frame']}"
        save(folder / frame, seed + number)
        save(folder / mask, int(row["mask_seed"]), mask=True)
        cells = (row.get(name, "") for name in ("diagnosis", "subject", "source_subject", "source_mask"))
        lines.append(",".join([frame, mask, *cells, row.get("mask_diagnosis", "")]))
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def sets(tmp_path: Path) -> dict[str, Path]:
    real = [
        {"frame": "r1.png", "diagnosis": "Control", "subject": "P1", "mask_seed": "101"},
        {"frame": "r2.png", "diagnosis": "Control", "subject": "P2", "mask_seed": "102"},
        {"frame": "r3.png", "diagnosis": "T1DPN", "subject": "P3", "mask_seed": "103"},
    ]
    # Its masks were fitted to another format: known again by name, subject and diagnosis of their record.
    generated = [
        {"frame": "g1.png", "diagnosis": "Control", "source_subject": "P2", "source_mask": "r2.png",
         "mask_diagnosis": "Control", "mask_seed": "901"},
        {"frame": "g2.png", "diagnosis": "T1DPN", "source_subject": "P3", "source_mask": "r3.png",
         "mask_diagnosis": "T1DPN", "mask_seed": "902"},
    ]  # fmt: skip
    # Its masks are the very files; it has none of T1DPN's.
    copied = [
        {"frame": "c1.png", "diagnosis": "Control", "mask_seed": "102"},
        {"frame": "c2.png", "diagnosis": "T1DPN", "mask_seed": "555"},
    ]
    return {
        "real": write_set(tmp_path / "real", real, 1),
        "generated": write_set(tmp_path / "generated", generated, 20),
        "copied": write_set(tmp_path / "copied", copied, 40),
    }


def test_a_mask_is_known_again_by_its_file_and_by_its_record(tmp_path):
    paths = {name: load_cohort(path) for name, path in sets(tmp_path).items()}
    found = CohortGrid(paths.pop("real"), paths, ["Control", "T1DPN"])
    columns = list(found.columns())
    assert columns[0] == GridColumn("Control", "r2.png", shared=True)
    assert [found.frame(name, 0).record.frame for name in (None, "generated", "copied")] == [
        "r2.png", "g1.png", "c1.png",
    ]  # fmt: skip
    assert all(found.frame(name, 0).same_mask for name in (None, "generated", "copied"))
    assert found.mask(0).name == "r2.png"
    assert columns[1] == GridColumn("T1DPN", "r3.png", shared=True)
    assert found.frame("generated", 1).same_mask
    assert not found.frame("copied", 1).same_mask


def test_masks_of_other_subjects_with_the_same_name_are_others(tmp_path):
    paths = sets(tmp_path)
    manifest = paths["generated"]
    manifest.write_text(manifest.read_text().replace("P2", "Q9"), encoding="utf-8")
    cohorts = {name: load_cohort(path) for name, path in paths.items()}
    found = CohortGrid(cohorts["real"], {"generated": cohorts["generated"]}, ["Control"])
    assert not found.columns()[0].shared
    assert not found.frame("generated", 0).same_mask


def test_the_page_shows_real_and_sets_below_the_masks(tmp_path):
    paths = sets(tmp_path)
    result = example()
    result.sets = result.sets[:2]
    result.real.source, result.diagnoses = str(paths["real"]), ["Control", "T1DPN"]
    for one, name in zip(result.sets, ("generated", "copied"), strict=True):
        one.source = f"{name}/manifest.csv"  # relative to the run's folder
    grid = grid_view(result, grid_of(result, tmp_path))
    assert grid is not None
    assert [name for name, _ in grid.rows] == [MASKS, REAL, *(it.name for it in result.sets)]
    assert grid.spans == [("Control", 1), ("T1DPN", 1)]
    page = Page(render_comparison(result, grid))
    pictures = page.of("img")
    assert len(pictures) == 8
    assert all(str(it["src"]).startswith("data:image/jpeg") for it in pictures)
    assert page.text.count("another mask") == 1 + 1  # the frame and the sentence that explains it
    with Image.open(io.BytesIO(grid_sheet(grid))) as sheet:
        assert sheet.width > 2 * 180
    assert grid_sheet(grid) == grid_sheet(grid)


def test_sets_that_are_gone_are_said_to_be(tmp_path):
    result = example()
    assert grid_view(result, grid_of(result, tmp_path)) is None
    paths = sets(tmp_path)
    result.real.source = str(paths["real"])
    grid = grid_view(result, grid_of(result, tmp_path))
    assert grid is not None
    assert len(grid.reasons) == 4
    assert "No frames of adapter-rank-8" in Page(render_comparison(result, grid)).text


def test_a_mask_of_zeros_and_ones_is_seen(tmp_path):
    pixels = np.zeros((30, 30), dtype=np.uint8)
    pixels[10:14] = 1
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    with Image.open(io.BytesIO(small_picture(tmp_path / "mask.png"))) as picture:
        assert np.asarray(picture).max() > 200
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert small_picture(tmp_path / "broken.png") == b""
