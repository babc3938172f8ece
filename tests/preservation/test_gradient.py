"""The disease gradient: planted losses, ratios by hand, the rule of the verdict."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.preservation.frames import Frames
from ccmeval.preservation.gradient import gradients, order_kept
from ccmeval.preservation.gradient_verdict import Evidence, gradient_verdict
from ccmeval.preservation.ratio import gap, ratio_interval, standardised_gap
from ccmeval.preservation.resampling import draw_weights
from ccmeval.preservation.schema import GradientRow
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.statistics.effects import hedges_g
from ccmeval.statistics.estimate import Estimate
from tests.preservation.cohorts import CNFL, MEANS, QUICK, cohort


def row_of(real: Frames, synth: Frames, settings: PreservationSettings = QUICK) -> GradientRow:
    rows = gradients(real, synth, settings, np.random.default_rng(0))
    return next(row for row in rows if row.biomarker == CNFL)


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ((20.0, 15.0, 10.0), "kept"),
        ((15.0, 15.0, 15.0), "lost"),
        ((10.0, 15.0, 20.0), "reversed"),
        ((17.5, 15.0, 13.2), "weakened"),
        ((30.0, 15.0, 0.0), "exaggerated"),
        ((20.0, 8.0, 10.0), "inconclusive"),
    ],
)
def test_planted_gradients(means, said):
    synth = cohort(2, dict(zip(MEANS, means, strict=True)), subjects=40, tag="s")
    row = row_of(cohort(1, subjects=40), synth)
    assert row.verdict == said, row.reason
    assert row.direction == "falls"
    assert row.order == ["Control", "T1NoDPN", "T1DPN"]


def test_numbers_are_those_by_hand():
    real, synth = cohort(1), cohort(2, tag="s")
    row = row_of(real, synth)
    ends = [
        [real.of_diagnosis(d).values(CNFL).reshape(-1, 3).mean(axis=1) for d in ("Control", "T1DPN")],
        [synth.of_diagnosis(d).values(CNFL).reshape(-1, 3).mean(axis=1) for d in ("Control", "T1DPN")],
    ]
    differences = [late.mean() - early.mean() for early, late in ends]
    effects = [hedges_g(early, late) for early, late in ends]
    assert row.difference_ratio == pytest.approx(differences[1] / differences[0])
    assert row.effect_ratio == pytest.approx(effects[1].value / effects[0].value)
    assert (row.effect_real, row.effect_real_low) == pytest.approx((effects[0].value, effects[0].low))
    assert row.n_units_real == [20, 20, 20]
    assert row.difference_ratio_low < row.difference_ratio < row.difference_ratio_high


def test_influence_gives_the_spread_of_resampling():
    rng = np.random.default_rng(4)
    means, stratum = np.append(rng.normal(0, 1, 60), rng.normal(2, 1.5, 60)), np.repeat([0, 1], 60)
    inside = np.ones(120, dtype=bool)
    weights = draw_weights(inside, ~inside, 2000, rng, stratum)
    for effect in (gap, standardised_gap):
        found = effect(means, stratum, 0, 1)
        error = found(np.ones((1, 120))).error(np.ones((1, 120)))[0]
        assert error == pytest.approx(found(weights.astype(float)).value.std(), rel=0.12)


def test_weakness_of_the_real_gradient_is_no_fault_of_the_synthetic():
    flat = dict.fromkeys(MEANS, 15.0)
    row = row_of(cohort(1, flat), cohort(2, tag="s"))
    assert row.verdict == "inconclusive"
    assert "real set itself" in row.reason
    assert row.difference_ratio_low is None


def test_collapse_moves_the_effect_ratio_and_not_the_difference():
    row = row_of(cohort(1, subjects=40), cohort(2, subjects=40, sd=1.0, tag="s"))
    assert row.difference_ratio == pytest.approx(1, abs=0.2)
    assert row.effect_ratio > 2
    assert row.verdict == "kept"


def test_shared_subjects_narrow_the_ratio():
    real = cohort(1)
    near = Frames(real.frames, real.clusters, real.diagnoses, {CNFL: real.values(CNFL) * 0.9 + 0.3}, True)
    apart = Frames(real.frames, [f"s{c}" for c in real.clusters], real.diagnoses, near.biomarkers, True)
    joint, alone = row_of(real, near), row_of(real, apart)
    widths = [row.difference_ratio_high - row.difference_ratio_low for row in (joint, alone)]
    assert widths[0] < 0.1 * widths[1]


def test_diagnoses_without_an_order_have_no_gradient():
    means = {"mild": 20.0, "severe": 10.0}
    real, synth = cohort(1, means), cohort(2, means, tag="s")
    assert gradients(real, synth, QUICK, np.random.default_rng(0)) == []
    row = row_of(real, synth, QUICK.model_copy(update={"diagnosis_order": ("mild", "severe")}))
    assert (row.order, row.verdict) == (["mild", "severe"], "kept")
    only = cohort(3, {"mild": 20.0}, tag="s")
    assert gradients(real, only, QUICK, np.random.default_rng(0)) == []


@pytest.mark.parametrize("subjects", [1, 2, 4])
def test_few_subjects_are_undefined(subjects):
    row = row_of(cohort(1, subjects=subjects), cohort(2, subjects=subjects, tag="s"))
    assert row.verdict == "undefined"
    assert "too few units" in row.reason
    GradientRow.model_validate_json(row.model_dump_json())


def test_constant_and_missing_values_raise_nothing():
    real = cohort(1)
    for values in (np.full(len(real), 7.0), np.full(len(real), np.nan)):
        odd = Frames(real.frames, [f"s{c}" for c in real.clusters], real.diagnoses, {CNFL: values}, True)
        assert row_of(odd, real).verdict in {"undefined", "inconclusive"}
        assert row_of(real, odd).verdict in {"undefined", "lost"}


@given(low=st.floats(-3, 3), width=st.floats(0.01, 4), kept=st.booleans())
def test_the_rule_is_exhaustive_and_never_calls_touching_kept(low, width, kept):
    high = low + width
    said, reason = gradient_verdict(Evidence(Estimate((low + high) / 2, low, high, 60), 0.001, kept))
    assert reason
    assert (said == "kept") == (low >= 0.5 and high <= 2 and kept)
    assert (said == "reversed") == (high < 0)
    if said == "lost":
        assert low <= 0 <= high < 0.5
    if said == "weakened":
        assert high < 1
    if said == "exaggerated":
        assert low > 1


def test_the_rule_without_evidence():
    nan = float("nan")
    assert gradient_verdict(Evidence(Estimate(nan, nan, nan, 0), 0.01, None))[0] == "undefined"
    assert gradient_verdict(Evidence(Estimate(1.0, nan, nan, 9), 0.01, True))[0] == "inconclusive"
    for p in (0.05, 0.6, nan):
        assert gradient_verdict(Evidence(Estimate(1.0, 0.9, 1.1, 9), p, True))[0] == "inconclusive"


def test_fieller_without_correlation_is_that_of_the_textbook():
    rng = np.random.default_rng(8)
    a, b = rng.normal(10, 2, 50), rng.normal(7, 2, 50)
    nan = np.full(50, np.nan)
    units = [np.concatenate([a, nan]), np.concatenate([nan, b])]
    zero = np.zeros(100, dtype=np.intp)
    # A "gap" from a stratum of exact zeros is the mean itself.
    stratum = np.repeat([0, 1], 100)
    effects = [gap(np.concatenate([zero, it]), stratum, 0, 1) for it in units]
    inside = [np.isfinite(np.concatenate([zero, it])) for it in units]
    weights = draw_weights(inside[0], inside[1], 4000, rng, np.repeat([0, 1], 100))
    found = ratio_interval(*effects, weights, confidence=0.95, n=100)
    t = 1.99
    va, vb = a.var(ddof=1) / 50, b.var(ddof=1) / 50
    g = t**2 * va / a.mean() ** 2
    half = t / a.mean() * np.sqrt(vb * (1 - g) + found.value**2 * va)
    expected = ((found.value - half) / (1 - g), (found.value + half) / (1 - g))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.01)


def test_order_is_that_of_every_pair():
    for real, synth in product([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]], repeat=2):
        assert order_kept(real, synth) == (real == synth)
    assert order_kept([1.0, None], [1.0, 2.0]) is None
