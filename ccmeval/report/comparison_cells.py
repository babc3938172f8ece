"""Tables of sets by scores: cells with interval, letters and a numbered reason where there is no number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ccmeval.comparison.schema import ComparedSet, Ranking, ScoreDefinition, ScoreValue, SetRank
from ccmeval.report.comparison_words import own_decimals, range_text, value_text, why_missing
from ccmeval.report.numbers import NONE
from ccmeval.report.view import link

REPORT = "report.html"


@dataclass(frozen=True)
class ScoreCell:
    """A cell of a table of scores.

    Attributes
    ----------
    words, below : str
        The value, and quieter lines under it.
    letters : str
        Of the ranking: sets that share one are not told apart.
    best : bool
        Whether no set is placed above this one, while the score places some.
    marks : tuple of int
        Numbers of the footnotes.
    title : str
        The footnotes' text, shown where the pointer rests.
    tone : str
        Shows the words as a badge of that tone.
    """

    words: str
    below: str = ""
    letters: str = ""
    best: bool = False
    marks: tuple[int, ...] = ()
    title: str = ""
    tone: str = ""


@dataclass(frozen=True)
class ScoreHead:
    """Head of a column: words, a line below them, what it tells, and whether texts stand in it."""

    words: str
    below: str = ""
    title: str = ""
    text: bool = False


@dataclass(frozen=True)
class ScoreRow:
    """A row: its name, where it leads to, and its cells; without cells it heads the rows below it."""

    name: str
    cells: Sequence[ScoreCell] = ()
    below: str = ""
    address: str = ""
    kind: str = ""


class Footnotes:
    """Numbers reasons from 1 in the order in which they come up, each once.

    Examples
    --------
    >>> notes = Footnotes()
    >>> notes.mark("a"), notes.mark("b", "a"), notes.mark("")
    ((1,), (2, 1), ())
    """

    def __init__(self) -> None:
        self.texts: list[str] = []

    def mark(self, *texts: str) -> tuple[int, ...]:
        """Give the numbers of reasons; empty ones have none."""
        wanted = [text for text in texts if text]
        self.texts += [text for text in dict.fromkeys(wanted) if text not in self.texts]
        return tuple(self.texts.index(text) + 1 for text in wanted)


@dataclass(frozen=True)
class ScoreTable:
    """A table of sets by scores.

    Attributes
    ----------
    anchor : str
        Of its footnotes.
    caption : str
    heads : sequence of ScoreHead
        The first is that of the sets' names.
    spans : sequence of (str, int)
        Sections above the heads but the first, with the columns of each.
    rows : sequence of ScoreRow
    notes : sequence of str
        Footnotes, numbered from 1.
    """

    anchor: str
    caption: str
    heads: Sequence[ScoreHead] = ()
    spans: Sequence[tuple[str, int]] = ()
    rows: Sequence[ScoreRow] = ()
    notes: Sequence[str] = field(default_factory=list)
    more: str = ""


def missing_cell(reason: str, notes: Footnotes, words: str = NONE) -> ScoreCell:
    """Show a dash with the number of its reason."""
    return ScoreCell(words, marks=notes.mark(reason), title=reason)


def failed_cell(one: ComparedSet) -> ScoreCell:
    """Show why a set failed; the last cell of its row, over all columns that are left."""
    return ScoreCell("✕ failed", one.reason or "No reason was recorded.", tone="bad")


def score_cell(
    one: ComparedSet,
    definition: ScoreDefinition,
    it: ScoreValue | None,
    decimals: int,
    notes: Footnotes,
    ranking: Ranking | None = None,
    *,
    whole: bool = False,
) -> ScoreCell:
    """Show a value with its interval and its letters.

    Parameters
    ----------
    one : ComparedSet
    definition : ScoreDefinition
    it : ScoreValue or None
    decimals : int
        Of the column.
    notes : Footnotes
        Of the table.
    ranking : Ranking, optional
        Of this score and scope.
    whole : bool
        Whether its remarks, and its value at the floor's number of frames, are shown too.
    """
    if it is None or it.value is None:
        return missing_cell(why_missing(one, it), notes)
    decimals = own_decimals(it.value, it.low, it.high, decimals)
    lines = [range_text(definition, it.low, it.high, decimals)]
    if whole and it.floor is not None and it.floor.matched_median is not None:
        lines.append(f"at n = {it.floor.n:,}: {value_text(definition, it.floor.matched_median, decimals)}")
    rank = rank_of(ranking, one.name)
    said = it.notes if whole else []
    return ScoreCell(
        value_text(definition, it.value, decimals, it.of),
        "\n".join(line for line in lines if line),
        letters=rank.letters if rank else "",
        best=is_best(ranking, rank),
        marks=notes.mark(*said),
        title=" ".join(said),
    )


def rank_of(ranking: Ranking | None, name: str) -> SetRank | None:
    """Give a set's place in a ranking, None where it has none."""
    if ranking is None or ranking.status != "ranked":
        return None
    return next((it for it in ranking.ranks if it.set == name), None)


def is_best(ranking: Ranking | None, rank: SetRank | None) -> bool:
    """Tell whether no set is placed above this one, while at least one set is placed below another."""
    return ranking is not None and rank is not None and rank.rank == 1 and any_placed(ranking)


def any_placed(ranking: Ranking) -> bool:
    """Tell whether a ranking places any set above another."""
    return any(it.placed != "neither" for it in ranking.pairs)


def address_of(one: ComparedSet) -> str:
    """Give the address of a set's own three-pillar report, or nothing where it has none."""
    return link(f"{one.folder}/{REPORT}") if one.folder and one.status == "scored" else ""
