"""`ccmeval compare` from end to end on tiny phantom sets: once for all, resumable, coherent."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ccmeval
from ccmeval.cli.main import app
from ccmeval.comparison.run import run_compare
from ccmeval.comparison.schema import CompareResult
from ccmeval.errors import CcmevalError
from tests.comparison.tiny import N_FRAMES, QUICK, wanted


class Counts:
    """Counts what is done, by patching the functions that do it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.measured, self.checked = Counter[str](), Counter[str]()
        self.vectors, self.masks, self.runs = Counter[str](), Counter[str](), Counter[str]()
        self._patch = patch
        self._wrap("ccmeval.batch.run.work_through", self._measured)
        self._wrap("ccmeval.evaluation.steps.check_cohort", lambda c, name, **k: self.checked.update([name]))
        self._wrap("ccmeval.evaluation.masks._work_through", lambda t, p, stage: self.masks.update([stage]))
        self._wrap(
            "ccmeval.comparison.scoring.run_three_pillar", lambda r, s, o, *a, **k: self.runs.update([o.name])
        )
        self._wrap(
            "ccmeval.fidelity.cache.FeatureCache.put", lambda c, i, v: self.vectors.update({i: len(v)})
        )

    def _measured(self, work: Any, records: Any, **more: Any) -> None:
        self.measured.update({work.out.name: len(records)})

    def _wrap(self, name: str, note: Any) -> None:
        home, _, last = name.rpartition(".")
        parts = home.split(".")
        owner = __import__(".".join(parts if parts[-1][0].islower() else parts[:-1]), fromlist=["x"])
        if parts[-1][0].isupper():
            owner = getattr(owner, parts[-1])
        real = getattr(owner, last)

        def counted(*given: Any, **more: Any) -> Any:
            note(*given, **more)
            return real(*given, **more)

        self._patch.setattr(owner, last, counted)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counts:
    monkeypatch.setenv("CCMEVAL_CACHE", str(tmp_path / "cache"))
    return Counts(monkeypatch)


def test_shared_work_is_done_once_and_a_second_run_does_nothing(
    sets: Path, tmp_path: Path, counts: Counts
) -> None:
    settings = wanted(sets, "none", "some", "much", "absent", held_out=None)
    result = run_compare(settings, tmp_path / "out")
    assert counts.measured == {"real": N_FRAMES, "synth": 3 * N_FRAMES}
    assert counts.checked == {"real": 1, "synth": 3}
    assert list(counts.vectors.values()) == [4 * N_FRAMES]
    assert counts.masks == {"Masks of synth frames": 3, "Masks of real frames": 1}
    computed, found = (int(it.split()[0]) for it in result.shared["floors"].split(", ")[:2])
    assert computed > 20
    assert found == 2 * computed
    check_failed(result)
    check_coherent(result)
    check_same_as_alone(sets, result)
    check_order(result)
    check_files(tmp_path / "out", result)

    for held in (counts.measured, counts.vectors, counts.masks, counts.runs):
        held.clear()
    again = run_compare(settings, tmp_path / "out", resume=True)
    assert not counts.measured
    assert not counts.vectors
    assert not counts.masks
    assert not counts.runs
    assert again.sets == result.sets
    assert again.rankings == result.rankings
    check_change_is_seen(sets, tmp_path, counts, result)


def check_failed(result: CompareResult) -> None:
    failed = next(it for it in result.sets if it.name == "absent")
    assert failed.status == "failed"
    assert "does not exist" in failed.reason
    assert all("absent" in it.left_out for it in result.rankings)


def check_coherent(result: CompareResult) -> None:
    """What is ranked is what stands in the table."""
    rows = {it.name: it for it in result.sets}
    ranked = [it for it in result.rankings if it.status == "ranked"]
    assert {it.score.split(":")[0] for it in ranked} >= {
        *("frechet", "kid", "coverage", "biomarker-distance", "adherence"),
    }
    for ranking in ranked:
        assert ranking.n_frames is None
        for rank in ranking.ranks:
            value = rows[rank.set].value(ranking.score, ranking.diagnosis)
            assert value is not None
            assert rank.value == pytest.approx(value.value, rel=1e-6, abs=1e-9), ranking.score


def check_same_as_alone(sets: Path, result: CompareResult) -> None:
    """A set has the score that it has by itself, its intervals by jackknife included."""
    from ccmeval.evaluation.settings import make_three_pillar_settings

    settings = make_three_pillar_settings(
        **{**QUICK, "pillars": "fidelity", "fidelity": {**QUICK["fidelity"], "features": ["radiomic"]}}
    )
    alone = ccmeval.three_pillar(sets / "real", sets / "some", settings)
    assert alone.fidelity is not None
    for row in alone.fidelity.metrics:
        if row.metric in ("frechet", "kid") and row.scope == "pooled":
            value = result.sets[1].value(f"{row.metric}:{row.features}")
            assert value is not None
            assert (value.value, value.low, value.high) == pytest.approx((row.value, row.low, row.high))


def check_order(result: CompareResult) -> None:
    ranking = next(it for it in result.rankings if it.score == "kid:radiomic" and it.scope == "pooled")
    assert [it.set for it in ranking.ranks] == ["none", "some", "much"]
    assert ranking.ranks[0].rank == 1
    assert ranking.ranks[-1].rank > 1
    assert result.pareto is not None
    assert "none" in result.pareto.front


def check_files(out: Path, result: CompareResult) -> None:
    held = CompareResult.model_validate_json((out / "compare.json").read_bytes())
    assert held == result
    with (out / "compare.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["set"], row["diagnosis"]) for row in rows[:4]] == [
        ("none", "all"), ("some", "all"), ("much", "all"), ("absent", "all"),
    ]  # fmt: skip
    assert float(rows[0]["frechet:radiomic"]) == pytest.approx(result.sets[0].value("frechet:radiomic").value)


def check_change_is_seen(sets: Path, tmp_path: Path, counts: Counts, result: CompareResult) -> None:
    """A set whose frames changed is scored anew, and so are its ranks; the other sets are not."""
    moved = tmp_path / "moved"
    shutil.copytree(sets, moved)
    with pytest.raises(CcmevalError, match="another comparison"):
        run_compare(wanted(moved, "none"), tmp_path / "out", resume=True)
    settings = wanted(sets, "none", "some")
    changed = settings.model_copy(
        update={
            "sets": {
                **settings.sets,
                "late": settings.sets["none"].model_copy(update={"path": moved / "much"}),
            }
        }
    )
    first = run_compare(changed, tmp_path / "out", resume=True)
    assert counts.runs == {"late": 1}
    assert counts.measured == {"synth": N_FRAMES}
    path = next((moved / "much" / "frames").rglob("*.png"))
    Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    again = run_compare(changed, tmp_path / "out", resume=True)
    assert counts.runs == {"late": 2}
    assert counts.measured == {"synth": N_FRAMES + 1}
    assert again.sets[2].sha256 != first.sets[2].sha256
    assert again.sets[:2] == first.sets[:2]


def test_mistakes_are_one_sentence(sets: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    for given, said in (
        (["--real", "r"], "Give --real SET and NAME=SET"),
        (["--real", "r", "nameless"], "NAME=SET"),
        (["--real", "r", "a=x", "a=y"], "Two sets are called a"),
        (["--real", "published:2602.13693", "a=x"], "needs real frames"),
        (["--real", str(tmp_path / "absent"), "a=x"], "does not exist"),
    ):
        found = runner.invoke(app, ["compare", *given, "-o", str(tmp_path / "out")])
        assert isinstance(found.exception, CcmevalError), given
        assert said in str(found.exception)
        assert "\n" not in str(found.exception)
