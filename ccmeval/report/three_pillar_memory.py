"""Pillar 1 in tables: memorisation, metrics without a number, pixel scores of declared pairs."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.fidelity.schema import FidelityResult, MetricRow
from ccmeval.report.numbers import NONE, number_text
from ccmeval.report.three_pillar_words import (
    estimate_cell,
    left_out,
    scope_words,
    unique,
)
from ccmeval.report.view import Cell, Head, Table

MOST_PAIR_SCORES = 10
MOST_MISSING = 30
BETTER = {"lower": "lower is better", "higher": "higher is better", "neither": ""}


def is_memorisation(row: MetricRow) -> bool:
    """Tell whether a metric asks if training frames were memorised; these have their own table.

    Examples
    --------
    >>> is_memorisation(MetricRow(metric="c_t_cells", label="C_T"))
    True
    """
    return row.metric.startswith(("authenticity", "c_t", "nearest_", "near_duplicate", "copies"))


def memorisation_table(fidelity: FidelityResult) -> Table:
    """Lay out the metrics of memorisation.

    Examples
    --------
    >>> memorisation_table(FidelityResult()).rows
    []
    """
    shown = [row for row in fidelity.metrics if row.status == "computed" and is_memorisation(row)]
    heads = [
        Head("Metric", long=True),
        Head("Features"),
        Head("Over"),
        Head("Value", "95 % CI", number=True),
        Head("Floor", "range", number=True),
        Head("Notes", long=True),
    ]
    rows = [
        [
            Cell(row.label, BETTER[row.better]),
            Cell(row.features or NONE),
            Cell(scope_words(row.scope, row.diagnosis, row.n_diagnoses)),
            estimate_cell(row.value, row.low, row.high),
            estimate_cell(row.floor.median, row.floor.low, row.floor.high) if row.floor else Cell(NONE),
            Cell(" ".join([*row.notes, row.floor.warning if row.floor else ""]).strip()),
        ]
        for row in shown[:MOST_MISSING]
    ]
    return Table(
        "Was the training set memorised?", heads, rows, left_out(len(shown), MOST_MISSING, "fidelity.csv")
    )


def missing_table(fidelity: FidelityResult) -> Table:
    """List the metrics without a number, each with its reason and cure; equal reasons share a row.

    Examples
    --------
    >>> missing_table(FidelityResult()).rows
    []
    """
    by_reason: dict[tuple[str, str, str], list[MetricRow]] = {}
    for row in fidelity.metrics:
        if row.status != "computed":
            by_reason.setdefault((row.features, row.status, row.reason), []).append(row)
    rows = [
        [
            Cell(", ".join(unique([it.label for it in found])), _scopes(found)),
            Cell(name or NONE),
            Cell(status),
            Cell(reason),
        ]
        for (name, status, reason), found in by_reason.items()
    ]
    silent = {row.features for row in fidelity.metrics}
    rows += [
        [Cell(f"all metrics on {it.name}"), Cell(it.name), Cell(it.status), Cell(it.reason)]
        for it in fidelity.extractors
        if it.status == "unavailable" and it.name not in silent
    ]
    heads = [Head("Metric", long=True), Head("Features"), Head("Status"), Head("Reason and cure", long=True)]
    return Table(
        "Metrics without a number.",
        heads,
        rows[:MOST_MISSING],
        left_out(len(rows), MOST_MISSING, "fidelity.csv"),
    )


def _scopes(rows: Sequence[MetricRow]) -> str:
    said = unique([scope_words(it.scope, it.diagnosis, it.n_diagnoses) for it in rows])
    return "" if said == ["all frames pooled"] else "; ".join(said[:3]) + ("; …" if len(said) > 3 else "")


def scores_table(fidelity: FidelityResult) -> Table:
    """List pixel scores of declared pairs.

    Examples
    --------
    >>> scores_table(FidelityResult()).rows
    []
    """
    backbones = list(dict.fromkeys(name for it in fidelity.pair_scores for name in it.lpips))
    heads = [
        Head("Synthetic frame", "its real frame", long=True),
        Head("PSNR", "dB", number=True),
        Head("SSIM", number=True),
        Head("MS-SSIM", number=True),
        *[Head("LPIPS", name, number=True) for name in backbones],
    ]
    rows = [
        [
            Cell(it.synth, it.real),
            *[Cell(number_text(value)) for value in (it.psnr_db, it.ssim, it.ms_ssim)],
            *[Cell(number_text(it.lpips.get(name))) for name in backbones],
        ]
        for it in fidelity.pair_scores[:MOST_PAIR_SCORES]
    ]
    more = left_out(len(fidelity.pair_scores), MOST_PAIR_SCORES, "pair_scores.csv")
    return Table("Pixel scores of declared pairs.", heads, rows, more)
