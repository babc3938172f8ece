"""Where the references of scores come from: group A of pillar 3, the segmenter's ceiling of pillar 2."""

from __future__ import annotations

import numpy as np
import pytest

from ccmeval.comparison.limits import limits_of
from ccmeval.comparison.scores_preservation import CEILING, RANKED_ADHERENCE, preservation_scores
from ccmeval.comparison.scores_utility import RANKED_METRICS, REAL_ALONE, score_key, utility_scores
from ccmeval.preservation.adherence_summary import summarise
from ccmeval.preservation.schema import AdherenceFrame, PreservationResult
from ccmeval.utility.schema import ScoreRow, UtilityResult


def row(group: str, value: float | None, level: str = "frame", diagnosis: str | None = None) -> ScoreRow:
    return ScoreRow(
        task="diagnosis", learner="biomarker", group=group, metric="accuracy", label="Accuracy", level=level,
        diagnosis=diagnosis, value=value, low=0.1, high=0.9, n_units=7,
    )  # type: ignore[arg-type]  # fmt: skip


def test_group_a_is_found_by_learner_metric_level_and_diagnosis():
    rows = [
        row("A", 0.5), row("A", 0.6, "subject"), row("A", 0.7, diagnosis="Control"),
        row("B", 0.8), row("B", 0.81, "subject"), row("B", 0.82, diagnosis="Control"),
        row("C", 0.4), row("C", 0.3, diagnosis="T1DPN"), row("A", None, diagnosis="T1DPN"),
    ]  # fmt: skip
    found = [value for _, value in utility_scores(UtilityResult(scores=rows))]
    told = [None if it.reference is None else it.reference.value for it in found]
    assert told == [None, None, None, 0.5, 0.6, 0.7, 0.5, None, None]
    first = found[3].reference
    assert (first.label, first.low, first.high, first.n_units) == (REAL_ALONE, 0.1, 0.9, 7)


def frames(values: list[float], diagnosis: str) -> list[AdherenceFrame]:
    return [
        AdherenceFrame(frame=f"{diagnosis}{i}", diagnosis=diagnosis, length_recall=value)
        for i, value in enumerate(values)
    ]


def test_the_ceiling_is_a_reference_with_an_interval_of_its_own():
    real = [*frames([0.9, 0.9, 0.7, 0.8], "a"), *frames([0.5] * 4, "b")]
    synth = [*frames([0.2, 0.4, 0.3], "a"), *frames([0.1, 0.2, 0.2], "b")]
    rows = summarise(
        synth, [str(i) for i in range(6)], real, np.random.default_rng(0),
        ceiling_clusters=["p", "p", "q", "r", "s", "t", "u", "v"],
    )  # fmt: skip
    found = {
        (it.scope, it.diagnosis): it.reference
        for definition, it in preservation_scores(PreservationResult(adherence=rows))
        if definition.key == "adherence:length_recall"
    }
    of_a, of_b, mean = found["diagnosis", "a"], found["diagnosis", "b"], found["mean over diagnoses", None]
    assert of_a.label == CEILING
    assert (of_a.value, of_a.n_units) == (pytest.approx(0.8), 3)  # clusters 0.9, 0.7, 0.8
    assert 0.6999 < of_a.low < 0.8 < of_a.high < 0.9001
    assert (of_b.value, of_b.low, of_b.high) == (0.5, 0.5, 0.5)
    assert mean.value == pytest.approx(0.65)
    assert 0.5999 < mean.low < 0.65 < mean.high < 0.7001
    assert mean.n_units == 7


def test_the_interval_of_the_ceiling_moves_no_other_number():
    synth = frames([0.2, 0.4, 0.3, 0.9], "a")
    alone, beside = (
        summarise(synth, list("wxyz"), real, np.random.default_rng(3))
        for real in (None, frames([0.9, 0.8], "a"))
    )
    assert [(it.mean, it.low, it.high) for it in alone] == [(it.mean, it.low, it.high) for it in beside]
    assert alone[0].ceiling_low is None


def test_without_masks_of_real_frames_there_is_none():
    rows = summarise(frames([0.2, 0.4], "a"), list("xy"), None, np.random.default_rng(0))
    found = preservation_scores(PreservationResult(adherence=rows))
    assert all(it.reference is None for _, it in found)


@pytest.mark.parametrize(("group", "metric", "level"), [
    (group, metric, level) for group in "BC" for metric in RANKED_METRICS for level in ("frame", "mean")
])  # fmt: skip
def test_every_ranked_score_of_learning_lies_between_0_and_1(group, metric, level):
    assert limits_of(score_key("diagnosis", "unet", group, metric, level)) == (0.0, 1.0)


@pytest.mark.parametrize("measure", RANKED_ADHERENCE)
def test_every_ranked_measure_of_adherence_lies_between_0_and_1(measure):
    assert limits_of(f"adherence:{measure}") == (0.0, 1.0)
