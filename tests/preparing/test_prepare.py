"""`prepare` as a whole, on small folders written for each test."""

from __future__ import annotations

import json
import shutil
import stat
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

import ccmeval.preparing.sources as sources
from ccmeval.checking import check_cohort, exit_code
from ccmeval.cohort import load_cohort
from ccmeval.errors import CcmevalError
from ccmeval.preparing import PrepareSettings, check_splits, only_split, prepare
from tests import hostile
from tests.preparing.raw import SIDE, drawing, pixels_of, rows_of, seed_of, write_raw
from tests.preparing.test_grey import chunks, dicom

PATTERN = r"/(?P<subject>[^_/]+)_"
NAMES = [f"Meyer{letter}1970" for letter in "ABCDEFGHIJ"]
QUICK = PrepareSettings(pixel_size_um=1.0, near_repeats=False)
SUBJECTS = {name: "Control" if i % 2 else "T1DPN" for i, name in enumerate(NAMES)}


def run(raw: Path, out: Path, options: PrepareSettings = QUICK, **more):
    return prepare(raw, out, options, subject_pattern=PATTERN, **more)


def codes(prepared) -> dict[str, str]:
    return {one.file: one.code for one in prepared.problems}


def splits_of(out: Path) -> dict[str, str]:
    return {row["subject"]: row["split"] for row in rows_of(out, "split.csv")}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "raw", SUBJECTS)


def test_frames_are_those_of_raw_and_load_as_a_cohort(raw: Path, tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key.csv"
    prepared = run(raw, out, key_file=key)
    assert (prepared.frames, prepared.found, prepared.lost) == (20, 20, 0)
    for row in rows_of(tmp_path, "key.csv"):
        name, _, index = Path(row["source_file"]).stem.rpartition("_")
        np.testing.assert_array_equal(pixels_of(out / row["frame"]), drawing(seed_of(name, int(index))))
        assert row["subject"] == name
    cohort = load_cohort(out)
    assert check_splits(cohort)
    assert {record.diagnosis for record in cohort} == {"Control", "T1DPN"}
    assert exit_code(check_cohort(cohort)) == 0
    kept = [only_split(cohort, [split]) for split in ("train", "validation", "test")]
    assert sum(map(len, kept)) == 20


def test_nothing_of_a_name_is_in_the_cohort(raw: Path, tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Patient", "Meyer", zip=True)
    text.add_itxt("Comment", "Meyer")
    exif = Image.Exif()
    exif[315], exif[306] = "Meyer", "2019:01:01 00:00:00"
    Image.fromarray(drawing(1)).save(raw / "Control/Zoe_1.png", pnginfo=text, exif=exif, dpi=(25400, 25400))
    Image.fromarray(drawing(2)).save(raw / "Control/Zoe_2.jpg", exif=exif, comment=b"Meyer", quality=95)
    Image.fromarray(drawing(3)).save(raw / "Control/Zoe_3.tif", description="Meyer", artist="Meyer")
    pytest.importorskip("pydicom")
    deep = np.random.default_rng(0).integers(0, 4096, (SIDE, SIDE)).astype(np.uint16)
    (raw / "Control/Zoe_4.dcm").write_bytes(dicom(deep, 12, "MONOCHROME2"))
    out = tmp_path / "out"
    assert run(raw, out).frames == 24
    for path in out.rglob("*"):
        assert not any(word in path.name for word in ("Meyer", "Zoe", "1970"))
        if path.is_file():
            data = path.read_bytes()
            assert not any(word in data for word in (b"Meyer", b"Zoe", b"1970", b"Doe", b"2019", b"/raw"))
        if path.suffix == ".png":
            assert set(chunks(path.read_bytes())) <= {b"IHDR", b"sBIT", b"IDAT", b"IEND"}
    listing = tmp_path / "out-problems.csv"
    assert stat.S_IMODE(listing.stat().st_mode) == 0o600


def test_metadata_tell_the_pixel_size(tmp_path: Path) -> None:
    raw = tmp_path / "raw/Control"
    raw.mkdir(parents=True)
    Image.fromarray(drawing(1)).save(raw / "A_1.tif", resolution=20000.0, resolution_unit=3)
    Image.fromarray(drawing(2)).save(raw / "B_1.png")
    out = tmp_path / "out"
    prepared = run(tmp_path / "raw", out, PrepareSettings(near_repeats=False))
    assert codes(prepared) == {"Control/B_1.png": "unknown pixel size"}
    [row] = rows_of(out)
    assert (float(row["pixel_size_um"]), row["pixel_size_source"]) == (0.5, "metadata")


def test_copies(raw: Path, tmp_path: Path) -> None:
    first = NAMES[1]
    (raw / f"Control/{first}_copy.png").write_bytes((raw / f"Control/{first}_0.png").read_bytes())
    Image.fromarray(drawing(seed_of(first, 1))).save(raw / f"Control/{first}_other.tif")
    Image.fromarray(drawing(seed_of(NAMES[3], 0))).save(raw / f"Control/{NAMES[5]}_9.png")  # another subject
    Image.fromarray(drawing(seed_of(NAMES[7], 0))).save(raw / f"T1DPN/{NAMES[7]}_9.bmp")  # another diagnosis
    prepared = run(raw, tmp_path / "out", key_file=tmp_path / "key.csv")
    found = codes(prepared)
    assert found[f"Control/{first}_copy.png"] == "same bytes"
    assert found[f"Control/{first}_other.tif"] == "same pixels"
    for name in (f"{NAMES[3]}_0.png", f"{NAMES[5]}_9.png", f"{NAMES[7]}_0.png"):
        assert found[f"Control/{name}"] == "copies disagree"
    assert found[f"T1DPN/{NAMES[7]}_9.bmp"] == "copies disagree"
    assert prepared.frames == 20 - 2
    assert prepared.lost == 4
    assert any("1 pair of subjects share a picture" in note for note in prepared.notes)
    key = {row["subject"]: row["pseudonym"] for row in rows_of(tmp_path, "key.csv")}
    split = splits_of(tmp_path / "out")
    assert split[key[NAMES[3]]] == split[key[NAMES[5]]]
    told = rows_of(tmp_path, "out-problems.csv")
    assert {row["what_was_done"] for row in told if row["problem"] == "copies disagree"} == {"Left out."}


def test_subjects_that_share_a_picture_are_in_one_split(tmp_path: Path) -> None:
    subjects = {f"P{letter}": "Control" for letter in "abcdefghijkl"}
    raw, out, key = write_raw(tmp_path / "raw", subjects), tmp_path / "out", tmp_path / "key.csv"
    for first, second in ("ab", "bc", "de", "fg", "hi", "jk"):
        Image.fromarray(drawing(seed_of(f"P{first}", 0))).save(raw / f"Control/P{second}_9.png")
    run(raw, out, key_file=key)
    pseudonym = {row["subject"]: row["pseudonym"] for row in rows_of(tmp_path, "key.csv")}
    split = splits_of(out)
    for group in ("abc", "de", "fg", "hi", "jk"):
        assert len({split[pseudonym[f"P{letter}"]] for letter in group}) == 1
    assert set(split.values()) == {"train", "validation", "test"}


def test_a_shared_picture_that_comes_too_late_is_told(raw: Path, tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key.csv"
    run(raw, out, key_file=key)
    before = splits_of(out)
    name = {row["pseudonym"]: row["subject"] for row in rows_of(tmp_path, "key.csv")}
    first, second = (
        next(name[s] for s, split in before.items() if split == wanted) for wanted in ("train", "test")
    )
    Image.fromarray(drawing(seed_of(first, 0))).save(raw / f"{SUBJECTS[second]}/{second}_9.png")
    prepared = run(raw, out)
    assert any("different splits" in note for note in prepared.notes)
    assert splits_of(out) == before
    assert prepared.frames == 19


def test_near_repeats_of_different_subjects_are_told_and_kept(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_raw(raw, SUBJECTS, 1)
    seen = np.asarray(drawing(seed_of(NAMES[1], 0)), float)
    noisy = np.clip(seen + np.random.default_rng(0).normal(0, 3, seen.shape), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(raw / f"Control/{NAMES[3]}_8.png")
    Image.fromarray(noisy[::-1]).save(raw / f"Control/{NAMES[1]}_8.png")
    prepared = run(raw, tmp_path / "out", PrepareSettings(pixel_size_um=1.0))
    pairs = [one for one in prepared.problems if one.code.startswith("near repeat")]
    names = {frozenset((one.file, one.other)) for one in pairs}
    assert frozenset({f"Control/{NAMES[1]}_0.png", f"Control/{NAMES[3]}_8.png"}) in names
    assert prepared.frames == 12
    across = any("across" in one.code for one in pairs)
    assert ("in two splits" in "".join(prepared.notes)) == across
    counts = json.loads((tmp_path / "out/prepare.json").read_text())["counts"]
    assert counts["near_repeats_within_subjects"] >= 1


def test_hostile_folder(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    cases = {case.frame: case for case in hostile.build(raw)}
    options = PrepareSettings(split_by="frame", near_repeats=False)
    prepared = prepare(raw, out, options)
    left_out = {one.file for one in prepared.problems if one.left_out and not one.harmless}
    # What `ccmeval biomarkers` refuses is refused, except for colour, which becomes luminance.
    refused = {name for name, case in cases.items() if not case.readable and case.word != "colour"}
    assert left_out == refused
    for one in prepared.problems:
        case = cases[one.file]
        if one.file in refused:
            assert case.word in one.wrong.lower()
    contents = {row["sha256"] for row in rows_of(out)}
    assert len(contents) == prepared.frames
    copies = sum(one.harmless for one in prepared.problems)
    assert prepared.frames + copies + len(left_out) == len(cases) == prepared.found
    assert exit_code(check_cohort(load_cohort(out))) == 0


def test_masks_and_traces_travel_along(raw: Path, tmp_path: Path) -> None:
    masks, traces = tmp_path / "m", tmp_path / "t"
    for folder in (masks, traces):
        folder.mkdir()
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, 20:24] = 1
    line = np.zeros((SIDE, SIDE), bool)
    line[:, 22] = True
    a, b, c = (f"{name}_0" for name in NAMES[:3])
    Image.fromarray(mask).save(masks / f"{a}.png")
    Image.fromarray(255 - 255 * mask).save(masks / f"{b}.bmp")  # inverted
    Image.fromarray(mask[:-4]).save(masks / f"{c}.png")  # of another size
    Image.fromarray(line).save(traces / f"{a}.png")
    out = tmp_path / "out"
    prepared = run(raw, out, masks=masks, traces=traces, key_file=tmp_path / "key.csv")
    stems = {row["frame"]: Path(row["source_file"]).stem for row in rows_of(tmp_path, "key.csv")}
    rows = {stems[row["frame"]]: row for row in rows_of(out)}
    for stem in (a, b):
        np.testing.assert_array_equal(pixels_of(out / rows[stem]["mask"]), mask * 255)
    np.testing.assert_array_equal(pixels_of(out / rows[a]["trace"]), line * np.uint8(255))
    assert rows[c]["mask"] == ""
    told = [one for one in prepared.problems if one.code == "mask"]
    assert sum("px, but its frame" in one.wrong for one in told) == 1
    assert sum("inverted" in one.wrong for one in told) == 1
    assert prepared.lost == 0
    assert exit_code(check_cohort(load_cohort(out))) == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    run(raw, out, masks=masks, traces=traces)
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}


def test_manifest_columns_and_pages(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    stack = np.stack([drawing(seed) for seed in range(3)])
    (raw / "stack.tif").write_bytes(hostile.tiff(stack, photometric="minisblack"))
    (raw / "b.png").write_bytes(hostile.saved(drawing(7), "PNG"))
    (raw / "manifest.csv").write_text(
        "frame,subject,diagnosis,eye,pixel_size_um,age,name\n"
        "stack.tif,P1,healthy,right,0.78125,41,Doe\nb.png,P2,T1DPN,seen at noon,0.5,52,Roe\n"
    )
    options = PrepareSettings(keep_columns=("age",), names="subject", near_repeats=False)
    prepared = prepare(raw, out, options)
    rows = rows_of(out)
    assert prepared.frames == 4
    assert {(r["diagnosis"], r["eye"], r["age"], r["pixel_size_um"]) for r in rows} == {
        ("Control", "OD", "41", "0.78125"),
        ("T1DPN", "", "52", "0.5"),
    }
    assert "name" not in rows[0]
    assert sorted(row["frame"] for row in rows)[0].startswith("S0001/S0001_001")
    with pytest.raises(CcmevalError, match="no such column"):
        prepare(raw, tmp_path / "b", PrepareSettings(keep_columns=("weight",)))


def test_keep_names(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(raw, out, QUICK.model_copy(update={"keep_names": True}))
    rows = rows_of(out)
    assert {row["subject"] for row in rows} == set(NAMES)
    assert all(row["subject"] in row["source_file"] for row in rows)
    assert (out / "problems.csv").is_file()
    assert exit_code(check_cohort(load_cohort(out))) == 0


def test_the_key_is_private_and_never_lost(raw: Path, tmp_path: Path) -> None:
    key = tmp_path / "private" / "key.csv"
    run(raw, tmp_path / "out", key_file=key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    run(raw, tmp_path / "out", key_file=key)
    other = write_raw(tmp_path / "other", {"Kim": "Control", "Lee": "T1DPN"})
    with pytest.raises(CcmevalError, match="another cohort"):
        run(other, tmp_path / "out2", key_file=key)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CcmevalError, match="not overwritten"):
        run(raw, tmp_path / "out3", key_file=tmp_path / "notes.txt")
    with pytest.raises(CcmevalError, match="in the cohort"):
        run(raw, tmp_path / "out4", key_file=tmp_path / "out4/key.csv")
    assert not (tmp_path / "out3").exists()


def test_an_interrupted_run_goes_on(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    run(raw, whole)
    decoded = []
    monkeypatch.setattr(
        sources, "to_grey", lambda *given, real=sources.to_grey: decoded.append(1) or real(*given)
    )
    for stage, at in (("Reading", 5), ("Reading", 12), ("Writing", 7), ("Masks and traces", 3)):

        def stop(words: str, done: int, total: int, stage: str = stage, at: int = at) -> None:
            if (words, done) == (stage, at):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(raw, out, progress=stop)
    with (out / ".prepare/decoded.jsonl").open("a") as file:
        file.write('{"source_sha256": "torn')
    run(raw, out)
    assert len(decoded) == 20
    inside = [
        sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file()) for folder in (out, whole)
    ]
    assert inside[0] == inside[1]
    for name in inside[0]:
        if name.name != "decoded.jsonl":
            assert (out / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_damaged_output_is_made_again(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(raw, out)
    path = out / rows_of(out)[0]["frame"]
    data = path.read_bytes()
    path.write_bytes(data[:100])
    run(raw, out)
    assert path.read_bytes() == data


def test_subjects_and_frames_may_come_later(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(raw, out)
    before, frames = splits_of(out), {row["sha256"]: row["frame"] for row in rows_of(out)}
    write_raw(raw, {NAMES[0]: SUBJECTS[NAMES[0]]}, 3, first=5)
    write_raw(raw, {f"Aa{i}": "Control" for i in range(5)})
    run(raw, out)
    after = splits_of(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == 15
    later = {row["sha256"]: row["frame"] for row in rows_of(out)}
    assert {content: later[content] for content in frames} == frames
    assert len(later) == 20 + 3 + 10
    check_splits(load_cohort(out))


def test_what_raw_no_longer_holds(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(raw, out)
    before, frames = splits_of(out), {row["frame"] for row in rows_of(out)}
    shutil.move(raw / f"Control/{NAMES[1]}_0.png", tmp_path / "kept.png")
    with pytest.raises(CcmevalError, match="no longer holds"):
        run(raw, out)
    assert {row["frame"] for row in rows_of(out)} == frames
    prepared = run(raw, out, drop_missing=True)
    assert prepared.frames == 19
    assert {row["frame"] for row in rows_of(out)} == {
        path.relative_to(out).as_posix() for path in out.glob("*/*.png")
    }
    shutil.move(tmp_path / "kept.png", raw / f"Control/{NAMES[1]}_0.png")
    run(raw, out)
    assert {row["frame"] for row in rows_of(out)} == frames
    assert splits_of(out) == before


def test_labels_that_change(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(raw, out)
    before = splits_of(out)
    for path in list((raw / "Control").glob(f"{NAMES[1]}_*")):
        shutil.move(path, raw / "T1DPN" / path.name)  # another diagnosis: allowed, under another name
    run(raw, out)
    assert splits_of(out) == before
    for row in rows_of(out):
        assert row["frame"].startswith(f"{row['diagnosis']}/{row['diagnosis']}_")
        assert (out / row["frame"]).is_file()
    assert len(list(out.glob("*/*.png"))) == 20
    path = next((raw / "T1DPN").glob(f"{NAMES[0]}_0*"))
    shutil.move(path, path.with_name(f"{NAMES[2]}_77{path.suffix}"))  # another subject: refused
    with pytest.raises(CcmevalError, match="other subjects than before"):
        run(raw, out)


def test_subjects_alike_but_for_capitals_share_a_split(tmp_path: Path) -> None:
    subjects = {f"P{letter}": "Control" for letter in "abcdef"} | {
        f"p{letter}": "Control" for letter in "abcdef"
    }
    raw = write_raw(tmp_path / "raw", subjects)
    out, key = tmp_path / "out", tmp_path / "key.csv"
    run(raw, out, key_file=key)
    split = splits_of(out)
    by_name = defaultdict(set)
    for row in rows_of(tmp_path, "key.csv"):
        by_name[row["subject"].casefold()].add(split[row["pseudonym"]])
    assert all(len(found) == 1 for found in by_name.values())
    assert len(split) == 12


def test_frames_without_a_subject(raw: Path, tmp_path: Path) -> None:
    Image.fromarray(drawing(5)).save(raw / "Control" / "nobody.png")
    prepared = run(raw, tmp_path / "out")
    assert codes(prepared) == {"Control/nobody.png": "no subject"}
    with pytest.raises(CcmevalError, match="No frame has a subject"):
        prepare(raw, tmp_path / "b", QUICK)
    assert not (tmp_path / "b").exists()
    prepared = run(raw, tmp_path / "c", QUICK.model_copy(update={"split_by": "frame"}))
    assert prepared.frames == 21
    assert any("too good" in note for note in prepared.notes)
    check_splits(load_cohort(tmp_path / "c"))
    prepared = prepare(raw, tmp_path / "d", QUICK.model_copy(update={"split": None}))
    assert not (tmp_path / "d/split.csv").exists()
    assert not check_splits(load_cohort(tmp_path / "d"))


def test_other_folders_are_refused(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine")
    with pytest.raises(CcmevalError, match="not empty"):
        run(raw, tmp_path / "full")
    for out, word in ((raw / "out", "stays as it is"), (tmp_path, "lies in"), (raw, "stays as it is")):
        with pytest.raises(CcmevalError, match=word):
            run(raw, out)
    run(raw, tmp_path / "out")
    with pytest.raises(CcmevalError, match="other settings"):
        run(raw, tmp_path / "out", QUICK.model_copy(update={"seed": 1}))
    (tmp_path / "out/thesis_000001.png").write_bytes(b"mine")
    run(raw, tmp_path / "out")
    assert (tmp_path / "out/thesis_000001.png").exists()


def test_nothing_usable(tmp_path: Path) -> None:
    raw = tmp_path / "raw/Control"
    raw.mkdir(parents=True)
    (raw / "A_1.png").write_bytes(b"")
    with pytest.raises(CcmevalError, match="None of 1"):
        run(tmp_path / "raw", tmp_path / "out")
    assert rows_of(tmp_path, "out-problems.csv")[0]["problem"] == "empty"


@settings(max_examples=6, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["Control", "T1DPN", "T1NoDPN"]), min_size=2),
    st.dictionaries(st.sampled_from(NAMES + [f"{name}x" for name in NAMES]), st.just("Control"), min_size=1),
)
def test_no_subject_ever_straddles(first: dict[str, str], more: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_raw(folder / "raw", first, 1)
        run(folder / "raw", folder / "out", key_file=folder / "key.csv")
        old = {row["subject"]: row["pseudonym"] for row in rows_of(folder, "key.csv")}
        before = splits_of(folder / "out")
        write_raw(folder / "raw", {k: first.get(k, label) for k, label in more.items()}, 1, first=1)
        run(folder / "raw", folder / "out", key_file=folder / "key.csv")
        new = {row["subject"]: row["pseudonym"] for row in rows_of(folder, "key.csv")}
        after = splits_of(folder / "out")
        assert {name: new[name] for name in old} == old
        assert {name: after[name] for name in before} == before
        check_splits(load_cohort(folder / "out"))
