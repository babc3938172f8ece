"""Comparison of sets: peers, planted differences, collapse, families, hostile sets."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from ccmeval.evaluation.schema import SetFrame
from ccmeval.morphometry.definitions import COLUMNS, PRIMARY
from ccmeval.preservation.comparison import compare
from ccmeval.preservation.distances import ks_distance
from ccmeval.preservation.frames import Frames, align
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.statistics.tests_of_difference import holm
from tests.preservation.cohorts import CNFL, MEANS, QUICK, cohort, one_diagnosis

NAN = float("nan")


def rows_of(real: Frames, synth: Frames, settings: PreservationSettings = QUICK) -> list[BiomarkerComparison]:
    return compare(real, synth, settings, np.random.default_rng(0))


def row_of(real: Frames, synth: Frames, settings: PreservationSettings = QUICK) -> BiomarkerComparison:
    return next(row for row in rows_of(real, synth, settings) if row.biomarker == CNFL)


def test_independent_subjects_agree_with_peers():
    rng = np.random.default_rng(5)
    a, b = rng.normal(18, 3, 25), rng.gamma(9, 2, 32)
    row = row_of(one_diagnosis(a), one_diagnosis(b, tag="s"))
    assert row.mean_real == pytest.approx(a.mean())
    assert row.sd_synth == row.sd_synth_frames == pytest.approx(b.std(ddof=1))
    assert row.difference == pytest.approx(b.mean() - a.mean())
    assert row.welch_p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert row.mann_whitney_p == pytest.approx(stats.mannwhitneyu(a, b).pvalue)
    assert row.wasserstein == pytest.approx(stats.wasserstein_distance(a, b))
    assert row.ks == pytest.approx(stats.ks_2samp(a, b).statistic)
    margin = 0.5 * a.std(ddof=1)
    assert row.margin == pytest.approx(margin)
    fixed = row_of(
        one_diagnosis(a), one_diagnosis(b, tag="s"), QUICK.model_copy(update={"margins": {CNFL: margin}})
    )
    assert fixed.tost_p == pytest.approx(ttost_ind(b, a, -margin, margin, usevar="unequal")[0])
    assert row.sd_ratio == pytest.approx(b.std(ddof=1) / a.std(ddof=1))
    welch = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert (row.difference_low, row.difference_high) == pytest.approx((welch.low, welch.high), abs=0.5)


def test_frames_of_a_subject_count_once():
    real = Frames(
        list("abcd"), ["x", "x", "x", "y"], ["Control"] * 4, {CNFL: np.array([1.0, 2, 3, 10])}, True
    )
    row = row_of(real, one_diagnosis(np.arange(5.0), tag="s"))
    assert (row.n_real_frames, row.n_real_units, row.mean_real) == (4, 2, 6.0)


def test_shared_subjects_are_paired_and_strangers_are_not():
    rng = np.random.default_rng(0)
    a = rng.normal(18, 4, 30)
    b = a + rng.normal(0.5, 0.3, 30)
    row = row_of(one_diagnosis(a), one_diagnosis(b))
    assert row.n_shared_units == 30
    assert row.welch_p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert row.difference_high - row.difference_low < 0.5
    assert row.verdict == "both"
    by_frame = row_of(one_diagnosis(a, by_subject=False), one_diagnosis(b, by_subject=False))
    assert by_frame.n_shared_units == 0
    assert by_frame.welch_p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert "frames count as independent" in by_frame.warning


def test_no_significant_difference_is_not_equivalence():
    rng = np.random.default_rng(2)
    row = row_of(one_diagnosis(rng.normal(18, 4, 8)), one_diagnosis(rng.normal(18, 4, 8), tag="s"))
    assert row.welch_p > 0.05
    assert row.verdict == "inconclusive"
    assert "rough" in row.warning


def test_collapsed_set_with_the_right_mean_is_seen_by_its_spread():
    real = one_diagnosis(np.random.default_rng(1).normal(18, 4, 40))
    collapsed = np.random.default_rng(2).normal(real.values(CNFL).mean(), 0.5, 40)
    row = row_of(real, one_diagnosis(collapsed, tag="s"))
    assert row.welch_p > 0.05
    assert row.sd_ratio_high < 0.3
    assert row.ks_p <= 0.02


def test_ks_keeps_its_level_where_frames_a_subject_differ():
    rng = np.random.default_rng(6)
    units = align([str(i) for i in range(16)], [f"s{i // 8}" for i in range(128)], linked=False)
    p = []
    for _ in range(200):
        level = rng.normal(0, 1, 16)
        synth = np.repeat(level, 8) + rng.normal(0, 1, 128)
        p.append(ks_distance(rng.normal(0, 2**0.5, 16), synth, units, rng=rng, permutations=99)[1])
    assert np.mean(np.array(p) < 0.05) < 0.085


def test_swapping_sides_mirrors():
    a, b = cohort(1), cohort(2, {d: m + 1 for d, m in MEANS.items()}, tag="s")
    settings = QUICK.model_copy(update={"margins": {CNFL: 2.0}, "resamples": 999})
    for one, other in zip(rows_of(a, b, settings), rows_of(b, a, settings), strict=True):
        if one.biomarker != CNFL:
            continue
        assert one.difference == pytest.approx(-other.difference)
        assert one.welch_p == pytest.approx(other.welch_p)
        assert one.tost_p == pytest.approx(other.tost_p)
        assert one.sd_ratio == pytest.approx(1 / other.sd_ratio)
        assert one.hedges_g == pytest.approx(-other.hedges_g)
        assert one.difference_low == pytest.approx(-other.difference_high, abs=0.3)
        assert (one.ks, one.verdict) == (pytest.approx(other.ks), other.verdict)


def test_units_scale_and_the_rest_stays():
    a, b = cohort(1), cohort(2, tag="s")

    def scaled(it: Frames) -> Frames:
        return Frames(it.frames, it.clusters, it.diagnoses, {CNFL: 1000 * it.values(CNFL)}, True)

    one, other = row_of(a, b), row_of(scaled(a), scaled(b))
    for name in ("difference", "difference_low", "difference_high", "margin", "wasserstein", "sd_real"):
        assert getattr(other, name) == pytest.approx(1000 * getattr(one, name))
    for name in ("hedges_g", "sd_ratio", "sd_ratio_low", "ks", "ks_p", "welch_p", "tost_p", "verdict"):
        assert getattr(other, name) == pytest.approx(getattr(one, name))


def test_families_hold_all_diagnoses_at_once():
    columns = (*PRIMARY, "tortuosity")
    rows = rows_of(cohort(1, columns=columns), cohort(2, tag="s", columns=columns))
    assert len(rows) == 4 * len(COLUMNS)
    family = [r for r in rows if r.family == "primary" and r.scope == "diagnosis"]
    assert {r.holm_family_size for r in family} == {12}
    expected = holm([r.welch_p for r in family])
    assert [r.welch_p_holm for r in family] == pytest.approx(expected.tolist())
    exploratory = [r for r in rows if r.family == "exploratory" and r.scope == "diagnosis"]
    assert {r.holm_family_size for r in exploratory} == {3}
    assert {r.holm_family_size for r in rows if r.family == "primary" and r.scope == "pooled"} == {4}
    assert [r.diagnosis for r in family[::4]] == ["Control", "T1NoDPN", "T1DPN"]


def test_a_verdict_of_difference_rests_on_the_adjusted_p():
    means = {"Control": 0.0, "T1DPN": 0.0}
    real, synth = cohort(3, means, subjects=12), cohort(40, means, subjects=12, tag="s")
    for adjust in (True, False):
        settings = QUICK.model_copy(update={"adjust_difference": adjust})
        for row in rows_of(real, synth, settings):
            p = row.welch_p_holm if adjust else row.welch_p
            assert (row.verdict in {"different", "both"}) == (p is not None and p < 0.05)


def test_a_margin_in_the_unit_wins():
    settings = PreservationSettings(margins={"CNFL": 1.5}, resamples=99, permutations=99)
    row = row_of(cohort(1), cohort(2, tag="s"), settings)
    assert (row.margin, row.margin_source) == (1.5, "set beforehand, in the unit")


def test_frames_without_nerves_are_counted():
    values = np.where(np.arange(20) < 3, NAN, np.arange(20.0))
    row = row_of(one_diagnosis(values), one_diagnosis(np.arange(20.0), tag="s"))
    assert (row.n_real_undefined, row.n_real_units, row.n_real_frames) == (3, 17, 20)
    assert "Undefined in 3 real and 0 synthetic" in row.warning


def test_a_diagnosis_of_one_set_is_said_to_have_no_counterpart():
    real, synth = cohort(1), cohort(2, {"Control": 20.0}, tag="s")
    rows = [row for row in rows_of(real, synth) if row.biomarker == CNFL]
    assert [row.diagnosis for row in rows] == ["Control", "T1NoDPN", "T1DPN", None]
    assert rows[1].verdict == "undefined"
    assert "No synthetic frame" in rows[1].warning
    assert "mix of diagnoses differs" in rows[3].warning


@pytest.mark.parametrize(
    ("real", "synth", "said"),
    [
        ([], [], "No real frame"),
        ([5.0], [6.0], "no test is possible"),
        ([5.0] * 12, [5.0] * 12, "Nothing varies"),
        ([0.1] * 12, [0.3] * 12, "Nothing varies"),
        (np.arange(12.0), [5.0] * 12, "collapsed"),
        ([5.0] * 12, np.arange(12.0), "do not vary"),
        ([NAN] * 12, np.arange(12.0), "No real frame"),
        ([1.0, 2.0], [3.0, 4.0], "rough"),
        ([1.0, NAN, NAN], [3.0, 4.0, 5.0], "no test is possible"),
    ],
)
def test_hostile_values_have_a_defined_answer(real, synth, said):
    row = row_of(one_diagnosis(np.array(real)), one_diagnosis(np.array(synth), tag="s"))
    assert said in row.warning
    if said != "rough" and not (len(row.warning) and row.welch_p is not None):
        assert row.verdict == "undefined"
    BiomarkerComparison.model_validate_json(row.model_dump_json())


def test_a_set_against_itself():
    real = cohort(1)
    row = row_of(real, real)
    assert (row.difference, row.ks, row.wasserstein, row.sd_ratio) == (0, 0, 0, 1)
    assert (row.welch_p, row.verdict) == (1.0, "equivalent")
    assert "same amount" in row.warning


def test_a_shift_of_every_pair_is_known_without_error():
    values = np.random.default_rng(0).normal(18, 3, 12)
    for shift, said in ((0.2, "both"), (5.0, "different")):
        row = row_of(one_diagnosis(values), one_diagnosis(values + shift))
        assert (row.welch_p, row.difference_low) == (0.0, pytest.approx(shift))
        assert row.verdict == said


def test_same_seed_same_numbers():
    assert rows_of(cohort(1), cohort(2, tag="s")) == rows_of(cohort(1), cohort(2, tag="s"))


def test_rows_of_a_result_become_frames():
    rows = [
        SetFrame(frame="a", key="a", cluster="s1", diagnosis="Control", biomarkers={CNFL: 18.0}),
        SetFrame(frame="b", key="b", cluster="s1", biomarkers={CNFL: None, "cnfrd": float("inf")}),
    ]
    found = Frames.from_rows(rows, by_subject=True)
    assert found.n_units == 1
    assert np.array_equal(found.values(CNFL), [18.0, NAN], equal_nan=True)
    assert np.isnan(found.values("cnfrd")).all()
    assert found.seen_diagnoses == ["Control"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"margins": {"CNFX": 1.0}},
        {"margins": {"CNFL": 0.0}},
        {"margins": {"CNFL": 1.0, CNFL: 2.0}},
        {"gradient_band": (1.2, 2.0)},
        {"diagnosis_order": ("A", "A")},
        {"published_n": {"Control": 1}},
        {"alpha": 0.7},
        {"unknown": 1},
    ],
)
def test_settings_out_of_bounds(wrong):
    with pytest.raises(ValidationError):
        PreservationSettings(**wrong)
