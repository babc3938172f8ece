"""Correlation structure and agreement of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ccmeval.preservation.correlations import Side, correlations
from ccmeval.preservation.frames import Frames
from ccmeval.preservation.pairs import pair_agreement
from ccmeval.preservation.structure import correlation_structure
from ccmeval.statistics import bland_altman, icc
from tests.preservation.cohorts import CNFL, QUICK, one_diagnosis

NAMES = ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2")
THREE = QUICK.model_copy(update={"structure": NAMES})


def correlated(seed: int, r: float, tag: str, subjects: int = 40, frames: int = 3) -> Frames:
    """Three biomarkers, each pair with correlation r, and diagnoses that shift all of them."""
    rng = np.random.default_rng(seed)
    n = subjects * frames
    covariance = np.full((3, 3), r) + (1 - r) * np.eye(3)
    diagnoses = ["Control" if i < n // 2 else "T1DPN" for i in range(n)]
    values = rng.multivariate_normal(np.zeros(3), covariance, n) + 10 * (np.arange(n) < n // 2)[:, None]
    clusters = [f"{tag}{i // frames}" for i in range(n)]
    return Frames(
        [f"{tag}{i}" for i in range(n)], clusters, diagnoses, dict(zip(NAMES, values.T, strict=True)), True
    )


def test_correlations_are_spearmans_within_diagnoses():
    rng = np.random.default_rng(0)
    values = rng.gamma(2, 1, (50, 3)).round(1)
    zeros = np.zeros(50, dtype=np.intp)
    found = correlations(Side(values, zeros, np.arange(50)))
    assert found == pytest.approx(stats.spearmanr(values).statistic)
    shifted = values + 100 * (np.arange(50) % 2)[:, None]
    both = correlations(Side(shifted, np.arange(50) % 2, np.arange(50)))
    assert abs(both[0, 1]) < 0.5 < correlations(Side(shifted, zeros, np.arange(50)))[0, 1]


def test_like_sets_stand_at_their_floor_and_unlike_ones_above():
    rng = np.random.default_rng(0)
    real = correlated(1, 0.6, "r")
    like = correlation_structure(real, correlated(2, 0.6, "s"), THREE, rng)
    unlike = correlation_structure(real, correlated(3, 0.0, "s"), THREE, rng)
    assert like.floor_low < like.matched_median < like.floor_high
    assert unlike.matched_median > unlike.floor_high
    assert unlike.low < unlike.mean_absolute_difference == pytest.approx(0.55, abs=0.15)
    assert like.floor_n == 60
    assert like.warning == ""


def test_halves_share_no_subject_with_matched_frames():
    real = correlated(1, 0.6, "r")
    found = correlation_structure(real, real, THREE, np.random.default_rng(0))
    assert found.mean_absolute_difference == 0
    assert found.matched_median == pytest.approx(found.floor_median, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_few_or_odd_frames_raise_nothing(count):
    values = np.arange(float(count))
    for real, synth in ((values, np.full(count, 2.0)), (values, np.full(count, np.nan))):
        a, b = one_diagnosis(real), one_diagnosis(synth, tag="s")
        found = correlation_structure(a, b, THREE, np.random.default_rng(0))
        assert found.mean_absolute_difference is None
        assert found.warning


def test_pairs_agree_with_the_plain_functions():
    rng = np.random.default_rng(0)
    a = rng.normal(18, 4, 30)
    b = a + rng.normal(1, 1, 30)
    row = pair_agreement(one_diagnosis(a), one_diagnosis(b), QUICK, rng)[0]
    peer, agreement = bland_altman(b, a), icc(np.stack([a, b], axis=1))
    assert (row.biomarker, row.n_pairs, row.n_units) == (CNFL, 30, 30)
    assert (row.bias, row.lower_limit, row.upper_limit) == pytest.approx((peer.bias, peer.lower, peer.upper))
    assert (row.icc, row.icc_low, row.icc_high) == pytest.approx(
        (agreement.value, agreement.low, agreement.high)
    )
    assert row.real == a.tolist()


def test_several_pairs_a_subject_widen_the_interval():
    rng = np.random.default_rng(0)
    level = np.repeat(rng.normal(18, 4, 10), 6)
    error = np.repeat(rng.normal(0, 2, 10), 6)
    a, b = level + rng.normal(0, 0.5, 60), level + error + rng.normal(0, 0.5, 60)
    names, clusters = [str(i) for i in range(60)], [str(i // 6) for i in range(60)]
    rows = [
        pair_agreement(*(Frames(names, c, [None] * 60, {CNFL: it}, True) for it in (a, b)), QUICK, rng)[0]
        for c in (clusters, names)
    ]
    assert (rows[0].n_pairs, rows[0].n_units) == (60, 10)
    assert rows[0].icc == rows[1].icc
    for low, high in (("bias_low", "bias_high"), ("icc_low", "icc_high")):
        widths = [getattr(row, high) - getattr(row, low) for row in rows]
        assert widths[0] > 1.3 * widths[1]


def test_pairs_with_undefined_members_are_left_out():
    row = pair_agreement(
        one_diagnosis(np.array([1.0, np.nan, 3.0])), one_diagnosis(np.array([2.0, 2.0, np.nan])), QUICK,
        np.random.default_rng(0),
    )[0]  # fmt: skip
    assert (row.n_pairs, row.bias, row.icc) == (1, None, None)
    with pytest.raises(ValueError, match="each side"):
        pair_agreement(
            one_diagnosis(np.zeros(2)), one_diagnosis(np.zeros(3)), QUICK, np.random.default_rng(0)
        )
