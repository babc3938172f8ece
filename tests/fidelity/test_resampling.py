"""Intervals over clusters."""

import numpy as np
import pytest

from ccmeval.fidelity import resampling
from ccmeval.fidelity.frechet import frechet_distance, frechet_influence, prepare_frechet
from ccmeval.fidelity.kernel import kid, kid_influence, prepare_kid
from ccmeval.fidelity.resampling import cluster_interval
from ccmeval.fidelity.vectors import FeatureSet, Matrix


def shift(real: Matrix, synth: Matrix) -> float:
    return float(synth[:, 0].mean() - real[:, 0].mean())


def drawn(
    rng: np.random.Generator,
    subjects: int,
    frames: int,
    dimension: int = 1,
    prefix: str = "s",
    by: bool = True,
) -> FeatureSet:
    names = [f"{prefix}{i // frames}" for i in range(subjects * frames)]
    own = np.repeat(rng.normal(size=(subjects, dimension)), frames, axis=0)
    values = own + rng.normal(size=own.shape)
    return FeatureSet(values, [str(i) for i in range(len(names))], names, [None] * len(names), by)


def test_of_a_difference_of_means_is_welchs_interval() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    real, synth = drawn(rng, 9, 1, prefix="r"), drawn(rng, 14, 1, prefix="s")
    found = cluster_interval(shift, real, synth, rng=rng)
    expected = stats.ttest_ind(synth.values[:, 0], real.values[:, 0], equal_var=False).confidence_interval()
    assert found[:2] == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.method == "delete-one-subject jackknife"


def test_with_frames_in_clusters_is_the_interval_of_the_subjects_means() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    real, synth = drawn(rng, 8, 5, prefix="r"), drawn(rng, 8, 5, prefix="s")
    means = [it.values.reshape(8, 5).mean(axis=1) for it in (real, synth)]
    expected = stats.ttest_ind(means[1], means[0], equal_var=False).confidence_interval()
    assert cluster_interval(shift, real, synth, rng=rng)[:2] == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("linear", [False, True])
def test_subjects_of_both_sets_are_left_out_together(linear: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    real = drawn(rng, 12, 1)
    synth = FeatureSet(
        real.values + rng.normal(1, 0.1, real.values.shape), real.frames, real.clusters, real.diagnoses, True
    )
    monkeypatch.setattr(resampling, "_LARGE", 0 if linear else 1000)

    def influence(one: Matrix, other: Matrix) -> tuple[np.ndarray, np.ndarray]:
        return one.mean() - one[:, 0], other[:, 0] - other.mean()

    found = cluster_interval(shift, real, synth, rng=rng, influence=influence)
    # Paired, as it should be: subjects' differences cancel.
    expected = stats.ttest_1samp((synth.values - real.values)[:, 0], 0).confidence_interval()
    assert found[:2] == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_equal_frame_names_are_no_pairs() -> None:
    rng = np.random.default_rng(0)
    real = drawn(rng, 12, 1, by=False)
    synth = FeatureSet(real.values + 1, real.frames, real.clusters, real.diagnoses, False)
    low, high, method = cluster_interval(shift, real, synth, rng=rng)
    assert high - low > 1
    assert "frame" in method


def test_many_clusters_are_left_out_in_groups() -> None:
    rng = np.random.default_rng(0)
    real, synth = drawn(rng, 300, 1, prefix="r"), drawn(rng, 300, 1, prefix="s")
    calls = []

    def counted(one: Matrix, other: Matrix) -> float:
        calls.append(1)
        return shift(one, other)

    found = cluster_interval(counted, real, synth, rng=rng, groups=20)
    assert len(calls) == 41
    assert found.method == "delete-a-group-of-subjects jackknife"
    expected = 1.96 * np.sqrt(2 * 2 / 300)
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.35)


def test_one_cluster_and_undefined_metrics_give_no_interval() -> None:
    rng = np.random.default_rng(0)
    one, many = drawn(rng, 1, 20), drawn(rng, 10, 2, prefix="t")
    assert np.isnan(cluster_interval(shift, one, many, rng=rng).low)
    assert "one cluster" in cluster_interval(shift, one, many, rng=rng).method
    found = cluster_interval(lambda a, b: float("nan"), many, many, rng=rng)
    assert np.isnan(found.low)
    assert found.method.startswith("none: ")


def test_a_constant_metric_has_no_width() -> None:
    found = drawn(np.random.default_rng(0), 5, 2)
    assert cluster_interval(lambda a, b: 2.0, found, found, rng=np.random.default_rng(0))[:2] == (2, 2)


@pytest.mark.parametrize(
    ("metric", "prepare", "influence"),
    [(frechet_distance, prepare_frechet, frechet_influence), (kid, prepare_kid, kid_influence)],
)
def test_ways_agree_and_cover(metric, prepare, influence, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Coverage of the expected value in 60 draws; `benchmarks/distance_intervals.py` has more."""
    rng = np.random.default_rng(0)

    def draw() -> tuple[FeatureSet, FeatureSet]:
        real, synth = drawn(rng, 20, 3, 6, "r"), drawn(rng, 20, 3, 6, "s")
        return real, FeatureSet(synth.values * 1.5, synth.frames, synth.clusters, synth.diagnoses, True)

    expected = np.mean([metric(*(it.values for it in draw())) for _ in range(400)])
    covered = []
    for i in range(60):
        real, synth = draw()
        found = cluster_interval(metric, real, synth, rng=rng, prepare=prepare)
        covered.append(found.low <= expected <= found.high)
        if i == 0:
            plain = cluster_interval(metric, real, synth, rng=rng)
            monkeypatch.setattr(resampling, "_LARGE", 0)
            linear = cluster_interval(metric, real, synth, rng=rng, influence=influence)
            monkeypatch.undo()
            assert plain[:2] == pytest.approx(found[:2], rel=1e-8)
            assert linear.method == "infinitesimal jackknife over subjects"
            assert linear.high - linear.low == pytest.approx(found.high - found.low, rel=0.25)
    assert np.mean(covered) > 0.85
