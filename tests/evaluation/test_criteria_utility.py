"""What the effects of pillar 3 come to as verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from ccmeval.evaluation.criteria_utility import utility_criteria
from ccmeval.evaluation.settings import CriteriaSettings
from ccmeval.evaluation.verdicts import pillar_verdicts
from ccmeval.utility.schema import DifferenceRow, TaskVerdict, UtilityResult


def result(*effects: tuple[str, str], **unavailable: str) -> UtilityResult:
    rows = [
        DifferenceRow.model_validate(
            {
                "task": task, "learner": "hmsvit", "group": "B", "against": "A", "metric": "m",
                "label": "Metric", "level": "frame", "primary": True, "value": 0.1, "low": 0.05, "high": 0.2,
            }
        )
        for task, _ in effects
    ]  # fmt: skip
    verdicts = [
        TaskVerdict.model_validate({"task": task, "learner": "hmsvit", "effect": effect, "sentence": effect})
        for task, effect in effects
    ]
    return UtilityResult(verdicts=verdicts, differences=rows, unavailable=unavailable)


def verdict_of(found: UtilityResult, **more: Any) -> str:
    verdicts = pillar_verdicts(None, None, CriteriaSettings(), ("utility",), utility=found, **more)
    return next(it.verdict for it in verdicts if it.pillar == "utility")


@pytest.mark.parametrize(
    ("effect", "verdict"),
    [
        ("helps", "pass"),
        ("harms", "fail"),
        ("no detectable effect", "fail"),
        ("inconclusive", "inconclusive"),
        ("unavailable", "unavailable"),
    ],
)
def test_each_effect_has_its_verdict(effect: str, verdict: str) -> None:
    found = result(("diagnosis", effect))
    criterion = utility_criteria(found, ("diagnosis",))[0]
    assert (criterion.name, criterion.verdict, criterion.value) == ("gain-diagnosis", verdict, 0.1)
    assert verdict_of(found, tasks=("diagnosis",)) == verdict


def test_a_pillar_passes_only_if_all_tasks_that_were_asked_for_do() -> None:
    both = result(("diagnosis", "helps"), ("segmentation", "helps"))
    assert verdict_of(both) == "pass"
    assert verdict_of(result(("diagnosis", "helps"), ("segmentation", "inconclusive"))) == "inconclusive"
    assert verdict_of(result(("diagnosis", "helps"), ("segmentation", "harms"))) == "fail"
    assert verdict_of(result(("diagnosis", "helps"))) == "inconclusive"
    assert verdict_of(result(("diagnosis", "helps")), tasks=("diagnosis",)) == "pass"


def test_the_first_learner_decides() -> None:
    found = result(("diagnosis", "inconclusive"))
    found.verdicts.append(
        TaskVerdict(task="diagnosis", learner="biomarker", effect="harms", sentence="It harms.")
    )
    assert verdict_of(found, tasks=("diagnosis",)) == "inconclusive"


def test_a_task_that_could_not_be_learnt_says_why() -> None:
    found = result(segmentation="There are no masks.", hmsvit="Install torch.")
    criteria = {it.name: it for it in utility_criteria(found)}
    assert criteria["gain-segmentation"].reason == "There are no masks."
    assert "Install torch." in criteria["gain-diagnosis"].reason
    assert {it.verdict for it in criteria.values()} == {"unavailable"}
    assert "--learner" in utility_criteria(result(), ("segmentation",))[0].reason


def test_a_gain_of_synthetic_frames_alone_is_not_one_of_the_hybrid() -> None:
    found = result(("diagnosis", "helps"))
    found.differences[0].group = "C"
    criterion = utility_criteria(found, ("diagnosis",))[0]
    assert criterion.verdict == "unavailable"
    assert "not both trained" in criterion.reason


def test_the_sentence_reads_well() -> None:
    verdicts = pillar_verdicts(
        None, None, CriteriaSettings(), ("utility",), utility=result(("diagnosis", "helps")),
        tasks=("diagnosis",),
    )  # fmt: skip
    utility = next(it for it in verdicts if it.pillar == "utility")
    assert utility.sentence == "Training with the synthetic frames is shown to help, by the one criterion."
