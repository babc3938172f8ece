"""Sample frames held against their masks: shares worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.errors import UnavailableError
from ccmeval.generation.sample_book import check_frames, measured, to_levels
from ccmeval.settings import RunSettings
from tests.generation.trained_painter import offer

UM = 400 / 384


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)


def _nerve(columns: slice, side: int = 96) -> np.ndarray:
    mask = np.zeros((side, side), dtype=bool)
    mask[45:50, columns] = True
    return mask


def _frame(mask: np.ndarray) -> np.ndarray:
    return to_levels(np.where(mask, 0.9, 0.3))


def test_half_of_what_was_asked_is_half_recalled() -> None:
    settings = RunSettings(segmenter="bright")
    row = measured(_frame(_nerve(slice(0, 48))), _nerve(slice(None)), UM, settings)
    # 48 of 96 columns; the tolerance adds three, the blunt end of a thinned mask may take two.
    assert 46 / 96 <= row["length_recall"] <= 51 / 92
    assert row["hallucinated_length"] == 0.0
    # clDice = 2 p s / (p + s) with precision p = 1 and sensitivity s of about one half.
    assert row["cl_dice"] == pytest.approx(2 * 0.5 / 1.5, abs=0.03)


def test_what_was_not_asked_is_hallucinated() -> None:
    settings = RunSettings(segmenter="bright")
    row = measured(_frame(_nerve(slice(None))), _nerve(slice(0, 48)), UM, settings)
    assert row["length_recall"] == 1.0
    assert (96 - 51) / 96 <= row["hallucinated_length"] <= (96 - 48) / 92
    nothing = measured(_frame(_nerve(slice(None))), _nerve(slice(0, 0)), UM, settings)
    assert nothing["length_recall"] is None
    assert nothing["hallucinated_length"] == 1.0


def test_without_a_mask_there_are_biomarkers_only() -> None:
    row = measured(_frame(_nerve(slice(None))), None, UM, RunSettings(segmenter="bright"))
    assert row["cnfl_mm_per_mm2"] == pytest.approx(1000 / (96 * UM), rel=0.02)
    assert "length_recall" not in row


def test_a_black_frame_has_a_reason() -> None:
    row = measured(np.zeros((96, 96), np.uint8), _nerve(slice(None)), UM, RunSettings())
    assert list(row) == ["reason"]
    assert "black throughout" in row["reason"]


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([], "0 frames for 1 conditions"),
        ([np.zeros((8, 9))], r"shape \(8, 9\), not \(8, 8\)"),
        ([np.full((8, 8), np.nan)], "outside of"),
        ([np.full((8, 8), 1.01)], "outside of"),
    ],
)
def test_frames_that_were_not_asked_for_are_refused(frames: list[np.ndarray], words: str) -> None:
    with pytest.raises(UnavailableError, match=words):
        check_frames(frames, [(8, 8)])
