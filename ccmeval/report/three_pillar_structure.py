"""Pillar 2 in tables: the gradient, correlations, declared pairs and mask adherence."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.preservation.schema import (
    AdherenceSummary,
    CorrelationStructure,
    GradientRow,
    PreservationResult,
)
from ccmeval.report.numbers import NONE, common_decimals, fixed_text, number_text, p_text
from ccmeval.report.three_pillar_words import (
    MOST_DIAGNOSES,
    badge,
    estimate_cell,
    fixed_cell,
    left_out,
    scope_words,
)
from ccmeval.report.view import Cell, Head, Table, interval_text

MOST_WORST = 8
MOST_GRADIENTS = 24


def gradient_table(gradients: Sequence[GradientRow]) -> Table:
    """Lay out whether each biomarker's course along the diagnoses is kept.

    Examples
    --------
    >>> gradient_table([]).rows
    []
    """
    heads = [
        Head("Biomarker"),
        Head("In the real set"),
        Head("Verdict"),
        Head("Last − first", "real, synthetic", number=True),
        Head("Share kept", "95 % CI", number=True),
        Head("Ratio of g", "95 % CI", number=True),
        Head("Trend, real", "z; p", number=True),
        Head("Trend, synth.", "z; p", number=True),
        Head("Order of means"),
        Head("Why", long=True),
    ]
    body = [_gradient_row(row) for row in gradients[:MOST_GRADIENTS]]
    return Table(
        "The disease gradient.", heads, body, left_out(len(gradients), MOST_GRADIENTS, "gradient.csv")
    )


def _gradient_row(row: GradientRow) -> list[Cell]:
    kept = {True: "kept", False: "not kept", None: NONE}[row.order_kept]
    return [
        Cell(row.label, row.unit),
        Cell(row.direction if row.direction != "none" else "no trend"),
        badge(row.verdict),
        Cell(f"{number_text(row.difference_real)}, {number_text(row.difference_synth)}"),
        fixed_cell(row.difference_ratio, row.difference_ratio_low, row.difference_ratio_high, 2),
        fixed_cell(row.effect_ratio, row.effect_ratio_low, row.effect_ratio_high, 2),
        Cell(number_text(row.jonckheere_z_real), p_text(row.jonckheere_p_real)),
        Cell(number_text(row.jonckheere_z_synth), p_text(row.jonckheere_p_synth)),
        Cell(kept),
        Cell(row.reason),
    ]


def correlation_words(it: CorrelationStructure) -> str:
    """Say how far the correlations of the two sets lie apart.

    Examples
    --------
    >>> correlation_words(CorrelationStructure())
    'The mean absolute difference of the correlations is undefined.'
    """
    if it.mean_absolute_difference is None:
        return f"The mean absolute difference of the correlations is undefined. {it.warning}".strip()
    found = fixed_cell(it.mean_absolute_difference, it.low, it.high, 2)
    said = f"Mean absolute difference of the correlations: {found.words}"
    said += f" (95 % CI {found.below})" if found.below else ""
    floor = fixed_cell(it.floor_median, it.floor_low, it.floor_high, 2)
    matched = fixed_cell(it.matched_median, it.matched_low, it.matched_high, 2)
    if it.floor_median is not None:
        at = f"at {it.floor_n:,} frames a side: " if it.floor_n else ""
        said += f". Its floor, {at}real against real {_ranged(floor)}"
    if it.matched_median is not None:
        said += f", real against synthetic {_ranged(matched)}"
    return f"{said}. {it.warning}".strip()


def _ranged(cell: Cell) -> str:
    return f"{cell.words} (range {cell.below})" if cell.below else cell.words


def pairs_table(preservation: PreservationResult) -> Table:
    """Lay out agreement over declared pairs.

    Examples
    --------
    >>> pairs_table(PreservationResult()).rows
    []
    """
    heads = [
        Head("Biomarker"),
        Head("Pairs", "independent units", number=True),
        Head("Bias", "95 % CI", number=True),
        Head("Limits of agreement", number=True),
        Head("ICC(2,1)", "95 % CI", number=True),
        Head("Method", long=True),
    ]
    body = []
    for it in preservation.pairs:
        bias = estimate_cell(it.bias, it.bias_low, it.bias_high)
        limits = common_decimals([it.lower_limit, it.upper_limit], [None])
        between = interval_text(it.lower_limit, it.upper_limit, limits) or NONE
        body.append(
            [
                Cell(it.label, it.unit),
                Cell(f"{it.n_pairs:,}", f"{it.n_units:,}"),
                bias,
                Cell(between),
                estimate_cell(it.icc, it.icc_low, it.icc_high),
                Cell(it.method),
            ]
        )
    return Table("Agreement over declared pairs, synthetic − real.", heads, body)


def adherence_table(preservation: PreservationResult) -> Table:
    """Lay out how well synthetic frames obey their masks, beside what real frames reach.

    Examples
    --------
    >>> adherence_table(PreservationResult()).rows
    []
    """
    rows = preservation.adherence
    diagnoses = list(dict.fromkeys(it.diagnosis for it in rows if it.scope == "diagnosis" and it.diagnosis))
    shown = [it for it in rows if it.scope != "diagnosis" or it.diagnosis in diagnoses[:MOST_DIAGNOSES]]
    columns = list(dict.fromkeys((it.scope, it.diagnosis) for it in shown))
    columns.sort(key=lambda it: it[0] == "diagnosis")
    found = {(it.measure, it.scope, it.diagnosis): it for it in shown}
    heads = [Head("Measure"), *[_adherence_head(shown, scope, diagnosis) for scope, diagnosis in columns]]
    body = []
    for measure in dict.fromkeys(it.measure for it in shown):
        of_one = [found.get((measure, *column)) for column in columns]
        known = [it for it in of_one if it]
        body.append([Cell(known[0].label), *map(_adherence_cell, of_one)])
    more = left_out(len(diagnoses), MOST_DIAGNOSES, "adherence.csv").replace(
        "The first", "Diagnoses: the first"
    )
    return Table(
        "Nerves found in synthetic frames against the masks that asked for them: mean and 95 % CI.",
        heads,
        body,
        more,
    )


def _adherence_cell(it: AdherenceSummary | None) -> Cell:
    if it is None:
        return Cell(NONE)
    found = estimate_cell(it.mean, it.low, it.high)
    ceiling = f"ceiling {number_text(it.ceiling)}" if it.ceiling is not None else ""
    return Cell(found.words, "\n".join(filter(None, (found.below, ceiling))))


def _adherence_head(rows: Sequence[AdherenceSummary], scope: str, diagnosis: str | None) -> Head:
    of_column = next(it for it in rows if it.scope == scope and it.diagnosis == diagnosis)
    words = scope_words(of_column.scope, diagnosis)
    return Head(
        words[:1].upper() + words[1:], f"{of_column.n_frames:,} frames", number=True, long=len(words) > 16
    )


def worst_adherence_table(preservation: PreservationResult) -> Table:
    """List the frames that obey their masks least.

    Examples
    --------
    >>> worst_adherence_table(PreservationResult()).rows
    []
    """
    known = [it for it in preservation.adherence_frames if it.length_recall is not None]
    known.sort(key=lambda it: (it.length_recall or 0.0, it.frame))
    heads = [
        Head("Frame", "diagnosis", long=True),
        Head("Length recall", number=True),
        Head("Once aligned", number=True),
        Head("Hallucinated", number=True),
        Head("clDice", number=True),
        Head("Betti errors", "0, 1", number=True),
        Head("Shift", "row, column, px", number=True),
        Head("Scale", number=True),
    ]
    body = [
        [
            Cell(it.frame, it.diagnosis or ""),
            *[
                Cell(number_text(value))
                for value in (it.length_recall, it.aligned_length_recall, it.hallucinated_length, it.cl_dice)
            ],
            Cell(
                ", ".join(
                    NONE if value is None else f"{value:+d}".replace("-", "−")
                    for value in (it.betti_0_error, it.betti_1_error)
                )
            ),
            Cell(f"{fixed_text(it.shift_row_px, 1)}, {fixed_text(it.shift_column_px, 1)}"),
            Cell(fixed_text(it.scale, 3)),
        ]
        for it in known[:MOST_WORST]
    ]
    more = "All frames are in tables/adherence_frames.csv." if len(known) > MOST_WORST else ""
    return Table("The frames that obey their masks least, by length recall.", heads, body, more)
