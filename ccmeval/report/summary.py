"""The tables of the biomarkers page that sum up: over diagnoses, and between them."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.morphometry.definitions import DEFINITIONS, PRIMARY, Definition
from ccmeval.report.numbers import NONE, fixed_text, p_text, shared_decimals
from ccmeval.report.schema import BiomarkersResult, FrameRow, Value
from ccmeval.report.view import Cell, Head, Table, interval_text, plural

NOT_STATED = "not stated"
"""The statistics' word for frames without a diagnosis."""

MOST_DIAGNOSES = 12
"""More columns than this do not fit a page."""

Row = dict[str, Value]


def number(row: Row, name: str) -> float | None:
    """Give a number of a row, or None where it is missing or not a number."""
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def text(row: Row, name: str) -> str:
    """Give a text of a row, or an empty one."""
    value = row.get(name)
    return "" if value is None else str(value)


def count(row: Row, name: str) -> int:
    """Give a count of a row, 0 where it is missing."""
    return int(number(row, name) or 0)


def diagnoses_of(result: BiomarkersResult) -> list[str]:
    """List the diagnoses in the order of the result's table."""
    return list(dict.fromkeys(text(row, "diagnosis") for row in result.diagnoses))


def unit_of_analysis(result: BiomarkersResult) -> str:
    """Tell whether the numbers rest on subjects or on frames."""
    return text(result.diagnoses[0], "unit_of_analysis") if result.diagnoses else "frame"


def summary_table(result: BiomarkersResult, family: str) -> Table:
    """Lay out mean, SD and interval of each biomarker by diagnosis.

    Parameters
    ----------
    result : BiomarkersResult
    family : {"primary", "secondary"}
        Which biomarkers.

    Returns
    -------
    Table
        Without rows where nothing was measured.
    """
    found = {(text(row, "diagnosis"), text(row, "biomarker")): row for row in result.diagnoses}
    names = diagnoses_of(result)[:MOST_DIAGNOSES]
    heads = [Head("Biomarker"), *[_diagnosis_head(result, name) for name in names]]
    rows = [
        [_biomarker_cell(it), *[_mean_cell(found.get((name, it.column), {})) for name in names]]
        for it in DEFINITIONS
        if it.family == family and any((name, it.column) in found for name in names)
    ]
    per = "" if names in ([], [NOT_STATED]) else " by diagnosis"
    over = f"mean ± SD over {unit_of_analysis(result)}s"
    caption = f"{family.capitalize()} biomarkers{per}: {over}, and 95 % confidence interval of the mean."
    left_out = len(diagnoses_of(result)) - len(names)
    more = f"{plural(left_out, 'further diagnosis')} in diagnoses.csv." if left_out else ""
    return Table(caption, heads, rows, more.replace("diagnosiss", "diagnoses"))


def _diagnosis_head(result: BiomarkersResult, name: str) -> Head:
    row = next(row for row in result.diagnoses if text(row, "diagnosis") == name)
    subjects, frames = count(row, "n_subjects"), count(row, "n_frames")
    below = plural(frames, "frame")
    if subjects:
        below = f"{plural(subjects, 'subject')}\n{below}"
    alone = name == NOT_STATED and len(diagnoses_of(result)) == 1
    return Head("All frames" if alone else name, below, number=True)


def _biomarker_cell(it: Definition) -> Cell:
    return Cell(it.label, it.unit if it.unit != "see text" else "see definitions")


def _mean_cell(row: Row) -> Cell:
    mean, sd = number(row, "mean"), number(row, "sd")
    decimals = shared_decimals(mean, sd)
    words = fixed_text(mean, decimals)
    if words != NONE and fixed_text(sd, decimals) != NONE:
        words += f" ± {fixed_text(sd, decimals)}"
    return Cell(words, interval_text(number(row, "ci_low"), number(row, "ci_high"), decimals))


def summary_text(result: BiomarkersResult) -> str:
    """Say what mean, SD and interval are over."""
    if not result.diagnoses:
        return "No frame could be measured."
    if unit_of_analysis(result) == "subject":
        over = "Each subject counts once: its frames are averaged first; SD is between subjects."
    else:
        over = "No frame names its subject, so each frame counts as one; SD is between frames."
    small = " Intervals over fewer than ten are too narrow." if _any_small(result) else ""
    return f"{over} Intervals are bootstrapped.{small}"


def _any_small(result: BiomarkersResult) -> bool:
    return any(1 < count(row, "n_defined") < 10 for row in result.diagnoses)


def tests_table(result: BiomarkersResult, family: str) -> Table:
    """Lay out the tests between diagnoses.

    Parameters
    ----------
    result : BiomarkersResult
    family : {"primary", "secondary"}
        Which biomarkers.
    """
    adjusted = next((text(row, "adjusted_for") for row in result.tests if text(row, "adjusted_for")), "")
    heads = [
        Head("Biomarker"),
        Head("Comparison"),
        Head("n", number=True),
        Head("Difference", "95 % CI", number=True),
        Head("Hedges’ g", "95 % CI", number=True),
        Head("AUC", "95 % CI", number=True),
        Head("p, Welch", "Holm-adjusted", number=True),
        Head("p, Mann–Whitney", "Holm-adjusted", number=True),
    ]
    if adjusted:
        heads.append(Head("Difference adjusted", f"for {adjusted}; 95 % CI, p", number=True))
    wanted = {it.column: it for it in DEFINITIONS if it.family == family}
    rows = [
        _test_row(row, wanted[text(row, "biomarker")], bool(adjusted))
        for row in result.tests
        if text(row, "biomarker") in wanted
    ]
    return Table(f"{family.capitalize()} biomarkers between diagnoses.", heads, rows)


def _test_row(row: Row, it: Definition, adjusted: bool) -> list[Cell]:
    cells = [
        _biomarker_cell(it),
        Cell(f"{text(row, 'diagnosis_b')} against {text(row, 'diagnosis_a')}", text(row, "warning")),
        Cell(f"{count(row, 'n_b')} / {count(row, 'n_a')}"),
        _estimate_cell(row, "difference"),
        _estimate_cell(row, "hedges_g", 2),
        _estimate_cell(row, "auc", 2),
        Cell(p_text(number(row, "welch_p_holm"))),
        Cell(p_text(number(row, "mann_whitney_p_holm"))),
    ]
    if adjusted:
        cell = _estimate_cell(row, "adjusted_difference", of="adjusted")
        p = p_text(number(row, "adjusted_p_holm"))
        cells.append(Cell(cell.words, f"{cell.below}; p {p}" if cell.below else ""))
    return cells


def _estimate_cell(row: Row, name: str, decimals: int | None = None, of: str | None = None) -> Cell:
    value, low, high = number(row, name), number(row, f"{of or name}_low"), number(row, f"{of or name}_high")
    if decimals is None:
        half = None if low is None or high is None else (high - low) / 2
        decimals = shared_decimals(value, half)
    return Cell(fixed_text(value, decimals), interval_text(low, high, decimals))


def tests_text(result: BiomarkersResult) -> str:
    """Say how the tests are to be read."""
    return (
        f"Over {unit_of_analysis(result)}s. A difference, Hedges’ g and AUC are of the first diagnosis"
        " against the second: negative, or below 0.5, where the first is lower. P values are adjusted"
        " by Holm’s method over all pairs of the family. Unadjusted values, ANOVA and Kruskal–Wallis"
        " are in diagnosis_tests.csv."
    )


def values_by_diagnosis(result: BiomarkersResult, column: str) -> tuple[dict[str, list[float]], str]:
    """Collect the values that a figure shows, and what one of them is.

    Subjects' means where subjects are the unit of analysis, else frames.

    Parameters
    ----------
    result : BiomarkersResult
    column : str
        A biomarker.

    Returns
    -------
    values : dict of str to list of float
        By diagnosis, in the order of the result's table.
    what : {"subjects", "frames"}
    """
    values: dict[str, list[float]] = {name: [] for name in diagnoses_of(result)[:MOST_DIAGNOSES]}
    of_subjects = unit_of_analysis(result) == "subject" and len(result.subjects) >= len(PRIMARY) - 1
    if of_subjects:
        pairs = [(text(row, "diagnosis"), number(row, column)) for row in result.subjects]
    else:
        pairs = [(row.diagnosis or NOT_STATED, row.biomarkers.get(column)) for row in measured(result.frames)]
    for name, value in pairs:
        if value is not None and name in values:
            values[name].append(float(value))
    if list(values) == [NOT_STATED]:
        values = {"all": values[NOT_STATED]}
    return values, "subjects" if of_subjects else "frames"


def measured(frames: Sequence[FrameRow]) -> list[FrameRow]:
    """Keep the frames that were measured."""
    return [row for row in frames if row.status == "measured"]
