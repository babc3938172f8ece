"""Pillar 3 over several sets: group A is trained once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ccmeval.comparison.run import run_compare
from tests.comparison.tiny import wanted


def test_group_a_is_trained_once(sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccmeval.utility.store import UnitStore

    monkeypatch.setattr("ccmeval.evaluation.utility_run.near_copies", lambda parts: [])
    done = Counter[str]()
    save = UnitStore.save

    def counted(self: UnitStore, key: str, result: Any) -> None:
        done.update([result.row.group])
        save(self, key, result)

    monkeypatch.setattr(UnitStore, "save", counted)
    utility = {"tasks": ["diagnosis"], "learners": ["biomarker"], "groups": ["A", "B"], "folds": 2,
               "seeds": 1, "resamples": 100, "unit_jobs": 1, "size_px": 32}  # fmt: skip
    settings = wanted(sets, "none", "much", evaluation={"pillars": ["utility"], "utility": utility})
    result = run_compare(settings, tmp_path / "out")
    assert done == {"A": 2, "B": 4}
    assert [it.status for it in result.sets] == ["scored", "scored"]
    key = "utility:diagnosis:biomarker:A:accuracy:frame"
    assert len({it.value(key).value for it in result.sets}) == 1
    for it in result.sets:
        for metric in ("accuracy:frame", "macro_f1:frame", "accuracy:subject"):
            of_b, of_a = (it.value(f"utility:diagnosis:biomarker:{group}:{metric}") for group in "BA")
            assert of_a.reference is None
            told = of_b.reference.value, of_b.reference.low, of_b.reference.high
            assert told == (of_a.value, of_a.low, of_a.high)
    assert len({it.value(key.replace(":A:", ":B:")).reference.low for it in result.sets}) == 1
    ranking = next(it for it in result.rankings if it.score == key.replace(":A:", ":B:"))
    assert ranking.status == "ranked"
    for rank in ranking.ranks:
        one = next(it for it in result.sets if it.name == rank.set)
        assert rank.value == pytest.approx(one.value(ranking.score).value)
