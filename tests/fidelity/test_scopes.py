"""Rows of a metric: pooled, by diagnosis, averaged once."""

import numpy as np
import pytest

from ccmeval.fidelity.distance_specs import distance_specs, features_name
from ccmeval.fidelity.frechet import frechet_distance
from ccmeval.fidelity.schema import Floor, MetricRow
from ccmeval.fidelity.scopes import (
    MetricSpec,
    ScopeSettings,
    floor_notes,
    is_above_floor,
    mean_over_diagnoses,
    scoped_rows,
)
from ccmeval.fidelity.vectors import FeatureSet, finite_rows

DIAGNOSES = ("Control", "T1DPN", "T1NoDPN")
SPECS = {it.metric: it for it in distance_specs()}


def drawn(at: float, frames: int = 60, seed: int = 0, prefix: str = "s", of: tuple[str, ...] = DIAGNOSES) -> FeatureSet:  # fmt: skip # noqa: E501
    rng = np.random.default_rng(seed)
    diagnoses = [of[i % len(of)] for i in range(frames)]
    shift = np.array([DIAGNOSES.index(it) for it in diagnoses], dtype=np.float64)[:, None]
    subjects = [f"{prefix}{i // (2 * len(of))}{it}" for i, it in enumerate(diagnoses)]
    names = [f"{prefix}{i}" for i in range(frames)]
    return FeatureSet(rng.normal(at, 1, (frames, 4)) + shift, names, subjects, diagnoses, True)


def test_the_mean_is_the_mean_of_its_rows() -> None:
    # The published error: 15.54 averaged over three diagnoses, then divided by three again.
    rows = [
        MetricRow(metric="frechet", label="FID", scope="diagnosis", diagnosis=name, value=value, n_real=10)
        for name, value in zip(DIAGNOSES, (12.31, 14.02, 20.29), strict=True)
    ]
    found = mean_over_diagnoses(rows)
    assert found.value == pytest.approx(15.54)
    assert (found.n_diagnoses, found.scope, found.diagnosis, found.n_real) == (
        3, "mean over diagnoses", None, 30,
    )  # fmt: skip
    with pytest.raises(ValueError, match="one a diagnosis"):
        mean_over_diagnoses([*rows, found])
    with pytest.raises(ValueError, match="one a diagnosis"):
        mean_over_diagnoses([rows[0], rows[0]])
    with pytest.raises(ValueError, match="one a diagnosis"):
        mean_over_diagnoses([])


def test_rows_are_of_their_own_frames_only() -> None:
    real, synth = drawn(0), drawn(0.5, seed=1, prefix="t")
    rows = scoped_rows(SPECS["frechet"], real, synth, rng=np.random.default_rng(0))
    assert [(row.scope, row.diagnosis) for row in rows] == [
        ("pooled", None), *(("diagnosis", it) for it in DIAGNOSES), ("mean over diagnoses", None),
    ]  # fmt: skip
    for row in rows[1:4]:
        expected = frechet_distance(*(it.of_diagnosis(row.diagnosis).values for it in (real, synth)))
        assert row.value == pytest.approx(expected)
        assert (row.n_real, row.n_synth, row.n_real_clusters) == (20, 20, 10)
        assert row.low is not None
        assert row.high is not None
        assert 0 <= row.low < row.value < row.high
        assert row.floor is not None
    assert rows[0].value == pytest.approx(frechet_distance(real.values, synth.values))
    assert rows[4].value == pytest.approx(np.mean([row.value for row in rows[1:4]]))
    assert rows[4].n_diagnoses == 3


def test_the_means_interval_is_that_of_independent_estimates() -> None:
    rows = [
        MetricRow(
            metric="kid", label="KID", scope="diagnosis", diagnosis=name, value=v, low=v - w, high=v + w
        )
        for name, v, w in (("a", 1.0, 3.0), ("b", 3.0, 4.0))
    ]
    found = mean_over_diagnoses(rows)
    assert (found.low, found.high) == (2 - 2.5, 2 + 2.5)
    rows[0].low = None
    assert mean_over_diagnoses(rows).low is None


def test_a_diagnosis_in_one_set_is_undefined_and_so_is_the_mean() -> None:
    real, synth = drawn(0), drawn(0, prefix="t", of=("Control", "T1DPN"))
    rows = scoped_rows(SPECS["kid"], real, synth, rng=np.random.default_rng(0))
    missing, mean = rows[3], rows[4]
    assert (missing.diagnosis, missing.status, missing.value) == ("T1NoDPN", "undefined", None)
    assert missing.reason == "The synthetic set has no frame here, and this metric needs 2."
    assert (mean.status, mean.value) == ("undefined", None)
    assert "T1NoDPN" in mean.reason
    assert rows[1].status == "computed"


def test_without_diagnoses_there_is_one_row() -> None:
    real = drawn(0)
    bare = FeatureSet(real.values, real.frames, real.clusters, [None] * 60, True)
    assert len(scoped_rows(SPECS["cmmd"], bare, bare, rng=np.random.default_rng(0))) == 1


def test_one_frame_and_undefined_values_have_reasons() -> None:
    real = drawn(0)
    row = scoped_rows(SPECS["frechet"], real, real.take([0]), rng=np.random.default_rng(0))[0]
    assert row.reason == "The synthetic set has 1 frame here, and this metric needs 2."
    spec = MetricSpec("odd", str, lambda a, b: float("nan"))
    row = scoped_rows(spec, real, real, rng=np.random.default_rng(0))[0]
    assert (row.status, row.value, row.low) == ("undefined", None, None)
    assert row.reason


def test_no_interval_from_one_subject_but_a_reason() -> None:
    real = drawn(0)
    alone = FeatureSet(real.values, real.frames, ["s"] * 60, real.diagnoses, True)
    row = scoped_rows(SPECS["frechet"], alone, real, rng=np.random.default_rng(0))[0]
    assert (row.low, row.high) == (None, None)
    assert "one cluster" in row.interval_method
    assert row.floor is not None
    assert row.floor.unit == "frame"


@pytest.mark.parametrize("metric", ["frechet", "kid", "cmmd"])
def test_constant_duplicate_and_identical_sets_are_defined(metric: str) -> None:
    real = drawn(0)
    flat = FeatureSet(np.ones((60, 4)), real.frames, real.clusters, real.diagnoses, True)
    doubled = real.take(np.repeat(np.arange(30), 2))
    for synth in (flat, doubled, real):
        row = scoped_rows(SPECS[metric], real, synth, rng=np.random.default_rng(0))[0]
        assert row.status == "computed"
        assert row.value is not None
    assert scoped_rows(SPECS[metric], flat, flat, rng=np.random.default_rng(0))[0].value == pytest.approx(0)
    if metric != "kid":
        assert row.value == pytest.approx(0, abs=1e-9)


def test_a_set_of_other_real_frames_is_not_told_apart() -> None:
    rows = [
        scoped_rows(SPECS["frechet"], drawn(0, 120), drawn(at, 120, 1, "t"), rng=np.random.default_rng(0))[0]
        for at in (0, 2)
    ]
    assert [is_above_floor(row) for row in rows] == [False, True]
    assert "Not told apart from two halves of the real set at n = 60." in rows[0].notes
    assert rows[1].notes == []


@pytest.mark.parametrize(
    ("better", "matched", "above"),
    [("lower", 7, True), ("lower", 5, False), ("lower", 1, False), ("higher", 7, False), ("higher", 1, True),
     ("neither", 7, True), ("neither", 1, True), ("neither", 5, False), ("lower", None, None)],
)  # fmt: skip
def test_which_side_of_the_floor_is_worse(better: str, matched: float | None, above: bool | None) -> None:
    floor = Floor(n=9, splits=5, unit="frame", median=5, low=4, high=6, matched_median=matched)
    row = MetricRow(metric="m", label="M", better=better, value=1, floor=floor)  # type: ignore[arg-type]
    assert is_above_floor(row) is above
    assert is_above_floor(row.model_copy(update={"floor": None})) is None
    if (better, matched) == ("lower", 1):
        assert "copies" in floor_notes(row)[0]


def test_settings_switch_parts_off_and_name_the_features() -> None:
    wanted = ScopeSettings("alexnet", "FD-alexnet", confidence=0.9, intervals=False, floors=False)
    row = scoped_rows(
        SPECS["kid"], drawn(0), drawn(0, seed=1), rng=np.random.default_rng(0), settings=wanted
    )[0]
    assert (row.label, row.features, row.confidence) == ("KID-alexnet", "alexnet", 0.9)
    assert (row.low, row.floor) == (None, None)


def test_only_the_canonical_features_bear_the_papers_names() -> None:
    labels = [spec.label("FD-inception") for spec in distance_specs()]
    assert labels == ["FD-inception", "FD-infinity-inception", "KID-inception", "MMD-RBF-inception"]
    assert features_name("FD-timm:vit") == "timm:vit"


def test_notes_say_what_few_frames_and_extrapolation_mean() -> None:
    real, synth = drawn(0, 120), drawn(0, 120, 1, "t")
    row = scoped_rows(SPECS["frechet_infinity"], real, synth, rng=np.random.default_rng(0))[0]
    assert row.notes[0].startswith("An extrapolation from 60 to 120 frames")
    few = scoped_rows(SPECS["frechet"], real.take(range(4)), synth, rng=np.random.default_rng(0))[0]
    assert any("depends on the number of frames (4" in it for it in few.notes)
    by_diagnosis = scoped_rows(SPECS["frechet_infinity"], real, synth, rng=np.random.default_rng(0))[1]
    assert by_diagnosis.reason.endswith("this metric needs 100.")


def test_held_out_frames_make_the_floor() -> None:
    held = drawn(0, 60, 5, "h")
    row = scoped_rows(SPECS["kid"], drawn(0), drawn(0, seed=1), rng=np.random.default_rng(0), held_out=held)[
        0
    ]
    assert row.floor is not None
    assert row.floor.source == "held-out frames"


def test_frames_with_broken_features_are_dropped_by_name() -> None:
    real = drawn(0)
    real.values[[3, 5], 0] = np.nan, np.inf
    kept, dropped = finite_rows(real)
    assert dropped == ["s3", "s5"]
    assert len(kept) == len(kept.clusters) == 58
    assert np.isfinite(kept.values).all()


def test_same_seed_same_rows() -> None:
    real, synth = drawn(0), drawn(0.3, seed=1, prefix="t")
    found = [scoped_rows(SPECS["frechet"], real, synth, rng=np.random.default_rng(9)) for _ in range(2)]
    assert found[0] == found[1]
