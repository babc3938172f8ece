"""Tables of the page against numbers worked out by hand."""

from __future__ import annotations

import pytest

from ccmeval.report import summary
from ccmeval.report.frames_view import (
    MOST_ROWS,
    failed_table,
    flags_table,
    frames_table,
    method_tables,
    tiles,
)
from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.summary import summary_table, summary_text, values_by_diagnosis

TIME = "2026-11-20T20:00:00Z"


def row(name: str, cnfl: float | None, **more: object) -> FrameRow:
    return FrameRow(frame=name, key=name, biomarkers={"cnfl_mm_per_mm2": cnfl}, **more)


def words(table: object) -> list[list[tuple[str, str]]]:
    return [[(cell.words, cell.below) for cell in line] for line in table.rows]


def test_without_diagnoses_frames_are_summed_up_as_one():
    result = BiomarkersResult(created=TIME, frames=[row("a", 10.0), row("b", 14.0), row("c", None)])
    table = summary_table(result, "primary")
    assert table.heads[1].words == "All frames"
    # mean 12, SD sqrt(8) = 2.83
    assert words(table)[0] == [("CNFL", "mm/mm²"), ("12.0 ± 2.8", "")]
    assert words(table)[3] == [("CNFW", "µm/mm²"), ("–", "")]
    assert "SD is between frames" in summary_text(result)


def test_subjects_count_once_without_diagnoses():
    subjects = [
        {"subject": "s", "n_frames": 9, "cnfl_mm_per_mm2": 10.0},
        {"subject": "t", "n_frames": 1, "cnfl_mm_per_mm2": 20.0},
    ]
    result = BiomarkersResult(created=TIME, frames=[row("a", 1.0, subject="s")], subjects=subjects)
    assert words(summary_table(result, "primary"))[0][1] == ("15.0 ± 7.1", "")
    assert values_by_diagnosis(result, "cnfl_mm_per_mm2") == ({"all": [10.0, 20.0]}, "subjects")


def test_the_table_of_diagnoses_is_shown_as_it_stands():
    one = {
        "diagnosis": "Control",
        "biomarker": "cnfl_mm_per_mm2",
        "unit_of_analysis": "subject",
        "n_subjects": 12,
        "n_frames": 1,
        "n_defined": 12,
        "mean": 19.4,
        "sd": 5.14,
        "ci_low": 16.55,
        "ci_high": 22.0,
    }
    other = {
        **one,
        "diagnosis": "T1DPN",
        "n_frames": 80,
        "mean": None,
        "sd": None,
        "ci_low": None,
        "ci_high": None,
    }
    result = BiomarkersResult(created=TIME, frames=[row("a", 1.0)], diagnoses=[one, other])
    table = summary_table(result, "primary")
    assert [head.below for head in table.heads[1:]] == ["12 subjects\n1 frame", "12 subjects\n80 frames"]
    assert words(table) == [[("CNFL", "mm/mm²"), ("19.4 ± 5.1", "16.6 to 22.0"), ("–", "")]]


def test_a_test_is_told_with_its_intervals():
    test = {
        "biomarker": "cnfl_mm_per_mm2",
        "diagnosis_a": "Control",
        "diagnosis_b": "T1DPN",
        "n_a": 12,
        "n_b": 13,
        "difference": -9.64,
        "difference_low": -13.2,
        "difference_high": -6.1,
        "hedges_g": -1.7449,
        "hedges_g_low": -2.5,
        "hedges_g_high": -1.0,
        "auc": 0.104,
        "auc_low": 0.03,
        "auc_high": 0.31,
        "welch_p_holm": 0.00002,
        "mann_whitney_p_holm": 0.0123,
        "adjusted_for": "age",
        "adjusted_difference": -8.0,
        "adjusted_low": -12.0,
        "adjusted_high": -4.0,
        "adjusted_p_holm": 0.2,
        "warning": "",
    }
    table = summary.tests_table(BiomarkersResult(created=TIME, tests=[test]), "primary")
    assert words(table)[0][1:] == [
        ("T1DPN against Control", ""),
        ("13 / 12", ""),
        ("−9.64", "−13.20 to −6.10"),
        ("−1.74", "−2.50 to −1.00"),
        ("0.10", "0.03 to 0.31"),
        ("< 0.001", ""),
        ("0.012", ""),
        ("−8.00", "−12.00 to −4.00; p 0.20"),
    ]
    assert "age" in table.heads[-1].below
    assert summary.tests_table(BiomarkersResult(created=TIME, tests=[test]), "secondary").rows == []


def test_flags_are_counted_over_measured_frames():
    rows = [row(str(i), 1.0) for i in range(200)]
    rows[7].quality_flags = ["blurred", "too dark"]
    rows[8].quality_flags = ["blurred"]
    table = flags_table(BiomarkersResult(created=TIME, frames=rows))
    assert [[cell.words for cell in line] for line in table.rows] == [
        ["blurred", "2", "1 %", "7, 8"],
        ["too dark", "1", "< 1 %", "7"],
    ]


def test_failed_frames_are_listed_up_to_a_bound():
    rows = [FrameRow(frame=str(i), key=str(i), status="failed", reason="torn") for i in range(MOST_ROWS + 5)]
    table = failed_table(BiomarkersResult(created=TIME, frames=rows))
    assert len(table.rows) == MOST_ROWS
    assert table.more == "And 5 more, in biomarkers.csv."


def test_columns_in_which_nothing_stands_are_left_out():
    plain = frames_table(BiomarkersResult(created=TIME, frames=[row("a", 1.0), row("b", 2.0)]))
    assert [head.words for head in plain.heads] == ["Frame", "CNFL", "CNFD", "CNBD", "CNFW"]
    noted = frames_table(BiomarkersResult(created=TIME, frames=[row("a", 1.0, subject="s"), row("b", 2.0)]))
    assert [head.words for head in noted.heads][:2] == ["Frame", "Subject"]
    assert [line[1].words for line in noted.rows] == ["s", "–"]


def test_pixel_sizes_are_counted_by_source():
    rows = [row(str(i), 1.0, pixel_size_um=400 / 384, pixel_size_source="HRT3-RCM default") for i in range(3)]
    rows.append(row("x", 1.0, pixel_size_um=0.5, pixel_size_source="manifest", height_px=10, width_px=20))
    pixels = method_tables(BiomarkersResult(created=TIME, frames=rows))[1]
    assert [[cell.words for cell in line] for line in pixels.rows] == [
        ["HRT3-RCM default", "1.0417", "–", "3"],
        ["manifest", "0.50000", "20 × 10", "1"],
    ]


@pytest.mark.parametrize(("status", "tone"), [("measured", ""), ("failed", "bad")])
def test_tiles_stand_out_where_frames_failed(status, tone):
    found = tiles(BiomarkersResult(created=TIME, frames=[row("a", 1.0, status=status)]))
    assert found[1].tone == tone
