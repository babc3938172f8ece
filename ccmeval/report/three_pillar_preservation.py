"""Pillar 2 in tables: means of both sets, equivalence, and all further tests."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.preservation.schema import (
    BiomarkerComparison,
)
from ccmeval.report.numbers import common_decimals, fixed_text, number_text, p_text
from ccmeval.report.three_pillar_equivalence import shown_comparisons
from ccmeval.report.three_pillar_words import (
    MOST_DIAGNOSES,
    badge,
    fixed_cell,
    known_diagnoses,
    left_out,
    scope_words,
    unique,
)
from ccmeval.report.view import Cell, Head, Table, interval_text


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
        Head("Over"),
        Head("Real", f"mean ± SD ({unit})", number=True),
        Head("Synthetic", f"mean ± SD ({unit})", number=True),
        Head("Difference", "95 % CI", number=True),
        Head("Margin", "±", number=True),
        Head("Equivalence"),
        Head("SD ratio", "95 % CI", number=True),
        Head("Hedges’ g", "95 % CI", number=True),
        Head("p", "Welch, Holm", number=True),
    ]
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
        Head("Over"),
        Head("Frames", "real, synthetic", number=True),
        Head("Undefined in", "real, synth.", number=True),
        Head("SD of frames", "real, synthetic", number=True),
        Head("Kolmogorov-Smirnov", "p", number=True),
        Head("Wasserstein-1", "in the unit", number=True),
        Head("Welch", "p; Holm", number=True),
        Head("Mann-Whitney", "p; Holm", number=True),
        Head("TOST", "p; 90 % CI", number=True),
    ]
    shown = shown_comparisons(rows, family)
    published = any(row.difference_in_published_sd is not None for row in shown)
    if published:
        heads.append(Head("Difference", "in published SDs", number=True))
    body: list[list[Cell]] = []
    for of_one in _by_biomarker(shown):
        decimals = _decimals(of_one)
        body.append([Cell(of_one[0].label, of_one[0].unit)])
        for row in of_one:
            last = [Cell(fixed_text(row.difference_in_published_sd, 2))] if published else []
            body.append([*_tests_row(row, decimals), *last])
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
        "Means and SDs are over subjects, each counting once."
        if by_subject
        else "No subject is named: means and SDs are over frames, which counts frames of one subject as"
        " independent.",
        "“Equivalent”: both one-sided tests show the difference to be smaller than the margin. “Different”:"
        " the test of difference shows one (its p adjusted after Holm, unless the settings switch that off)."
        " “Both”: there is a difference, and it is smaller than the margin. “Inconclusive”: neither is"
        " shown; that no difference was found does not make two sets equivalent.",
    ]
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
    return unique(
        [
            f"{row.holm_family} ({row.holm_family_size})" if row.holm_family else f"{row.holm_family_size}"
            for row in rows
            if row.holm_family_size
        ]
    )


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
