"""What a task comes to, for every way in which its controls can turn out."""

from __future__ import annotations

import pytest

from ccmeval.utility.schema import DifferenceRow
from ccmeval.utility.verdicts import task_verdict

VALUES = {"helps": 0.08, "harms": -0.08, "no detectable effect": 0.01, "inconclusive": 0.03}


def row(effect, against="A", group="B", **more):
    value = VALUES.get(effect)
    numbers = {} if value is None else {"value": value, "low": value - 0.05, "high": value + 0.05}
    facts = {
        "task": "diagnosis",
        "learner": "made",
        "metric": "accuracy",
        "label": "Accuracy",
        "level": "subject",
        "primary": True,
        "n_units": 10,
        "n_clusters": 64,
        "smallest_detectable": 0.17,
        "sentence": "Why.",
    }
    return DifferenceRow(group=group, against=against, effect=effect, **(facts | numbers | more))


def verdict(*effects, task="diagnosis"):
    names = ("A", "A-balanced", "A-dup")
    rows = [row(one, name, task=task) for one, name in zip(effects, names, strict=False) if one]
    return task_verdict(rows, "made", task)


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        (("helps",), "helps"),
        (("helps", "helps", "helps"), "helps"),
        (("helps", "helps", "no detectable effect"), "no detectable effect"),
        (("helps", "harms", "helps"), "no detectable effect"),
        (("helps", "inconclusive", "helps"), "inconclusive"),
        (("helps", "unavailable", "helps"), "inconclusive"),
        (("harms", "helps", "helps"), "harms"),
        (("inconclusive", "harms", "harms"), "inconclusive"),
        (("inconclusive", "no detectable effect", "inconclusive"), "inconclusive"),
        (("no detectable effect", "inconclusive", "inconclusive"), "no detectable effect"),
        (("unavailable", "helps", "helps"), "unavailable"),
        ((None, "helps", "helps"), "unavailable"),
    ],
)
def test_effects(effects, expected):
    assert verdict(*effects).effect == expected


def test_balancing_diagnoses_is_no_control_of_segmentation():
    assert verdict("helps", "harms", "helps", task="segmentation").effect == "helps"


def test_the_sentence_names_the_numbers_of_the_strongest_control():
    found = verdict("helps", "helps", "no detectable effect").sentence
    parts = (
        "+0.010",
        "-0.040 to 0.060",
        "A-dup",
        "64 test subjects",
        "10 models",
        "0.170",
        "exceeds A by +0.080",
    )
    for part in parts:
        assert part in found


def test_frames_are_not_called_subjects():
    assert "64 test frames" in task_verdict([row("helps")], "made", "diagnosis", "frame").sentence


def test_the_strongest_control_of_an_error_is_the_lowest():
    rows = [row("helps", "A", value=-0.2, better="lower"), row("helps", "A-dup", value=-0.1, better="lower")]
    assert "A-dup" in task_verdict(rows, "made", "diagnosis").sentence


def test_other_rows_are_not_looked_at():
    others = [
        row("harms", primary=False),
        row("harms", learner="other"),
        row("harms", task="segmentation"),
        row("harms", group="C"),
    ]
    assert task_verdict([*others, row("helps")], "made", "diagnosis").effect == "helps"


def test_without_b_it_is_c_that_is_judged():
    found = task_verdict([row("harms", group="C")], "made", "diagnosis")
    assert found.effect == "harms"
    assert "C (synthetic frames only) does worse" in found.sentence


def test_nothing_was_compared():
    found = task_verdict([], "made", "diagnosis")
    assert (found.effect, found.sentence[:8]) == ("unavailable", "No group")
    assert verdict("unavailable").sentence == "Why."
