"""Tables of a run: rows to data frames, and CSV and JSON files that are whole or absent.

CSV files are UTF-8. A text cell that a spreadsheet would run as a formula (it starts with ``=``,
``+``, ``-``, ``@``, a tab or a carriage return) is written with a leading apostrophe; numbers are
written as they are. :func:`read_table` takes the apostrophe away again.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccmeval.morphometry.definitions import COLUMNS
from ccmeval.report.files import replacing
from ccmeval.report.schema import BiomarkersResult, FrameRow, Value

if TYPE_CHECKING:
    import pandas as pd

LEADING = ("frame", "subject", "diagnosis", "eye", "status", "reason", "quality_flags")
COUNTS = ("trunks", "trunk_branch_points", "branch_points", "pieces")
TRAILING = ("pixel_size_um", "pixel_size_source", "imaged_area_mm2", "mask_source", "sha256", "notes", "key")
FIXED_COLUMNS = (*LEADING, *COLUMNS, *COUNTS, *TRAILING)
"""Columns of `biomarkers.csv`; further manifest columns follow, in the manifest's order."""

SEPARATOR = "; "
"""Between several flags or notes in one cell."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters by which a cell may start a formula; the last four are their full-width forms."""

_WITH_COMMA = r"[+-]?\d+(?:,\d+)?"
_THOUSAND_DIGITS = 3

_SIGNIFICANT_DIGITS = 6
"""Of numbers in CSV: a millionth of a value, far below any measurement error; JSON holds all digits."""


def frame_cells(row: FrameRow) -> dict[str, Any]:
    """Lay one row out flat, by the columns of `biomarkers.csv`.

    Parameters
    ----------
    row : FrameRow
        A row of the result.

    Returns
    -------
    dict
        Cells by column; a manifest column that has the name of a fixed one gets ``manifest_`` before it.
    """
    cells: dict[str, Any] = {
        **{name: getattr(row, name) for name in (*LEADING, *TRAILING)},
        "quality_flags": SEPARATOR.join(row.quality_flags),
        "notes": SEPARATOR.join(row.notes),
        **{name: row.biomarkers.get(name) for name in COLUMNS},
        **{name: row.counts.get(name) for name in COUNTS},
    }
    extra = {f"manifest_{name}" if name in FIXED_COLUMNS else name: text for name, text in row.extra.items()}
    return {**{name: cells[name] for name in FIXED_COLUMNS}, **extra}


def frame_table(rows: Sequence[FrameRow]) -> pd.DataFrame:
    """Make the table of `biomarkers.csv` in memory.

    Parameters
    ----------
    rows : sequence of FrameRow
        Rows in the cohort's order.

    Returns
    -------
    pandas.DataFrame
        One row a frame; biomarkers are floats, NaN where undefined; further manifest columns are
        numbers where every cell is one, be its decimal sign a point or a comma.
    """
    import pandas as pd

    table = pd.DataFrame([frame_cells(row) for row in rows])
    if table.empty:
        return pd.DataFrame(columns=list(FIXED_COLUMNS))
    numeric = [*COLUMNS, *COUNTS, "pixel_size_um", "imaged_area_mm2"]
    table[numeric] = table[numeric].astype(float)
    for name in table.columns[len(FIXED_COLUMNS) :]:
        table[name] = _numbers_if_all(table[name])
    return table


def _numbers_if_all(column: pd.Series[Any]) -> pd.Series[Any]:
    """Turn a text column into numbers where every filled cell is one, with a decimal point or comma."""
    import pandas as pd

    texts = column.astype(str).str.strip()
    filled = column.notna() & (texts != "")
    if bool(texts[filled].str.fullmatch(_WITH_COMMA).all()) and _is_decimal_comma(texts[filled]):
        column = texts.str.replace(",", ".").where(filled)
    numbers = pd.to_numeric(column.where(filled), errors="coerce")
    return numbers if bool(filled.any()) and bool(numbers[filled].notna().all()) else column


def _is_decimal_comma(texts: Iterable[str]) -> bool:
    """Tell 41,5 from 1,200: before three digits everywhere, a comma may part the thousands."""
    tails = [text.partition(",")[2] for text in texts]
    return any(tail and len(tail) != _THOUSAND_DIGITS for tail in tails)


def guarded(text: str) -> str:
    """Make a text cell harmless to spreadsheets.

    Examples
    --------
    >>> [guarded(text) for text in ("=1+1", "-0.5", "@SUM(A1)", "a.png", "'=1")]
    ["'=1+1", '-0.5', "'@SUM(A1)", 'a.png', "''=1"]
    """
    if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS):
        return f"'{text}"  # so that reading gives the apostrophe back
    if not text.startswith(_FORMULA_STARTS) or _is_number(text):
        return text
    return f"'{text}"


def unguarded(text: str) -> str:
    """Undo :func:`guarded`.

    Examples
    --------
    >>> [unguarded(guarded(text)) for text in ("=1+1", "'=1", "'tis", "-0.5")]
    ['=1+1', "'=1", "'tis", '-0.5']
    """
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text


def _is_number(text: str) -> bool:
    """Tell whether a text is a plain number, which no spreadsheet runs."""
    body = text[1:] if text[:1] in ("+", "-") else text
    return body.isascii() and body.replace(".", "", 1).isdigit()


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a CSV file, one row at a time.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    rows : iterable of mapping
        Cells by column; None and NaN become empty cells.
    columns : sequence of str
        Columns, in order; a row without one gets an empty cell.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([guarded(name) for name in columns])
        writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, float):  # numpy's float64 too
        return f"{value:.{_SIGNIFICANT_DIGITS}g}" if math.isfinite(value) else ""
    return str(value)


def write_json(path: Path, result: BiomarkersResult) -> None:
    """Write `biomarkers.json`, with all digits; NaN is null.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.writelines(_json_lines(result))


def _json_lines(result: BiomarkersResult) -> Iterator[str]:
    """Give the result as JSON, a frame a line: readable, and never all in memory as one text."""
    whole = result.model_copy(update={"frames": []}).model_dump(mode="json")
    for index, (name, value) in enumerate(whole.items()):
        yield f"{',' if index else '{'}\n {json.dumps(name)}: "
        if name != "frames":
            yield json.dumps(value, ensure_ascii=False, allow_nan=False)
            continue
        for number, row in enumerate(result.frames):
            yield f"{',' if number else '['}\n  {row.model_dump_json()}"
        yield "\n ]" if result.frames else "[]"
    yield "\n}\n"


def records_of(table: pd.DataFrame) -> list[dict[str, Value]]:
    """Turn a statistics table into JSON rows; NaN becomes None, numpy's numbers become Python's."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Value:
    if hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value != value else str(value)  # pandas' NA and NaT are unequal to themselves


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV file that :func:`write_csv` wrote, with texts as they were before guarding.

    Parameters
    ----------
    path : pathlib.Path
        E.g. ``biomarkers.csv``.

    Returns
    -------
    pandas.DataFrame
        Names and labels are text, even where they look like numbers or like ``NA``.
    """
    import pandas as pd

    text_columns = dict.fromkeys(
        (*LEADING, "pixel_size_source", "mask_source", "sha256", "notes", "key"), str
    )
    table = pd.read_csv(path, dtype=text_columns, keep_default_na=False, na_values={c: [""] for c in COLUMNS})
    for name in table.columns:
        if pd.api.types.is_string_dtype(table[name]):
            texts = table[name].map(unguarded)
            table[name] = texts if name in text_columns else _numbers_if_all(texts)
    return table.rename(columns=unguarded)
