"""Pillar 2 in tables: means and equivalence, further tests, the gradient, pairs and mask adherence."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.preservation.schema import (
    AdherenceSummary,
    BiomarkerComparison,
    CorrelationStructure,
    GradientRow,
    PreservationResult,
)
from ccmeval.report.numbers import NONE, common_decimals, fixed_text, number_text, p_text
from ccmeval.report.three_pillar_equivalence import shown_comparisons
from ccmeval.report.three_pillar_words import (
    MOST_DIAGNOSES,
    badge,
    estimate_cell,
    fixed_cell,
    known_diagnoses,
    left_out,
    scope_words,
    unique,
)
from ccmeval.report.view import Cell, Head, Table, interval_text

MOST_WORST = 8
MOST_GRADIENTS = 24


def comparison_table(rows: Sequence[BiomarkerComparison], family: str) -> Table:
    """Lay out means, difference, SD ratio, effect size, p and verdict of a family of biomarkers.

    Examples
    --------
    >>> comparison_table([], "primary").rows
    []
    """
    shown = shown_comparisons(rows, family)
    unit = "subjects" if any(row.unit_of_analysis == "subject" for row in shown) else "frames"
    heads = [
        Head("Over"), Head("Real", f"mean ± SD ({unit})", number=True),
        Head("Synthetic", f"mean ± SD ({unit})", number=True), Head("Difference", "95 % CI", number=True),
        Head("Margin", "±", number=True), Head("Equivalence"), Head("SD ratio", "95 % CI", number=True),
        Head("Hedges’ g", "95 % CI", number=True), Head("p", "Welch, Holm", number=True),
    ]  # fmt: skip
    body: list[list[Cell]] = []
    for of_one in _by_biomarker(shown):
        decimals = _decimals(of_one)
        body.append([Cell(of_one[0].label, of_one[0].unit)])
        body += [_comparison_row(row, decimals) for row in of_one]
    more = left_out(len(known_diagnoses(rows)), MOST_DIAGNOSES, "preservation.csv")
    caption = f"{family.capitalize()} biomarkers, real against synthetic."
    return Table(caption, heads, body, more.replace("The first", "Diagnoses: the first"))


def _by_biomarker(rows: Sequence[BiomarkerComparison]) -> list[list[BiomarkerComparison]]:
    found: dict[str, list[BiomarkerComparison]] = {}
    for row in rows:
        found.setdefault(row.biomarker, []).append(row)
    return list(found.values())


def _decimals(rows: Sequence[BiomarkerComparison]) -> int:
    means = [value for row in rows for value in (row.mean_real, row.mean_synth)]
    return common_decimals(means, [value for row in rows for value in (row.sd_real, row.sd_synth)])


def _mean_cell(mean: float | None, sd: float | None, units: int, decimals: int) -> Cell:
    words = fixed_text(mean, decimals)
    if mean is not None and sd is not None:
        words += f" ± {fixed_text(sd, decimals)}"
    return Cell(words, f"n = {units:,}" if units else "")


def _scope_cell(row: BiomarkerComparison) -> Cell:
    words = scope_words(row.scope, row.diagnosis)
    return Cell(words[:1].upper() + words[1:] if row.scope != "diagnosis" else words)


def _comparison_row(row: BiomarkerComparison, decimals: int) -> list[Cell]:
    between = interval_text(row.difference_low, row.difference_high, decimals)
    return [
        _scope_cell(row),
        _mean_cell(row.mean_real, row.sd_real, row.n_real_units, decimals),
        _mean_cell(row.mean_synth, row.sd_synth, row.n_synth_units, decimals),
        Cell(fixed_text(row.difference, decimals), between),
        Cell(fixed_text(row.margin, decimals)),
        badge(
            row.verdict,
            f"TOST p = {p_text(row.tost_p)}".replace("= <", "<") if row.tost_p is not None else "",
        ),
        fixed_cell(row.sd_ratio, row.sd_ratio_low, row.sd_ratio_high, 2),
        fixed_cell(row.hedges_g, row.hedges_g_low, row.hedges_g_high, 2),
        Cell(p_text(row.welch_p_holm)),
    ]


def tests_table(rows: Sequence[BiomarkerComparison], family: str) -> Table:
    """Lay out the distances between the distributions and all p-values of a family.

    Examples
    --------
    >>> tests_table([], "primary").rows
    []
    """
    heads = [
        Head("Over"), Head("Frames", "real, synthetic", number=True), Head("Undefined in", "real, synth.", number=True),
        Head("SD of frames", "real, synthetic", number=True), Head("Kolmogorov-Smirnov", "p", number=True),
        Head("Wasserstein-1", "in the unit", number=True), Head("Welch", "p; Holm", number=True),
        Head("Mann-Whitney", "p; Holm", number=True), Head("TOST", "p; 90 % CI", number=True),
    ]  # fmt: skip
    body: list[list[Cell]] = []
    for of_one in _by_biomarker(shown_comparisons(rows, family)):
        decimals = _decimals(of_one)
        body.append([Cell(of_one[0].label, of_one[0].unit)])
        body += [_tests_row(row, decimals) for row in of_one]
    return Table("Distances between the distributions, and tests.", heads, body)


def _tests_row(row: BiomarkerComparison, decimals: int) -> list[Cell]:
    return [
        _scope_cell(row),
        Cell(f"{row.n_real_frames:,}, {row.n_synth_frames:,}"),
        Cell(f"{row.n_real_undefined:,}, {row.n_synth_undefined:,}"),
        Cell(f"{fixed_text(row.sd_real_frames, decimals)}, {fixed_text(row.sd_synth_frames, decimals)}"),
        Cell(number_text(row.ks), p_text(row.ks_p)),
        Cell(fixed_text(row.wasserstein, decimals)),
        Cell(p_text(row.welch_p), p_text(row.welch_p_holm)),
        Cell(p_text(row.mann_whitney_p), p_text(row.mann_whitney_p_holm)),
        Cell(p_text(row.tost_p), interval_text(row.equivalence_low, row.equivalence_high, decimals)),
    ]


def comparison_words(rows: Sequence[BiomarkerComparison]) -> list[str]:
    """Say what the numbers are over, how they were made, and what weakens them.

    Examples
    --------
    >>> comparison_words([])
    []
    """
    if not rows:
        return []
    by_subject = any(row.unit_of_analysis == "subject" for row in rows)
    said = [
        "Means and SDs are over subjects, each counting once." if by_subject
        else "No subject is named: means and SDs are over frames, which counts frames of one subject as independent.",
        "“Equivalent”: both one-sided tests show the difference to be smaller than the margin. “Different”: the test"
        " of difference shows one (its p adjusted after Holm, unless the settings switch that off). “Both”: there is"
        " a difference, and it is smaller than the margin. “Inconclusive”: neither is shown; that no difference was"
        " found does not make two sets equivalent.",
    ]  # fmt: skip
    for words, values in (
        ("Margin", unique([row.margin_source for row in rows])),
        ("Tests", unique([row.test_method for row in rows])),
        ("Intervals", unique([row.interval_method for row in rows])),
    ):
        if values:
            said.append(f"{words}: {'; '.join(values)}.")
    families = holm_families(rows)
    if families:
        said.append(f"Holm’s adjustment is over each family of p-values: {'; '.join(families)}.")
    return said


def holm_families(rows: Sequence[BiomarkerComparison]) -> list[str]:
    """Name the families of p-values that were adjusted together, with their sizes.

    Examples
    --------
    >>> holm_families([])
    []
    """
    return unique([
        f"{row.holm_family} ({row.holm_family_size})" if row.holm_family else f"{row.holm_family_size}"
        for row in rows if row.holm_family_size
    ])  # fmt: skip


def gradient_table(gradients: Sequence[GradientRow]) -> Table:
    """Lay out whether each biomarker's course along the diagnoses is kept.

    Examples
    --------
    >>> gradient_table([]).rows
    []
    """
    heads = [
        Head("Biomarker"), Head("In the real set"), Head("Verdict"),
        Head("Last − first", "real, synthetic", number=True), Head("Share kept", "95 % CI", number=True),
        Head("Ratio of g", "95 % CI", number=True),
        Head("Trend, real", "z; p", number=True), Head("Trend, synth.", "z; p", number=True),
        Head("Order of means"), Head("Why", long=True),
    ]  # fmt: skip
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
        said += f". Its floor, {at}real against real {floor.words}{f' (range {floor.below})' if floor.below else ''}"
    if it.matched_median is not None:
        said += (
            f", real against synthetic {matched.words}{f' (range {matched.below})' if matched.below else ''}"
        )
    return f"{said}. {it.warning}".strip()


def pairs_table(preservation: PreservationResult) -> Table:
    """Lay out agreement over declared pairs.

    Examples
    --------
    >>> pairs_table(PreservationResult()).rows
    []
    """
    heads = [
        Head("Biomarker"), Head("Pairs", "independent units", number=True), Head("Bias", "95 % CI", number=True),
        Head("Limits of agreement", number=True), Head("ICC(2,1)", "95 % CI", number=True), Head("Method", long=True),
    ]  # fmt: skip
    body = []
    for it in preservation.pairs:
        bias = estimate_cell(it.bias, it.bias_low, it.bias_high)
        limits = common_decimals([it.lower_limit, it.upper_limit], [None])
        between = interval_text(it.lower_limit, it.upper_limit, limits) or NONE
        body.append([Cell(it.label, it.unit), Cell(f"{it.n_pairs:,}", f"{it.n_units:,}"), bias, Cell(between),
                     estimate_cell(it.icc, it.icc_low, it.icc_high), Cell(it.method)])  # fmt: skip
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
        Head("Frame", "diagnosis", long=True), Head("Length recall", number=True), Head("Once aligned", number=True),
        Head("Hallucinated", number=True), Head("clDice", number=True), Head("Betti errors", "0, 1", number=True),
        Head("Shift", "row, column, px", number=True), Head("Scale", number=True),
    ]  # fmt: skip
    body = [
        [
            Cell(it.frame, it.diagnosis or ""),
            *[Cell(number_text(value)) for value in (it.length_recall, it.aligned_length_recall, it.hallucinated_length, it.cl_dice)],
            Cell(", ".join(NONE if value is None else f"{value:+d}".replace("-", "−") for value in (it.betti_0_error, it.betti_1_error))),
            Cell(f"{fixed_text(it.shift_row_px, 1)}, {fixed_text(it.shift_column_px, 1)}"),
            Cell(fixed_text(it.scale, 3)),
        ]
        for it in known[:MOST_WORST]
    ]  # fmt: skip
    more = "All frames are in tables/adherence_frames.csv." if len(known) > MOST_WORST else ""
    return Table("The frames that obey their masks least, by length recall.", heads, body, more)


def comparison_warnings(rows: Sequence[BiomarkerComparison]) -> list[str]:
    """Say each warning once, with the number of rows that it concerns.

    Examples
    --------
    >>> comparison_warnings([])
    []
    """
    counts: dict[str, int] = {}
    for row in rows:
        if row.warning:
            counts[row.warning] = counts.get(row.warning, 0) + 1
    return [
        words if count == len(rows) else f"{words} ({count} of {len(rows)} comparisons)"
        for words, count in counts.items()
    ]
