"""The bootstrap over subjects against scipy's, and what clusters do to it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from ccmeval.statistics import bootstrap_mean_ci, cluster_bootstrap, cluster_means


@pytest.mark.parametrize(("method", "scipys"), [("bca", "BCa"), ("percentile", "percentile")])
def test_interval_is_scipys(method, scipys):
    values = np.random.default_rng(0).lognormal(0, 0.8, 40)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=60_000, method=scipys, rng=np.random.default_rng(1)
    ).confidence_interval
    found = bootstrap_mean_ci(values, rng=np.random.default_rng(2), resamples=60_000, method=method)
    # Two independent runs; the Monte Carlo error of a 2.5 % quantile is here about 0.003.
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.015)


def test_the_bias_of_a_skewed_sample_is_corrected_in_full():
    """The bootstrap's median lies below the mean; half the correction would lose 8 % at the lower end."""
    values = 2.0 ** np.arange(8)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=60_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    found = bootstrap_mean_ci(values, rng=np.random.default_rng(2), resamples=60_000)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.03)


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(12.0) ** 2
    first, second, other = (bootstrap_mean_ci(values, rng=np.random.default_rng(s)) for s in (3, 3, 4))
    assert first == second
    assert first.low != other.low


def test_chunks_do_not_change_the_interval(monkeypatch):
    values = np.arange(50.0)
    whole = bootstrap_mean_ci(values, rng=np.random.default_rng(0), resamples=500)
    monkeypatch.setattr("ccmeval.statistics.bootstrap._CHUNK", 700)
    assert bootstrap_mean_ci(values, rng=np.random.default_rng(0), resamples=500) == whole


def test_subjects_count_once_and_are_drawn_whole():
    values, subjects = [1.0, 1, 1, 1, 5, 9, 9], ["a"] * 4 + ["b"] + ["c"] * 2
    found = bootstrap_mean_ci(values, subjects, rng=np.random.default_rng(0))
    assert found == bootstrap_mean_ci([1.0, 5, 9], rng=np.random.default_rng(0))
    assert (found.value, found.n) == (5.0, 3)


def test_repeating_frames_narrows_nothing():
    """Ten copies of each subject's frame are no more evidence than one."""
    means = np.random.default_rng(1).normal(10, 3, 15)
    once = bootstrap_mean_ci(means, rng=np.random.default_rng(0))
    repeated = bootstrap_mean_ci(
        np.repeat(means, 10), np.repeat(np.arange(15), 10), rng=np.random.default_rng(0)
    )
    assert repeated.high - repeated.low == pytest.approx(once.high - once.low, rel=0.05)


def test_interval_covers_what_it_says():
    rng = np.random.default_rng(8)
    hits = sum(
        (found := bootstrap_mean_ci(rng.exponential(1, 40), rng=rng, resamples=999)).low < 1 < found.high
        for _ in range(400)
    )
    assert 0.9 < hits / 400 < 0.98


def test_edges():
    rng = np.random.default_rng(0)
    assert np.isnan(bootstrap_mean_ci([], rng=rng).value)
    assert np.isnan(bootstrap_mean_ci([2.0], rng=rng).low)
    constant = bootstrap_mean_ci([0.1] * 7, rng=rng)
    assert constant.low == constant.high == pytest.approx(0.1)
    assert bootstrap_mean_ci([1, float("nan"), 3], rng=rng).n == 2
    with pytest.raises(ValueError, match="resample"):
        bootstrap_mean_ci([1, 2], rng=rng, resamples=0)
    with pytest.raises(ValueError, match="equally many"):
        cluster_means([1, 2], ["a"])


def test_cluster_means_drop_gaps():
    assert cluster_means([1, float("nan"), 4], ["b", "b", "a"]).tolist() == [4, 1]
    assert cluster_means([float("nan")], ["a"]).size == 0


def test_cluster_bootstrap_draws_clusters():
    rows = np.arange(6)
    clusters = np.array(["a", "a", "b", "b", "b", "c"])
    seen = []
    cluster_bootstrap(lambda r: seen.append(r) or 0.0, clusters, rng=np.random.default_rng(0), resamples=40)
    for drawn in seen:
        counts = np.bincount(drawn, minlength=6)
        for name in "abc":
            assert len(set(counts[rows[clusters == name]])) == 1, "a subject was torn apart"
        assert counts[0] + counts[2] + counts[5] == 3


def test_cluster_bootstrap_variance_is_that_of_subjects():
    rng = np.random.default_rng(2)
    subjects = np.repeat(np.arange(30), 8)
    x = rng.normal(0, 1, 30)[subjects] + 0.2 * rng.normal(size=240)
    drawn = cluster_bootstrap(lambda r: x[r].mean(), subjects, rng=rng, resamples=1500)
    assert drawn.std() == pytest.approx(cluster_means(x, subjects).std() / np.sqrt(30), rel=0.1)


def test_a_thousand_subjects_take_less_than_two_seconds():
    start = time.perf_counter()
    bootstrap_mean_ci(np.arange(1000.0), rng=np.random.default_rng(0))
    assert time.perf_counter() - start < 2
