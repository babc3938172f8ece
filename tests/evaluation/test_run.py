"""`ccmeval.three_pillar` from end to end on tiny phantom sets, and its answers to bad input."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ccmeval
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.evaluation.settings import make_three_pillar_settings
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic

SMALL = PhantomSettings(shape_px=(128, 128))
QUICK: dict[str, Any] = {
    "jobs": 1,
    "fidelity": {"features": ["radiomic", "morphometric"], "splits": 4, "resamples": 20},
    "preservation": {"resamples": 99, "permutations": 99, "structure_resamples": 99, "structure_splits": 4},
    "measurement": {"overlays": False},
}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real cohort of 12 frames and a faithful synthetic one."""
    folder = tmp_path_factory.mktemp("sets")
    write_cohort(folder / "real", frames=12, seed=5, frames_per_subject=2, settings=SMALL)
    write_synthetic(folder / "synth", frames=12, seed=5, frames_per_subject=2, settings=SMALL)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCMEVAL_CACHE", str(tmp_path_factory.getbasetemp() / "features"))


def score(real: Path, synth: Path, **more: Any) -> ThreePillarResult:
    return ccmeval.three_pillar(real, synth, make_three_pillar_settings(**{**QUICK, **more}))


def copy_of(source: Path, folder: Path, rows: slice = slice(None), **columns: str) -> Path:
    """Copy a phantom set with some of its rows; columns given as "" are dropped from the manifest."""
    shutil.copytree(source, folder)
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        found = [{**row, **columns} for row in csv.DictReader(file)][rows]
    names = [name for name in found[0] if columns.get(name) != ""]
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(found)
    return folder


def metric(result: ThreePillarResult, name: str, features: str = "radiomic", scope: str = "pooled") -> Any:
    assert result.fidelity is not None
    rows = result.fidelity.metrics
    return next(row for row in rows if (row.metric, row.features, row.scope) == (name, features, scope))


def codes(result: ThreePillarResult) -> set[str]:
    return {finding.code for finding in result.findings}


def test_every_file_is_written_and_a_second_run_resumes(sets: Path, tmp_path: Path) -> None:
    settings = make_three_pillar_settings(**{**QUICK, "measurement": {}})
    out = tmp_path / "out"
    first = ccmeval.three_pillar(sets / "real", sets / "synth", settings, out=out)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {
        "report.json",
        "report.html",
        "methods.md",
        "tables/fidelity.csv",
        "tables/preservation.tex",
    } <= names
    assert any(name.startswith("figures/") and name.endswith(".pdf") for name in names)
    assert json.loads((out / "report.json").read_text())["kind"] == "three-pillar"
    assert {it.pillar: bool(it.criteria) for it in first.verdicts} == {
        "fidelity": True,
        "preservation": True,
        "utility": False,
    }
    with pytest.raises(CcmevalError, match="--resume"):
        ccmeval.three_pillar(sets / "real", sets / "synth", settings, out=out)
    seen: list[str] = []
    again = ccmeval.three_pillar(
        sets / "real", sets / "synth", settings, out=out, resume=True,
        progress=lambda stage, done, total: seen.append(stage),
    )  # fmt: skip
    assert "Measuring real frames" in seen
    assert again.fidelity == first.fidelity
    assert again.preservation == first.preservation


def test_masks_and_subjects_come_from_the_manifest(sets: Path) -> None:
    result = score(sets / "real", sets / "synth", pillars="preservation")
    assert result.fidelity is None
    assert result.preservation is not None
    assert len(result.preservation.adherence_frames) == 12
    pooled = [it for it in result.preservation.comparisons if it.scope == "pooled"]
    assert {it.n_shared_units for it in pooled if it.n_real_units == 6} == {6}
    rows = [it for it in result.preservation.adherence if it.scope == "pooled"]
    assert all(it.ceiling is not None for it in rows if it.measure == "length_recall")


def test_the_mean_over_diagnoses_is_the_mean_of_its_rows(sets: Path) -> None:
    result = score(sets / "real", sets / "synth", pillars="fidelity")
    assert result.fidelity is not None
    rows = [
        row.value
        for row in result.fidelity.metrics
        if (row.metric, row.features, row.scope) == ("frechet", "radiomic", "diagnosis")
    ]
    assert len(rows) == 3
    assert metric(result, "frechet", scope="mean over diagnoses").value == pytest.approx(np.mean(rows))


def test_a_set_against_itself_is_found_out(sets: Path) -> None:
    result = score(sets / "real", sets / "real")
    assert result.fidelity is not None
    assert result.fidelity.n_copies == 12
    assert metric(result, "frechet").value == pytest.approx(0.0, abs=1e-6)
    verdicts = {it.pillar: it.verdict for it in result.verdicts}
    assert verdicts["fidelity"] == "fail"
    assert any(it.severity == "error" and it.set == "synth" for it in result.findings)


def test_one_frame_has_a_defined_answer(sets: Path, tmp_path: Path) -> None:
    result = score(sets / "real", copy_of(sets / "synth", tmp_path / "one", slice(0, 1)))
    row = metric(result, "frechet")
    assert (row.value, row.status) == (None, "undefined")
    assert "1 frame" in row.reason
    assert "pass" not in {it.verdict for it in result.verdicts}


def test_a_missing_diagnosis_is_named_and_not_averaged_over(sets: Path, tmp_path: Path) -> None:
    synth = copy_of(sets / "synth", tmp_path / "two")
    lines = (synth / "manifest.csv").read_text().splitlines()
    (synth / "manifest.csv").write_text("\n".join(line for line in lines if "T1NoDPN" not in line))
    result = score(sets / "real", synth)
    mean = metric(result, "frechet", scope="mean over diagnoses")
    assert (mean.value, mean.status) == (None, "undefined")
    assert "T1NoDPN" in mean.reason
    assert any("T1NoDPN" in it.sentence for it in result.findings)


def test_unequal_classes_are_found(sets: Path, tmp_path: Path) -> None:
    synth = copy_of(sets / "synth", tmp_path / "unequal")
    lines = (synth / "manifest.csv").read_text().splitlines()
    kept = [line for i, line in enumerate(lines) if "T1DPN" not in line or i % 4 == 3]
    (synth / "manifest.csv").write_text("\n".join(kept))
    result = score(sets / "real", synth, pillars="fidelity")
    assert any("diagnos" in code for code in codes(result))
    assert metric(result, "frechet").value is not None


def test_constant_frames_are_left_out_and_listed(sets: Path, tmp_path: Path) -> None:
    synth = copy_of(sets / "synth", tmp_path / "grey")
    (path, *_) = sorted((synth / "frames").rglob("*.png"))
    Image.fromarray(np.full((128, 128), 90, dtype=np.uint8)).save(path)
    result = score(sets / "real", synth)
    (summary,) = [it for it in result.sets if it.name == "synth"]
    assert (summary.n_frames, summary.n_failed) == (12, 1)
    (failed,) = [it for it in summary.frames if it.status == "failed"]
    assert path.name in failed.frame
    assert failed.reason
    assert metric(result, "frechet").n_synth == 11
    assert any(path.name in " ".join(it.frames) for it in result.findings if it.set == "synth")


def test_duplicated_frames_are_found(sets: Path, tmp_path: Path) -> None:
    synth = copy_of(sets / "synth", tmp_path / "twice")
    first, second, *_ = sorted((synth / "frames" / "Control").glob("*.png"))
    shutil.copy(first, second)
    result = score(sets / "real", synth, pillars="fidelity")
    assert any(second.name in " ".join(it.frames) for it in result.findings if it.set == "synth")


def test_without_subjects_splits_are_by_frame_and_it_is_said(sets: Path, tmp_path: Path) -> None:
    real = copy_of(sets / "real", tmp_path / "real", subject="")
    synth = copy_of(sets / "synth", tmp_path / "synth", source_subject="")
    result = score(real, synth)
    floor = metric(result, "frechet").floor
    assert floor.unit == "frame"
    assert "too low" in floor.warning
    assert result.preservation is not None
    assert "every frame counted as independent" in " ".join(result.preservation.notes)


def test_mixed_sizes_come_to_one_scale(sets: Path, tmp_path: Path) -> None:
    synth = tmp_path / "fine"
    fine = PhantomSettings(shape_px=(256, 256), pixel_size_um=SMALL.pixel_size_um / 2)
    write_synthetic(synth, frames=12, seed=5, frames_per_subject=2, settings=fine)
    result = score(sets / "real", synth)
    assert result.scale.changed_synth
    assert not result.scale.changed_real
    assert result.scale.pixel_size_um == pytest.approx(SMALL.pixel_size_um)
    assert {it.status for it in result.sets[1].frames} == {"measured"}
    assert result.preservation is not None
    recall = next(
        it for it in result.preservation.adherence if (it.measure, it.scope) == ("length_recall", "pooled")
    )
    assert recall.mean is not None


class Strange:
    """A third party's extractor whose features are not finite for one frame."""

    name, label, dimension, resizer, licence = "strange", "FD-strange", 3, "none", ""

    def prepare(self, weights: Any) -> str:
        return "strange 1"

    def extract(self, frames: Any, pixel_sizes_um: Any) -> Any:
        found = np.array([[f.mean(), f.std(), np.median(f)] for f in frames])
        found[0] = np.nan
        return found


def test_features_that_are_not_finite_are_left_out_and_named(
    sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ccmeval.evaluation import fidelity_run

    monkeypatch.setattr(fidelity_run, "load_extractor", lambda name, **options: Strange())
    settings = {**QUICK["fidelity"], "features": ["strange"], "copies": False}
    result = score(sets / "real", sets / "synth", pillars="fidelity", fidelity=settings)
    assert metric(result, "frechet", "strange").n_real == 11
    assert result.fidelity is not None
    assert "not finite" in " ".join(result.fidelity.notes)


def test_missing_weights_stop_nothing(sets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    settings = {**QUICK["fidelity"], "features": ["inception", "radiomic"]}
    result = score(sets / "real", sets / "synth", pillars="fidelity", fidelity=settings)
    row = metric(result, "frechet", "inception")
    assert (row.status, row.label) == ("unavailable", "FID")
    assert "--weights inception=" in row.reason
    assert metric(result, "frechet").value is not None


def test_pixel_scores_are_refused_without_declared_pairs(sets: Path) -> None:
    result = score(sets / "real", sets / "synth", pillars="fidelity")
    assert result.fidelity is not None
    refused = {row.metric for row in result.fidelity.metrics if row.status == "refused"}
    assert refused == {"psnr_db", "ssim", "ms_ssim", "lpips"}


def test_declared_pairs_are_scored(sets: Path, tmp_path: Path) -> None:
    synth = copy_of(sets / "synth", tmp_path / "paired")
    with (sets / "real" / "manifest.csv").open(newline="") as file:
        names = [row["frame"] for row in csv.DictReader(file)]
    with (synth / "manifest.csv").open(newline="") as file:
        rows = [{**row, "real_frame": name} for row, name in zip(csv.DictReader(file), names, strict=True)]
    with (synth / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    result = score(sets / "real", synth)
    assert result.fidelity is not None
    assert result.preservation is not None
    assert len(result.fidelity.pair_scores) == 12
    assert 0 < metric(result, "ssim", "").value < 1
    assert {it.n_pairs for it in result.preservation.pairs if it.label == "CNFL"} == {12}


def test_published_means_take_the_place_of_a_real_set(sets: Path, tmp_path: Path) -> None:
    settings = make_three_pillar_settings(**QUICK)
    out = tmp_path / "published"
    result = ccmeval.three_pillar("published:2602.13693", sets / "synth", settings, out=out)
    assert result.fidelity is None
    assert result.preservation is not None
    assert {it.label for it in result.preservation.comparisons} == {"CNFL", "CNFD", "CNBD", "CNFW"}
    assert result.sets[0].kind == "published table"
    assert "19.4" in (out / "report.html").read_text()
    with pytest.raises(CcmevalError, match=r"2602\.13693"):
        ccmeval.three_pillar("published:1", sets / "synth", settings)


def test_a_held_out_set_gives_floors_and_c_t(sets: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path / "held", frames=12, seed=6, frames_per_subject=2, settings=SMALL)
    result = score(sets / "real", sets / "synth", pillars="fidelity", held_out=tmp_path / "held")
    assert metric(result, "frechet").floor.source == "held-out frames"
    assert metric(result, "c_t").status == "computed"
    assert [it.name for it in result.sets] == ["real", "synth", "held-out"]


@pytest.mark.parametrize(("real", "synth"), [("nowhere", "synth"), ("real", "nowhere")])
def test_a_path_that_is_not_there_is_a_sentence(sets: Path, real: str, synth: str) -> None:
    with pytest.raises(CcmevalError, match="does not exist"):
        score(sets / real, sets / synth)
