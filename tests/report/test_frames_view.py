"""The page's tables on frames, against counts worked out by hand."""

from __future__ import annotations

import pytest

from ccmeval.report.frames_view import (
    MOST_ROWS,
    failed_table,
    flags_table,
    frames_table,
    method_tables,
    tiles,
)
from ccmeval.report.schema import BiomarkersResult, FrameRow

TIME = "2026-11-20T20:00:00Z"


def row(name: str, cnfl: float | None, **more: object) -> FrameRow:
    return FrameRow(frame=name, key=name, biomarkers={"cnfl_mm_per_mm2": cnfl}, **more)


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
