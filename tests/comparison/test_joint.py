import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.comparison.joint import Joint, Part
from ccmeval.comparison.letters import letters_of
from ccmeval.comparison.placing import PlacingRule, place
from ccmeval.comparison.resampling import Side, joint_half_samples, joint_jackknife, linear_joint
from ccmeval.fidelity.frechet import frechet_distance, frechet_influence, prepare_frechet
from ccmeval.fidelity.resampling import cluster_interval
from ccmeval.fidelity.vectors import FeatureSet


def features(rng, n_subjects=20, frames=3, shift=0.0, prefix="s", by_subject=True):
    subject = np.repeat(np.arange(n_subjects), frames)
    values = rng.normal(size=(n_subjects, 4))[subject] + rng.normal(size=(subject.size, 4)) + shift
    names = [f"{prefix}{i}" for i in subject]
    frame_names = [f"{prefix}{i}-{j}" for j, i in enumerate(subject)]
    return FeatureSet(values, frame_names, names, ["Control"] * subject.size, by_subject)


def side(one):
    return Side(one.clusters, one.by_subject, one.diagnoses)


def evaluated(real, synth):
    both = prepare_frechet(np.vstack([real.values, synth.values]))
    return lambda rows, others: both(rows, others + len(real))


@pytest.mark.parametrize("prefix", ["s", "t"])
def test_one_set_has_the_interval_of_pillar_1(prefix):
    rng = np.random.default_rng(0)
    real, synth = features(rng), features(rng, shift=0.5, prefix=prefix)
    want = cluster_interval(frechet_distance, real, synth, rng=rng)
    joint = joint_jackknife([evaluated(real, synth)], [side(real), side(synth)], rng)
    assert joint.estimate(0).interval(0.95) == pytest.approx((want.low, want.high))


def test_many_clusters_go_in_groups():
    rng = np.random.default_rng(0)
    real, synth = features(rng, 120, 1), features(rng, 120, 1, shift=0.5, prefix="t")
    alone = joint_jackknife([evaluated(real, synth)], [side(real), side(synth)], rng, groups=1000)
    grouped = joint_jackknife([evaluated(real, synth)], [side(real), side(synth)], rng, groups=40)
    assert sum(len(part.deviations) for part in grouped.parts) == 80
    assert grouped.error(0) == pytest.approx(alone.error(0), rel=0.35)


def test_influence_agrees_with_leaving_out():
    rng = np.random.default_rng(1)
    real = features(rng, 60)
    sets = [features(rng, 60, shift=1.0), features(rng, 60, shift=1.2)]
    sides = [side(real), *map(side, sets)]
    left = joint_jackknife([evaluated(real, one) for one in sets], sides, rng, groups=1000)
    pairs = [frechet_influence(real.values, one.values) for one in sets]
    linear = linear_joint(left.values, [it[0] for it in pairs], [it[1] for it in pairs], sides)
    assert linear.error(0) == pytest.approx(left.error(0), rel=0.1)
    assert linear.contrast(0, 1).error == pytest.approx(left.contrast(0, 1).error, rel=0.1)


def test_difference_of_means_is_that_of_paired_subjects():
    rng = np.random.default_rng(2)
    subjects = [str(i) for i in range(15)]
    one, other = rng.normal(size=15), rng.normal(size=15)
    own = [one, other]
    joint = joint_jackknife(
        [lambda _, rows, values=values: float(values[rows].mean()) for values in own],
        [Side([]), Side(subjects, True), Side(subjects, True)],
        rng,
    )
    gap = one - other
    found = joint.contrast(0, 1)
    # The delete-one jackknife of a mean, of pairs: s / sqrt(n), with the factor's (n - 1) / n squared times
    # n / (n - 1) applied to changes that are 1 / (n - 1) of deviations.
    assert found.error == pytest.approx(gap.std(ddof=1) / np.sqrt(15))
    assert found.degrees == pytest.approx(14)


def test_sets_of_different_subjects_are_independent():
    rng = np.random.default_rng(3)
    own = [rng.normal(size=15), rng.normal(size=15)]
    joint = joint_jackknife(
        [lambda _, rows, values=values: float(values[rows].mean()) for values in own],
        [Side([]), Side([f"a{i}" for i in range(15)], True), Side([f"b{i}" for i in range(15)], True)],
        rng,
    )
    assert joint.contrast(0, 1).error == pytest.approx(np.hypot(joint.error(0), joint.error(1)))


def test_half_samples_of_a_mean_have_its_error():
    rng = np.random.default_rng(4)
    values = rng.normal(size=40)
    names = [str(i) for i in range(40)]
    (joint,) = joint_half_samples(
        lambda k, _, rows: np.array([values[rows].mean()]), [Side([]), Side(names, True)], rng, 2000
    )
    assert joint.error(0) == pytest.approx(values.std(ddof=1) / np.sqrt(40), rel=0.1)


def test_half_samples_take_the_same_subjects_of_all_sets():
    names = [str(i) for i in range(10)]
    (joint,) = joint_half_samples(
        lambda k, real, rows: np.array([float(rows.sum() - real.sum())]),
        [Side(names, True), Side(names, True), Side(names, True)],
        np.random.default_rng(0),
        50,
    )
    assert joint.error(0) == joint.contrast(0, 1).error == 0


def test_few_clusters_have_no_error_and_place_nothing():
    joint = joint_jackknife(
        [lambda _, rows: 1.0, lambda _, rows: 2.0],
        [Side([]), Side(["a"]), Side(["b"])],
        np.random.default_rng(0),
    )
    order = place(["x", "y"], joint, PlacingRule("lower"), np.random.default_rng(0))
    assert [it.rank for it in order.ranks] == [1, 1]
    assert order.pairs[0].reason == "too few clusters for a standard error"


def test_draws_have_the_covariance():
    rng = np.random.default_rng(5)
    part = Part(rng.normal(size=(50, 3)), 1 / 49, 200)
    drawn = Joint(np.array([1.0, 2.0, 3.0]), [part]).draws(40_000, rng)
    want = part.factor * part.deviations.T @ part.deviations
    assert np.cov(drawn.T) == pytest.approx(want, rel=0.1, abs=0.02)
    assert drawn.mean(axis=0) == pytest.approx([1, 2, 3], abs=0.02)


def order_of(values, error=1.0, **rule):
    count = len(values)
    rng = np.random.default_rng(0)
    deviations = rng.normal(size=(200, count))
    deviations *= error / np.sqrt(np.square(deviations).sum(axis=0))
    joint = Joint(np.asarray(values, dtype=float), [Part(deviations, 1.0, 199)])
    return place([str(i) for i in range(count)], joint, PlacingRule(**{"better": "lower", **rule}), rng)


def test_higher_is_better():
    assert [it.set for it in order_of([1, 10, 20], better="higher").ranks] == ["2", "1", "0"]


def test_floor_noise_and_sets_at_the_floor_place_nothing():
    assert order_of([0, 10]).pairs[0].placed == "first"
    assert order_of([0, 10], floor_noise=10.0).pairs[0].placed == "neither"
    assert order_of([0, 10], floor_noise=9.0).pairs[0].placed == "first"
    assert order_of([0, 10], at_floor=[True, True]).pairs[0].placed == "neither"
    assert order_of([0, 10], at_floor=[True, False]).pairs[0].placed == "first"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=2, max_size=7))
def test_orders_are_coherent(values):
    order = order_of(values)
    by_name = {it.set: it for it in order.ranks}
    for pair in order.pairs:
        first, second = by_name[pair.first], by_name[pair.second]
        shared = set(first.letters) & set(second.letters)
        assert bool(shared) == (pair.placed == "neither")
        assert (pair.p_holm < 0.05) == (not pair.adjusted_low <= 0 <= pair.adjusted_high)
        assert pair.placed != "second"  # pairs stand best value first
        assert pair.p_holm >= pair.p
        if pair.placed == "first":
            assert first.rank < second.rank or first.rank == 1
    for it in order.ranks:
        assert 1 <= it.low == it.rank <= it.high <= len(values)
    assert sum(it.probability_best for it in order.ranks) == pytest.approx(1)


def test_letters_by_hand():
    apart = np.zeros((4, 4), dtype=bool)
    for i, j in ((0, 2), (0, 3), (1, 3)):
        apart[i, j] = apart[j, i] = True
    assert letters_of(apart, [0, 1, 2, 3]) == ["a", "ab", "bc", "c"]
    assert letters_of(apart, [3, 2, 1, 0]) == ["c", "bc", "ab", "a"]
    assert letters_of(np.zeros((3, 3), dtype=bool), [0, 1, 2]) == ["a", "a", "a"]


def test_two_that_are_one_share_being_the_best():
    deviations = np.repeat(np.random.default_rng(0).normal(size=(200, 1)), 3, axis=1) / 20
    joint = Joint(np.array([1.0, 1.0, 9.0]), [Part(deviations, 1.0, 199)])
    order = place(["one", "same", "worse"], joint, PlacingRule("lower"), np.random.default_rng(0))
    found = {it.set: it.probability_best for it in order.ranks}
    assert found["one"] == pytest.approx(found["same"], abs=0.01)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["worse"] == 0.0
