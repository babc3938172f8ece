from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from ccmeval.fidelity.memorisation import authentic, authenticity, c_t, p_copied, rank_z
from ccmeval.fidelity.memorisation_rows import memorisation_rows
from ccmeval.fidelity.near_pairs import nearest_pairs, nearest_rows
from ccmeval.fidelity.vectors import FeatureSet


def test_authenticity_by_hand():
    train = [[0.0], [1.0], [5.0]]  # nearest other: 1, 1, 4
    synth = [[-0.5], [-2.0], [3.0], [2.5], [5.0], [9.5]]
    # nearest 0 at .5; 0 at 2; 1 at 2 (first of a tie with 5); 1 at 1.5; 5 at 0; 5 at 4.5
    assert authentic(synth, train).tolist() == [False, True, True, True, False, True]
    assert authenticity(synth, train) == pytest.approx(4 / 6)


def test_copies_are_not_authentic_even_of_repeated_frames():
    rng = np.random.default_rng(0)
    train = rng.normal(size=(30, 5)) + 1e4
    train[4] = train[9]
    assert authenticity(train, train) == 0.0
    assert authenticity(train + 1000, train) == 1.0


@given(st.integers(0, 10**6), st.integers(3, 40), st.integers(3, 40), st.integers(2, 30))
@settings(max_examples=50, deadline=None)
def test_z_is_that_of_scipy(seed, m, n, levels):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, levels, m), rng.integers(0, levels, n)
    z, share = rank_z(a, b)
    if len({*a, *b}) == 1:
        assert np.isnan(z)
        return
    peer = mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False)
    assert p_copied(z) == pytest.approx(peer.pvalue, rel=1e-9)
    assert z == pytest.approx(norm.ppf(peer.pvalue), abs=1e-6) or abs(z) > 6
    assert 1 - share == pytest.approx(peer.statistic / (m * n))


def test_c_t_tells_copies_from_independent_and_from_far_frames():
    rng = np.random.default_rng(1)
    train, held_out, synth = (rng.normal(size=(300, 3)) for _ in range(3))
    copies = train + 0.01 * rng.normal(size=train.shape)
    for cells in (1, 4):
        assert c_t(copies, train, held_out, cells=cells, rng=rng).z < -5
        assert abs(c_t(synth, train, held_out, cells=cells, rng=rng).z) < 3
        assert c_t(synth * 3, train, held_out, cells=cells, rng=rng).z > (5 if cells == 1 else 3)


def test_cells_see_copies_that_the_whole_space_hides():
    rng = np.random.default_rng(2)
    centre = np.array([[0.0, 0], [50, 0]])
    train, held_out = (np.concatenate([rng.normal(size=(150, 2)) + c for c in centre]) for _ in range(2))
    # One mode is copied, the other is spread too wide: over all, the two cancel.
    synth = np.concatenate([train[:150] + 1e-3, rng.normal(size=(150, 2)) * 2.5 + centre[1]])
    from ccmeval.fidelity.memorisation import copying, in_cells

    found = copying(in_cells(synth[:150], train, centre), in_cells(held_out, train, centre))
    assert (found.cells, found.z < -10) == (1, True)
    with pytest.raises(ValueError, match="generator"):
        c_t(synth, train, held_out, cells=2)


def feature_set(values, prefix, by_subject=True):
    n = len(values)
    clusters = [f"{prefix}{i // 3}" if by_subject else f"{i}" for i in range(n)]
    return FeatureSet(values, [f"{i}" for i in range(n)], clusters, [None] * n, by_subject)


def rows_of(train, synth, held_out, **options):
    found = memorisation_rows(
        train, synth, held_out, "radiomic", rng=np.random.default_rng(0), splits=10, resamples=80, **options
    )
    return {row.metric: row for row in found}


def test_rows_of_copies_and_of_independent_frames():
    rng = np.random.default_rng(3)
    train, held, free = (feature_set(rng.normal(size=(90, 4)), p) for p in "abc")
    copies = feature_set(train.values + 0.02 * rng.normal(size=(90, 4)), "d")
    bad, good = rows_of(train, copies, held), rows_of(train, free, held)
    assert bad["nearest_distance_ratio"].high < 0.2
    assert good["nearest_distance_ratio"].low < 1 < good["nearest_distance_ratio"].high
    assert bad["authenticity"].value < bad["authenticity"].floor.low
    assert good["authenticity"].floor.low <= good["authenticity"].value <= 1
    assert bad["c_t"].high < -5 < -3 < good["c_t"].value
    assert bad["c_t_cells"].value < -3
    assert bad["c_t_cells"].low < bad["c_t_cells"].value


def test_rows_without_held_out_frames():
    rng = np.random.default_rng(4)
    found = rows_of(*(feature_set(rng.normal(size=(60, 4)), p) for p in "ab"), None)
    assert {found[name].status for name in ("c_t", "c_t_cells")} == {"unavailable"}
    assert "--held-out" in found["c_t"].reason
    assert any("another subject" in note for note in found["nearest_distance_ratio"].notes)
    assert found["nearest_distance_ratio"].value == pytest.approx(1, abs=0.3)
    bare = rows_of(*(feature_set(rng.normal(size=(60, 4)), p, by_subject=False) for p in "ab"), None)
    assert any("same eye" in note for note in bare["nearest_distance_ratio"].notes)


def test_bad_inputs_give_reasons():
    rng = np.random.default_rng(5)
    train = feature_set(rng.normal(size=(30, 3)), "a")
    same = rows_of(train, train, train)
    assert same["nearest_distance_ratio"].status == "undefined"
    assert same["c_t"].status == "undefined", "all distances are 0"
    assert same["authenticity"].value == 0
    assert same["c_t_cells"].status == "undefined"
    for synth in (train.take([]), train):
        for held in (None, train.take([])):
            found = rows_of(train, synth, held)
            assert all(row.reason for row in found.values() if row.status != "computed")
    broken = train.values.copy()
    broken[2] = np.nan
    assert rows_of(train, feature_set(broken, "b"), None)["authenticity"].status == "undefined"
    assert rows_of(train.take([0]), train, None)["authenticity"].status == "undefined"


def test_nearest_pairs_by_features():
    rng = np.random.default_rng(6)
    real = feature_set(rng.normal(size=(30, 3)), "a")
    values = real.values[[4, 7, 9]] + np.array([[0.1], [0.0], [np.nan]])
    synth = FeatureSet(values, ["x", "y", "z"], ["x", "y", "z"], [None] * 3)
    found = nearest_pairs(real, synth, "radiomic")
    assert [(pair.synth, pair.real) for pair in found] == [("y", "7"), ("x", "4")]
    assert found[0].value == 0
    assert nearest_pairs(real.take([]), synth, "radiomic") == []
    assert nearest_rows(real.values, real.values[:5], 1) == [[0], [1], [2], [3], [4]]
