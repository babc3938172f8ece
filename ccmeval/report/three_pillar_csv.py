"""CSV tables of a three-pillar result: between them they hold every number of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ccmeval.evaluation.schema import (
    Criterion,
    Finding,
    PillarVerdict,
    SetFrame,
    SetSummary,
    ThreePillarResult,
)
from ccmeval.fidelity.schema import EmbeddingPoint, ExtractorRow, Floor, MetricRow, NearPair, PairScore
from ccmeval.preservation.schema import (
    AdherenceFrame,
    AdherenceSummary,
    BiomarkerComparison,
    CorrelationStructure,
    GradientRow,
    PairAgreement,
)
from ccmeval.report.tables import write_csv
from ccmeval.report.three_pillar_flat import Rows, flat, model_columns
from ccmeval.report.three_pillar_utility_csv import utility_tables
from ccmeval.utility.schema import UtilityResult

TABLES = "tables"


def write_tables(result: ThreePillarResult, folder: Path) -> list[Path]:
    """Write the CSV files; a part that the run does not have is an empty table with its columns.

    Parameters
    ----------
    result : ThreePillarResult
    folder : pathlib.Path
        Made if need be.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    paths = []
    for name, (columns, rows) in tables_of(result).items():
        paths.append(folder / f"{name}.csv")
        write_csv(paths[-1], rows, columns)
    return paths


def tables_of(result: ThreePillarResult) -> dict[str, tuple[Sequence[str], Rows]]:
    """Lay the result out flat: columns and rows by table.

    Examples
    --------
    >>> sorted(tables_of(ThreePillarResult(created="")))[:3]
    ['adherence', 'adherence_frames', 'agreement']
    """
    fidelity, preservation = result.fidelity, result.preservation
    return {
        "verdicts": (
            model_columns(PillarVerdict, "criteria"),
            (flat(it, "criteria") for it in result.verdicts),
        ),
        "criteria": (
            model_columns(Criterion),
            (flat(it) for card in result.verdicts for it in card.criteria),
        ),
        "findings": (model_columns(Finding), map(flat, result.findings)),
        "sets": (model_columns(SetSummary, "frames"), (flat(it, "frames") for it in result.sets)),
        "frames": (_frame_columns(result), _frame_rows(result)),
        "extractors": (model_columns(ExtractorRow), map(flat, fidelity.extractors if fidelity else ())),
        "fidelity": (
            [*model_columns(MetricRow, "floor"), *[f"floor_{name}" for name in Floor.model_fields]],
            map(_metric_row, fidelity.metrics if fidelity else ()),
        ),
        "near_pairs": (model_columns(NearPair), map(flat, fidelity.near_pairs if fidelity else ())),
        "pair_scores": (*_scores(fidelity.pair_scores if fidelity else ()),),
        "embeddings": (["features", "perplexity", "seed", *EmbeddingPoint.model_fields], _points(result)),
        "preservation": (
            model_columns(BiomarkerComparison),
            map(flat, preservation.comparisons if preservation else ()),
        ),
        "gradient": (
            [
                *model_columns(GradientRow, "order", "means_real", "means_synth"),
                "diagnosis",
                "mean_real",
                "mean_synth",
            ],
            _gradient_rows(preservation.gradients if preservation else ()),
        ),
        "correlation": (
            ["first", "second", "real", "synth", *_correlation_numbers()],
            _correlation_rows(preservation.correlation if preservation else None),
        ),
        "agreement": (
            model_columns(PairAgreement, "real", "synth"),
            (flat(it, "real", "synth") for it in (preservation.pairs if preservation else ())),
        ),
        "pairs": (
            ["biomarker", "label", "unit", "pair", "real", "synth", "difference", "mean"],
            _pair_rows(preservation.pairs if preservation else ()),
        ),
        "adherence": (
            model_columns(AdherenceSummary),
            map(flat, preservation.adherence if preservation else ()),
        ),
        "adherence_frames": (
            model_columns(AdherenceFrame),
            map(flat, preservation.adherence_frames if preservation else ()),
        ),
        **utility_tables(result.utility or UtilityResult()),
    }


def _metric_row(row: MetricRow) -> dict[str, Any]:
    floor = {f"floor_{name}": value for name, value in flat(row.floor).items()} if row.floor else {}
    return {**flat(row, "floor"), **floor}


def _biomarkers(result: ThreePillarResult) -> list[str]:
    return list(dict.fromkeys(name for it in result.sets for row in it.frames for name in row.biomarkers))


def _frame_columns(result: ThreePillarResult) -> list[str]:
    return ["set", *model_columns(SetFrame, "biomarkers"), *_biomarkers(result)]


def _frame_rows(result: ThreePillarResult) -> Iterator[dict[str, Any]]:
    for it in result.sets:
        for row in it.frames:
            yield {"set": it.name, **flat(row, "biomarkers"), **row.biomarkers}


def _scores(scores: Sequence[PairScore]) -> tuple[list[str], Rows]:
    backbones = list(dict.fromkeys(name for it in scores for name in it.lpips))
    columns = [*model_columns(PairScore, "lpips"), *[f"lpips_{name}" for name in backbones]]
    return columns, (
        {**flat(it, "lpips"), **{f"lpips_{name}": value for name, value in it.lpips.items()}} for it in scores
    )


def _points(result: ThreePillarResult) -> Iterator[dict[str, Any]]:
    for it in result.fidelity.embeddings if result.fidelity else ():
        about = {"features": it.features, "perplexity": it.perplexity, "seed": it.seed}
        for point in it.points:
            yield {**about, **flat(point)}


def _gradient_rows(gradients: Sequence[GradientRow]) -> Iterator[dict[str, Any]]:
    """Give a row a biomarker and diagnosis; what is of the biomarker as a whole is repeated."""
    for row in gradients:
        whole = flat(row, "order", "means_real", "means_synth")
        for number, name in enumerate(row.order or [""]):
            means = {
                side: values[number] if number < len(values) else None
                for side, values in (("mean_real", row.means_real), ("mean_synth", row.means_synth))
            }
            yield {**whole, "diagnosis": name, **means}


def _correlation_numbers() -> list[str]:
    return model_columns(CorrelationStructure, "biomarkers", "real", "synth")


def _correlation_rows(it: CorrelationStructure | None) -> Iterator[dict[str, Any]]:
    """Give a row a pair of biomarkers; the numbers of the whole stand in the first row alone."""
    if it is None:
        return
    whole = {name: getattr(it, name) for name in _correlation_numbers()}
    size = min(len(it.biomarkers), len(it.real), len(it.synth))
    pairs = [(i, j) for i in range(size) for j in range(i)]
    if not pairs:
        yield whole
    for i, j in pairs:
        yield {
            "first": it.biomarkers[j],
            "second": it.biomarkers[i],
            "real": it.real[i][j],
            "synth": it.synth[i][j],
            **whole,
        }
        whole = {}


def _pair_rows(pairs: Sequence[PairAgreement]) -> Iterator[dict[str, Any]]:
    for it in pairs:
        for number, (real, synth) in enumerate(zip(it.real, it.synth, strict=False)):
            about = {"biomarker": it.biomarker, "label": it.label, "unit": it.unit, "pair": number + 1}
            yield {
                **about,
                "real": real,
                "synth": synth,
                "difference": synth - real,
                "mean": (real + synth) / 2,
            }
