"""Floors: which frames meet which."""

import numpy as np
import pytest

from ccmeval.fidelity.floors import BY_FRAME, SAME_SUBJECTS, held_out_floor, matched_floor
from ccmeval.fidelity.frechet import frechet_distance, prepare_frechet
from ccmeval.fidelity.vectors import FeatureSet, Matrix


class Spy:
    """Records the frames on either side; a frame's only feature is its number."""

    def __init__(self) -> None:
        self.seen: list[tuple[list[int], list[int]]] = []

    def __call__(self, real: Matrix, synth: Matrix) -> float:
        self.seen.append(([int(x) for x in real[:, 0]], [int(x) for x in synth[:, 0]]))
        return abs(float(real.mean() - synth.mean()))


def numbered(start: int, clusters: list[str], diagnoses: list[str | None], by: bool = True) -> FeatureSet:
    numbers = range(start, start + len(clusters))
    values = np.array(numbers, dtype=np.float64)[:, None]
    return FeatureSet(values, [str(i) for i in numbers], clusters, diagnoses, by)


def cohort(start: int, subjects: int, frames: int, prefix: str = "s", by: bool = True) -> FeatureSet:
    clusters = [f"{prefix}{i // frames}" for i in range(subjects * frames)]
    diagnoses: list[str | None] = [("Control", "T1DPN")[int(it[1:]) % 2] for it in clusters]
    return numbered(start, clusters, diagnoses, by)


def test_halves_share_no_subject_and_have_one_mix() -> None:
    real, synth, spy = cohort(0, 12, 5), cohort(1000, 50, 1, "t"), Spy()
    floor = matched_floor(spy, real, synth, rng=np.random.default_rng(0), splits=20)
    assert (floor.n, floor.unit, floor.splits, floor.warning) == (30, "subject", 20, "")
    assert len(spy.seen) == 40
    for one, other in spy.seen[::2]:
        assert {real.clusters[i] for i in one}.isdisjoint(real.clusters[i] for i in other)
        assert [real.diagnoses[i] for i in one].count("Control") == 15
        assert len(one) == len(other) == 30
    for (one, _), (again, made) in zip(spy.seen[::2], spy.seen[1::2], strict=True):
        assert one == again
        assert len(set(made)) == 30
        assert min(made) >= 1000
        assert [synth.diagnoses[i - 1000] for i in made].count("Control") == 15
    assert len({tuple(one) for one, _ in spy.seen}) > 5


def test_few_synthetic_frames_bound_both_sides_and_keep_subjects_together() -> None:
    real, synth, spy = cohort(0, 12, 5), cohort(1000, 8, 5, "t"), Spy()
    floor = matched_floor(spy, real, synth, rng=np.random.default_rng(0), splits=5, n=20)
    assert floor.n == 20
    for _, made in spy.seen[1::2]:
        assert len({synth.clusters[i - 1000] for i in made}) == 4
    for one, other in spy.seen[::2]:
        assert len(one) == len(other) == 20


def test_synthetic_frames_from_subjects_of_the_half_are_left_out() -> None:
    real, synth, spy = cohort(0, 12, 5), cohort(1000, 12, 5), Spy()
    floor = matched_floor(spy, real, synth, rng=np.random.default_rng(0), splits=10)
    assert floor.n == 30
    assert floor.warning == ""
    for one, made in spy.seen[1::2]:
        assert {real.clusters[i] for i in one}.isdisjoint(synth.clusters[i - 1000] for i in made)
    lone = synth.take([0, 1, 2])
    assert SAME_SUBJECTS in matched_floor(spy, real, lone, rng=np.random.default_rng(0)).warning


def test_without_subjects_frames_are_split_and_the_cost_is_said() -> None:
    real, synth = cohort(0, 20, 1, by=False), cohort(1000, 20, 1, "t")
    floor = matched_floor(Spy(), real, synth, rng=np.random.default_rng(0))
    assert (floor.n, floor.unit) == (10, "frame")
    assert floor.warning == BY_FRAME.format("no subjects are known")


def test_one_subject_a_diagnosis_is_split_by_frame() -> None:
    real, synth = cohort(0, 2, 20), cohort(1000, 2, 20, "t")
    floor = matched_floor(Spy(), real, synth, rng=np.random.default_rng(0))
    assert floor.unit == "frame"
    assert "no diagnosis has two subjects" in floor.warning


def test_one_diagnosis_of_one_subject_is_said() -> None:
    real, synth = cohort(0, 7, 4), cohort(1000, 7, 4, "t")
    alone = numbered(500, ["x"] * 4, ["T1NoDPN"] * 4)
    both = FeatureSet(
        np.vstack([real.values, alone.values]), [*real.frames, *alone.frames],
        [*real.clusters, *alone.clusters], [*real.diagnoses, *alone.diagnoses], True,
    )  # fmt: skip
    floor = matched_floor(Spy(), both, synth, rng=np.random.default_rng(0))
    assert floor.unit == "subject"
    assert floor.warning.startswith("Diagnosis T1NoDPN has one subject")


def test_too_few_frames_give_a_reason() -> None:
    real, synth = cohort(0, 4, 1), cohort(1000, 30, 1, "t")
    floor = matched_floor(frechet_distance, real, synth, rng=np.random.default_rng(0), minimum=5)
    assert (floor.median, floor.matched_median) == (None, None)
    assert floor.warning == "No floor: 2 frames on each side are left, and this metric needs 5."
    single = matched_floor(frechet_distance, real.take([0]), synth, rng=np.random.default_rng(0))
    assert single.median is None


def test_undefined_splits_are_left_out_or_told() -> None:
    real, synth = cohort(0, 12, 2), cohort(1000, 12, 2, "t")
    count = iter(range(1000))
    sometimes = matched_floor(
        lambda a, b: float("nan") if next(count) % 5 == 0 else 1.0, real, synth, rng=np.random.default_rng(0)
    )
    assert sometimes.median == sometimes.matched_median == 1
    never = matched_floor(lambda a, b: float("nan"), real, synth, rng=np.random.default_rng(0))
    assert never.median is None
    assert "undefined" in never.warning


def test_same_seed_same_floor_and_preparation_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    real, synth = (
        FeatureSet(rng.normal(size=(40, 60)), it.frames, it.clusters, it.diagnoses, True)
        for it in (cohort(0, 20, 2), cohort(1000, 20, 2, "t"))
    )
    floors = [
        matched_floor(frechet_distance, real, synth, rng=np.random.default_rng(3), prepare=prepare)
        for prepare in (None, None, prepare_frechet)
    ]
    assert floors[0] == floors[1]
    assert floors[0].median == pytest.approx(floors[2].median, rel=1e-9)
    assert floors[0].matched_high == pytest.approx(floors[2].matched_high, rel=1e-9)


def test_identical_distributions_lie_in_the_floor_and_far_ones_above() -> None:
    rng = np.random.default_rng(0)

    def drawn(start: int, at: float) -> FeatureSet:
        found = cohort(start, 30, 2, "st"[start > 0])
        return FeatureSet(rng.normal(at, 1, (60, 5)), found.frames, found.clusters, found.diagnoses, True)

    real = drawn(0, 0)
    alike, far = (
        matched_floor(frechet_distance, real, drawn(1000, at), rng=rng, prepare=prepare_frechet)
        for at in (0, 2)
    )
    assert alike.low < alike.matched_median < alike.high  # type: ignore[operator]
    assert far.matched_low > far.high  # type: ignore[operator]


def test_held_out_frames_are_the_other_side() -> None:
    real, held, synth, spy = cohort(0, 10, 4), cohort(500, 6, 4, "h"), cohort(1000, 20, 1, "t"), Spy()
    floor = held_out_floor(spy, real, held, synth, rng=np.random.default_rng(0), splits=6)
    assert (floor.source, floor.n, floor.unit, floor.warning) == ("held-out frames", 10, "subject", "")
    for (one, other), (again, made) in zip(spy.seen[::2], spy.seen[1::2], strict=True):
        assert one == again
        assert max(one) < 500 <= min(other) <= max(other) < 1000 <= min(made)
    overlapping = held_out_floor(Spy(), real, real, synth, rng=np.random.default_rng(0))
    assert "share subjects" in overlapping.warning
    unknown = held_out_floor(
        Spy(), cohort(0, 40, 1, by=False), held, synth, rng=np.random.default_rng(0)
    )  # fmt: skip
    assert unknown.unit == "frame"
    assert unknown.warning
