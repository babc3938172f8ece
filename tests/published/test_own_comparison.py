"""The sets of a comparison beside the printed rows."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from ccmeval.cli.main import app
from ccmeval.comparison.schema import (
    ComparedSet,
    CompareResult,
    GeneratorFacts,
    MeasuredCost,
    RealSide,
    ScoreDefinition,
    ScoreValue,
)
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.schema import Scale
from ccmeval.published.library import published_paper
from ccmeval.published.own_comparison import OwnComparison, own_sets
from ccmeval.published.own_rows import read_own
from tests.published.test_own_rows import report

PAPER = published_paper()
UTILITY = "utility:{}:{}:{}:{}:{}"


def one(name: str, fid: float, rank: int) -> ComparedSet:
    values = [
        ScoreValue(score="frechet:inception", value=fid),
        ScoreValue(score="frechet:inception", scope="diagnosis", diagnosis="Control", value=fid + 1),
        ScoreValue(score="frechet:inception", scope="mean over diagnoses", value=fid + 2),
        ScoreValue(score="frechet:radiomic", value=7.0),
        ScoreValue(score="ssim", status="refused", reason="No pairs."),
        ScoreValue(score=UTILITY.format("diagnosis", "biomarker", "A", "accuracy", "frame"), value=0.5),
        ScoreValue(score=UTILITY.format("diagnosis", "biomarker", "B", "accuracy", "frame"), value=fid / 100),
        ScoreValue(score=UTILITY.format("segmentation", "unet", "B", "two_class_miou", "mean"), value=0.625),
    ]
    return ComparedSet(
        name=name, source="x", folder=f"sets/{name}", n_frames=40, n_failed=2, diagnoses={"Control": 13},
        axes={"rank": rank}, values=values, cost=MeasuredCost(seconds_per_frame=0.0251, device="cuda"),
        generator=GeneratorFacts(name="qwen-lora", n_trained=11_796_480, n_parameters=10_724_072_727),
    )  # fmt: skip


def comparison() -> CompareResult:
    lost = ComparedSet(name="lost", source="y", status="failed", reason="It is empty.")
    labels = {"frechet:inception": "FID", "frechet:radiomic": "FD-radiomic", "ssim": "SSIM"}
    return CompareResult(
        created="2026-01-01T00:00:00+00:00",
        real=RealSide(source="r", n_frames=50, diagnoses={"Control": 20}),
        scale=Scale(field_of_view_um=(400.0, 400.0)), sets=[one("a", 60.0, 8), one("b", 70.0, 32), lost],
        scores=[
            ScoreDefinition(key=key, label=label, group="distance", better="lower")
            for key, label in labels.items()
        ],
    )  # fmt: skip


@pytest.fixture
def own(tmp_path) -> OwnComparison:
    return OwnComparison("mine", comparison(), tmp_path)


def cells(own: OwnComparison, table: str) -> list[tuple[str, dict[str, str | None]]]:
    found = own_sets(PAPER, PAPER.table(table), own)
    return [(it.name, {key: entry.printed for key, entry in it.cells.items()}) for it in found.rows]


def test_generators_have_one_row_a_set(own):
    told = {"seconds_per_frame": "0.0251"}
    assert cells(own, "generators") == [("a", {"fid": "62.00", **told}), ("b", {"fid": "72.00", **told})]
    remarks = own_sets(PAPER, PAPER.table("generators"), own).remarks
    assert "mine, all sets: seconds a frame were measured on cuda." in remarks
    assert "mine, lost: has no rows, as it failed: It is empty." in remarks
    assert len(remarks) == len(set(remarks))


def test_fidelity_is_by_diagnosis_with_the_frames_of_it(own):
    assert cells(own, "fidelity")[:2] == [
        ("a, 8, Control", {"fid": "61.00"}),
        ("a, 8, Class average", {"fid": "62.00"}),
    ]
    remarks = " ".join(own_sets(PAPER, PAPER.table("fidelity"), own).remarks)
    assert "50 and 38, 20 and 13 real and synthetic" in remarks


def test_parameters_in_millions_and_as_a_share(own):
    assert cells(own, "parameters")[0] == ("a, 8", {"trainable_m": "11.80", "share_percent": "0.11"})


def test_group_a_stands_once_and_b_of_each_set(own):
    assert cells(own, "groups") == [
        ("A (mine, biomarker)", {"accuracy_percent": "50.0"}),
        ("B (a, biomarker)", {"accuracy_percent": "60.0"}),
        ("B (a, unet)", {"miou_percent": "62.5"}),
        ("B (b, biomarker)", {"accuracy_percent": "70.0"}),
        ("B (b, unet)", {"miou_percent": "62.5"}),
    ]


def test_ranks_are_those_of_the_axis(own):
    found = cells(own, "rank_sensitivity")
    assert ("a (B, biomarker), 8", {"accuracy_percent": "60.0"}) in found
    assert ("b (B, biomarker), 32", {"accuracy_percent": "70.0"}) in found


def test_biomarkers_come_from_the_reports_of_the_sets(own):
    missing = own_sets(PAPER, PAPER.table("biomarkers"), own)
    assert missing.rows == []
    assert "own reports" in missing.remarks[0]
    for name in "ab":
        folder = own.folder / "sets" / name
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(report().result.model_dump_json(), encoding="utf-8")
    found = cells(own, "biomarkers")
    assert [name for name, _ in found] == ["mine, real frames, Control", "a, Control", "b, Control"]
    assert found[1][1]["cnfl_mm_per_mm2"] == "17.50 ± 3.25"


def test_a_table_that_no_set_has_anything_for(own):
    found = own_sets(PAPER, PAPER.table("diversity"), own)
    assert (found.rows, found.remarks) == ([], ["mine: the comparison has nothing that this table shows."])


def test_the_command_takes_a_folder_or_a_file_with_or_without_a_name(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    path = folder / "compare.json"
    path.write_text(comparison().model_dump_json(), encoding="utf-8")
    assert [read_own(it).name for it in (str(path), str(folder), f"x={folder}")] == ["run", "run", "x"]
    done = CliRunner().invoke(
        app, ["published", "generators", "--with", str(folder), "-o", str(tmp_path / "o")]
    )
    assert done.exit_code == 0
    assert "62.00" in done.stdout
    assert "72.00" in (tmp_path / "o" / "generators.html").read_text(encoding="utf-8")


def test_a_damaged_comparison_is_one_sentence(tmp_path):
    path = tmp_path / "compare.json"
    path.write_text('{"kind": "compare", "sets": 3}', encoding="utf-8")
    with pytest.raises(CcmevalError, match=r"nor compare\.json"):
        read_own(str(path))
