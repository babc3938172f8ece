"""CSV tables of a comparison: flat ones that hold every number, and wide ones with a row a set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ccmeval.comparison.schema import (
    ComparedSet,
    CompareResult,
    GeneratorFacts,
    MeasuredCost,
    OverallRank,
    PairDifference,
    Ranking,
    Reference,
    ScoreDefinition,
    ScoreValue,
    SetRank,
)
from ccmeval.evaluation.schema import PillarVerdict
from ccmeval.fidelity.schema import Floor
from ccmeval.report.comparison_names import set_names, short_names
from ccmeval.report.comparison_words import definitions, why_missing
from ccmeval.report.tables import write_csv
from ccmeval.report.three_pillar_flat import Rows, flat, model_columns
from ccmeval.utility.schema import CurvePoint

_ABOUT = ("label", "group", "unit", "better", "kind")
_OF_SET = ("axes", "generator", "cost", "values", "verdicts", "curves", "diagnoses")
_OF_RANKING = ("score", "scope", "diagnosis")
_NESTED = ("floor", "reference")
_REFERENCE = ("_reference", "_reference_low", "_reference_high")
_LARGEST_EXACT = 2**53


def write_comparison_csv(result: CompareResult, folder: Path) -> list[Path]:
    """Write the CSV files; a part that the run does not have is an empty table with its columns.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    paths = []
    for name, (columns, rows) in comparison_tables(result).items():
        paths.append(folder / f"{name}.csv")
        write_csv(paths[-1], (_exact(row) for row in rows), columns)
    return paths


def _exact(row: Any) -> dict[str, Any]:
    """Write whole numbers with all their digits: counts of parameters and bytes are such."""
    return {
        name: int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT
        else value
        for name, value in row.items()
    }


def comparison_tables(result: CompareResult) -> dict[str, tuple[Sequence[str], Rows]]:
    """Lay the result out: columns and rows by table."""
    floor = [f"floor_{name}" for name in Floor.model_fields]
    floor += [f"reference_{name}" for name in Reference.model_fields]
    pareto = result.pareto
    return {
        "wide": (wide_columns(result), (_wide_row(result, one, None) for one in result.sets)),
        "wide_diagnoses": (["diagnosis", *wide_columns(result)], _wide_diagnoses(result)),
        "scores": (
            ["set", *_axes(result), *_ABOUT, *model_columns(ScoreValue, *_NESTED), *floor],
            _score_rows(result),
        ),
        "definitions": (model_columns(ScoreDefinition), map(flat, result.scores)),
        "sets": (_set_columns(result), _set_rows(result)),
        "verdicts": (
            ["set", *model_columns(PillarVerdict, "criteria")],
            ({"set": one.name, **flat(it, "criteria")} for one in result.sets for it in one.verdicts),
        ),
        "rankings": (
            model_columns(Ranking, "ranks", "pairs"),
            (flat(it, "ranks", "pairs") for it in result.rankings),
        ),
        "ranks": (
            [*_OF_RANKING, *model_columns(SetRank)],
            ({**_where(it), **flat(rank)} for it in result.rankings for rank in it.ranks),
        ),
        "pairs": (
            [*_OF_RANKING, *model_columns(PairDifference)],
            ({**_where(it), **flat(pair)} for it in result.rankings for pair in it.pairs),
        ),
        "pareto": (
            ["set", "on_front", "on_front_by_value", "below"],
            (
                {
                    "set": one.name,
                    "on_front": one.name in pareto.front,
                    "on_front_by_value": one.name in pareto.by_value,
                    "below": "; ".join(pareto.above.get(one.name, [])),
                }
                for one in (result.sets if pareto else ())
                if pareto
            ),
        ),
        "overall": (model_columns(OverallRank), map(flat, result.overall.ranks if result.overall else ())),
        "curves": (
            ["set", *model_columns(CurvePoint)],
            ({"set": one.name, **flat(it)} for one in result.sets for it in one.curves),
        ),
    }


def _where(it: Ranking) -> dict[str, Any]:
    return {name: getattr(it, name) for name in _OF_RANKING}


def _axes(result: CompareResult) -> list[str]:
    named = [*result.axes, *(axis for one in result.sets for axis in one.axes)]
    return [f"axis_{name}" for name in dict.fromkeys(named)]


def _axis_cells(one: ComparedSet) -> dict[str, Any]:
    return {f"axis_{name}": value for name, value in one.axes.items()}


def wide_columns(result: CompareResult) -> list[str]:
    """List the columns of ``wide.csv``: what a set is, then four a score, and its reference if it has one."""
    scores = [f"{it.key}{part}" for it in result.scores for part in ("", "_low", "_high", "_reason")]
    counts = {f"{it.key}_of" for it in result.scores if it.kind == "count"}
    referred = {it.score for one in result.sets for it in one.values if it.reference is not None}
    placed = []
    for name in scores:
        placed.append(name)
        if f"{name}_of" in counts:
            placed.append(f"{name}_of")
        if name.removesuffix("_high") in referred and name.endswith("_high"):
            placed += [f"{name.removesuffix('_high')}{part}" for part in _REFERENCE]
    return ["set", "short_name", "status", "reason", "frames", *_axes(result), *placed]


def _wide_row(result: CompareResult, one: ComparedSet, diagnosis: str | None) -> dict[str, Any]:
    frames = one.n_frames if diagnosis is None else one.diagnoses.get(diagnosis, 0)
    row: dict[str, Any] = {
        "set": one.name,
        "short_name": short_names(set_names(result))[one.name],
        "status": one.status,
        "reason": one.reason,
        "frames": frames,
        **_axis_cells(one),
    }
    for it in result.scores:
        value = one.value(it.key, diagnosis)
        if value is not None and value.reference is not None:
            ends = value.reference.value, value.reference.low, value.reference.high
            row |= {f"{it.key}{part}": end for part, end in zip(_REFERENCE, ends, strict=True)}
        if value is None or value.value is None:
            row[f"{it.key}_reason"] = why_missing(one, value)
            continue
        row |= {it.key: value.value, f"{it.key}_low": value.low, f"{it.key}_high": value.high}
        if it.kind == "count":
            row[f"{it.key}_of"] = value.of
    return row


def _wide_diagnoses(result: CompareResult) -> Iterator[dict[str, Any]]:
    for one in result.sets:
        if one.status == "scored":
            for diagnosis in result.diagnoses:
                yield {"diagnosis": diagnosis, **_wide_row(result, one, diagnosis)}


def _score_rows(result: CompareResult) -> Iterator[dict[str, Any]]:
    known = definitions(result)
    for one in result.sets:
        for it in one.values:
            about = {name: getattr(known[it.score], name) for name in _ABOUT} if it.score in known else {}
            floor = {f"floor_{name}": value for name, value in flat(it.floor).items()} if it.floor else {}
            if it.reference is not None:
                floor |= {f"reference_{name}": value for name, value in flat(it.reference).items()}
            yield {"set": one.name, **_axis_cells(one), **about, **flat(it, *_NESTED), **floor}


def _set_columns(result: CompareResult) -> list[str]:
    return [
        *model_columns(ComparedSet, *_OF_SET),
        "diagnoses",
        *_axes(result),
        *[f"generator_{name}" for name in model_columns(GeneratorFacts)],
        *[f"cost_{name}" for name in model_columns(MeasuredCost)],
    ]


def _set_rows(result: CompareResult) -> Iterator[dict[str, Any]]:
    for one in result.sets:
        row = {**flat(one, *_OF_SET), "diagnoses": flat(one)["diagnoses"], **_axis_cells(one)}
        if one.generator is not None:
            row |= {f"generator_{name}": value for name, value in flat(one.generator).items()}
        yield row | {f"cost_{name}": value for name, value in flat(one.cost).items()}
