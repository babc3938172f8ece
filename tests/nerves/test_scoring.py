"""The score against answers worked by hand."""

import numpy as np
import pytest

from ccmeval.nerves.scoring import CentreLineScore, mean_score, score_centre_line


def blank():
    return np.zeros((20, 40), dtype=bool)


def test_identical_lines_score_one():
    trace = blank()
    trace[10] = True
    assert score_centre_line(trace, trace) == CentreLineScore(1.0, 0.0, 1.0)


@pytest.mark.parametrize(("offset", "agrees"), [(0, True), (3, True), (4, False)])
def test_tolerance_is_three_pixels_inclusive(offset, agrees):
    trace, found = blank(), blank()
    trace[10], found[10 + offset] = True, True
    assert score_centre_line(found, trace).f1 == (1.0 if agrees else 0.0)


def test_tolerance_is_euclidean():
    trace, found = blank(), blank()
    trace[10, 10] = True
    found[12, 12] = True  # sqrt(8) < 3
    assert score_centre_line(found, trace).sensitivity == 1.0
    found[:] = False
    found[13, 13] = True  # sqrt(18) > 3, though three rows and three columns away
    assert score_centre_line(found, trace).sensitivity == 0.0


def test_half_found_with_as_much_again_invented():
    trace, found = blank(), blank()
    trace[5] = True
    found[5, :20] = True  # covers 20 and, by the tolerance, 3 more of 40 pixels
    found[15, :20] = True
    score = score_centre_line(found, trace)
    assert score.sensitivity == pytest.approx(23 / 40)
    assert score.false_discovery == pytest.approx(0.5)
    assert score.f1 == pytest.approx(2 * (23 / 40) * 0.5 / (23 / 40 + 0.5))


def test_empty_input():
    line = blank()
    line[3] = True
    nothing_found = score_centre_line(blank(), line)
    assert nothing_found.sensitivity == 0.0
    assert np.isnan(nothing_found.false_discovery)
    assert nothing_found.f1 == 0.0
    nothing_traced = score_centre_line(line, blank())
    assert np.isnan(nothing_traced.sensitivity)
    assert (nothing_traced.false_discovery, nothing_traced.f1) == (1.0, 0.0)
    assert np.isnan(score_centre_line(blank(), blank()).f1)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="share one shape"):
        score_centre_line(blank(), blank()[1:])


def test_mean_leaves_undefined_out():
    nan = float("nan")
    mean = mean_score([CentreLineScore(0.8, nan, 0.0), CentreLineScore(0.6, 0.2, 0.5)])
    assert (mean.sensitivity, mean.false_discovery, mean.f1) == pytest.approx((0.7, 0.2, 0.25))
    assert np.isnan(mean_score([]).f1)
