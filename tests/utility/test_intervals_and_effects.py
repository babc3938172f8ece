"""Intervals at their bounds, the rule of effects, and the noise of the published study."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from ccmeval.utility.corrected_t import CorrectedT
from ccmeval.utility.effects import Evidence, effect_of
from ccmeval.utility.intervals import RULE_OF_THREE, interval_of, share_interval
from ccmeval.utility.power import accuracy_standard_error, power_sentence, smallest_detectable
from ccmeval.utility.two_way import TwoWayError, unknown_error

STRONG, WEAK = CorrectedT(5.0, 9.0, 0.0007, 0.01), CorrectedT(1.2, 2.0, 0.35, 0.04)
NAN = float("nan")


@pytest.mark.parametrize("n", [2, 8, 64])
def test_all_right_is_clopper_and_pearsons(n):
    nothing = TwoWayError(0.0, 0.0, n - 1.0, 2.0)
    expected = proportion_confint(n, n, method="beta")
    found = interval_of(1.0, nothing, n, 0.95, (0.0, 1.0))
    assert (found.low, found.high) == pytest.approx(expected)
    found = interval_of(0.0, nothing, n, 0.95, (0.0, 1.0))
    assert (found.low, found.high) == pytest.approx(proportion_confint(0, n, method="beta"))


def test_a_share_stays_a_share_and_a_length_does_not():
    wide = TwoWayError(0.04, 0.01, 10.0, 2.0)
    found = interval_of(0.9, wide, 11, 0.95, (0.0, 1.0))
    assert found.high == 1.0
    assert found.low > 0
    assert interval_of(0.9, wide, 11, 0.95, None).high > 1.2


@given(st.floats(0.01, 0.99), st.integers(5, 400))
def test_a_binomial_error_gives_clopper_and_pearsons_share(share, n):
    error = TwoWayError(share * (1 - share) / n, 0.0, 1e12, 2.0)
    found = share_interval(share, error, 3, 0.95)
    assert (found.low, found.high) == pytest.approx(proportion_confint(share * n, n, method="beta"), abs=1e-6)


def test_a_small_error_of_a_share_gives_students_interval():
    """Far from the bounds both are one."""
    error = TwoWayError(3e-6, 1e-6, 30.0, 4.0)
    one, other = share_interval(0.45, error, 60, 0.95), interval_of(0.45, error, 60, 0.95, None)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-4)


def test_shares_of_which_nothing_is_known():
    nothing = TwoWayError(0.0, 0.0, 9.0, 2.0)
    assert share_interval(1.0, nothing, 10, 0.95).method == RULE_OF_THREE
    assert np.isnan(share_interval(0.5, unknown_error(), 1, 0.95).low)
    wide = share_interval(0.95, TwoWayError(0.04, 0.01, 10.0, 2.0), 8, 0.95)
    assert 0.0 <= wide.low < 0.95 < wide.high <= 1.0


def test_reasons_where_there_is_no_interval():
    nothing = TwoWayError(0.0, 0.0, 9.0, 2.0)
    for value, error, word in (
        (NAN, nothing, "undefined"),
        (0.5, unknown_error(), "One"),
        (3.0, nothing, "same"),
    ):
        found = interval_of(value, error, 10, 0.95, None)
        assert np.isnan([found.low, found.high]).all()
        assert word in found.reason


@pytest.mark.parametrize(
    ("evidence", "effect"),
    [
        (Evidence(0.01, 0.20, "higher", STRONG, margin=0.05), "helps"),
        (Evidence(0.01, 0.04, "higher", STRONG, margin=0.05), "helps"),
        (Evidence(0.01, 0.20, "higher", WEAK, margin=0.05), "inconclusive"),
        (Evidence(0.01, 0.20, "higher", CorrectedT(-5.0, 9.0, 0.0007), margin=0.05), "inconclusive"),
        (Evidence(0.01, 0.20, "higher", CorrectedT(NAN, 2.0, NAN), margin=0.05), "helps"),
        (Evidence(0.01, 0.20, "higher", CorrectedT(NAN, NAN, NAN), margin=0.05), "inconclusive"),
        (Evidence(-0.20, -0.01, "higher", WEAK, margin=0.05), "harms"),
        (Evidence(0.01, 0.20, "lower", WEAK, margin=0.05), "harms"),
        (Evidence(-0.20, -0.01, "lower", CorrectedT(-5.0, 9.0, 0.0007), margin=0.05), "helps"),
        (Evidence(-0.20, -0.01, "lower", STRONG, margin=0.05), "inconclusive"),
        (Evidence(-0.05, 0.05, "higher", WEAK, margin=0.05), "no detectable effect"),
        (Evidence(-0.02, 0.06, "higher", WEAK, margin=0.05), "inconclusive"),
        (Evidence(-0.02, 0.02, "higher", WEAK), "inconclusive"),
        (Evidence(0.01, 0.20, "higher", STRONG, several_models=False), "inconclusive"),
        (Evidence(0.01, 0.20, "neither", STRONG), "unavailable"),
        (Evidence(NAN, NAN, "higher", STRONG), "unavailable"),
    ],
)
def test_the_rule(evidence, effect):
    found, reason = effect_of(evidence)
    assert found == effect
    assert reason


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(-9, 9))
def test_lower_is_better_is_the_mirror_of_higher(low, width, t):
    p = 0.01 if abs(t) > 3 else 0.3
    one = Evidence(low, low + width, "higher", CorrectedT(t, 9.0, p), margin=0.1)
    other = Evidence(-low - width, -low, "lower", CorrectedT(-t, 9.0, p), margin=0.1)
    assert effect_of(one)[0] == effect_of(other)[0]


def test_the_published_gain_is_within_the_noise():
    """arXiv 2602.13693: 64 test subjects, accuracy about 0.7, gain of 2.1 points; the error is 5.7 points."""
    assert round(100 * accuracy_standard_error(0.7, 64), 1) == 5.7
    assert "5.7 points; a gain of 2.1 points is within the noise" in power_sentence(0.7, 64, 0.021)
    assert "not clearly" in power_sentence(0.7, 64, 0.08)
    assert "beyond the noise of" in power_sentence(0.7, 64, -0.2)
    assert power_sentence(0.5, 1).startswith("With 1 test subject and")
    assert smallest_detectable(1.0) == pytest.approx(2.80158, abs=1e-4)


@pytest.mark.parametrize(("accuracy", "n"), [(1.2, 5), (-0.1, 5), (0.5, 0)])
def test_mistakes(accuracy, n):
    with pytest.raises(ValueError, match=r"accuracy|subject"):
        accuracy_standard_error(accuracy, n)
