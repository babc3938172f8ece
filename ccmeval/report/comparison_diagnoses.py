"""Scores of the sets diagnosis by diagnosis."""

from __future__ import annotations

from ccmeval.comparison.schema import CompareResult
from ccmeval.fidelity.schema import Scope
from ccmeval.report.comparison_cells import (
    Footnotes,
    ScoreHead,
    ScoreRow,
    ScoreTable,
    address_of,
    score_cell,
)
from ccmeval.report.comparison_references import Column, reference_rows
from ccmeval.report.comparison_words import (
    MOST_SETS,
    decimals_of,
    headline_scores,
    ranking_in,
    scored,
    unit_words,
    value_in,
)
from ccmeval.report.three_pillar_words import MOST_DIAGNOSES, left_out, scope_words

Where = tuple[Scope, "str | None"]


def diagnoses_table(result: CompareResult) -> ScoreTable | None:
    """Lay out each headline score by diagnosis, beside the mean over them and all frames pooled.

    Returns
    -------
    ScoreTable or None
        None where no set has a value in a diagnosis. The letters of a column come from the ranking within
        that diagnosis.
    """
    notes = Footnotes()
    scopes = scopes_of(result)
    sets = scored(result)[:MOST_SETS]
    rows: list[ScoreRow] = []
    for it in headline_scores(result):
        found = [[value_in(one, it.key, *scope) for scope in scopes] for one in sets]
        if not any(
            cell and cell.value is not None and cell.scope != "pooled" for row in found for cell in row
        ):
            continue
        decimals = decimals_of(cell for cells in found for cell in cells)
        rankings = [ranking_in(result, it.key, *scope) for scope in scopes]
        rows.append(ScoreRow(it.label, below=unit_words(it), kind="part"))
        columns = [Column(it, list(values), decimals) for values in zip(*found, strict=True)]
        rows += reference_rows(columns, notes)
        for one, values in zip(sets, found, strict=True):
            cells = [
                score_cell(one, it, value, decimals, notes, ranking)
                for value, ranking in zip(values, rankings, strict=True)
            ]
            rows.append(ScoreRow(one.name, cells, address=address_of(one)))
    if not rows:
        return None
    heads = [ScoreHead("Set"), *[ScoreHead(scope_words(*scope)) for scope in scopes]]
    more = left_out(len(result.diagnoses), MOST_DIAGNOSES, "scores.csv")
    return ScoreTable(
        "by-diagnosis", "Headline scores by diagnosis.", heads, (), rows, notes.texts, more=more
    )


def scopes_of(result: CompareResult) -> list[Where]:
    """List the columns: diagnoses, the mean over them where any set has one, and all frames pooled."""
    columns: list[Where] = [("diagnosis", name) for name in result.diagnoses[:MOST_DIAGNOSES]]
    if any(it.scope == "mean over diagnoses" for one in result.sets for it in one.values):
        columns.append(("mean over diagnoses", None))
    return [*columns, ("pooled", None)]
