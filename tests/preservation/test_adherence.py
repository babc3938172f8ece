"""Mask adherence: drawn crosses with answers by hand, phantoms, and averages over clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.morphometry import nerve_graph
from ccmeval.phantom import make_phantom
from ccmeval.preservation.adherence import TOLERANCE_UM, adherence
from ccmeval.preservation.adherence_summary import MEASURES, summarise
from ccmeval.preservation.schema import AdherenceFrame
from ccmeval.thinning import thin_mask
from tests.preservation.test_alignment import moved

HRT3 = 400 / 384
EMPTY = np.zeros((192, 192), bool)


def lines(*columns: int, rows: slice = slice(None)) -> np.ndarray:
    """Upright nerves three pixels wide."""
    mask = EMPTY.copy()
    for column in columns:
        mask[rows, column - 1 : column + 2] = True
    return mask


def test_identical_masks_are_perfect() -> None:
    phantom = make_phantom(np.random.default_rng(1))
    found = adherence(phantom.mask, None, phantom.mask, HRT3, frame="a.png", diagnosis="Control")
    expected = {"length_recall": 1.0, "hallucinated_length": 0.0, "cl_dice": 1.0, "betti_0_error": 0}
    expected |= {"betti_1_error": 0, "branch_point_recall": 1.0, "aligned_length_recall": 1.0}
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.frame, found.diagnosis) == ("a.png", "Control")
    assert abs(found.shift_row_px) < 0.05
    assert abs(found.scale - 1) < 0.001


def test_shares_by_hand() -> None:
    # Asked: two whole nerves. Found: one, two pixels aside, and half a nerve that nobody asked for.
    found = adherence(lines(52) | lines(150, rows=slice(0, 96)), None, lines(50, 100), HRT3)
    assert found.length_recall == pytest.approx(0.5, abs=0.01)
    assert found.hallucinated_length == pytest.approx(1 / 3, abs=0.01)
    assert (found.betti_0_error, found.betti_1_error) == (0, 0)
    assert found.branch_point_recall is None


@pytest.mark.parametrize(("aside", "recall"), [(3, 1.0), (4, 0.0)])
def test_three_pixels_agree_and_four_do_not(aside: int, recall: float) -> None:
    found = adherence(lines(60 + aside), None, lines(60), HRT3)
    assert (found.length_recall, found.hallucinated_length) == (recall, 1 - recall)
    assert found.aligned_length_recall == 1.0
    assert found.shift_column_px == pytest.approx(aside, abs=0.2)


def test_the_tolerance_is_a_length() -> None:
    assert pytest.approx(3.125) == TOLERANCE_UM
    fine = adherence(lines(65), None, lines(60), HRT3 / 2)
    assert (fine.length_recall, fine.hallucinated_length) == (1.0, 0.0)


def test_pieces_and_loops_are_counted_with_their_sign() -> None:
    asked = lines(60, 120)
    broken = asked.copy()
    broken[80:110] = False
    joined = asked.copy()
    joined[[50, 51, 52, 130, 131, 132], 60:120] = True
    found = adherence(broken, None, asked, HRT3)
    assert (found.betti_0_error, found.betti_1_error) == (2, 0)
    found = adherence(joined, None, asked, HRT3)
    assert (found.betti_0_error, found.betti_1_error) == (-1, 1)
    pinhole = asked.copy()
    pinhole[100, 60] = False
    assert adherence(pinhole, thin_mask(asked), asked, HRT3).betti_1_error == 0


def test_branch_points_are_looked_for_within_ten_um() -> None:
    def branched(row: int) -> np.ndarray:
        mask = lines(60)
        mask[row - 1 : row + 2, 60:150] = True
        return mask

    asked = branched(80)
    asked[159:162, 60:150] = True
    for row, recall in ((80, 0.5), (88, 0.5), (94, 0.0)):
        assert adherence(branched(row), None, asked, HRT3).branch_point_recall == recall


def test_empty_masks_have_defined_answers() -> None:
    asked = lines(60)
    asked[80:83, 60:150] = True
    nothing_found = adherence(EMPTY, None, asked, HRT3)
    assert (nothing_found.length_recall, nothing_found.hallucinated_length) == (0.0, None)
    assert (nothing_found.cl_dice, nothing_found.betti_0_error) == (0.0, -1)
    assert (nothing_found.branch_point_recall, nothing_found.aligned_length_recall) == (0.0, 0.0)
    nothing_asked = adherence(asked, None, EMPTY, HRT3)
    assert (nothing_asked.length_recall, nothing_asked.hallucinated_length) == (None, 1.0)
    assert (nothing_asked.cl_dice, nothing_asked.betti_0_error) == (0.0, 1)
    assert (nothing_asked.branch_point_recall, nothing_asked.aligned_length_recall) == (None, None)
    neither = adherence(EMPTY, None, EMPTY, HRT3)
    assert (neither.length_recall, neither.hallucinated_length, neither.cl_dice) == (None, None, None)
    assert (neither.betti_0_error, neither.betti_1_error) == (0, 0)
    for one in (nothing_found, nothing_asked, neither):
        assert one.shift_row_px is one.shift_column_px is one.scale is None


def test_a_trace_has_no_inside() -> None:
    asked = thin_mask(lines(60, 120))
    found = adherence(lines(60, 120), None, asked, HRT3)
    assert (found.length_recall, found.hallucinated_length) == (1.0, 0.0)
    assert found.cl_dice is found.betti_0_error is found.betti_1_error is None


def test_only_the_imaged_area_counts() -> None:
    imaged = np.ones((192, 192), bool)
    imaged[:, 110:] = False
    found = adherence(lines(60, 150), None, lines(60, 130), HRT3, imaged)
    assert (found.length_recall, found.hallucinated_length, found.cl_dice) == (1.0, 0.0, 1.0)


def test_what_misalignment_costs() -> None:
    phantom = make_phantom(np.random.default_rng(3))
    found = adherence(moved(phantom.mask, 14.0, -22.0, 1.06), None, phantom.mask, HRT3)
    assert found.length_recall < 0.5
    assert found.aligned_length_recall > 0.97
    assert (found.shift_row_px, found.shift_column_px) == pytest.approx((14.0, -22.0), abs=1.0)
    assert found.scale == pytest.approx(1.06, abs=0.005)


def test_a_known_graph_changes_nothing_and_shapes_must_agree() -> None:
    phantom = make_phantom(np.random.default_rng(2))
    line = thin_mask(phantom.mask)
    graph = nerve_graph(phantom.mask, pixel_size_um=HRT3, centre_line=line)
    asked = np.roll(phantom.mask, 3, axis=0)
    with_graph = adherence(phantom.mask, line, asked, HRT3, found_graph=graph)
    assert with_graph == adherence(phantom.mask, line, asked, HRT3)
    with pytest.raises(ValueError, match="share one shape"):
        adherence(phantom.mask, None, EMPTY, HRT3)


@given(st.integers(-12, 12), st.integers(-12, 12))
@settings(max_examples=10, deadline=None)
def test_shifting_both_changes_nothing(rows: int, columns: int) -> None:
    asked, found = EMPTY.copy(), EMPTY.copy()
    asked[20:170, 58:62] = asked[80:84, 60:150] = asked[130:134, 60:120] = True
    found[25:160, 59:63] = found[80:84, 60:150] = found[40:80, 140:143] = True
    still = adherence(found, None, asked, HRT3)
    far, near = (np.roll(mask, (rows, columns), axis=(0, 1)) for mask in (found, asked))
    both = adherence(far, None, near, HRT3)
    for name in MEASURES:
        if name not in ("shift_row_px", "shift_column_px", "scale", "aligned_length_recall"):
            assert getattr(both, name) == pytest.approx(getattr(still, name), abs=1e-9), name


def _frames(values: list[float | None], diagnoses: str) -> list[AdherenceFrame]:
    names = {"c": "Control", "d": "T1DPN", "-": None}
    frames = []
    for index, (value, letter) in enumerate(zip(values, diagnoses, strict=True)):
        sign = (-1) ** index
        more = {"diagnosis": names[letter], "shift_row_px": 2.0 * sign, "scale": 1 - 0.1 * sign}
        frames.append(AdherenceFrame(frame=str(index), length_recall=value, **more))
    return frames


def test_averages_by_hand() -> None:
    frames = _frames([0.2, 0.4, 0.9, None, 1.0, 0.5], "cccddd")
    rows = summarise(frames, ["a", "a", "b", "e", "f", "g"], None, np.random.default_rng(0))
    recall = {(row.scope, row.diagnosis): row for row in rows if row.measure == "length_recall"}
    pooled, mean = recall["pooled", None], recall["mean over diagnoses", None]
    assert pooled.mean == pytest.approx((0.3 + 0.9 + 1.0 + 0.5) / 4)
    assert (pooled.n_frames, pooled.n_units) == (5, 4)
    assert recall["diagnosis", "Control"].mean == pytest.approx(0.6)
    assert recall["diagnosis", "T1DPN"].mean == pytest.approx(0.75)
    assert mean.mean == pytest.approx((0.6 + 0.75) / 2)
    assert mean.low == pytest.approx(0.4, abs=0.01)  # both clusters of each at their lowest, 1 draw in 16
    assert pooled.low < pooled.mean < pooled.high
    assert pooled.ceiling is None


def test_errors_do_not_cancel() -> None:
    rows = summarise(_frames([1.0] * 4, "----"), list("abcd"), None, np.random.default_rng(0))
    by_measure = {row.measure: row for row in rows}
    assert by_measure["shift_row_px"].mean == 2.0
    assert by_measure["scale"].mean == pytest.approx(0.1)
    assert len(rows) == len(MEASURES)
    undefined = by_measure["cl_dice"]
    assert (undefined.mean, undefined.low, undefined.n_frames) == (None, None, 0)


def test_the_ceiling_is_of_the_same_diagnosis() -> None:
    real = _frames([0.9, 0.7, 0.5], "ccd")
    rows = summarise(_frames([0.1, 0.2], "cd"), ["a", "b"], real, np.random.default_rng(0))
    recall = {(row.scope, row.diagnosis): row.ceiling for row in rows if row.measure == "length_recall"}
    assert recall["diagnosis", "Control"] == pytest.approx(0.8)
    assert recall["diagnosis", "T1DPN"] == pytest.approx(0.5)
    assert recall["mean over diagnoses", None] == pytest.approx(0.65)
    assert recall["pooled", None] == pytest.approx(0.7)


def test_one_cluster_has_no_interval_and_seeds_repeat() -> None:
    frames = _frames([0.1, 0.3], "cc")
    row = summarise(frames, ["a", "a"], None, np.random.default_rng(0))[0]
    assert (row.mean, row.low, row.high, row.n_units) == (pytest.approx(0.2), None, None, 1)
    three = _frames([0.1, 0.3, 0.7], "ccd")
    twice = [summarise(three, list("abc"), None, np.random.default_rng(4)) for _ in range(2)]
    assert twice[0] == twice[1]
    with pytest.raises(ValueError, match="as many clusters"):
        summarise(frames, ["a"], None, np.random.default_rng(0))
