"""Scoring by summaries gives the numbers that scoring by frames gives, where it gives any."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.evaluation.sets import hash_of
from ccmeval.preservation.comparison import compare
from ccmeval.preservation.frames import Frames
from ccmeval.preservation.gradient import gradients
from ccmeval.preservation.settings import KNOWN_ORDER, PreservationSettings
from ccmeval.preservation.structure import correlation_structure
from ccmeval.reference.cells import minimum_of
from ccmeval.reference.gradient import gradients_reference
from ccmeval.reference.preservation import compare_reference, compare_structure
from ccmeval.reference.schema import Cell, ReferenceBundle, ReferenceScale, ReferenceSet
from ccmeval.reference.statistics import LogSpread, Sample, gap_ratio, hedges, spread_ratio, welch
from ccmeval.reference.summaries import (
    columns_telling_of_few,
    summarise_biomarkers,
    summarise_correlations,
    summarise_trends,
)
from ccmeval.statistics import hedges_g

CNFL, CNFD, WIDTH = "cnfl_mm_per_mm2", "cnfd_per_mm2", "mean_width_um"
QUICK = PreservationSettings(resamples=199, permutations=99, structure_resamples=99, structure_splits=5)
SAME = (
    "mean_real", "sd_real", "mean_synth", "sd_synth", "sd_real_frames", "sd_synth_frames", "difference",
    "hedges_g", "sd_ratio", "welch_p", "welch_p_holm", "margin", "tost_p", "equivalence_low",
    "equivalence_high", "n_real_units", "n_synth_units", "n_real_frames", "n_synth_frames",
    "n_real_undefined", "n_synth_undefined", "verdict", "family", "scope",
)  # fmt: skip


def cohort(seed: int, means: dict[str, float], tag: str, *, subjects: int = 24, frames: int = 3) -> Frames:
    rng = np.random.default_rng(seed)
    names, diagnoses, blocks = [], [], []
    for diagnosis, mean in means.items():
        names += [f"{tag}-{diagnosis}-{i}" for i in range(subjects) for _ in range(frames)]
        diagnoses += [diagnosis] * (subjects * frames)
        level = np.repeat(rng.normal(0, 2, (subjects, 3)), frames, axis=0)
        blocks.append(mean + level + rng.gamma(2, 1, level.shape))
    table = np.concatenate(blocks)
    values = {column: table[:, i].copy() for i, column in enumerate((CNFL, CNFD, WIDTH))}
    values[WIDTH][:: 3 * frames] = np.nan
    return Frames([f"{tag}{i}" for i in range(len(names))], names, diagnoses, values, by_subject=True)


def bundle_of(frames: Frames, settings: PreservationSettings = QUICK) -> ReferenceBundle:
    minimum, rng = minimum_of(frames.by_subject, None), np.random.default_rng(0)
    cells = []
    for name in dict.fromkeys(frames.diagnoses):
        part = frames.of_diagnosis(name)
        cells.append(Cell(diagnosis=name, n_frames=len(part), n_units=part.n_units))
    order = [it for it in KNOWN_ORDER if it in frames.seen_diagnoses]
    summaries = summarise_biomarkers(frames, minimum)
    return ReferenceBundle(
        created="", versions={}, disclosure=[], minimum=minimum,
        set=ReferenceSet(n_frames=len(frames), n_units=frames.n_units, by_subject=frames.by_subject,
                         cells=cells, sha256=hash_of(["a"])),
        scale=ReferenceScale(pixel_size_um=1.0, field_of_view_um=(400.0, 400.0)),
        segmenter="ridge 1", measurement={}, diagnosis_order=order, seed=0,
        biomarkers=summaries, trends=summarise_trends(frames, order, summaries, rng),
        correlation=summarise_correlations(frames, (CNFL, CNFD, WIDTH), summaries, 5, rng),
    )  # fmt: skip


REAL = {"Control": 20.0, "T1NoDPN": 15.0, "T1DPN": 10.0}


@pytest.fixture(scope="module")
def real() -> Frames:
    return cohort(1, REAL, "r")


@pytest.mark.parametrize("means", [REAL, {"Control": 20.3, "T1DPN": 14.0}])
def test_comparisons_are_those_of_frames(real: Frames, means: dict[str, float]) -> None:
    synth = cohort(2, means, "s", subjects=22)
    rng = np.random.default_rng(0)
    expected = {(it.biomarker, it.diagnosis): it for it in compare(real, synth, QUICK, rng)}
    found = compare_reference(synth, bundle_of(real), QUICK)
    assert len(found) == len(expected)
    for row in found:
        other = expected[row.biomarker, row.diagnosis]
        if row.biomarker not in (CNFL, CNFD, WIDTH):
            assert row.verdict == other.verdict == "undefined"
            continue
        for name in SAME:
            value, truth = getattr(row, name), getattr(other, name)
            if isinstance(truth, float):
                assert value == pytest.approx(truth, rel=1e-9), (row.label, row.diagnosis, name)
            else:
                assert value == truth, (row.label, row.diagnosis, name)
        assert row.reference == "reference bundle"
        assert row.ks is row.wasserstein is row.mann_whitney_p is None
        if row.n_synth_units:
            assert row.difference_low < row.difference < row.difference_high
            assert row.difference_high == pytest.approx(other.difference_high, abs=0.5)
            assert row.sd_ratio_low == pytest.approx(other.sd_ratio_low, rel=0.3)


def test_gradients_are_those_of_frames(real: Frames) -> None:
    synth = cohort(4, {"Control": 18.0, "T1NoDPN": 15.0, "T1DPN": 12.0}, "s")
    expected = {it.biomarker: it for it in gradients(real, synth, QUICK, np.random.default_rng(0))}
    found = gradients_reference(synth, bundle_of(real), QUICK, np.random.default_rng(0))
    assert [it.biomarker for it in found] == [CNFL, CNFD, WIDTH]
    for row in found:
        other = expected[row.biomarker]
        for name in ("difference_real", "difference_ratio", "effect_real", "effect_synth", "effect_ratio"):
            assert getattr(row, name) == pytest.approx(getattr(other, name), rel=1e-9), name
        for name in ("jonckheere_z_real", "jonckheere_p_real", "jonckheere_z_synth"):
            assert getattr(row, name) == pytest.approx(getattr(other, name), rel=1e-6), name
        for name in ("order", "direction", "order_kept", "verdict", "n_units_real", "n_units_synth"):
            assert getattr(row, name) == getattr(other, name), name
        assert row.difference_ratio_low == pytest.approx(other.difference_ratio_low, abs=0.05)
        assert row.difference_ratio_high == pytest.approx(other.difference_ratio_high, abs=0.05)


def test_gradient_along_some_diagnoses_and_in_another_order(real: Frames) -> None:
    synth = cohort(5, {"Control": 20.0, "T1DPN": 10.0}, "s")
    bundle = bundle_of(real)
    row = gradients_reference(synth, bundle, QUICK, np.random.default_rng(0))[0]
    other = gradients(real, synth, QUICK, np.random.default_rng(0))[0]
    assert row.order == ["Control", "T1DPN"]
    assert row.jonckheere_p_real == pytest.approx(other.jonckheere_p_real, rel=1e-6)
    turned = QUICK.model_copy(update={"diagnosis_order": ("T1DPN", "Control")})
    row = gradients_reference(synth, bundle, turned, np.random.default_rng(0))[0]
    assert row.verdict == "undefined"
    assert "no trend test" in row.reason


def test_correlations_are_those_of_frames(real: Frames) -> None:
    synth = cohort(6, REAL, "s")
    settings = QUICK.model_copy(update={"structure": (CNFL, CNFD, WIDTH)})
    expected = correlation_structure(real, synth, settings, np.random.default_rng(0))
    found = compare_structure(synth, bundle_of(real))
    assert found.real == expected.real
    assert found.synth == expected.synth
    assert found.mean_absolute_difference == pytest.approx(expected.mean_absolute_difference)
    assert found.floor_low < found.floor_median < found.floor_high
    assert found.matched_median is None


def test_a_biomarker_of_too_few_is_withheld_there_and_pooled(real: Frames) -> None:
    values = dict(real.biomarkers)
    values[WIDTH] = values[WIDTH].copy()
    control = np.array([d == "Control" for d in real.diagnoses])
    few = {f"r-Control-{i}" for i in range(3)}
    values[WIDTH][control & np.array([c not in few for c in real.clusters])] = np.nan
    frames = Frames(real.frames, real.clusters, real.diagnoses, values, by_subject=True)
    told = {(it.biomarker, it.diagnosis, it.scope) for it in bundle_of(frames).biomarkers}
    assert (WIDTH, "Control", "diagnosis") not in told
    assert (WIDTH, None, "pooled") not in told
    assert (WIDTH, "T1DPN", "diagnosis") in told
    assert (CNFL, None, "pooled") in told
    assert WIDTH not in bundle_of(frames).correlation.biomarkers
    row = next(
        it for it in compare_reference(real, bundle_of(frames), QUICK)
        if (it.biomarker, it.diagnosis) == (WIDTH, "Control")
    )  # fmt: skip
    assert row.verdict == "undefined"
    assert "too few subjects have it" in row.warning


def test_nothing_is_pooled_where_few_subjects_have_two_diagnoses(real: Frames) -> None:
    clusters = ["r-Control-0" if name == "r-T1DPN-0" else name for name in real.clusters]
    frames = Frames(real.frames, clusters, real.diagnoses, real.biomarkers, by_subject=True)
    assert not [it for it in summarise_biomarkers(frames, minimum_of(True, None)) if it.scope == "pooled"]


def test_quantiles_have_five_frames_between_them() -> None:
    for subjects, count in ((6, 0), (7, 3), (17, 9), (40, 19)):
        frames = cohort(0, {"Control": 10.0}, "r", subjects=subjects)
        found = summarise_biomarkers(frames, minimum_of(True, None))[0]
        assert len(found.quantiles) == count, subjects
    assert found.quantiles["0.5"] == pytest.approx(np.median(frames.values(CNFL)))


def test_the_subject_with_fewer_frames_could_be_worked_out(real: Frames) -> None:
    """The attack that the rule is for, and that the rule sees it."""
    frames = real.take(range(1, len(real)))
    part = frames.of_diagnosis("Control")
    found = next(it for it in summarise_biomarkers(frames, minimum_of(True, None)) if it.biomarker == CNFL)
    over_frames = part.values(CNFL).mean()
    worked_out = 3 * found.n_units * found.mean - len(part) * over_frames
    own = part.values(CNFL)[[c == "r-Control-0" for c in part.clusters]].mean()
    assert worked_out == pytest.approx(own)
    assert CNFL in columns_telling_of_few(frames, minimum_of(True, None))
    assert CNFL not in columns_telling_of_few(real, minimum_of(True, None))


def test_collapsed_and_empty_sides(real: Frames) -> None:
    bundle = bundle_of(real)
    still = cohort(3, REAL, "s")
    values = {name: np.full(len(still), 12.0) for name in still.biomarkers}
    flat = Frames(still.frames, still.clusters, still.diagnoses, values, by_subject=True)
    row = compare_reference(flat, bundle, QUICK)[0]
    assert row.sd_ratio == 0.0
    assert row.sd_ratio_low is None
    assert "collapsed" in row.warning
    one = still.take([0])
    row = compare_reference(one, bundle, QUICK)[0]
    assert row.verdict == "undefined"
    assert "no test is possible" in row.warning


def test_statistics_from_moments() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 9), rng.normal(1, 2, 14)
    one, other = (Sample(len(x), float(x.mean()), float(x.std(ddof=1))) for x in (a, b))
    found, truth = welch(one, other), stats.ttest_ind(b, a, equal_var=False)
    assert found.p() == pytest.approx(truth.pvalue)
    assert found.interval(0.95) == pytest.approx(tuple(truth.confidence_interval()))
    for name in ("value", "low", "high"):
        assert getattr(hedges(one, other, 0.95), name) == pytest.approx(getattr(hedges_g(a, b), name))
    nothing = Sample(0, float("nan"), float("nan"))
    assert np.isnan(welch(nothing, other).p())
    assert np.isnan(hedges(one, nothing, 0.95).value)
    assert np.isnan(gap_ratio((one, nothing), (one, other), 0.95).value)
    assert np.isnan(spread_ratio(LogSpread(0.0, 0.1, 9), LogSpread(1.0, 0.1, 9), 0.95).value)
    assert np.isnan(spread_ratio(LogSpread(1.0, 0.1, 4), LogSpread(1.0, 0.1, 9), 0.95).low)


def test_ratio_of_gaps_covers(record_property) -> None:
    rng, hits = np.random.default_rng(0), 0
    for _ in range(800):
        sides = []
        for first, last in ((20.0, 10.0), (18.0, 11.0)):
            parts = [rng.normal(mean, 4, 30) for mean in (first, last)]
            sides.append(tuple(Sample(30, float(x.mean()), float(x.std(ddof=1))) for x in parts))
        found = gap_ratio(sides[0], sides[1], 0.95)
        hits += found.low < 0.7 < found.high
    assert 0.93 < hits / 800 < 0.97
