"""The main table of a comparison, one row a set, in as many parts as a page has room for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ccmeval.comparison.schema import ComparedSet, CompareResult, ScoreDefinition
from ccmeval.fidelity.schema import Floor
from ccmeval.report.comparison_cells import (
    Footnotes,
    ScoreCell,
    ScoreHead,
    ScoreRow,
    ScoreTable,
    address_of,
    failed_cell,
    missing_cell,
    score_cell,
)
from ccmeval.report.comparison_references import Column, reference_rows
from ccmeval.report.comparison_words import (
    GROUP_WORDS,
    MOST_SETS,
    decimals_of,
    headline_scores,
    own_decimals,
    quantity_text,
    range_text,
    ranking_in,
    scored,
    unit_words,
    value_text,
)
from ccmeval.report.numbers import number_text
from ccmeval.report.three_pillar_words import left_out
from ccmeval.report.view import plural

MOST_COLUMNS = 9
"""Of scores beside each other; more are set below, in a further part."""

PARAMETERS = "parameters"


def main_tables(result: CompareResult) -> list[ScoreTable]:
    """Lay out the headline scores: a row a set, in parts that fit a page; none without sets or scores."""
    if not result.sets or not result.scores:
        return []
    parts = table_parts(headline_scores(result))
    return [_part(result, part, number) for number, part in enumerate(parts, 1)]


def wide_table(result: CompareResult) -> ScoreTable | None:
    """Lay out all headline scores beside each other, however wide; None without sets or scores."""
    if not result.sets or not result.scores:
        return None
    return _part(result, headline_scores(result), 0)


def table_parts(scores: Sequence[ScoreDefinition], most: int = MOST_COLUMNS) -> list[list[ScoreDefinition]]:
    """Cut the columns into parts, between sections where that is possible; their order is kept.

    Examples
    --------
    >>> def score(group, number):
    ...     return ScoreDefinition(key=f"{group}{number}", label="", group=group, better="lower")
    >>> scores = [score(group, i) for group in ("distance", "pairs", "utility") for i in range(4)]
    >>> [len(part) for part in table_parts(scores)]
    [8, 4]
    """
    parts: list[list[ScoreDefinition]] = []
    for _, of_group in groupby(scores, key=lambda it: it.group):
        of_one = list(of_group)
        pieces = [of_one[i : i + most] for i in range(0, len(of_one), most)]
        for piece in pieces:
            if parts and len(parts[-1]) + len(piece) <= most:
                parts[-1] += piece
            else:
                parts.append(list(piece))
    return parts


def _part(result: CompareResult, scores: Sequence[ScoreDefinition], number: int) -> ScoreTable:
    notes = Footnotes()
    shown = result.sets[:MOST_SETS]
    decimals = {it.key: decimals_of(one.value(it.key) for one in result.sets) for it in scores}
    rows = [_row(result, one, scores, decimals, notes) for one in shown]
    floors = _floor_row(result, scores, decimals, notes)
    columns = [Column(it, [one.value(it.key) for one in scored(result)], decimals[it.key]) for it in scores]
    references = reference_rows(columns, notes)
    groups = list(dict.fromkeys(it.group for it in scores))
    return ScoreTable(
        anchor=f"main-{number}",
        caption="Headline scores, a row a set: " + ", ".join(GROUP_WORDS[it].lower() for it in groups) + ".",
        heads=[ScoreHead("Set"), *map(score_head, scores)],
        spans=[(GROUP_WORDS[it], len(list(of_one))) for it, of_one in groupby(one.group for one in scores)],
        rows=[*floors, *references, *rows],
        notes=notes.texts,
        more=left_out(len(result.sets), MOST_SETS, "wide.csv"),
    )


def score_head(it: ScoreDefinition) -> ScoreHead:
    """Head a score's column."""
    return ScoreHead(it.label, unit_words(it), it.sentence)


def set_words(one: ComparedSet) -> str:
    """Say below a set's name how many frames it has."""
    return plural(one.n_frames, "frame") if one.n_frames else ""


def _row(
    result: CompareResult,
    one: ComparedSet,
    scores: Sequence[ScoreDefinition],
    decimals: dict[str, int],
    notes: Footnotes,
) -> ScoreRow:
    if one.status == "failed":
        return ScoreRow(one.name, [failed_cell(one)], kind="failed")
    cells = []
    for it in scores:
        cell = score_cell(
            one, it, one.value(it.key), decimals[it.key], notes, ranking_in(result, it.key), whole=True
        )
        cells.append(_with_share(cell, one) if it.key == PARAMETERS else cell)
    return ScoreRow(one.name, cells, below=set_words(one), address=address_of(one))


def _with_share(cell: ScoreCell, one: ComparedSet) -> ScoreCell:
    """Say below the trained parameters of how many they are."""
    whole = one.generator.n_parameters if one.generator else None
    trained = one.generator.n_trained if one.generator else None
    if whole is None or trained is None or cell.below:
        return cell
    share = f" ({number_text(100 * trained / whole)} %)" if 0 < trained < whole else ""
    return ScoreCell(cell.words, f"of {quantity_text(whole)}{share}", marks=cell.marks, title=cell.title)


def shared_floor(result: CompareResult, score: str) -> Floor | None:
    """Give the floor that all sets have in a score, None where there is none or they differ."""
    values = [one.value(score) for one in scored(result)]
    floors = [it.floor for it in values if it is not None and it.floor is not None]
    same = {(it.n, it.median, it.low, it.high) for it in floors}
    return floors[0] if len(same) == 1 else None


def _floor_row(
    result: CompareResult, scores: Sequence[ScoreDefinition], decimals: dict[str, int], notes: Footnotes
) -> list[ScoreRow]:
    """Show what real frames reach against real frames, where any score knows it."""
    floors = {it.key: _floors(result, it.key) for it in scores}
    if not any(floors.values()):
        return []
    cells = []
    for it in scores:
        one = shared_floor(result, it.key)
        if one is not None:
            places = own_decimals(one.median, one.low, one.high, decimals[it.key])
            below = range_text(it, one.low, one.high, places)
            lines = "\n".join(line for line in (below, f"n = {one.n:,}") if line)
            marks = notes.mark(one.warning)
            words = value_text(it, one.median, places)
            cells.append(ScoreCell(words, lines, marks=marks, title=one.warning))
        elif floors[it.key]:
            cells.append(missing_cell(_differing(it, floors[it.key], decimals[it.key]), notes, "differs"))
        else:
            cells.append(ScoreCell(""))
    return [ScoreRow("Real against real", cells, below="floor", kind="floor")]


def _floors(result: CompareResult, score: str) -> list[Floor]:
    values = (one.value(score) for one in scored(result))
    return [it.floor for it in values if it is not None and it.floor is not None]


def _differing(it: ScoreDefinition, floors: Sequence[Floor], decimals: int) -> str:
    medians = sorted(one.median for one in floors if one.median is not None)
    between = range_text(it, medians[0], medians[-1], decimals) if medians else ""
    sizes = sorted({one.n for one in floors})
    return (
        f"The floors of {it.label} were taken at {sizes[0]:,} to {sizes[-1]:,} frames, as the sets have so"
        f" many, and their medians are {between or 'not known'}; see the figure of this score."
    )
