"""Counts of predicted frames: against the project's own scores, by hand, and against torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ccmeval.errors import CcmevalError
from ccmeval.measurement.measure import measure
from ccmeval.nerves.scoring import score_centre_line
from ccmeval.phantom import make_phantom
from ccmeval.preservation.topology import cl_dice
from ccmeval.thinning import thin_mask
from ccmeval.utility.outcomes import COUNTS, SegmentationOutcome
from ccmeval.utility.segmentation_counts import count_frame, count_prediction, masked_frame, upsample
from ccmeval.utility.segmentation_metrics import cl_dice as counted_cl_dice
from ccmeval.utility.segmentation_metrics import (
    length_f1,
    length_false_discovery,
    length_sensitivity,
    mean_over_frames,
)

HRT3 = 400 / 384
TOLERANCE_UM = 3.125


def named(counts: np.ndarray) -> dict[str, float]:
    return dict(zip(COUNTS, counts.tolist(), strict=True))


def outcome_of(*frames: np.ndarray) -> SegmentationOutcome:
    table = np.stack(frames)
    return SegmentationOutcome(
        {name: table[:, k] for k, name in enumerate(COUNTS)}, [str(k) for k in range(len(table))]
    )


def wrong_prediction(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask moved by two pixels, with a quarter missing and a false nerve."""
    found = np.roll(mask, 2, axis=0)
    found[:, : mask.shape[1] // 4] = False
    row = int(rng.integers(10, mask.shape[0] - 10))
    found[row : row + 3, mask.shape[1] // 2 :] = True
    return found


@pytest.fixture(scope="module")
def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """True and predicted masks of phantoms."""
    rng = np.random.default_rng(0)
    masks = [make_phantom(rng).mask for _ in range(3)]
    return [(mask, wrong_prediction(mask, rng)) for mask in masks]


def test_pixels_by_hand() -> None:
    # Lines one pixel wide are their own centre lines: a nerve of 50 px, and 30 px of it found 2 px below.
    truth, found = np.zeros((2, 40, 50), dtype=bool)
    truth[10] = found[12, :30] = True
    counts = named(count_frame(found.astype(float), truth, 1.0, 3.0))
    expected = {"tp_px": 0, "fp_px": 30, "fn_px": 50, "tn_px": 2000 - 80, "trace_px": 50}
    # Beyond the found end, two columns more are reached: sqrt(2^2 + 2^2) < 3 < sqrt(2^2 + 3^2).
    expected |= {"trace_found_px": 32, "trace_in_mask_px": 0}
    expected |= {"centre_line_px": 30, "centre_line_false_px": 0, "centre_line_in_truth_px": 0}
    assert {name: counts[name] for name in expected} == expected


def test_lines_in_masks_by_hand() -> None:
    # A thick nerve, of which a thin line is found inside, off its ends (which thinning shortens), and a
    # second line far from it.
    truth, found = np.zeros((2, 60, 50), dtype=bool)
    truth[10:17] = found[15, 5:45] = found[40, :20] = True
    counts = named(count_frame(found.astype(float), truth, 1.0, 3.0))
    assert counts["tp_px"] == counts["centre_line_in_truth_px"] == 40
    assert counts["centre_line_px"] == 60
    assert counts["centre_line_false_px"] == 20
    assert counts["trace_in_mask_px"] == 0
    assert 40 < counts["trace_found_px"] == counts["trace_px"] < 50


def test_length_measures_are_those_of_the_centre_line_score(pairs) -> None:
    for truth, found in pairs:
        counts = named(count_frame(found.astype(float), truth, HRT3, TOLERANCE_UM))
        score = score_centre_line(thin_mask(found), thin_mask(truth))
        assert counts["trace_found_px"] / counts["trace_px"] == pytest.approx(score.sensitivity)
        assert counts["centre_line_false_px"] / counts["centre_line_px"] == pytest.approx(
            score.false_discovery
        )
    outcome = outcome_of(
        *(count_frame(found.astype(float), truth, HRT3, TOLERANCE_UM) for truth, found in pairs)
    )
    scores = [score_centre_line(thin_mask(found), thin_mask(truth)) for truth, found in pairs]
    for share, name in (
        (length_sensitivity, "sensitivity"),
        (length_false_discovery, "false_discovery"),
        (length_f1, "f1"),
    ):
        expected = np.mean([getattr(score, name) for score in scores])
        assert mean_over_frames(share)(outcome, np.ones(3)) == pytest.approx(expected)


def test_cl_dice_is_that_of_pillar_2(pairs) -> None:
    for truth, found in pairs:
        counts = outcome_of(count_frame(found.astype(float), truth, HRT3, TOLERANCE_UM)).counts
        expected = cl_dice(found, thin_mask(found), truth, thin_mask(truth))
        assert counted_cl_dice(counts)[0] == pytest.approx(expected)


def test_both_cnfl_are_those_of_the_measurement(pairs) -> None:
    frame = np.full((384, 384), 0.2, dtype=np.float32)
    for truth, found in pairs[:2]:
        counts = named(count_frame(found.astype(float), truth, HRT3, TOLERANCE_UM))
        for name, mask in (("cnfl_mm_per_mm2", found), ("true_cnfl_mm_per_mm2", truth)):
            expected = measure(frame, mask=mask).biomarkers["cnfl_mm_per_mm2"]
            assert counts[name] == pytest.approx(expected, rel=1e-9)


def test_the_tolerance_is_a_length_and_counts_itself() -> None:
    truth, found = np.zeros((2, 60, 60), dtype=bool)
    truth[20], found[23] = True, True
    for pixel_size, near in ((HRT3, True), (1.5 * HRT3, False), (1.0, True)):
        counts = named(count_frame(found.astype(float), truth, pixel_size, TOLERANCE_UM))
        assert counts["trace_found_px"] == (60 if near else 0)
        assert counts["centre_line_false_px"] == (0 if near else 60)


def test_what_was_not_imaged_counts_nowhere(pairs) -> None:
    truth, found = pairs[0]
    imaged = np.zeros(truth.shape, dtype=bool)
    imaged[40:300, 100:380] = True
    inside = count_frame(found.astype(float), truth, HRT3, TOLERANCE_UM, imaged)
    blank = count_frame((found & imaged).astype(float), truth & imaged, HRT3, TOLERANCE_UM, imaged)
    np.testing.assert_array_equal(inside, blank)
    assert inside[:4].sum() == imaged.sum()


def test_empty_masks() -> None:
    empty, line = np.zeros((2, 48, 48), dtype=bool)
    line[20:23] = True
    both = named(count_frame(empty.astype(float), empty, 1.0, 3.0))
    assert both == {**dict.fromkeys(COUNTS, 0.0), "tn_px": 48.0 * 48}
    missed = named(count_frame(empty.astype(float), line, 1.0, 3.0))
    assert (missed["trace_found_px"], missed["cnfl_mm_per_mm2"]) == (0, 0)
    alarm = named(count_frame(line.astype(float), empty, 1.0, 3.0))
    assert alarm["centre_line_false_px"] == alarm["centre_line_px"] > 0


def test_a_full_frame_is_counted() -> None:
    counts = named(count_frame(np.ones((64, 64)), np.zeros((64, 64), dtype=bool), 1.0, 3.0))
    assert counts["fp_px"] == 64 * 64


def test_a_pixel_is_nerve_where_the_threshold_is_reached() -> None:
    truth = np.ones((40, 40), dtype=bool)
    half = np.full((40, 40), 0.5)
    assert count_frame(half, truth, 1.0, 3.0)[0] == 1600
    assert count_frame(half, truth, 1.0, 3.0, threshold=0.51)[0] == 0


def test_a_known_truth_gives_the_same_counts(pairs) -> None:
    truth, found = pairs[1]
    known = masked_frame(truth, HRT3, TOLERANCE_UM)
    np.testing.assert_array_equal(
        count_prediction(found.astype(float), known),
        count_frame(found.astype(float), truth, HRT3, TOLERANCE_UM),
    )


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.5, np.inf])
def test_what_is_no_probability_is_refused(value: float) -> None:
    given_map = np.full((40, 40), 0.5)
    given_map[3, 3] = value
    with pytest.raises(CcmevalError, match="between 0 and 1"):
        count_frame(given_map, np.zeros((40, 40), dtype=bool), 1.0, 3.0)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="share one shape"):
        count_frame(np.zeros((4, 5)), np.zeros((5, 4), dtype=bool), 1.0, 3.0)
    with pytest.raises(ValueError, match="share one shape"):
        masked_frame(np.zeros((5, 4), dtype=bool), 1.0, 3.0, np.ones((4, 4), dtype=bool))
    with pytest.raises(ValueError, match="positive"):
        masked_frame(np.zeros((5, 4), dtype=bool), 0.0, 3.0)


@settings(max_examples=25, deadline=None)
@given(arrays(np.bool_, (24, 24)), arrays(np.bool_, (24, 24)))
def test_counts_are_consistent(truth, found) -> None:
    counts = named(count_frame(found.astype(float), truth, 2.0, 4.0))
    assert sum(counts[name] for name in ("tp_px", "fp_px", "fn_px", "tn_px")) == 24 * 24
    assert 0 <= counts["trace_in_mask_px"] <= counts["trace_px"] <= truth.sum()
    assert 0 <= counts["trace_found_px"] <= counts["trace_px"]
    assert 0 <= counts["centre_line_false_px"] <= counts["centre_line_px"] <= found.sum()
    assert counts["cnfl_mm_per_mm2"] >= 0


@pytest.mark.parametrize("shape", [(384, 384), (33, 70), (24, 24), (10, 17)])
def test_upsampling_is_that_of_torch(shape: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    small = np.random.default_rng(0).random((24, 24))
    large = torch.nn.functional.interpolate(
        torch.from_numpy(small)[None, None], shape, mode="bilinear", align_corners=False
    )
    found = upsample(small, shape)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, large[0, 0].numpy(), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 40), st.integers(1, 40), st.floats(0, 1))
def test_upsampling_keeps_a_level(s: int, t: int, height: int, width: int, level: float) -> None:
    found = upsample(np.full((s, t), level, dtype=np.float16), (height, width))
    assert found.shape == (height, width)
    assert (found == np.float16(level)).all()
