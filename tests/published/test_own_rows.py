"""A user's own rows beside the printed ones."""

from __future__ import annotations

import json

import pytest

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.schema import Scale, ThreePillarResult
from ccmeval.fidelity.schema import FidelityResult, MetricRow
from ccmeval.preservation.schema import BiomarkerComparison, PreservationResult
from ccmeval.published.library import published_paper
from ccmeval.published.own_rows import OwnReport, own_rows, read_own
from ccmeval.utility.schema import ScoreRow, UtilityResult

PAPER = published_paper()


def metric(name: str, label: str, value: float, scope: str, diagnosis: str | None = None) -> MetricRow:
    return MetricRow(
        metric=name, label=label, value=value, scope=scope, diagnosis=diagnosis, n_real=50, n_synth=60
    )  # type: ignore[arg-type]


def report(field_um: float = 400.0, label: str = "FID") -> OwnReport:
    fidelity = FidelityResult(
        metrics=[
            metric("frechet", label, 30.0, "diagnosis", "Control"),
            metric("frechet", label, 33.333, "mean over diagnoses"),
            metric("frechet", "FD-radiomic", 1.0, "mean over diagnoses"),
            metric("ssim", "SSIM", 0.51234, "pooled"),
        ]
    )
    row = BiomarkerComparison(
        biomarker="cnfl_mm_per_mm2", label="CNFL", unit="mm/mm²", family="primary", diagnosis="Control",
        scope="diagnosis", mean_real=18.0, sd_real_frames=4.0, n_real_frames=30,
        mean_synth=17.5, sd_synth_frames=3.25, n_synth_frames=40,
    )  # fmt: skip
    scores = [
        ScoreRow(
            task="diagnosis",
            learner="unet",
            group="B",
            metric="accuracy",
            label="",
            level="frame",
            value=0.712,
        ),
        ScoreRow(
            task="diagnosis",
            learner="unet",
            group="B",
            metric="accuracy",
            label="",
            level="subject",
            value=0.9,
        ),
    ]
    result = ThreePillarResult(
        created="2026-01-01T00:00:00+00:00", scale=Scale(field_of_view_um=(field_um, field_um)),
        fidelity=fidelity, preservation=PreservationResult(comparisons=[row]),
        utility=UtilityResult(scores=scores),
    )  # fmt: skip
    return OwnReport("mine", result)


def test_biomarkers_of_both_sides():
    found = own_rows(PAPER, PAPER.table("biomarkers"), report())
    assert [it.labels["source"] for it in found.rows] == ["mine, its real frames", "mine"]
    assert found.rows[1].cells["cnfl_mm_per_mm2"].printed == "17.50 ± 3.25"
    assert found.rows[1].cells["n_frames"].printed == "40"
    assert any("not from the paper's tracing" in it for it in found.remarks)
    assert not any("show" in it for it in found.remarks)


def test_another_field_of_view_is_said():
    found = own_rows(PAPER, PAPER.table("biomarkers"), report(field_um=800))
    assert any("800 x 800 µm, the published ones 400 x 400 µm" in it for it in found.remarks)


def test_fid_by_diagnosis_and_its_average():
    found = own_rows(PAPER, PAPER.table("fidelity"), report())
    cells = {it.labels["diagnosis"]: it.cells["fid"].printed for it in found.rows}
    assert cells == {"Control": "30.00", "Class average": "33.33"}
    assert any("50 and 60 real and synthetic" in it for it in found.remarks)


def test_other_features_are_not_called_fid():
    found = own_rows(PAPER, PAPER.table("fidelity"), report(label="FD-dinov2"))
    assert found.rows == []
    found = own_rows(PAPER, PAPER.table("generators"), report(label="FD-dinov2"))
    assert {key: it.printed for key, it in found.rows[0].cells.items()} == {"ssim": "0.512"}
    assert any("FD-dinov2, FD-radiomic are on other features than FID" in it for it in found.remarks)


def test_groups_are_scores_over_frames():
    found = own_rows(PAPER, PAPER.table("groups"), report())
    assert [it.labels["group"] for it in found.rows] == ["B (mine, unet)"]
    assert found.rows[0].cells["accuracy_percent"].printed == "71.2"


def test_a_table_that_a_report_has_nothing_for():
    found = own_rows(PAPER, PAPER.table("parameters"), report())
    assert (found.rows, found.remarks) == ([], ["mine: the report has nothing that this table shows."])


def test_reports_are_read_by_name_folder_or_file(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    path = folder / "report.json"
    path.write_text(report().result.model_dump_json(), encoding="utf-8")
    assert [read_own(it).name for it in (str(path), str(folder), f"a={path}")] == ["run", "run", "a"]


def test_what_is_no_report_is_one_sentence(tmp_path):
    with pytest.raises(CcmevalError, match="cannot be read"):
        read_own(str(tmp_path / "none.json"))
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"kind": "agreement"}), encoding="utf-8")
    with pytest.raises(CcmevalError, match=r"no report\.json"):
        read_own(str(path))
