"""Pillar 3 from end to end on tiny phantom sets, with a learner that needs no network."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ccmeval
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.folder import TRAINED
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.evaluation.settings import make_three_pillar_settings
from ccmeval.evaluation.utility_plan import read_plan, work_along
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic
from tests.utility.scripted_learner import offer

SMALL = PhantomSettings(shape_px=(96, 96))
N_REAL, N_SYNTH = 36, 45


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real cohort of 18 subjects and a faithful synthetic one."""
    folder = tmp_path_factory.mktemp("sets")
    write_cohort(folder / "real", frames=N_REAL, seed=3, frames_per_subject=2, settings=SMALL)
    write_synthetic(folder / "synth", frames=N_SYNTH, seed=3, frames_per_subject=2, settings=SMALL)
    return folder


@pytest.fixture
def utility(sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ThreePillarResult]:
    """Run the pillar with the scripted learner; keywords are settings of the pillar."""
    offer(monkeypatch, tmp_path)
    notes = tmp_path / "notes"
    notes.mkdir()

    def run(
        real: Path = sets / "real", synth: Path = sets / "synth", out: Path | None = None,
        run_settings: dict[str, Any] | None = None, **more: Any,
    ) -> ThreePillarResult:  # fmt: skip
        own = {
            "learners": ["scripted"], "learner": {"scripted": {"notes": str(notes)}}, "folds": 2, "steps": 3,
            "size_px": 32, "segmentation_frame_px": 48, "resamples": 100, "unit_jobs": 1, **more,
        }  # fmt: skip
        settings = make_three_pillar_settings(
            pillars=["utility"], utility=own, jobs=1, **(run_settings or {})
        )
        return ccmeval.three_pillar(real, synth, settings, out=out, resume=out is not None and out.exists())

    return run


@pytest.fixture(autouse=True)
def no_copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare tests that are not about copies the search for them."""
    if "copy" not in request.node.name:
        monkeypatch.setattr("ccmeval.evaluation.utility_run.near_copies", lambda parts: [])


def with_columns(source: Path, folder: Path, change: Callable[[int, dict[str, str]], dict[str, str]]) -> Path:
    """Copy a phantom set, its manifest's rows changed."""
    shutil.copytree(source, folder)
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [change(index, row) for index, row in enumerate(csv.DictReader(file))]
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_all_groups_of_both_tasks_are_scored_and_compared(
    utility: Callable[..., ThreePillarResult], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = utility(out=out)
    found = result.utility
    assert found is not None
    assert found.unavailable == {}
    groups = {(row.task, row.group) for row in found.scores if row.primary}
    assert groups == {
        *(("diagnosis", group) for group in ("A", "A-balanced", "A-dup", "B", "C")),
        *(("segmentation", group) for group in ("A", "A-dup", "B", "C")),
    }
    pairs = {(row.task, row.group, row.against) for row in found.differences if row.primary}
    assert {("diagnosis", "B", "A"), ("segmentation", "C", "A"), ("diagnosis", "B", "A-balanced")} <= pairs
    assert {it.task for it in found.verdicts} == {"diagnosis", "segmentation"}
    assert all(0.0 <= row.value <= 1.0 for row in found.scores if row.primary and row.value is not None)
    names = {path.name for path in (out / "tables").iterdir()}
    assert {"utility_scores.csv", "utility_differences.csv", "utility_units.csv"} <= names
    page = (out / "report.html").read_text()
    assert "Balanced accuracy" in page
    assert len(found.examples) == 3
    assert all((out / path).is_file() for path in found.examples[0].files.values())
    assert {it.pillar: it.verdict for it in result.verdicts}["utility"] != "unavailable"
    again = ThreePillarResult.model_validate(json.loads((out / "report.json").read_text()))
    assert again.utility is not None
    assert len(again.utility.scores) == len(found.scores)


def test_numbers_of_the_result_are_those_of_the_test_frames(
    utility: Callable[..., ThreePillarResult], sets: Path
) -> None:
    """The segmenter that answers with the frame itself is the same in all groups: no difference at all."""
    found = utility(tasks=["segmentation"]).utility
    assert found is not None
    assert found.protocol is not None
    rows = [row for row in found.differences if row.primary]
    assert {row.value for row in rows} == {0.0}
    assert found.protocol.n_test_frames + found.protocol.n_real_frames == N_REAL
    assert found.protocol.n_test_subjects == 3
    assert found.protocol.test_diagnoses == {"Control": 2, "T1NoDPN": 2, "T1DPN": 2}
    counts = {unit.group: (unit.n_real, unit.n_synth) for unit in found.units if unit.fold == 0}
    assert counts["A-dup"] == (sum(counts["B"]), 0)
    assert counts["C"][1] == counts["B"][1] > 0


def test_a_finished_run_is_taken_up_without_training(
    utility: Callable[..., ThreePillarResult], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = utility(out=out, tasks=["diagnosis"], groups=["A", "B"])
    trained = {path.name: path.read_text() for path in (tmp_path / "notes").iterdir()}
    second = utility(out=out, tasks=["diagnosis"], groups=["A", "B"])
    assert {path.name: path.read_text() for path in (tmp_path / "notes").iterdir()} == trained
    assert first.utility is not None
    assert second.utility is not None
    assert second.utility.scores == first.utility.scores
    assert second.utility.differences == first.utility.differences


def test_another_process_can_share_the_work(
    utility: Callable[..., ThreePillarResult], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    utility(out=out, groups=["A", "C"])
    works = read_plan(out / TRAINED)
    units = out / TRAINED / "units"
    before = {path.name: path.read_bytes() for path in units.glob("*.npz")}
    assert len(works) == 2 * (2 + 2)
    assert work_along(out, 1, lambda stage, done, total: None) == 0
    for path in units.iterdir():
        path.unlink()
    assert work_along(out, 1, lambda stage, done, total: None) == len(works)
    assert {path.name: path.read_bytes() for path in units.glob("*.npz")} == before
    with pytest.raises(CcmevalError, match="has begun to train"):
        work_along(tmp_path, 1, lambda stage, done, total: None)


def test_a_run_that_was_interrupted_wants_resume_and_overwrite_clears_it(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    utility(out=out, tasks=["segmentation"], groups=["A", "C"])
    for path in ("report.json", "report.html", "methods.md"):
        (out / path).unlink()
    settings = make_three_pillar_settings(pillars=["utility"], utility={"learners": ["nobody"]}, jobs=1)
    with pytest.raises(CcmevalError, match="--resume"):
        ccmeval.three_pillar(sets / "real", sets / "synth", settings, out=out)
    ccmeval.three_pillar(sets / "real", sets / "synth", settings, out=out, overwrite=True)
    assert not (out / TRAINED).exists()


def test_curves_reuse_what_is_trained_anyway(utility: Callable[..., ThreePillarResult]) -> None:
    found = utility(tasks=["diagnosis"], curves=["ratio"], ratios=[0, 0.5], groups=["A", "B"]).utility
    assert found is not None
    points = {point.x: point for point in found.curves}
    a = next(row for row in found.scores if row.primary and row.group == "A")
    assert points[0.0].value == a.value
    assert points[0.5].n_units == 2
    assert points[0.5].n_synth == pytest.approx(0.5 * points[0.5].n_real, abs=1)
    assert len(found.units) == 2 * 3


def test_subjects_that_the_generator_saw_are_refused(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    with (sets / "real" / "manifest.csv").open(newline="") as file:
        subjects = sorted({row["subject"] for row in csv.DictReader(file)})
    all_seen = with_columns(
        sets / "synth", tmp_path / "all", lambda _, row: row | {"generator_subjects": ";".join(subjects)}
    )
    with pytest.raises(CcmevalError, match="--held-out"):
        utility(synth=all_seen, tasks=["diagnosis"])
    some = [name for name in subjects if name.endswith(("0", "1", "2"))]
    some_seen = with_columns(
        sets / "synth", tmp_path / "some", lambda _, row: row | {"generator_subjects": ";".join(some)}
    )
    found = utility(synth=some_seen, tasks=["diagnosis"]).utility
    assert found is not None
    assert found.protocol is not None
    assert found.protocol.n_test_subjects >= 3


def test_nothing_declared_is_a_warning(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    silent = with_columns(
        sets / "synth", tmp_path / "silent", lambda _, row: row | {"generator_subjects": ""}
    )
    found = utility(synth=silent, tasks=["diagnosis"]).utility
    assert found is not None
    assert "warning" in {leak.severity for leak in found.leaks if leak.code == "nothing-declared"}


def test_a_copy_of_a_test_frame_is_found_and_kept_out(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    with (sets / "real" / "manifest.csv").open(newline="") as file:
        frames = [row["frame"] for row in csv.DictReader(file)]

    def copied(index: int, row: dict[str, str]) -> dict[str, str]:
        return row | {"source_subject": f"stranger {index}"}

    leaky = with_columns(sets / "synth", tmp_path / "leaky", copied)
    names = [row["frame"] for row in csv.DictReader((leaky / "manifest.csv").open(newline=""))]
    for name, source in zip(names, frames, strict=False):
        with Image.open(sets / "real" / source) as picture:
            Image.fromarray(np.asarray(picture)[:, ::-1]).save(leaky / name)  # flipped: another file
    found = utility(synth=leaky, tasks=["diagnosis"]).utility
    assert found is not None
    assert found.protocol is not None
    leak = next(leak for leak in found.leaks if leak.code == "copy-of-test-frame")
    assert leak.severity == "warning"
    assert leak.count == found.protocol.n_test_frames


def test_one_frame_under_two_subjects_is_refused(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    twins = with_columns(sets / "real", tmp_path / "twins", lambda _, row: row)
    rows = list(csv.DictReader((twins / "manifest.csv").open(newline="")))
    by_subject = {row["subject"]: row["frame"] for row in rows if row["diagnosis"] == "Control"}
    first = twins / next(iter(by_subject.values()))
    for frame in by_subject.values():
        if twins / frame != first:
            shutil.copy(first, twins / frame)
    with pytest.raises(CcmevalError, match="dentical files"):
        utility(real=twins, tasks=["diagnosis"])


def test_without_subjects_the_user_must_say_so(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    nameless = with_columns(
        sets / "real", tmp_path / "nameless", lambda _, row: {k: v for k, v in row.items() if k != "subject"}
    )
    with pytest.raises(CcmevalError, match="--split-by frame"):
        utility(real=nameless, tasks=["diagnosis"])
    found = utility(real=nameless, tasks=["diagnosis"], split_by="frame").utility
    assert found is not None
    assert any(leak.code == "split-by-frame" and leak.severity == "warning" for leak in found.leaks)


def test_sets_without_masks_leave_segmentation_out(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    bare = with_columns(
        sets / "real", tmp_path / "bare",
        lambda _, row: {k: v for k, v in row.items() if k not in ("mask", "trace", "graph")},
    )  # fmt: skip
    for folder in ("masks", "traces"):
        shutil.rmtree(bare / folder, ignore_errors=True)
    result = utility(real=bare)
    found = result.utility
    assert found is not None
    assert "--real-masks" in found.unavailable["segmentation"]
    assert {row.task for row in found.scores} == {"diagnosis"}
    criteria = {it.name: it for pillar in result.verdicts for it in pillar.criteria}
    assert criteria["gain-segmentation"].verdict == "unavailable"


def test_a_learner_that_is_not_there_is_listed(utility: Callable[..., ThreePillarResult]) -> None:
    result = utility(learners=["nobody", "scripted"], tasks=["diagnosis"])
    assert result.utility is not None
    assert "nobody" in result.utility.unavailable
    assert [row.status for row in result.utility.learners] == ["unavailable", "trained"]
    with pytest.raises(CcmevalError, match=r"utility\.learner\.other"):
        utility(learner={"other": {}})


def test_a_failing_learner_leaves_its_reason(
    utility: Callable[..., ThreePillarResult], tmp_path: Path
) -> None:
    own = {"scripted": {"do": "raise", "notes": str(tmp_path / "notes")}}
    result = utility(learner=own, tasks=["diagnosis"])
    assert result.utility is not None
    assert {unit.status for unit in result.utility.units} == {"failed"}
    assert "CUDA out of memory" in next(iter(result.utility.unavailable.values()))
    assert {it.pillar: it.verdict for it in result.verdicts}["utility"] == "unavailable"


def test_a_refusal_leaves_the_other_pillars(
    sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = with_columns(
        sets / "real", tmp_path / "nameless", lambda _, row: {k: v for k, v in row.items() if k != "subject"}
    )
    settings = make_three_pillar_settings(
        pillars=["fidelity", "utility"], jobs=1,
        fidelity={"features": ["radiomic"], "splits": 4, "resamples": 20},
        utility={"learners": ["biomarker"], "tasks": ["diagnosis"]},
    )  # fmt: skip
    result = ccmeval.three_pillar(nameless, sets / "synth", settings)
    assert result.fidelity is not None
    assert result.fidelity.metrics
    assert result.utility is not None
    assert "--split-by frame" in result.utility.notes[0]


def test_every_fold_is_tested_in_turn_under_cross_fit(
    utility: Callable[..., ThreePillarResult], sets: Path, tmp_path: Path
) -> None:
    def by_subject(_: int, row: dict[str, str]) -> dict[str, str]:
        return row | {"fold": str(int(row["subject"][-4:]) % 3)}

    real = with_columns(sets / "real", tmp_path / "real", by_subject)
    synth = with_columns(sets / "synth", tmp_path / "synth", lambda i, row: row | {"fold": str(i // 3 % 3)})
    found = utility(real=real, synth=synth, cross_fit=True, folds=3, seeds=2, groups=["A", "B"]).utility
    assert found is not None
    assert found.protocol is not None
    assert found.protocol.test == "cross-fit"
    assert found.protocol.n_test_frames == N_REAL
    primary = [row for row in found.scores if row.primary]
    assert {row.n_units for row in primary} == {2}  # one replicate a seed, all folds joined
    assert {row.value for row in found.differences if row.primary and row.task == "segmentation"} == {0.0}
    assert len(found.units) == 2 * 3 * 2 * 2
    with pytest.raises(CcmevalError, match="fold"):
        utility(cross_fit=True, folds=3)


def test_equal_epochs_give_more_frames_more_steps(utility: Callable[..., ThreePillarResult]) -> None:
    found = utility(tasks=["segmentation"], fairness="equal-epochs", steps=6).utility
    assert found is not None
    steps = {unit.group: unit.steps for unit in found.units if unit.fold == 0}
    frames = {unit.group: unit.n_real + unit.n_synth for unit in found.units if unit.fold == 0}
    assert steps["A"] == 6
    assert steps["A-dup"] == steps["B"] == round(6 * frames["B"] / frames["A"])
