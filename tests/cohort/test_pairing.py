"""The layouts of collections, known by shape."""

from pathlib import PurePosixPath

import pytest

from ccmeval.cohort.pairing import pair


def paired(*names: str) -> tuple[list[str], dict[str, str], dict[str, str]]:
    found = pair(map(PurePosixPath, names))
    masks, traces = (
        {str(frame): str(other) for frame, other in given.items()} for given in (found.masks, found.traces)
    )
    return sorted(map(str, found.frames)), masks, traces


@pytest.mark.parametrize(
    ("frame", "mask"),
    [
        ("Dataset/images/1.png", "Dataset/annotations/1.png"),  # Qilu
        ("images/1.tif", "masks/1.png"),
        ("Images/P 01.TIF", "Masks/p 01.png"),
        ("images/Control/1.png", "masks/Control/1.png"),
        ("Control/images/1.png", "Control/masks/1.png"),
        ("train/images/1.png", "train/labels/1.png"),
        ("images/1.png", "masks/1_mask.png"),
        ("images/1_image.png", "masks/1.png"),
        ("1.png", "masks/1.png"),
        ("sub/1.png", "sub/gt/1.png"),
        ("1.png", "1_mask.png"),
        ("1.bmp", "1_lab.png"),
        ("1.tif", "1-seg.tif"),
        ("1.tif", "1_nerve_mask.tif"),
        ("sub/1.tif", "sub/1.label.tif"),
    ],
)
def test_masks(frame: str, mask: str) -> None:
    assert paired(frame, mask) == ([frame], {frame: mask}, {})


@pytest.mark.parametrize(
    ("frame", "trace"),
    [
        ("images/1.tif", "traces/1.tif"),
        ("training/images/1.tif", "training/label2/1_centerline_overlay.tif"),  # CORN-1 and its kin
        ("test/images/1.tif", "test/centreline/1.png"),
        ("images/1.tif", "centerlines/1.tif"),
        ("1.tif", "1_trace.tif"),
        ("shOD.tif", "shOD-tracking.tif"),  # CCMID
    ],
)
def test_traces(frame: str, trace: str) -> None:
    assert paired(frame, trace) == ([frame], {}, {frame: trace})


def test_both_kinds() -> None:
    frames, masks, traces = paired("frames/1.png", "masks/1.png", "traces/1.png")
    assert frames == ["frames/1.png"]
    assert masks == {"frames/1.png": "masks/1.png"}
    assert traces == {"frames/1.png": "traces/1.png"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("annotations/1.png", "masks/1.png"),
        ("label1/1_centerline_overlay.tif", "label2/1_centerline_overlay.tif"),  # two raters
    ],
)
def test_of_two_ratings_the_first_counts_and_the_other_is_told(first: str, second: str) -> None:
    found = pair(map(PurePosixPath, ["images/1.png", second, first]))
    frame = PurePosixPath("images/1.png")
    kind = "trace" if "centerline" in first else "mask"
    assert (found.traces if kind == "trace" else found.masks) == {frame: PurePosixPath(first)}
    assert found.frames == [frame]
    assert found.doubled == [(frame, kind, PurePosixPath(first), PurePosixPath(second))]


@pytest.mark.parametrize(
    "names",
    [
        ("Control/1.png", "T1DPN/1.png"),
        ("1.png", "1_2.png"),
        ("labels/1.png", "labels/2.png"),  # nothing beside it: frames in a folder so called
        ("a_mask.png", "b.png"),
        ("a/1.png", "b/masks/1.png"),  # not beside
        ("1.png", "sub/1_mask.png"),
    ],
)
def test_what_is_no_pair_is_frames(names: tuple[str, ...]) -> None:
    assert paired(*names) == (sorted(names), {}, {})


def test_a_mask_without_frame_is_no_frame_once_its_folder_is_known() -> None:
    found = pair(map(PurePosixPath, ["images/1.png", "masks/1.png", "masks/2.png"]))
    assert [str(frame) for frame in found.frames] == ["images/1.png"]
    assert found.unmatched == 1


def test_same_stems_in_two_classes_do_not_mix() -> None:
    _, masks, _ = paired("images/A/1.png", "images/B/1.png", "masks/A/1.png", "masks/B/1.png")
    assert masks == {"images/A/1.png": "masks/A/1.png", "images/B/1.png": "masks/B/1.png"}
