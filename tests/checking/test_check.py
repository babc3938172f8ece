"""Sets of tiny PNGs, each with one fault, and the finding that tells it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.checking import CheckedSet, check_cohort, check_set, exit_code, facts_of
from ccmeval.cohort import load_cohort
from ccmeval.evaluation.schema import Finding
from tests.drawn import drawn_frame
from tests.hostile import picture

SIDE = 96


def save(path: Path, seed: int, side: int = SIDE, *, masked: bool = False) -> Path:
    """Write a drawn frame, with its mask below masks/ beside it if asked."""
    grey, mask = drawn_frame(seed, side)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(path)
    if masked:
        save_mask(path, mask)
    return path


def save_mask(frame: Path, mask: np.ndarray) -> None:
    path = frame.parent / "masks" / frame.name
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255 if mask.dtype == bool else mask).save(path)


def check(folder: Path, name: str = "", **more: object) -> CheckedSet:
    return check_cohort(load_cohort(folder), name, **{"pixel_size_um": 1.0, **more})


def codes(checked: CheckedSet) -> dict[str, Finding]:
    return {one.code: one for one in checked.findings}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    for index in range(4):
        save(tmp_path / "good" / ("Control" if index < 2 else "T1DPN") / f"{index}.png", index, masked=False)
    return tmp_path / "good"


def test_a_good_set_has_no_error(good: Path) -> None:
    checked = check(good, "real")
    found = codes(checked)
    assert {one.severity for one in checked.findings} == {"note", "warning"}
    assert {one.set for one in checked.findings} == {"real"}
    assert found["frames"].count == 4
    assert found["diagnoses"].sentence == "Diagnoses: Control (2), T1DPN (2)."
    assert "96 x 96 px" in found["frame-sizes"].sentence
    assert set(found) == {"frames", "frame-sizes", "pixel-sizes", "diagnoses", "no-subjects"}
    assert exit_code(checked) == 0
    assert checked.usable == [0, 1, 2, 3]
    assert check_set(load_cohort(good), "real", pixel_size_um=1.0) == list(checked.findings)


def test_facts_of_a_frame(good: Path) -> None:
    calls: list[tuple[int, int]] = []
    facts = facts_of(
        load_cohort(good), field_of_view_um=96.0, progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    first = facts[0]
    assert (first.shape, first.pixel_size_um, first.bits, first.usable) == ((96, 96), 1.0, 8, True)
    assert first.pixel_size_source == "command line"
    assert len(first.sha256) == len(first.pixel_sha256) == 64
    assert first.mask is None


def test_errors_come_first_and_each_unreadable_file_has_its_sentence(good: Path) -> None:
    (good / "Control" / "broken.png").write_bytes((good / "Control" / "0.png").read_bytes()[:200])
    (good / "Control" / "empty.png").write_bytes(b"")
    checked = check(good)
    unreadable = [one for one in checked.findings if one.code == "unreadable-frame"]
    assert list(checked.findings[:2]) == unreadable
    assert "truncated or damaged" in unreadable[0].sentence
    assert "0 bytes" in unreadable[1].sentence
    assert unreadable[1].frames == ["Control/empty.png"]
    assert codes(checked)["frames"].sentence == "4 of 6 frames can be used."
    assert exit_code(checked) == 1
    assert all(one.set == "" for one in checked.findings)


def test_nothing_usable(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    checked = check(tmp_path)
    assert {"nothing-usable", "unreadable-frame"} <= set(codes(checked))
    assert exit_code(checked) == 2


def test_one_frame(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 1)
    assert codes(check(tmp_path))["one-frame"].severity == "error"


def test_constant_dark_and_saturated_frames(good: Path) -> None:
    Image.fromarray(np.full((SIDE, SIDE), 90, np.uint8)).save(good / "Control" / "constant.png")
    grey, _ = drawn_frame(7, SIDE)
    Image.fromarray(grey // 6 + 1).save(good / "Control" / "dark.png")
    Image.fromarray(np.minimum(grey.astype(int) * 2, 255).astype(np.uint8)).save(good / "T1DPN" / "white.png")
    found = codes(check(good))
    assert found["constant-frames"].frames == ["Control/constant.png"]
    assert found["dark-frames"].frames == ["Control/dark.png"]
    assert found["saturated-frames"].frames == ["T1DPN/white.png"]
    assert "unreadable-frame" not in found


def test_unknown_pixel_size_is_told_once(good: Path) -> None:
    checked = check(good, pixel_size_um=None)
    found = codes(checked)
    assert found["unknown-pixel-size"].count == 4
    assert "--field-of-view" in found["unknown-pixel-size"].sentence
    assert "96 x 96" in found["frame-sizes"].sentence
    assert "pixel-sizes" not in found
    assert exit_code(checked) == 2


def test_mixed_sizes_pixel_sizes_and_depths(good: Path) -> None:
    save(good / "Control" / "big.png", 9, 128)
    deep = drawn_frame(11, SIDE)[0].astype(np.uint16) * 257
    Image.fromarray(deep).save(good / "T1DPN" / "deep.png")
    found = codes(check(good, pixel_size_um=None, field_of_view_um=96.0))
    assert found["frame-sizes"].severity == found["pixel-sizes"].severity == "warning"
    assert "96 x 96 px (5), 128 x 128 px (1)" in found["frame-sizes"].sentence
    assert "1 um (5), 0.75 um (1)" in found["pixel-sizes"].sentence
    assert "8 bits (5), 16 bits (1)" in found["bit-depths"].sentence


def test_an_hrt3_frame_without_a_size_is_told(tmp_path: Path) -> None:
    for index in range(2):
        Image.fromarray(picture(seed=index)).save(tmp_path / f"{index}.png")
    assert codes(check(tmp_path, pixel_size_um=None))["pixel-size-assumed"].count == 2


def test_copies_by_bytes_and_by_pixels(good: Path) -> None:
    first = good / "Control" / "0.png"
    shutil.copy(first, good / "Control" / "same.png")
    Image.open(first).save(good / "Control" / "other.bmp")
    found = codes(check(good))
    assert found["duplicate-frames"].count == 2
    assert "(1 byte for byte)" in found["duplicate-frames"].sentence
    assert found["duplicate-frames"].severity == "warning"
    assert "duplicates-disagree" not in found
    shutil.copy(first, good / "T1DPN" / "again.png")
    assert codes(check(good))["duplicates-disagree"].severity == "error"


def test_sixteen_bits_of_the_same_levels_are_the_same_pixels(good: Path) -> None:
    grey = np.asarray(Image.open(good / "Control" / "0.png")).astype(np.uint16) * 257
    Image.fromarray(grey).save(good / "Control" / "deep.png")
    found = codes(check(good))
    assert found["duplicate-frames"].count == 1
    assert "(0 byte for byte)" in found["duplicate-frames"].sentence


def test_labels_and_their_aliases(tmp_path: Path) -> None:
    for index, folder in enumerate(["healthy", "healthy", "T1DM with DPN", "Keratoconus", "Keratoconus"]):
        save(tmp_path / folder / f"{index}.png", index)
    save(tmp_path / "loose.png", 8)
    found = codes(check(tmp_path))
    assert "'T1DM with DPN' as T1DPN, 'healthy' as Control" in found["label-aliases"].sentence
    assert found["own-diagnoses"].frames == ["Keratoconus/3.png", "Keratoconus/4.png"]
    assert found["unlabelled-frames"].frames == ["loose.png"]
    assert found["unequal-diagnoses"].severity == "note"


def test_a_manifests_labels_subjects_and_columns(tmp_path: Path) -> None:
    rows = ["frame,diagnosis,source_subject"]
    for index, (label, subject) in enumerate([("ctrl", "P1"), ("Control", "P1"), ("T1DPN", "P2"), ("", "")]):
        save(tmp_path / f"{index}.png", index)
        rows.append(f"{index}.png,{label},{subject}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    found = codes(check(tmp_path, "synth"))
    assert "'ctrl' as Control" in found["label-aliases"].sentence
    assert found["subjects"].count == 2
    assert found["some-subjects-unknown"].frames == ["3.png"]
    assert "source_subject" in found["some-subjects-unknown"].sentence
    assert "subjects" in codes(check(tmp_path)), "the column tells that the set is synthetic"
    assert codes(check(tmp_path, "real"))["no-subjects"].count == 4


def test_one_subject(tmp_path: Path) -> None:
    rows = ["frame,subject"] + [f"{save(tmp_path / f'{i}.png', i).name},P1" for i in range(3)]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    assert "one-subject" in codes(check(tmp_path))


def test_masks_by_their_conventions(tmp_path: Path) -> None:
    for index in range(8):
        save(tmp_path / f"{index}.png", index, masked=index < 7)
    mask = drawn_frame(0, SIDE)[1]
    save_mask(tmp_path / "1.png", ~mask)
    save_mask(tmp_path / "2.png", np.zeros_like(mask))
    save_mask(tmp_path / "3.png", mask[:64, :64])
    save_mask(tmp_path / "4.png", np.asarray(Image.open(tmp_path / "0.png")))
    shutil.copy(tmp_path / "5.png", tmp_path / "masks" / "5.png")
    soft = Image.fromarray(mask.astype(np.uint8) * 255)
    soft.resize((80, 80), Image.Resampling.BILINEAR).resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(
        tmp_path / "masks" / "6.png"
    )
    checked = check(tmp_path)
    found = {code: one for code, one in codes(checked).items() if code.startswith("mask")}
    expected = {
        "mask-inverted": ["1.png"],
        "mask-empty": ["2.png"],
        "mask-size": ["3.png"],
        "mask-unusable": ["4.png"],
        "mask-is-frame": ["5.png"],
        "mask-soft": ["6.png"],
        "masks-missing": ["7.png"],
    }
    assert {code: one.frames for code, one in found.items() if code != "masks"} == expected
    assert found["masks"].count == 3
    errors = {code for code, one in found.items() if one.severity == "error"}
    assert errors == {"mask-size", "mask-unusable", "mask-is-frame"}
    assert found["mask-inverted"].severity == "warning", "some are inverted and some are not"


def test_traces_given_as_masks(tmp_path: Path) -> None:
    for index in range(2):
        frame = save(tmp_path / f"{index}.png", index)
        save_mask(frame, np.eye(SIDE, dtype=bool))
    assert codes(check(tmp_path))["mask-is-trace"].severity == "note"


def test_frames_in_both_sets(good: Path, tmp_path: Path) -> None:
    shutil.copytree(good, tmp_path / "synth")
    real = check(good, "real")
    save(tmp_path / "synth" / "Control" / "0.png", 50)
    path = tmp_path / "synth" / "T1DPN" / "3.png"
    Image.open(path).save(path.with_suffix(".bmp"))
    path.unlink()
    shared = codes(check(tmp_path / "synth", "synth", against=real))["shared-frames"]
    assert shared.severity == "error"
    assert shared.count == 3
    assert "3 of 4 frames are also in the real set (2 byte for byte" in shared.sentence
    same = codes(check(good, "synth", against=real))["shared-frames"]
    assert same.count == 4


def test_diagnoses_of_two_sets(good: Path, tmp_path: Path) -> None:
    real = check(good, "real")
    for index, folder in enumerate(["Control", "Control", "T1NoDPN"]):
        save(tmp_path / "s" / folder / f"{index}.png", 60 + index)
    found = codes(check(tmp_path / "s", "synth", against=real))
    assert "T1DPN" in found["diagnosis-missing"].sentence
    assert found["diagnosis-extra"].frames == ["T1NoDPN/2.png"]
    for index in range(9):
        save(tmp_path / "t" / ("T1DPN" if index < 2 else "Control") / f"{index}.png", 60 + index)
    found = codes(check(tmp_path / "t", "synth", against=real))
    assert "28 points apart" in found["diagnosis-shares"].sentence
    assert "shared-frames" not in found


def test_pairs_and_frames_without_partner(good: Path, tmp_path: Path) -> None:
    real = check(good, "real")
    for name in ("Control/0.png", "Control/2.png", "Control/x.png"):
        save(tmp_path / "s" / name, 70 + len(name))
    found = codes(check(tmp_path / "s", "synth", against=real, paired=True))
    assert found["pairs"].count == 2
    assert found["unpaired-here"].frames == ["Control/x.png"]
    assert found["unpaired-there"].frames == ["Control/1.png", "T1DPN/3.png"]
    assert found["pairs-disagree"].frames == ["Control/2.png"]
    synth = check(tmp_path / "s", "synth")
    turned = codes(check(good, "real", against=synth, paired=True))
    assert turned["unpaired-here"].frames == ["Control/1.png", "T1DPN/3.png"]
    assert turned["unpaired-there"].frames == ["Control/x.png"]
    assert "pairs" not in codes(check(tmp_path / "s", "synth", against=real))
    for name in ("a", "b"):
        save(tmp_path / "none" / f"{name}.png", 90 + ord(name))
    assert codes(check(tmp_path / "none", "synth", against=real, paired=True))["pairing"].severity == "error"


def test_pages_are_no_copies_of_each_other(tmp_path: Path) -> None:
    pages = [Image.fromarray(drawn_frame(seed, SIDE)[0]) for seed in (1, 2)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    checked = check(tmp_path)
    assert len(checked.facts) == 2
    assert "duplicate-frames" not in codes(checked)


def test_cohort_notes_are_passed_on(good: Path) -> None:
    (good / "notes.txt").write_text("x")
    assert "passed over" in codes(check(good))["reading"].sentence
