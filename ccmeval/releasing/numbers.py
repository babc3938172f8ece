"""Tables of the datasheet, drawn from the result of the three pillars and from nothing else."""

from __future__ import annotations

from collections import Counter

from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.fidelity.schema import MetricRow
from ccmeval.releasing.plan import Plan
from ccmeval.report.numbers import NONE, number_text
from ccmeval.report.three_pillar_words import PILLARS, badge, estimate_cell
from ccmeval.report.view import Cell, Head, Table
from ccmeval.statistics.tables import diagnosis_order

DISTANCES = ("frechet", "kid", "mmd", "precision", "recall", "density", "coverage")
MEMORY = ("nearest_distance_ratio", "authenticity", "c_t", "c_t_cells")


def counts_table(plan: Plan) -> Table:
    """Count frames, masks and subjects by diagnosis."""
    of = [one.source.record.diagnosis or "not stated" for one in plan.frames]
    names = diagnosis_order(of)
    rows = []
    for name in [*names, "all"] if len(names) > 1 else names:
        chosen = [one for one, diagnosis in zip(plan.frames, of, strict=True) if name in (diagnosis, "all")]
        subjects = {one.subject for one in chosen if one.subject}
        counts = (len(chosen), sum(bool(one.mask) for one in chosen), len(subjects))
        rows.append([Cell(name), *(Cell(f"{count:,}") for count in counts)])
    heads = [Head("Diagnosis")] + [
        Head(words, number=True) for words in ("Frames", "Masks", "Source subjects")
    ]
    more = "" if any(one.subject for one in plan.frames) else "Source subjects are not known."
    return Table("Released frames by diagnosis.", heads, rows, more)


def sizes(plan: Plan) -> list[str]:
    """Say which sizes and depths the frames have.

    Returns
    -------
    list of str
        One sentence a kind, the commonest first.
    """
    kinds = Counter((one.source.shape, one.source.pixel_size_um, one.source.bits) for one in plan.frames)
    return [
        f"{count:,} frames of {shape[1]} x {shape[0]} px, {size:.4g} um a pixel"
        f" ({shape[1] * size:.4g} x {shape[0] * size:.4g} um), {bits} bits."
        for (shape, size, bits), count in kinds.most_common(10)
    ]


def verdict_table(result: ThreePillarResult) -> Table:
    """Show the verdict of each pillar."""
    rows = [[Cell(PILLARS[it.pillar]), badge(it.verdict), Cell(it.sentence)] for it in result.verdicts]
    return Table(
        "Verdicts of the three pillars.", [Head("Pillar"), Head("Verdict"), Head("Why", long=True)], rows
    )


def distance_table(result: ThreePillarResult) -> Table:
    """Show the distances and coverage measures over all frames, beside their floors."""
    metrics = result.fidelity.metrics if result.fidelity else []
    order = {name: place for place, name in enumerate(DISTANCES)}
    chosen = sorted(
        (row for row in metrics if row.metric in order and row.scope == "pooled"),
        key=lambda row: (order[row.metric], row.features),
    )
    rows = [_metric(row) for row in chosen if row.status == "computed"]
    missing = [f"{row.label or row.metric}: {row.reason}" for row in chosen if row.status != "computed"]
    heads = [
        Head("Measure"),
        Head("Features"),
        Head("Value", "interval", number=True),
        Head("Same number of frames", number=True),
        Head("Floor", "real against real", number=True),
        Head("Better"),
    ]
    return Table(
        "Real against synthetic over all frames, with 95 % intervals; the floor is the same measure between"
        " halves of the real set.",
        heads,
        rows,
        f"Not computed: {' '.join(missing)}" if missing else "",
    )


def _metric(row: MetricRow) -> list[Cell]:
    floor = row.floor
    return [
        Cell(row.label or row.metric),
        Cell(row.features),
        estimate_cell(row.value, row.low, row.high),
        estimate_cell(floor.matched_median, floor.matched_low, floor.matched_high) if floor else Cell(NONE),
        estimate_cell(floor.median, floor.low, floor.high) if floor else Cell(NONE),
        Cell(row.better if row.better != "neither" else NONE),
    ]


def biomarker_table(result: ThreePillarResult) -> Table:
    """Show the primary biomarkers over all frames: means, difference, margin, equivalence."""
    found = result.preservation.comparisons if result.preservation else []
    rows = [
        [
            Cell(it.label, it.unit),
            Cell(number_text(it.mean_real), f"SD {number_text(it.sd_real)}"),
            Cell(number_text(it.mean_synth), f"SD {number_text(it.sd_synth)}"),
            estimate_cell(it.difference, it.difference_low, it.difference_high),
            Cell(f"±{number_text(it.margin)}" if it.margin is not None else NONE),
            badge(it.verdict),
        ]
        for it in found
        if it.family == "primary" and it.scope == "pooled"
    ]
    heads = [
        Head("Biomarker"),
        Head("Real", "mean over units", number=True),
        Head("Synthetic", "mean over units", number=True),
        Head("Difference", "interval", number=True),
        Head("Margin", number=True),
        Head("Equivalence"),
    ]
    return Table(
        "Primary biomarkers over all diagnoses, each subject counting once where known.", heads, rows
    )


def memory_table(result: ThreePillarResult) -> Table:
    """Show what was found about memorisation besides copies."""
    metrics = result.fidelity.metrics if result.fidelity else []
    rows = []
    for row in metrics:
        if row.metric in MEMORY and row.status == "computed":
            floor = row.floor.median if row.floor else None
            value = estimate_cell(row.value, row.low, row.high)
            rows.append([Cell(row.label), Cell(row.features), value, Cell(number_text(floor))])
    heads = [
        Head("Measure"),
        Head("Features"),
        Head("Value", "interval", number=True),
        Head("Floor", number=True),
    ]
    return Table("Distances of synthetic frames to the real ones.", heads, rows)


def utility_table(result: ThreePillarResult) -> Table:
    """Show what training with the synthetic frames did."""
    found = result.utility.verdicts if result.utility else []
    rows = [[Cell(it.task), Cell(it.learner), badge(it.effect), Cell(it.sentence)] for it in found]
    heads = [Head("Task"), Head("Learner"), Head("Effect"), Head("Why", long=True)]
    return Table("Training with real and synthetic frames (B) against real ones alone.", heads, rows)
