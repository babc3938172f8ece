"""The summary of the biomarkers page: values over diagnoses, and what the figures show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.report.numbers import NONE, biomarker_text, common_decimals, fixed_text
from ccmeval.report.schema import BiomarkersResult, FrameRow, Value
from ccmeval.report.view import Cell, Head, Table, interval_text, plural

NOT_STATED = "not stated"
"""The statistics' word for frames without a diagnosis."""

MOST_DIAGNOSES = 12
"""More columns than this do not fit a page."""

LONG_NAME = 16
"""A longer diagnosis gets a wider column, lest its name stand in a tower of words."""

FEWEST_FOR_INTERVAL = 10
"""Bootstrap intervals over fewer values cover clearly less than they say."""

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


def diagnosis_rows(result: BiomarkersResult) -> list[Row]:
    """Give the rows of the result's table of diagnoses.

    A result without that table (a cohort without diagnoses) is summed up as one, without intervals.
    """
    if result.diagnoses:
        return result.diagnoses
    good = measured(result.frames)
    subjects = [row for row in result.subjects if count(row, "n_frames")]
    rows: list[Row] = []
    for it in DEFINITIONS if good else ():
        found = [number(row, it.column) for row in subjects] or [
            row.biomarkers.get(it.column) for row in good
        ]
        values = np.array([value for value in found if value is not None], dtype=float)
        values = values[np.isfinite(values)]
        rows.append(
            {
                "diagnosis": NOT_STATED,
                "biomarker": it.column,
                "unit_of_analysis": "subject" if subjects else "frame",
                "n_subjects": len(subjects),
                "n_frames": len(good),
                "n_defined": int(values.size),
                "mean": float(values.mean()) if values.size else None,
                "sd": float(values.std(ddof=1)) if values.size > 1 else None,
            }
        )
    return rows


def completed(result: BiomarkersResult) -> BiomarkersResult:
    """Give a result its rows of :func:`diagnosis_rows`, so that they are summed up only once."""
    return result.model_copy(update={"diagnoses": diagnosis_rows(result)})


def diagnoses_of(rows: Sequence[Row]) -> list[str]:
    """List the diagnoses in the order of the table."""
    return list(dict.fromkeys(text(row, "diagnosis") for row in rows))


def unit_of_analysis(rows: Sequence[Row]) -> str:
    """Tell whether the numbers rest on subjects or on frames."""
    return text(rows[0], "unit_of_analysis") if rows else "frame"


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
    every = diagnosis_rows(result)
    found = {(text(row, "diagnosis"), text(row, "biomarker")): row for row in every}
    names = diagnoses_of(every)
    shown = names[:MOST_DIAGNOSES]
    rows = [
        [biomarker_cell(it), *_mean_cells([found.get((name, it.column), {}) for name in shown], it)]
        for it in DEFINITIONS
        if it.family == family and any((name, it.column) in found for name in shown)
    ]
    more = f"{len(names) - len(shown)} more diagnoses in diagnoses.csv." if len(names) > len(shown) else ""
    heads = [Head("Biomarker"), *[_diagnosis_head(every, name) for name in shown]]
    return Table(_caption(every, family), heads, rows, more)


def _caption(rows: Sequence[Row], family: str) -> str:
    per = "" if diagnoses_of(rows) in ([], [NOT_STATED]) else " by diagnosis"
    unit = unit_of_analysis(rows)
    if max((count(row, "n_defined") for row in rows), default=0) <= 1:
        return f"{family.capitalize()} biomarkers{per} of one {unit}."
    interval = ", and 95 % confidence interval of the mean" if _has_intervals(rows) else ""
    return f"{family.capitalize()} biomarkers{per}: mean ± SD over {unit}s{interval}."


def _has_intervals(rows: Sequence[Row]) -> bool:
    return any(number(row, "ci_low") is not None for row in rows)


def _diagnosis_head(rows: Sequence[Row], name: str) -> Head:
    row = next(row for row in rows if text(row, "diagnosis") == name)
    subjects, frames = count(row, "n_subjects"), count(row, "n_frames")
    below = plural(frames, "frame")
    if subjects:
        below = f"{plural(subjects, 'subject')}\n{below}"
    alone = diagnoses_of(rows) == [NOT_STATED]
    return Head("All frames" if alone else name, below, number=True, long=len(name) > LONG_NAME)


def biomarker_cell(it: Definition) -> Cell:
    """Name a biomarker and its unit."""
    return Cell(it.label, it.unit)


def _mean_cells(rows: Sequence[Row], it: Definition) -> list[Cell]:
    means, spreads = ([number(row, name) for row in rows] for name in ("mean", "sd"))
    if not any(spread is not None for spread in spreads):
        words = [biomarker_text(mean, it.unit) for mean in means]
        return [Cell(said, _below(row, 0)) for said, row in zip(words, rows, strict=True)]
    decimals = common_decimals(means, spreads)
    return [Cell(_mean_words(row, decimals), _below(row, decimals)) for row in rows]


def _mean_words(row: Row, decimals: int) -> str:
    mean, spread = (fixed_text(number(row, name), decimals) for name in ("mean", "sd"))
    return mean if NONE in (mean, spread) else f"{mean} ± {spread}"


def _below(row: Row, decimals: int) -> str:
    """Write the interval, and the number of values where it is not that of the column's head."""
    said = [interval_text(number(row, "ci_low"), number(row, "ci_high"), decimals)]
    if _undefined(row) and count(row, "n_defined"):
        said.append(f"n = {count(row, 'n_defined'):,}")
    return "; ".join(filter(None, said))


def _undefined(row: Row) -> int:
    """Count the subjects (or frames) in which a biomarker has no value."""
    return (count(row, "n_subjects") or count(row, "n_frames")) - count(row, "n_defined")


def summary_text(result: BiomarkersResult) -> str:
    """Say what mean, SD and interval are over, and what a reader must know of them."""
    rows = diagnosis_rows(result)
    if not rows:
        return "No frame could be measured."
    said = [*_unit_words(rows), *_interval_words(rows), *_caution_words(result)]
    if any(_undefined(row) and count(row, "n_defined") for row in rows):
        unit = unit_of_analysis(rows)
        said.append(f"Where a value is undefined in some {unit}s, n says how many the number rests on.")
    return " ".join(said)


def _unit_words(rows: Sequence[Row]) -> list[str]:
    if unit_of_analysis(rows) == "subject":
        return ["Each subject counts once: its frames are averaged first; SD is between subjects."]
    if max(count(row, "n_defined") for row in rows) > 1:
        return ["No frame names its subject, so each frame counts as one; SD is between frames."]
    return []


def _interval_words(rows: Sequence[Row]) -> list[str]:
    bounded = [row for row in rows if number(row, "ci_low") is not None]
    if not bounded:
        return []
    methods = ", ".join(dict.fromkeys(text(row, "ci_method") for row in bounded))
    said = [f"Intervals: {methods}." if methods else "Intervals are bootstrapped."]
    if any(count(row, "n_defined") < FEWEST_FOR_INTERVAL for row in bounded):
        said.append(f"Those over fewer than ten {unit_of_analysis(rows)}s are too narrow.")
    return said


def _caution_words(result: BiomarkersResult) -> list[str]:
    good = measured(result.frames)
    flagged = sum(bool(row.quality_flags) for row in good)
    warned = sum(bool(text(row, "warning")) for row in result.subjects)
    said = []
    if flagged:
        said.append(f"Frames with quality flags ({flagged:,} of {len(good):,}) are counted in (see Frames).")
    if warned:
        share = f"{warned:,} of {len(result.subjects):,}"
        said.append(f"Subjects with a warning, such as too few frames: {share} (see Frames).")
    return said


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
    rows = diagnosis_rows(result)
    values: dict[str, list[float]] = {name: [] for name in diagnoses_of(rows)[:MOST_DIAGNOSES]}
    of_subjects = unit_of_analysis(rows) == "subject"
    if of_subjects:
        pairs = [(text(row, "diagnosis") or NOT_STATED, number(row, column)) for row in result.subjects]
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
