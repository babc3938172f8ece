"""Files, folders, classes, subjects, given masks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccmeval.cohort import load_cohort, read_frame
from ccmeval.errors import CcmevalError
from tests.hostile import picture, saved

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"real frames are absent: {DATA}")
PNG = saved(picture(), "PNG")
MASK = saved((picture() > 140).astype("uint8") * 255, "PNG")


def fill(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    return root


def test_one_file(tmp_path: Path) -> None:
    cohort = load_cohort(fill(tmp_path, "a b.png") / "a b.png")
    assert [(record.frame, cohort.layout) for record in cohort] == [("a b.png", "file")]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(CcmevalError, match="does not exist"):
        load_cohort(tmp_path / "no")
    with pytest.raises(CcmevalError, match="No frames in"):
        load_cohort(tmp_path)


def test_classes_fold_and_own_labels_stay(tmp_path: Path) -> None:
    fill(tmp_path, "healthy/1.png", "T1 no DPN/images/1.png", "T1DM with DPN/x/1.png", "Mild/1.png", "0.png")
    cohort = load_cohort(tmp_path)
    assert [(record.frame, record.diagnosis) for record in cohort] == [
        ("0.png", None),
        ("healthy/1.png", "Control"),
        ("Mild/1.png", "Mild"),
        ("T1 no DPN/images/1.png", "T1NoDPN"),
        ("T1DM with DPN/x/1.png", "T1DPN"),
    ]
    assert any("taken as diagnoses: Mild" in note for note in cohort.notes)


def test_classes_below_structure(tmp_path: Path) -> None:
    fill(tmp_path, "train/images/Control/1.png", "train/images/T1DPN/1.png", "test/images/Control/1.png")
    assert [record.diagnosis for record in load_cohort(tmp_path)] == ["Control", "Control", "T1DPN"]


def test_folders_of_subjects_are_no_classes(tmp_path: Path) -> None:
    cohort = load_cohort(fill(tmp_path, "P1/1.png", "P2/1.png"))
    assert [record.diagnosis for record in cohort] == [None, None]
    assert any("P1, P2" in note and "?P<diagnosis>" in note for note in cohort.notes)
    by_pattern = load_cohort(tmp_path, subject_pattern=r"^(?P<subject>(?P<diagnosis>P\d))/")
    assert [(record.subject, record.diagnosis) for record in by_pattern] == [("P1", "P1"), ("P2", "P2")]


def test_subject_pattern(tmp_path: Path) -> None:
    fill(tmp_path, "Control/S01_OD_1.png", "Control/S02_OS_1.png", "Control/odd.png")
    cohort = load_cohort(tmp_path, subject_pattern=r"(S\d+)_")
    assert [record.subject for record in cohort] == [None, "S01", "S02"]
    assert any("1 of 3 frames do not match" in note for note in cohort.notes)
    cohort = load_cohort(tmp_path, subject_pattern=r"(?P<subject>S\d+)_(?P<eye>OD|OS)")
    assert [(record.subject, record.eye) for record in cohort][1:] == [("S01", "OD"), ("S02", "OS")]


@pytest.mark.parametrize(
    "pattern", [r"(S\d)_(?P<eye>OD|OS)", r"(?P<diagnosis>T1DPN)/(S\d)", r"(S\d)", r"(?P<id>S\d)"]
)
def test_the_subject_may_be_an_unnamed_group_beside_named_ones(tmp_path: Path, pattern: str) -> None:
    fill(tmp_path, "T1DPN/S1_OD.png", "T1DPN/S2_OS.png")
    assert [record.subject for record in load_cohort(tmp_path, subject_pattern=pattern)] == ["S1", "S2"]
    eyes_only = load_cohort(tmp_path, subject_pattern="(?P<eye>O(D|S))")
    assert [(record.subject, record.eye) for record in eyes_only] == [(None, "OD"), (None, "OS")]


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [("(", "no regular expression"), (r"S\d+", "no group"), ("(Q)", "matches no frame")],
)
def test_bad_patterns(pattern: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CcmevalError, match=sentence):
        load_cohort(fill(tmp_path, "S1.png"), subject_pattern=pattern)


def test_manifest_goes_before_pattern(tmp_path: Path) -> None:
    fill(tmp_path, "S1.png", "S2.png")
    (tmp_path / "manifest.csv").write_text("frame,subject\nS1.png,mine\nS2.png,\n")
    assert [record.subject for record in load_cohort(tmp_path, subject_pattern="(S.)")] == ["mine", "S2"]


class TestGivenMasks:
    def test_by_path_then_stem(self, tmp_path: Path) -> None:
        frames = fill(tmp_path / "f", "A/1.png", "B/1.png", "c.tif")
        masks = fill(tmp_path / "m", "A/1.png", "B/1_mask.png", "deep/c.png")
        cohort = load_cohort(frames, masks=masks)
        assert [record.mask and record.mask.relative_to(masks).as_posix() for record in cohort] == [
            "A/1.png",
            "B/1_mask.png",
            "deep/c.png",
        ]

    def test_ambiguity_is_told(self, tmp_path: Path) -> None:
        frames = fill(tmp_path / "f", "1.png")
        with pytest.raises(CcmevalError, match=r"1\.png may be any of A/1\.png, B/1\.png"):
            load_cohort(frames, masks=fill(tmp_path / "m", "A/1.png", "B/1.png"))
        with pytest.raises(CcmevalError, match=r"fits both A/1\.png and B/1\.png"):
            load_cohort(fill(tmp_path / "g", "A/1.png", "B/1.png"), masks=fill(tmp_path / "n", "1.png"))

    def test_none_and_some(self, tmp_path: Path) -> None:
        frames = fill(tmp_path / "f", "1.png", "2.png")
        cohort = load_cohort(frames, traces=fill(tmp_path / "m", "2.png"))
        assert [record.trace is not None for record in cohort] == [False, True]
        assert "1 of 2 frames have no trace in m." in cohort.notes
        with pytest.raises(CcmevalError, match=r"--masks .* holds no mask with a frame's name"):
            load_cohort(frames, masks=fill(tmp_path / "n", "3.png"))
        with pytest.raises(CcmevalError, match="does not exist"):
            load_cohort(frames, masks=tmp_path / "no")

    def test_masks_within_the_frames_folder_are_no_frames(self, tmp_path: Path) -> None:
        fill(tmp_path, "1.png", "expert A/1.png")
        cohort = load_cohort(tmp_path, masks=tmp_path / "expert A")
        assert [(record.frame, record.mask) for record in cohort] == [("1.png", tmp_path / "expert A/1.png")]

    def test_one_mask_for_one_frame(self, tmp_path: Path) -> None:
        fill(tmp_path, "1.png", "2.png")
        record = load_cohort(tmp_path / "1.png", masks=tmp_path / "2.png").records[0]
        assert record.mask == tmp_path / "2.png"
        with pytest.raises(CcmevalError, match="one file for 2 frames"):
            load_cohort(tmp_path, masks=tmp_path / "2.png")


def test_links_that_loop_end(tmp_path: Path) -> None:
    fill(tmp_path, "sub/1.png")
    try:
        (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "broken.png").symlink_to(tmp_path / "gone.png")
    except OSError:
        pytest.skip("this system makes no links")
    cohort = load_cohort(tmp_path)
    assert [record.frame for record in cohort] == ["broken.png", "sub/1.png"]
    with pytest.raises(CcmevalError, match="does not exist"):
        read_frame(cohort.records[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    fill(tmp_path, "1.png")
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    cohort = load_cohort(tmp_path)
    assert [record.frame for record in cohort] == ["1.png", "pipe.png"]
    with pytest.raises(CcmevalError, match="not a file"):
        read_frame(cohort.records[1])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_no_cohort(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CcmevalError, match="neither a file nor a folder"):
        load_cohort(tmp_path / "pipe")


def test_what_the_system_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("frame\n")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(CcmevalError, match=r"a\.csv cannot be read .Permission denied.; check"):
        load_cohort(tmp_path / "a.csv")


def test_what_a_run_wrote_is_no_input(tmp_path: Path) -> None:
    fill(tmp_path, "1.png", "out/masks/1.png", "ccmeval-results/biomarkers/masks/1.png")
    (tmp_path / "out/journal.jsonl").write_text("{}\n")
    cohort = load_cohort(tmp_path)
    assert [(record.frame, record.mask) for record in cohort] == [("1.png", None)]
    # The same where the run's folder is the frames' own.
    fill(tmp_path, "masks/1.png")
    assert load_cohort(tmp_path).records[0].mask == tmp_path / "masks/1.png"
    (tmp_path / "journal.jsonl").write_text("{}\n")
    assert load_cohort(tmp_path).records[0].mask is None


def test_importing_is_light() -> None:
    heavy = ("pandas", "tifffile", "PIL", "scipy", "pydicom", "pyarrow")
    code = f"import sys, ccmeval.cohort; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@needs_data
def test_traced() -> None:
    cohort = load_cohort(DATA / "traced")
    assert len(cohort) == 11
    assert cohort.layout == "images/ and traces/"
    assert [record.frame for record in cohort][:2] == ["images/1.tif", "images/2.tif"]
    for record in cohort:
        assert record.trace == DATA / "traced/traces" / record.path.name
        assert record.mask is None
    # Whoever points at the frames alone gets the frames alone.
    assert all(record.trace is None for record in load_cohort(DATA / "traced/images"))


@needs_data
def test_real_frames_read_by_content() -> None:
    cohort = load_cohort(DATA / "frames", subject_pattern=r"^([a-z]+)/")
    assert len(cohort) == 140
    assert {record.subject for record in cohort} == {"sh", "st", "zx"}
    for record in cohort:
        frame = read_frame(record)
        assert frame.pixels.shape == (384, 384)
        assert (frame.pixel_size_um, frame.pixel_size_source) == (400 / 384, "HRT3-RCM default")
        assert frame.bits == 8
