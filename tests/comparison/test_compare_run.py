"""`ccmeval compare` from end to end on tiny phantom sets: once for all, resumable, coherent."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ccmeval
from ccmeval.batch.journal import JOURNAL_NAME
from ccmeval.cli.main import app
from ccmeval.comparison.run import run_compare
from ccmeval.comparison.schema import CompareResult
from ccmeval.comparison.settings import CompareSettings, make_compare_settings
from ccmeval.errors import CcmevalError
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic

SMALL = PhantomSettings(shape_px=(96, 96), pixel_size_um=200 / 96)
QUICK: dict[str, Any] = {
    "jobs": 1,
    "fidelity": {"features": ["radiomic", "morphometric"], "splits": 4, "resamples": 20, "embedding": False},
    "preservation": {"resamples": 99, "permutations": 99, "structure_resamples": 99, "structure_splits": 4},
    "measurement": {"overlays": False},
}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real cohort of 18 frames, and sets of three strengths of noise made from its masks."""
    folder = tmp_path_factory.mktemp("sets")
    common = {"frames": 18, "seed": 5, "frames_per_subject": 2, "settings": SMALL, "jobs": 1}
    write_cohort(folder / "real", **common)
    for name, strength in (("none", 0.0), ("some", 0.2), ("much", 0.9)):
        write_synthetic(folder / name, fault="noise", strength=strength, **common)
    return folder


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests the figures of each set's own report, which have tests of their own."""
    monkeypatch.setattr("ccmeval.report.three_pillar.write_figures", lambda *given: [])
    monkeypatch.setattr("ccmeval.report.three_pillar.render_three_pillar", lambda *given, **more: "")


def wanted(sets: Path, *names: str, **more: Any) -> CompareSettings:
    given = {"evaluation": {**QUICK, **more.pop("evaluation", {})}, **more}
    return make_compare_settings(real=str(sets / "real"), sets={it: sets / it for it in names}, **given)


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
    assert counts.measured == {"real": 18, "synth": 3 * 18}
    assert counts.checked == {"real": 1, "synth": 3}
    assert list(counts.vectors.values()) == [4 * 18]
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

    settings = make_three_pillar_settings(**{**QUICK, "pillars": "fidelity"})
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
    assert counts.measured == {"synth": 18}
    path = next((moved / "much" / "frames").rglob("*.png"))
    Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    again = run_compare(changed, tmp_path / "out", resume=True)
    assert counts.runs == {"late": 2}
    assert counts.measured == {"synth": 19}
    assert again.sets[2].sha256 != first.sets[2].sha256
    assert again.sets[:2] == first.sets[:2]


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
    ranking = next(it for it in result.rankings if it.score == key.replace(":A:", ":B:"))
    assert ranking.status == "ranked"
    for rank in ranking.ranks:
        one = next(it for it in result.sets if it.name == rank.set)
        assert rank.value == pytest.approx(one.value(ranking.score).value)


def frames_of(journal: Path) -> list[str]:
    """Name the frames that a run of biomarkers measured, as often as it did."""
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    return [it["row"]["key"] for it in entries if "row" in it]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_killed_run_goes_on_with_nothing_done_twice(sets: Path, tmp_path: Path) -> None:
    config = tmp_path / "compare.yaml"
    masks = (sets / "real" / "manifest.csv").as_posix()
    shape = {"shape_px": [96, 96], "pixel_size_um": 200 / 96}
    made = {"generator": "phantom", "generate": {"masks": masks, "batch_size": 4, "generator": shape}}
    evaluation = {**QUICK, "pillars": ["preservation"]}
    config.write_text(
        json.dumps({
            "real": (sets / "real").as_posix(),
            "sets": {"made": made, "some": (sets / "some").as_posix(), "much": (sets / "much").as_posix()},
            "evaluation": evaluation,
        })
    )  # fmt: skip
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "ccmeval",
        "compare",
        "--config",
        str(config),
        "-o",
        str(out),
        "--resume",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(it for it in sys.path if it)}
    second = out / "sets" / "some" / "biomarkers" / "synth" / JOURNAL_NAME
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as run:
        begin = time.monotonic()
        while not (second.is_file() and len(frames_of(second)) >= 3):
            assert run.poll() is None
            assert time.monotonic() - begin < 120
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert len(frames_of(second)) < 18
    subprocess.run(command, env=environment, check=True, capture_output=True)
    journals = [out / "shared" / "biomarkers" / "real" / JOURNAL_NAME]
    journals += [out / "sets" / it / "biomarkers" / "synth" / JOURNAL_NAME for it in ("made", "some", "much")]
    for journal in journals:
        assert sorted(Counter(frames_of(journal)).values()) == [1] * 18
    result = CompareResult.model_validate_json((out / "compare.json").read_bytes())
    assert [it.status for it in result.sets] == ["scored"] * 3
    cost = result.sets[0].cost
    assert cost.n_frames_timed == 18 - 4  # every frame was made in one process, none a second time
    assert cost.seconds_per_frame is not None
    assert cost.seconds_per_frame > 0
    assert cost.peak_memory_bytes is not None
    assert 30e6 < cost.peak_memory_bytes < 3e9
    entries = [json.loads(line) for line in (out / JOURNAL_NAME).read_text().splitlines()]
    assert Counter(it["scored"] for it in entries if "scored" in it) == {"made": 1, "some": 1, "much": 1}


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
