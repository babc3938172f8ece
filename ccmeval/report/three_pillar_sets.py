"""The sets of a three-pillar run in tables: what they are, their diagnoses, frames that failed."""

from __future__ import annotations

from ccmeval.evaluation.schema import SetSummary, ThreePillarResult
from ccmeval.report.numbers import NONE, number_text
from ccmeval.report.three_pillar_words import SET_WORDS, left_out
from ccmeval.report.view import Cell, Head, Table

MOST_FAILED = 20
MOST_DIAGNOSIS_ROWS = 20
_HASH_DIGITS = 16


def sets_table(result: ThreePillarResult) -> Table:
    """Lay out the sets side by side: a row a property, a column a set.

    Examples
    --------
    >>> sets_table(ThreePillarResult(created="")).rows
    []
    """
    sets = result.sets
    if not sets:
        return Table("The sets.", [])
    properties: list[tuple[str, list[str]]] = [
        ("Source", [it.source for it in sets]),
        ("Kind", [it.kind for it in sets]),
        ("Layout", [it.layout or NONE for it in sets]),
        ("Frames", [f"{it.n_frames:,}" for it in sets]),
        ("Could not be measured", [f"{it.n_failed:,}" for it in sets]),
        ("Subjects", [_subjects(it) for it in sets]),
        ("Independent units", [f"{it.n_clusters:,}" if it.n_clusters else NONE for it in sets]),
        ("With quality flags", [_flagged(it) for it in sets]),
        (
            "Pixel size as given",
            [f"{number_text(it.pixel_size_um, 4)} µm" if it.pixel_size_um else NONE for it in sets],
        ),
        (
            "Commonest size",
            [f"{it.shape_px[0]} × {it.shape_px[1]} px" if it.shape_px else NONE for it in sets],
        ),
        ("SHA-256 begins", [it.sha256[:_HASH_DIGITS] or NONE for it in sets]),
    ]
    heads = [Head("Property"), *[Head(SET_WORDS[it.name], long=True) for it in sets]]
    rows = [[Cell(name), *map(Cell, cells)] for name, cells in properties]
    return Table("The sets that were compared.", heads, rows)


def _subjects(it: SetSummary) -> str:
    return f"{it.n_subjects:,}" if it.n_subjects else "unknown"


def _flagged(it: SetSummary) -> str:
    return f"{sum(bool(row.quality_flags) for row in it.frames):,}" if it.frames else NONE


def diagnoses_table(result: ThreePillarResult) -> Table:
    """Count the frames of each diagnosis in each set.

    Examples
    --------
    >>> diagnoses_table(ThreePillarResult(created="")).rows
    []
    """
    names = list(dict.fromkeys(name for it in result.sets for name in it.diagnoses))
    heads = [
        Head("Diagnosis", long=True),
        *[Head(SET_WORDS[it.name], "frames", number=True) for it in result.sets],
    ]
    rows = [
        [Cell(name), *[Cell(f"{it.diagnoses.get(name, 0):,}") for it in result.sets]]
        for name in names[:MOST_DIAGNOSIS_ROWS]
    ]
    more = left_out(len(names), MOST_DIAGNOSIS_ROWS, "sets.csv")
    return Table("Frames by diagnosis.", heads, rows, more)


def failed_table(result: ThreePillarResult) -> Table:
    """List the frames that could not be measured.

    Examples
    --------
    >>> failed_table(ThreePillarResult(created="")).rows
    []
    """
    failed = [(it, row) for it in result.sets for row in it.frames if row.status == "failed"]
    heads = [Head("Set"), Head("Frame", long=True), Head("Reason", long=True)]
    rows = [[Cell(SET_WORDS[it.name]), Cell(row.frame), Cell(row.reason)] for it, row in failed[:MOST_FAILED]]
    more = left_out(len(failed), MOST_FAILED, "frames.csv")
    return Table("Frames that could not be measured.", heads, rows, more)


def sets_notes(result: ThreePillarResult) -> list[str]:
    """Say what the sets lack, and what that costs.

    Examples
    --------
    >>> sets_notes(ThreePillarResult(created=""))
    []
    """
    said = []
    for it in result.sets:
        name = SET_WORDS[it.name]
        if it.kind == "published table":
            said.append(
                f"{name} set: means and SDs from a published table; there are no frames to compare with."
            )
        elif it.kind == "reference bundle":
            said.append(f"{name} set: a reference bundle, which holds no frames; none can be shown.")
        elif it.name != "held-out" and not it.n_subjects:
            said.append(
                f"{name} set: no frame names its subject, so every frame counts as independent. Frames of one"
                " subject resemble each other: intervals are then too narrow and floors too low."
            )
        if it.name != "held-out" and not it.diagnoses and it.kind == "frames":
            said.append(f"{name} set: no diagnosis is named, so nothing is told apart by diagnosis.")
    return said
