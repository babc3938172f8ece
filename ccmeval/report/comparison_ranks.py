"""Ranks of the sets: letters, intervals, and how often a set is placed above another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.comparison.schema import CompareResult, PairDifference, Ranking, ScoreDefinition, SetRank
from ccmeval.report.comparison_cells import (
    Footnotes,
    ScoreCell,
    ScoreHead,
    ScoreRow,
    ScoreTable,
    address_of,
    failed_cell,
    is_best,
    missing_cell,
    rank_of,
)
from ccmeval.report.comparison_words import (
    ARROWS,
    MOST_SETS,
    definitions,
    headline_scores,
    own_decimals,
    range_text,
    ranking_title,
    scored,
    value_text,
)
from ccmeval.report.numbers import NONE, common_decimals
from ccmeval.report.three_pillar_words import left_out

MOST_RANKINGS = 6
"""Columns of a table of ranks; further ones are in a table below."""


def asked_rankings(result: CompareResult, *, pooled: bool) -> list[Ranking]:
    """List the rankings over all frames, or those within diagnoses and over their means."""
    return [it for it in result.rankings if (it.scope == "pooled") == pooled]


def rank_text(it: SetRank) -> str:
    """Write a rank with its interval.

    Examples
    --------
    >>> rank_text(SetRank(set="a", value=1.0, rank=1, low=1, high=3, letters="a", probability_best=0.5))
    '1 (1–3)'
    """
    return f"{it.rank} ({it.low}–{it.high})" if it.low != it.high else f"{it.rank} ({it.low})"


def rank_tables(result: CompareResult, *, pooled: bool = True) -> list[ScoreTable]:
    """Lay out ranks with their intervals and letters: a row a set, a column a score that ranks.

    Within diagnoses only the headline scores are shown; ``ranks.csv`` has all.
    """
    chosen = [it for it in asked_rankings(result, pooled=pooled) if it.status == "ranked" and it.ranks]
    if not pooled:
        headline = {it.key for it in headline_scores(result)}
        chosen = [it for it in chosen if it.score in headline]
    parts = [chosen[i : i + MOST_RANKINGS] for i in range(0, len(chosen), MOST_RANKINGS)]
    name = "ranks" if pooled else "ranks-by-diagnosis"
    return [_table(result, part, f"{name}-{number}") for number, part in enumerate(parts, 1)]


def _table(result: CompareResult, rankings: Sequence[Ranking], anchor: str) -> ScoreTable:
    notes = Footnotes()
    known = definitions(result)
    heads = [
        ScoreHead(
            ranking_title(result, it),
            ARROWS[known[it.score].better] if it.score in known else "",
            it.method,
        )
        for it in rankings
    ]
    decimals = [_decimals(it) for it in rankings]
    rows = []
    for one in result.sets[:MOST_SETS]:
        if one.status == "failed":
            rows.append(ScoreRow(one.name, [failed_cell(one)], kind="failed"))
            continue
        cells = [
            _cell(one.name, it, known.get(it.score), places, notes)
            for it, places in zip(rankings, decimals, strict=True)
        ]
        rows.append(ScoreRow(one.name, cells, address=address_of(one)))
    more = left_out(len(result.sets), MOST_SETS, "ranks.csv")
    return ScoreTable(anchor, "Ranks.", [ScoreHead("Set"), *heads], (), rows, notes.texts, more)


def _cell(
    name: str, ranking: Ranking, definition: ScoreDefinition | None, decimals: int, notes: Footnotes
) -> ScoreCell:
    rank = rank_of(ranking, name)
    if rank is None:
        reason = ranking.left_out.get(name) or "The result does not rank this set by this score."
        return missing_cell(reason, notes)
    lines = [_compared(rank, definition, decimals), f"best in {100 * rank.probability_best:.0f} %"]
    below = "\n".join(line for line in lines if line)
    return ScoreCell(rank_text(rank), below, rank.letters, is_best(ranking, rank))


def _compared(rank: SetRank, definition: ScoreDefinition | None, decimals: int) -> str:
    """Write the value that was compared, with its interval."""
    if definition is None or rank.value is None:
        return ""
    decimals = own_decimals(rank.value, rank.value_low, rank.value_high, decimals)
    between = range_text(definition, rank.value_low, rank.value_high, decimals)
    value = value_text(definition, rank.value, decimals)
    return f"{value} ({between})" if between else value


def _decimals(ranking: Ranking) -> int:
    ends = [(it.value_low, it.value_high) for it in ranking.ranks]
    halves = [(high - low) / 2 if low is not None and high is not None else None for low, high in ends]
    return common_decimals([it.value for it in ranking.ranks], halves)


def pair_of(ranking: Ranking, row: str, column: str) -> tuple[PairDifference, bool] | None:
    """Find the comparison of two sets, and whether it is turned round; None where there is none."""
    for it in ranking.pairs:
        if (it.first, it.second) == (row, column):
            return it, False
        if (it.first, it.second) == (column, row):
            return it, True
    return None


def placed_of(ranking: Ranking, row: str, column: str) -> str:
    """Say whether a set is placed "above" or "below" another, "neither", or "" where they were not compared.

    Examples
    --------
    >>> pair = PairDifference(first="a", second="b", difference=-1.0, placed="first")
    >>> ranking = Ranking(score="s", better="lower", pairs=[pair])
    >>> placed_of(ranking, "a", "b"), placed_of(ranking, "b", "a"), placed_of(ranking, "a", "c")
    ('above', 'below', '')
    """
    found = pair_of(ranking, row, column) if ranking.status == "ranked" else None
    if found is None:
        return ""
    it, turned = found
    if it.placed == "neither":
        return "neither"
    return "above" if (it.placed == "first") != turned else "below"


@dataclass(frozen=True)
class Tally:
    """How often a set is placed above, below and not apart from another, over several scores."""

    above: int
    below: int
    neither: int


def tally(rankings: Sequence[Ranking], row: str, column: str) -> Tally:
    """Count the placements of two sets over rankings."""
    said = [placed_of(it, row, column) for it in rankings]
    return Tally(said.count("above"), said.count("below"), said.count("neither"))


def placements_table(result: CompareResult) -> ScoreTable | None:
    """Lay out, for each pair of sets, by how many scores one is placed above the other; None without any."""
    rankings = [it for it in asked_rankings(result, pooled=True) if it.status == "ranked" and it.pairs]
    names = [it.name for it in scored(result)][:MOST_SETS]
    if not rankings or len(names) < 2:
        return None
    heads = [ScoreHead("Set"), *[ScoreHead(leading(name, i), title=name) for i, name in enumerate(names, 1)]]
    heads.append(ScoreHead("All", "above / below / open", "Sums of the row."))
    rows = []
    for number, name in enumerate(names, 1):
        own = leading(name, number)
        counts = [tally(rankings, name, other) for other in names]
        cells = [_tally_cell(it, other == name) for it, other in zip(counts, names, strict=True)]
        whole = Tally(*(sum(getattr(it, part) for it in counts) for part in ("above", "below", "neither")))
        rows.append(
            ScoreRow(
                name if name.startswith(f"{own} ") else f"{own} {name}", [*cells, _tally_cell(whole, False)]
            )
        )
    caption = "By how many scores the set of the row is placed above and below the set of the column."
    more = left_out(len(scored(result)), MOST_SETS, "pairs.csv")
    return ScoreTable("placements", caption, heads, (), rows, more=more)


def leading(name: str, number: int) -> str:
    """Give what stands for a set in the head of a matrix: its short name if it starts with it, or a number.

    Examples
    --------
    >>> leading("S4 a long name", 3), leading("spade", 3)
    ('S4', '3')
    """
    first, _, rest = name.partition(" ")
    return first if rest and first == f"S{first[1:]}" and first[1:].isdigit() else str(number)


def _tally_cell(it: Tally, same: bool) -> ScoreCell:
    if same:
        return ScoreCell("")
    if it == Tally(0, 0, 0):
        return ScoreCell(NONE, title="Not compared by any score.")
    parts = [f"▲ {it.above}" if it.above else "", f"▼ {it.below}" if it.below else ""]
    words = " ".join(part for part in parts if part) or "○"
    return ScoreCell(words, f"{it.neither} open" if it.neither else "")


def overall_table(result: CompareResult) -> ScoreTable | None:
    """Lay out the order over several scores; None where no rule was asked for."""
    found = result.overall
    if found is None or not found.ranks:
        return None
    rows = [
        ScoreRow(
            it.set,
            [ScoreCell(str(it.rank)), ScoreCell(f"{it.value:.2f}", f"{it.low:.2f} to {it.high:.2f}")],
        )
        for it in sorted(found.ranks, key=lambda one: (one.rank, one.value))
    ]
    heads = [ScoreHead("Set"), ScoreHead("Rank"), ScoreHead("Mean rank", "interval below")]
    return ScoreTable("overall", found.sentence, heads, (), rows)
