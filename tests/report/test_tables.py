"""Tables: columns in order, cells harmless, numbers untouched, and back again."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmeval.morphometry.definitions import COLUMNS
from ccmeval.report.files import OutputError
from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.tables import (
    FIXED_COLUMNS,
    frame_cells,
    frame_table,
    guarded,
    read_table,
    records_of,
    unguarded,
    write_csv,
    write_json,
)


def _row(frame: str = "a.png", **more: object) -> FrameRow:
    values = {"cnfl_mm_per_mm2": 19.437261234, "tortuosity": None, "nerve_contrast": -0.25}
    return FrameRow(frame=frame, key="a", biomarkers=values, counts={"trunks": 3}, **more)


def _write(path: Path, rows: list[FrameRow]) -> None:
    extra = dict.fromkeys(name for row in rows for name in list(frame_cells(row))[len(FIXED_COLUMNS) :])
    write_csv(path, map(frame_cells, rows), [*FIXED_COLUMNS, *extra])


def test_columns_begin_as_documented_and_hold_every_biomarker() -> None:
    assert FIXED_COLUMNS[:7] == ("frame", "subject", "diagnosis", "eye", "status", "reason", "quality_flags")
    assert FIXED_COLUMNS[7 : 7 + len(COLUMNS)] == COLUMNS
    assert list(frame_cells(_row()))[: len(FIXED_COLUMNS)] == list(FIXED_COLUMNS)


def test_a_manifest_column_cannot_replace_a_measured_one() -> None:
    cells = frame_cells(_row(extra={"cnfl_mm_per_mm2": "99", "age": "63"}))
    assert cells["cnfl_mm_per_mm2"] == 19.437261234
    assert (cells["manifest_cnfl_mm_per_mm2"], cells["age"]) == ("99", "63")


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["41,5", "50", ""], [41.5, 50, math.nan]),
        (["-0,25", "1,125"], [-0.25, 1.125]),
        (["1,200", "2,400"], None),  # of thousands or of ones: nobody can tell
        (["41,5", "50.5"], None),
        (["1,2,3", "4,5"], None),
        (["41", "50"], [41, 50]),
    ],
)
def test_manifest_columns_with_a_decimal_comma(cells: list[str], numbers: list[float] | None) -> None:
    column = frame_table([_row(f"{i}.png", extra={"age": cell}) for i, cell in enumerate(cells)])["age"]
    assert column.tolist() == (cells if numbers is None else pytest.approx(numbers, nan_ok=True))


def test_cells_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    _write(path, [_row("=cmd|' /C calc'!A0", reason='a, "b"', quality_flags=["blurred", "too dark"])])
    with path.open(encoding="utf-8", newline="") as file:
        (cells,) = csv.DictReader(file)
    assert cells["frame"] == "'=cmd|' /C calc'!A0"
    assert cells["reason"] == 'a, "b"'
    assert cells["quality_flags"] == "blurred; too dark"
    assert cells["cnfl_mm_per_mm2"] == "19.4373"
    assert cells["nerve_contrast"] == "-0.25"
    assert (cells["tortuosity"], cells["trunks"]) == ("", "3")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_text_cell_starts_a_formula(start: str) -> None:
    assert guarded(f"{start}1+1|x").startswith("'")


@pytest.mark.parametrize("number", ["-1", "+1.5", "-0.25", "1e5", "12"])
def test_numbers_are_untouched(number: str) -> None:
    assert guarded(number) == number


@given(st.text())
def test_guarding_can_be_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0")), min_size=1))
def test_texts_come_back_from_the_file(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    _write(path, [_row(frame=name, subject=name) for name in names])
    assert read_table(path)["frame"].tolist() == names


def test_a_table_comes_back_with_its_types(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [
        _row("1", subject="007", diagnosis="NA", extra={"age": "63", "site": "-x"}),
        FrameRow(
            frame="2",
            key="b",
            subject="008",
            diagnosis="NA",
            status="failed",
            reason="No.",
            extra={"age": ""},
        ),
    ]
    _write(path, rows)
    table = read_table(path)
    assert table["subject"].tolist() == ["007", "008"]
    assert table["diagnosis"].tolist() == ["NA", "NA"]
    assert table["cnfl_mm_per_mm2"].iloc[0] == pytest.approx(19.437261, rel=1e-5)
    assert math.isnan(table["cnfl_mm_per_mm2"].iloc[1])
    assert table["age"].iloc[0] == 63
    assert table["site"].iloc[0] == "-x"


def test_frame_table_has_numbers_where_numbers_are_meant() -> None:
    table = frame_table([_row(extra={"age": "63"}), _row("b", extra={"age": "n/a"})])
    assert table["tortuosity"].dtype == float
    assert np.isnan(table["tortuosity"]).all()
    assert table["age"].tolist() == ["63", "n/a"]
    assert frame_table([_row(extra={"age": "63"}), _row("b", extra={"age": ""})])["age"].iloc[0] == 63.0
    assert list(frame_table([]).columns) == list(FIXED_COLUMNS)


def test_json_holds_all_digits_and_no_nan(tmp_path: Path) -> None:
    table = pd.DataFrame({"subject": ["a", None], "mean": [0.1 + 0.2, np.nan], "n": np.array([5, 6])})
    result = BiomarkersResult(created="now", frames=[_row()], subjects=records_of(table))
    write_json(tmp_path / "r.json", result)
    text = (tmp_path / "r.json").read_text()
    assert "NaN" not in text
    content = json.loads(text)
    assert content["frames"][0]["biomarkers"]["cnfl_mm_per_mm2"] == 19.437261234
    assert content["subjects"] == [
        {"subject": "a", "mean": 0.1 + 0.2, "n": 5},
        {"subject": None, "mean": None, "n": 6},
    ]
    assert BiomarkersResult.model_validate(content) == result


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"t\.csv cannot be written \((File exists|Not a directory)\)"):
        write_csv(tmp_path / "file" / "t.csv", [], ["a"])
