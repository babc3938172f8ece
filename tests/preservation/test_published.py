"""Published tables in place of real frames."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ccmeval.errors import CcmevalError
from ccmeval.morphometry.definitions import PRIMARY
from ccmeval.phantom.diagnoses import TARGETS
from ccmeval.preservation.against_published import compare_published
from ccmeval.preservation.frames import Frames
from ccmeval.preservation.gradient_published import gradients_published
from ccmeval.preservation.published import published_table
from tests.preservation.cohorts import CNFL, QUICK, cohort

NAME = "2602.13693"
MEANS = {name: target.cnfl_mm_per_mm2[0] for name, target in TARGETS.items()}


def test_table_and_phantom_tell_the_same():
    table = published_table("published:2602.13693")
    assert list(table.diagnoses) == list(TARGETS)
    for name, target in TARGETS.items():
        for column in PRIMARY:
            moments = table.diagnoses[name][column]
            assert (moments.mean, moments.sd) == getattr(target, column)


def test_unknown_table_is_told():
    with pytest.raises(CcmevalError, match=r"'9999\.1'; known: 2602\.13693"):
        compare_published(cohort(1), "9999.1", QUICK, np.random.default_rng(0))


def test_without_n_the_published_mean_is_exact():
    synth = cohort(1, MEANS, subjects=25, frames=1, sd=5.0)
    rows = compare_published(synth, NAME, QUICK, np.random.default_rng(0))
    assert [row.label for row in rows] == ["CNFL", "CNFD", "CNBD", "CNFW"] * 3
    values, row = synth.of_diagnosis("Control").values(CNFL), rows[0]
    peer = stats.ttest_1samp(values, 19.40)
    assert row.welch_p == pytest.approx(peer.pvalue)
    assert row.difference_in_published_sd == pytest.approx((values.mean() - 19.40) / 5.14)
    assert (row.sd_ratio, row.hedges_g) == (pytest.approx(values.std(ddof=1) / 5.14), None)
    one_sided = [
        stats.ttest_1samp(values, 19.40 - 2.57, alternative="greater").pvalue,
        stats.ttest_1samp(values, 19.40 + 2.57, alternative="less").pvalue,
    ]
    assert (row.margin, row.tost_p) == (pytest.approx(2.57), pytest.approx(max(one_sided)))
    assert row.difference_low < row.difference < row.difference_high
    assert "taken as exact" in row.warning
    assert row.reference == "published table"


def test_with_n_it_is_welch_from_moments():
    synth = cohort(1, MEANS, subjects=25, frames=1, sd=5.0)
    settings = QUICK.model_copy(update={"published_n": {"Control": 40}})
    row = compare_published(synth, NAME, settings, np.random.default_rng(0))[0]
    values = synth.of_diagnosis("Control").values(CNFL)
    peer = stats.ttest_ind_from_stats(values.mean(), values.std(ddof=1), 25, 19.40, 5.14, 40, equal_var=False)
    assert row.welch_p == pytest.approx(peer.pvalue)
    assert row.hedges_g is not None
    assert row.n_real_units == 40


def test_gradient_against_published_means():
    rng = np.random.default_rng(0)
    kept = gradients_published(cohort(1, MEANS, subjects=40, sd=5.0), NAME, QUICK, rng)[0]
    lost = gradients_published(cohort(1, dict.fromkeys(MEANS, 15.0), subjects=40, sd=5.0), NAME, QUICK, rng)[
        0
    ]
    assert (kept.verdict, lost.verdict) == ("kept", "lost")
    assert kept.difference_real == pytest.approx(9.76 - 19.40)
    assert kept.effect_real == pytest.approx((9.76 - 19.40) / np.sqrt((5.14**2 + 5.86**2) / 2))
    assert kept.effect_ratio == pytest.approx(1, abs=0.3)
    assert kept.jonckheere_p_real is None


@pytest.mark.parametrize("values", [[], [15.0], [15.0] * 8, [np.nan] * 8])
def test_odd_sets_raise_nothing(values):
    names = [str(i) for i in range(len(values))]
    half = len(values) // 2
    diagnoses = ["Control"] * half + ["T1DPN"] * (len(values) - half)
    synth = Frames(names, names, diagnoses, {CNFL: np.array(values, dtype=float)})
    rows = compare_published(synth, NAME, QUICK, np.random.default_rng(0))
    assert {row.verdict for row in rows} <= {"undefined"}
    gradients_published(synth, NAME, QUICK, np.random.default_rng(0))
