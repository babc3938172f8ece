"""Pictures of a run: whole or absent, and the skeleton is the graph that was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ccmeval
from ccmeval.report.files import OutputError
from ccmeval.report.pictures import draw_centre_lines, write_png
from tests.drawn import drawn_frame


@pytest.mark.parametrize(
    "picture",
    [
        np.eye(40, dtype=bool),
        np.arange(1600, dtype=np.uint8).reshape(40, 40),
        np.arange(4800, dtype=np.uint8).reshape(40, 40, 3),
    ],
    ids=["bool", "grey", "colour"],
)
def test_a_picture_comes_back(tmp_path: Path, picture: np.ndarray) -> None:
    path = tmp_path / "new" / "p.png"
    write_png(path, picture)
    assert np.array_equal(np.asarray(Image.open(path)), picture)
    assert [file.name for file in path.parent.iterdir()] == ["p.png"]


def test_any_viewer_shows_a_mask_black_and_white(tmp_path: Path) -> None:
    write_png(tmp_path / "m.png", np.array([[False, True]]))
    assert np.asarray(Image.open(tmp_path / "m.png").convert("L")).tolist() == [[0, 255]]


def test_a_failed_write_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.png"
    write_png(path, np.zeros((4, 4), dtype=bool))
    before = path.read_bytes()

    def full(self: Image.Image, target: Path, **_: object) -> None:
        target.write_bytes(b"half a pic")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(
        OutputError, match=r"p\.png cannot be written \(No space left on device\); free space"
    ):
        write_png(path, np.ones((4, 4), dtype=bool))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_skeleton_lies_on_the_nerves_and_has_their_length() -> None:
    grey, mask = drawn_frame(1)
    found = ccmeval.measure(grey, mask=mask, pixel_size_um=1.04)
    lines = draw_centre_lines(found.graph, grey.shape, 1.04)
    assert not (lines & ~mask).any()
    assert lines.any(axis=1).all()  # nerves run from border to border
    again = ccmeval.measure(grey, trace=lines, pixel_size_um=1.04)
    length = "cnfl_mm_per_mm2"
    assert again.biomarkers[length] == pytest.approx(found.biomarkers[length], rel=0.02)
