"""From a folder of frames to a bundle, and scoring against it beside scoring against the folder."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.run import run_three_pillar
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import MetricRow
from ccmeval.reference.build import BuildOptions, build_reference
from ccmeval.reference.file import open_bundle, write_bundle

from .conftest import Sets, rewrite, settings


@pytest.fixture(scope="module")
def from_bundle(sets: Sets, tmp_path_factory: pytest.TempPathFactory) -> ThreePillarResult:
    out = tmp_path_factory.mktemp("bundle") / "out"
    return run_three_pillar(sets.bundle, sets.synth, out, settings(), write=False)


@pytest.fixture(scope="module")
def from_folder(sets: Sets, tmp_path_factory: pytest.TempPathFactory) -> ThreePillarResult:
    out = tmp_path_factory.mktemp("folder") / "out"
    return run_three_pillar(sets.real, sets.synth, out, settings(), write=False)


def rows_of(result: ThreePillarResult, metric: str, features: str) -> dict[tuple, MetricRow]:
    return {
        (row.scope, row.diagnosis): row
        for row in result.fidelity.metrics
        if (row.metric, row.features) == (metric, features)
    }


def test_frechet_is_that_of_the_folder(from_bundle, from_folder) -> None:
    found, expected = (rows_of(it, "frechet", "radiomic") for it in (from_bundle, from_folder))
    assert set(found) == set(expected)
    assert len(found) == 4
    for key, row in found.items():
        assert row.value == pytest.approx(expected[key].value, rel=1e-5)
        for name in ("n_real", "n_synth", "n_real_clusters", "n_synth_clusters", "label", "n_diagnoses"):
            assert getattr(row, name) == getattr(expected[key], name), name
        assert row.low < row.value < row.high
    floor, other = found["pooled", None].floor, expected["pooled", None].floor
    assert floor.n == other.n == 16
    assert floor.unit == "subject"
    assert floor.median == pytest.approx(other.median, rel=0.2)
    assert floor.matched_median == pytest.approx(other.matched_median, rel=0.2)
    by_diagnosis = found["diagnosis", "Control"].floor
    assert by_diagnosis.median is not None
    assert by_diagnosis.matched_median is not None


def test_what_needs_frames_is_unavailable_with_the_reason(from_bundle, from_folder) -> None:
    given = {row.metric for row in from_folder.fidelity.metrics if row.features}
    told = {row.metric: row for row in from_bundle.fidelity.metrics}
    assert given == set(told)
    for name, row in told.items():
        assert (row.status == "unavailable") == (name != "frechet"), name
        if name != "frechet":
            assert "--keep-features" in row.reason
    assert from_bundle.fidelity.n_copies is None
    assert "nothing is said about copying" in from_bundle.fidelity.notes[0]


def test_comparisons_are_those_of_the_folder(from_bundle, from_folder) -> None:
    expected = {(it.biomarker, it.diagnosis): it for it in from_folder.preservation.comparisons}
    for row in from_bundle.preservation.comparisons:
        other = expected[row.biomarker, row.diagnosis]
        for name in ("mean_real", "sd_real", "mean_synth", "sd_synth", "sd_real_frames", "welch_p", "margin"):
            value, truth = getattr(row, name), getattr(other, name)
            if row.n_real_units >= 4 and truth is not None:
                assert value == pytest.approx(truth, rel=1e-9), (row.label, row.diagnosis, name)
        if row.family == "primary":
            assert row.verdict == other.verdict, (row.label, row.diagnosis)
            assert (row.n_real_frames, row.n_synth_frames) == (other.n_real_frames, other.n_synth_frames)
    assert from_bundle.preservation.correlation.real == from_folder.preservation.correlation.real
    verdicts = [
        [it.verdict for it in result.preservation.gradients if it.family == "primary"]
        for result in (from_bundle, from_folder)
    ]
    assert verdicts[0] == verdicts[1]


def test_verdicts_and_sets(from_bundle, from_folder) -> None:
    for found, expected in zip(from_bundle.verdicts, from_folder.verdicts, strict=True):
        by_name = {it.name: it for it in expected.criteria}
        for criterion in found.criteria:
            if criterion.verdict != "unavailable" and criterion.name != "spread":
                assert criterion.verdict == by_name[criterion.name].verdict
    fidelity = from_bundle.verdicts[0]
    # Neither coverage nor copies can be judged from a bundle, and without them nothing passes.
    assert fidelity.verdict in ("inconclusive", "fail")
    real = from_bundle.sets[0]
    assert (real.kind, real.n_frames, real.n_subjects) == ("reference bundle", 32, 16)
    assert real.frames == []
    assert real.sha256 == from_folder.sets[0].sha256
    ThreePillarResult.model_validate_json(from_bundle.model_dump_json())


def test_report_of_a_run_against_a_bundle(from_bundle, tmp_path: Path) -> None:
    from ccmeval.report.three_pillar import write_three_pillar
    from ccmeval.report.three_pillar_pictures import FolderPictures

    write_three_pillar(from_bundle, tmp_path, FolderPictures(tmp_path))
    page = (tmp_path / "report.html").read_text()
    assert "reference bundle" in page
    assert "--keep-features" in page


def test_kept_features_give_the_folder_s_numbers(sets: Sets, from_folder, tmp_path: Path) -> None:
    found = run_three_pillar(sets.with_features, sets.synth, tmp_path / "out", settings(), write=False)
    for metric in ("frechet", "kid", "cmmd", "precision", "recall", "density", "coverage"):
        for features in ("radiomic", "morphometric"):
            one, other = (rows_of(it, metric, features) for it in (found, from_folder))
            assert set(one) == set(other)
            for key in one:
                assert one[key].value == pytest.approx(other[key].value, rel=1e-9, abs=1e-12), (metric, key)
                assert one[key].n_real_clusters == other[key].n_real_clusters
    assert any(row.metric == "authenticity" and row.value is not None for row in found.fidelity.metrics)
    assert any(
        "feature vector of every single frame" in it
        for it in open_bundle(sets.with_features).bundle.disclosure
    )


def test_no_name_and_no_hash_of_a_frame_is_in_the_bytes(sets: Sets, from_folder) -> None:
    with (sets.real / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["subject"] for row in rows} | {Path(row["frame"]).stem for row in rows}
    names |= {row["frame"] for row in rows} | {sets.real.name, str(sets.real)}
    hashes = {frame.sha256 for frame in from_folder.sets[0].frames}
    assert len(names) > 60
    assert len(hashes) == 32
    for path in (sets.bundle, sets.with_features):
        with zipfile.ZipFile(path) as archive:
            content = b"".join(it.filename.encode() + archive.read(it) for it in archive.infolist())
        for text in names | hashes:
            assert text.encode() not in content.replace(b'"real', b""), text
            if len(text) == 64:
                assert bytes.fromhex(text) not in content


def test_kept_vectors_are_not_in_the_order_of_the_files(sets: Sets) -> None:
    held = open_bundle(sets.with_features)
    note = held.bundle.extractors[0].vectors
    diagnoses, clusters = held.array(note.diagnoses), held.array(note.clusters)
    assert 0 < (np.diff(diagnoses) != 0).mean() < 1  # neither sorted nor alternating, as the manifest is
    assert (np.diff(clusters) == 0).mean() < 0.5
    first = [list(clusters).index(it) for it in range(16)]
    assert first == sorted(first)


def test_same_input_same_bytes(sets: Sets, tmp_path: Path) -> None:
    for name, options in (("a", {}), ("b", {})):
        build_reference(
            sets.real,
            tmp_path / f"{name}.ccmref",
            settings(),
            BuildOptions(work=sets.work, minimum=4, **options),
        )
    assert (tmp_path / "a.ccmref").read_bytes() == (tmp_path / "b.ccmref").read_bytes()
    assert (tmp_path / "a.ccmref").read_bytes() == sets.bundle.read_bytes()


def test_a_small_diagnosis_is_left_out_of_everything(sets: Sets, tmp_path: Path) -> None:
    """The bundle of all frames is, but for the list of what is left out, that of the others alone."""
    few = {"T1DPN-0000", "T1DPN-0001"}

    def relabelled(row):
        return {**row, "diagnosis": "Rare"} if row["subject"] in few else row

    bundles = []
    for name, change in (("all", relabelled), ("rest", lambda row: None if row["subject"] in few else row)):
        shutil.copytree(sets.real, tmp_path / name)
        rewrite(tmp_path / name / "manifest.csv", change)
        manifest = tmp_path / name / "manifest.csv"
        bundles.append(build_reference(manifest, tmp_path / f"{name}.ccmref", settings(), BuildOptions())[0])
    both = [json.loads(it.model_dump_json()) for it in bundles]
    assert both[0]["set"].pop("left_out") == ["Rare"]
    assert both[1]["set"].pop("left_out") == []
    assert both[0] == both[1]
    assert "Rare" not in {it.diagnosis for it in bundles[0].biomarkers}

    def rare(row):
        return {**row, "diagnosis": "Rare"} if row["diagnosis"] == "T1DPN" else row

    shutil.copytree(sets.synth, tmp_path / "synth")
    rewrite(tmp_path / "synth" / "manifest.csv", rare)
    found = run_three_pillar(
        tmp_path / "all.ccmref", tmp_path / "synth" / "manifest.csv", tmp_path / "out",
        settings(pillars=("preservation",)), write=False,
    )  # fmt: skip
    assert any(it.code == "left-out-diagnosis" for it in found.findings)
    assert "Rare" not in found.sets[1].diagnoses


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"measurement": {"segmenter": "other", "nerves_from": "masks"}},
            "measured with the segmenter 'phantom-net'",
        ),
        ({"measurement": {"nerves_from": "segmenter"}}, "other settings \\(nerves_from\\)"),
        ({"paired": True}, "--paired needs real frames"),
    ],
)
def test_what_is_refused(sets: Sets, tmp_path: Path, more, sentence: str) -> None:
    with pytest.raises(CcmevalError, match=sentence):
        run_three_pillar(sets.bundle, sets.synth, tmp_path / "out", settings(**more), write=False)


def _changed(sets: Sets, path: Path, **fields: object) -> Path:
    held = open_bundle(sets.bundle)
    arrays = {name: held.array(name).astype(note.dtype) for name, note in held.bundle.arrays.items()}
    write_bundle(path, held.bundle.model_copy(update=fields), arrays)
    return path


def test_another_version_of_the_segmenter_is_refused(sets: Sets, tmp_path: Path) -> None:
    measurement = {**open_bundle(sets.bundle).bundle.measurement, "nerves_from": "segmenter"}
    path = _changed(sets, tmp_path / "a.ccmref", segmenter="phantom-net 0", measurement=measurement)
    without = {name: value for name, value in settings().model_dump().items() if name != "measurement"}
    asked = type(settings()).model_validate(without)
    with pytest.raises(CcmevalError, match="segmenter 'phantom-net 0', and 'phantom-net 1' is here"):
        run_three_pillar(path, sets.synth, tmp_path / "out", asked, write=False)


def test_another_extractor_and_one_not_held(sets: Sets, tmp_path: Path) -> None:
    extractors = [
        it.model_copy(update={"identity": "radiomic; 0"}) if it.name == "radiomic" else it
        for it in open_bundle(sets.bundle).bundle.extractors
    ]
    path = _changed(sets, tmp_path / "a.ccmref", extractors=extractors)
    asked = settings(fidelity={"features": ("radiomic", "alexnet")}, pillars=("fidelity",))
    found = run_three_pillar(path, sets.synth, tmp_path / "out", asked, write=False)
    reasons = {it.name: it.reason for it in found.fidelity.extractors}
    assert "are of 'radiomic; 0'" in reasons["radiomic"]
    assert "built without alexnet features" in reasons["alexnet"]
    assert found.verdicts[0].verdict == "unavailable" or found.verdicts[0].verdict == "inconclusive"


def test_too_few_synthetic_frames_have_no_matched_value(sets: Sets, tmp_path: Path) -> None:
    shutil.copytree(sets.synth, tmp_path / "synth")
    with (tmp_path / "synth" / "manifest.csv").open(newline="") as file:
        kept = {row["frame"] for row in list(csv.DictReader(file))[:10]}
    rewrite(tmp_path / "synth" / "manifest.csv", lambda row: row if row["frame"] in kept else None)
    found = run_three_pillar(
        sets.bundle, tmp_path / "synth" / "manifest.csv", tmp_path / "out",
        settings(pillars=("fidelity",)), write=False,
    )  # fmt: skip
    row = rows_of(found, "frechet", "radiomic")["pooled", None]
    assert row.floor.median is not None
    assert row.floor.matched_median is None
    assert "give at least 16 synthetic frames" in row.floor.warning
    criterion = next(it for it in found.verdicts[0].criteria if it.name == "distance-radiomic")
    assert criterion.verdict == "unavailable"


def test_build_refuses(sets: Sets, tmp_path: Path) -> None:
    with pytest.raises(CcmevalError, match="exists already"):
        build_reference(sets.real, sets.bundle, settings())
    with pytest.raises(CcmevalError, match=r"name ends in \.ccmref"):
        build_reference(sets.real, tmp_path / "a.zip", settings())
    with pytest.raises(CcmevalError, match="No diagnosis has 9 subjects"):
        build_reference(sets.real, tmp_path / "a.ccmref", settings(), BuildOptions(work=sets.work, minimum=9))
    assert not (tmp_path / "a.ccmref").exists()


def test_command(sets: Sets) -> None:
    shown = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["reference", "show", str(sets.bundle)])
    assert shown.exit_code == 0, shown.output
    assert "Control: 16 frames of 8 subjects" in shown.output
    assert "It holds no frame" in shown.output
    assert "not differentially private" in shown.output
    wrong = CliRunner().invoke(app, ["reference", "show", str(sets.real / "manifest.csv")])
    assert isinstance(wrong.exception, CcmevalError)
    refused = CliRunner().invoke(app, ["reference", "build", str(sets.real), "-o", str(sets.bundle)])
    assert "exists already" in str(refused.exception)


def test_no_floor_where_halves_would_be_too_small(sets: Sets, tmp_path: Path) -> None:
    """With eight subjects a diagnosis and a minimum of five, only the pooled set has halves."""
    bundle, _ = build_reference(
        sets.real, tmp_path / "a.ccmref", settings(), BuildOptions(work=sets.work, minimum=5)
    )
    sides = {(it.scope, it.side) for it in bundle.extractors[0].moments}
    assert sides == {("diagnosis", "whole"), ("pooled", "first half"), ("pooled", "second half")}
    found = run_three_pillar(
        tmp_path / "a.ccmref", sets.synth, tmp_path / "out", settings(pillars=("fidelity",)), write=False
    )
    rows = rows_of(found, "frechet", "radiomic")
    assert rows["pooled", None].floor.matched_median is not None
    assert rows["diagnosis", "Control"].floor is None
    assert any(note.startswith("No floor") for note in rows["diagnosis", "Control"].notes)
