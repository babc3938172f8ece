"""Files of a comparison: the result as JSON, and its table as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ccmeval.comparison.schema import ComparedSet, CompareResult, ScoreDefinition
from ccmeval.report.files import replacing
from ccmeval.report.tables import write_csv

JSON_NAME = "compare.json"
CSV_NAME = "compare.csv"


def write_compare(result: CompareResult, out: Path) -> None:
    """Write ``compare.json`` and ``compare.csv``.

    Parameters
    ----------
    result : CompareResult
    out : pathlib.Path

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    with replacing(out / JSON_NAME) as partial:
        partial.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
    rows = table_rows(result)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_csv(out / CSV_NAME, rows, columns)


def table_rows(result: CompareResult) -> list[dict[str, Any]]:
    """Give one row a set and scope: all frames first, then each diagnosis.

    Parameters
    ----------
    result : CompareResult

    Returns
    -------
    list of dict
        Every score with its interval, floor, rank and letters, as far as it has these.
    """
    found = []
    for diagnosis in (None, *result.diagnoses):
        found += [_row(result, one, diagnosis) for one in result.sets]
    return found


def _row(result: CompareResult, one: ComparedSet, diagnosis: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "set": one.name, "diagnosis": diagnosis or "all", "status": one.status, "reason": one.reason,
        "n_frames": one.n_frames if diagnosis is None else one.diagnoses.get(diagnosis, 0),
        **{f"axis:{axis}": one.axes.get(axis) for axis in result.axes},
    }  # fmt: skip
    for definition in result.scores:
        row.update(_cells(result, one, definition, diagnosis))
    return row


def _cells(
    result: CompareResult, one: ComparedSet, definition: ScoreDefinition, diagnosis: str | None
) -> dict[str, Any]:
    key, value = definition.key, one.value(definition.key, diagnosis)
    cells: dict[str, Any] = {key: None if value is None else value.value}
    if definition.kind == "count":
        return {**cells, f"{key} of": None if value is None else value.of}
    if definition.group != "cost" or key == "seconds":
        cells[f"{key} low"] = None if value is None else value.low
        cells[f"{key} high"] = None if value is None else value.high
    if definition.group in ("distance", "neighbours"):
        floor = value.floor if value is not None else None
        cells[f"{key} floor"] = None if floor is None else floor.median
    if definition.group in ("adherence", "utility"):
        reference = value.reference if value is not None else None
        cells[f"{key} reference"] = None if reference is None else reference.value
    if definition.ranked:
        ranks = [
            rank
            for ranking in result.rankings
            if (ranking.score, ranking.diagnosis) == (key, diagnosis)
            for rank in ranking.ranks
            if rank.set == one.name
        ]
        cells[f"{key} rank"] = ranks[0].rank if ranks else None
        cells[f"{key} letters"] = ranks[0].letters if ranks else None
    return cells
