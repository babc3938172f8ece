"""What a comparison comes to, in plain words: who stands above whom, how surely, and what cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ccmeval.comparison.schema import CompareResult, PairDifference, Ranking, ScoreDefinition
from ccmeval.report.comparison_cells import any_placed
from ccmeval.report.comparison_ranks import asked_rankings, placed_of
from ccmeval.report.comparison_words import (
    definitions,
    failed,
    headline_scores,
    joined,
    score_label,
    scored,
    value_text,
)
from ccmeval.report.numbers import p_text, shared_decimals
from ccmeval.report.view import plural

MOST_NAMES = 6
MOST_PAIRS = 5
MOST_CONTRADICTIONS = 6


@dataclass(frozen=True)
class Line:
    """What one score says: its name, sentences, how sure that is, and whether it places any set."""

    title: str
    sentences: Sequence[str]
    sure: Sequence[str]
    tone: str
    symbol: str


@dataclass(frozen=True)
class Summary:
    """The top of the page; `lines` tell of the headline scores, `more` of the others."""

    lead: str
    front: Sequence[str]
    lines: Sequence[Line] = field(default_factory=list)
    more: Sequence[Line] = field(default_factory=list)
    silent: Sequence[tuple[str, str]] = field(default_factory=list)
    disagreements: Sequence[str] = field(default_factory=list)


def summary_of(result: CompareResult) -> Summary:
    """Sum a comparison up.

    Examples
    --------
    >>> from ccmeval.comparison.schema import RealSide
    >>> summary_of(CompareResult(created="", real=RealSide(source="r"))).lead
    'No synthetic set was scored, so there is nothing to compare.'
    """
    rankings = asked_rankings(result, pooled=True)
    ranked = [it for it in rankings if it.status == "ranked" and it.pairs]
    silent = [
        (score_label(result, it.score), it.reason or "The result gives no reason.")
        for it in rankings
        if it not in ranked
    ]
    known = definitions(result)
    main = {it.key for it in headline_scores(result)}
    lines = [_line(result, it, known.get(it.score)) for it in ranked if it.score in main]
    more = [_line(result, it, known.get(it.score)) for it in ranked if it.score not in main]
    return Summary(_lead(result, ranked), _front(result), lines, more, silent, disagreements(result, ranked))


def _lead(result: CompareResult, ranked: Sequence[Ranking]) -> str:
    sets, lost = scored(result), failed(result)
    if not sets:
        return "No synthetic set was scored, so there is nothing to compare."
    subjects = f" of {plural(result.real.n_subjects, 'subject')}" if result.real.n_subjects else ""
    real = f"{plural(result.real.n_frames, 'real frame')}{subjects}"
    said = f"{plural(len(sets), 'synthetic set')} {'was' if len(sets) == 1 else 'were'} held against {real}"
    said += f"; {joined([it.name for it in lost])} failed." if lost else "."
    pairs = [it for one in ranked for it in one.pairs]
    if not pairs:
        return f"{said} No score ranks them, so none is placed above another."
    apart = sum(it.placed != "neither" for it in pairs)
    rank, place = ("ranks" if len(ranked) == 1 else "rank"), ("places" if apart == 1 else "place")
    return (
        f"{said} {plural(len(ranked), 'score')} {rank} them: of {plural(len(pairs), 'comparison')} of two"
        f" sets, {apart:,} {place} one above the other and {len(pairs) - apart:,} cannot tell them apart."
    )


def _front(result: CompareResult) -> list[str]:
    said = []
    found = result.pareto
    if found is not None and found.front:
        labels = joined([score_label(result, it) for it in found.scores], 8)
        said.append(f"By {labels} together, no other set dominates {joined(found.front, MOST_NAMES)}.")
        said += [
            f"{name} is dominated by {joined(better, MOST_NAMES)}."
            for name, better in found.above.items()
            if better
        ]
        said.append(found.rule)
    if result.overall is not None:
        said.append(f"One order over {len(result.overall.scores)} scores was asked for; it is given below.")
    else:
        said.append("No single order over all scores is given: scores measure different things.")
    return [it for it in said if it]


def _line(result: CompareResult, it: Ranking, definition: ScoreDefinition | None) -> Line:
    label = definition.label if definition else it.score
    within = within_diagnoses(result, it)
    if not any_placed(it):
        words = ["Nothing can be said: " + _all_open(it)]
        return Line(label, words, [*_widest(it, definition), *within], "none", "○")
    return Line(label, order_sentences(it), [*_closest(it, definition), *within], "good", "▲")


def _all_open(it: Ranking) -> str:
    count = len(it.ranks) or len({name for pair in it.pairs for name in (pair.first, pair.second)})
    return f"no two of the {count} sets are told apart."


def order_sentences(it: Ranking) -> list[str]:
    """Say who stands above whom, in as few words as the placements allow."""
    names = [one.set for one in it.ranks] or list(
        dict.fromkeys(name for pair in it.pairs for name in (pair.first, pair.second))
    )
    above = {name: [other for other in names if placed_of(it, name, other) == "above"] for name in names}
    tiers = _tiers(it, names)
    if tiers is not None:
        said = [_chain(tiers)]
        said += [f"{joined(tier, MOST_NAMES)} are not told apart." for tier in tiers if len(tier) > 1]
        return said
    by_lower: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        if above[name]:
            by_lower.setdefault(tuple(above[name]), []).append(name)
    said = [
        f"{joined(uppers, MOST_NAMES)} {'stands' if len(uppers) == 1 else 'stand'} above"
        f" {joined(lowers, MOST_NAMES)}."
        for lowers, uppers in by_lower.items()
    ]
    return [*said, *_open_words(it)]


def _open_words(it: Ranking) -> list[str]:
    """Name the sets that are not told apart: those that share a letter, or pair by pair without letters."""
    still = [f"{pair.first} and {pair.second}" for pair in it.pairs if pair.placed == "neither"]
    if still and it.ranks and all(rank.letters for rank in it.ranks):
        letters = sorted({letter for rank in it.ranks for letter in rank.letters})
        shared = [[rank.set for rank in it.ranks if letter in rank.letters] for letter in letters]
        still = [joined(names, MOST_NAMES) for names in shared if len(names) > 1]
    if not still:
        return []
    more = f"; and {len(still) - MOST_PAIRS:,} more" if len(still) > MOST_PAIRS else ""
    return [f"Not told apart: {'; '.join(still[:MOST_PAIRS])}{more}."]


def _chain(tiers: Sequence[Sequence[str]]) -> str:
    said = joined(tiers[0], MOST_NAMES)
    said += " stands above " if len(tiers[0]) == 1 else " stand above "
    said += joined(tiers[1], MOST_NAMES)
    for upper, tier in pairwise(tiers[1:]):
        said += f", which {'stands' if len(upper) == 1 else 'stand'} above {joined(tier, MOST_NAMES)}"
    return f"{said}."


def _tiers(it: Ranking, names: Sequence[str]) -> list[list[str]] | None:
    """Give the sets as steps, each wholly above the next; None where the placements are no such stairs."""
    tiers: list[list[str]] = []
    for name in names:
        if tiers and all(placed_of(it, name, other) == "neither" for other in tiers[-1]):
            tiers[-1].append(name)
        else:
            tiers.append([name])
    for number, tier in enumerate(tiers):
        lower = [other for rest in tiers[number + 1 :] for other in rest]
        if not all(placed_of(it, name, other) == "above" for name in tier for other in lower):
            return None
    return tiers if len(tiers) > 1 else None


def _closest(it: Ranking, definition: ScoreDefinition | None) -> list[str]:
    """Name the placement that is least sure."""
    sure = [pair for pair in it.pairs if pair.placed != "neither"]
    pair = max(sure, key=_doubt)
    return [f"Least sure of these: {difference_words(pair, it, definition)}."]


def _doubt(pair: PairDifference) -> tuple[float, float]:
    """Order placements by how unsure they are: by p, then by the difference in standard errors."""
    errors = abs(pair.difference) / pair.standard_error if pair.standard_error else 0.0
    return pair.p_holm if pair.p_holm is not None else -1.0, -errors


def _widest(it: Ranking, definition: ScoreDefinition | None) -> list[str]:
    pair = max(it.pairs, key=lambda one: abs(one.difference))
    return [f"The largest difference: {difference_words(pair, it, definition)}."]


def difference_words(pair: PairDifference, it: Ranking, definition: ScoreDefinition | None) -> str:
    """Write a difference with its interval and p."""
    low, high = pair.adjusted_low, pair.adjusted_high
    half = (high - low) / 2 if low is not None and high is not None else None
    decimals = shared_decimals(pair.difference, half)
    plain = definition or ScoreDefinition(key=it.score, label=it.score, group="distance", better=it.better)
    number = ScoreDefinition(key=it.score, label=plain.label, group="distance", better=it.better)
    texts = [value_text(number, value, decimals) for value in (pair.difference, low, high)]
    unit = f" {plain.unit}" if plain.unit else ""
    said = f"{pair.first} − {pair.second} = {texts[0]}{unit}"
    inside = []
    if low is not None and high is not None:
        inside.append(f"{100 * it.confidence:g} % interval adjusted for all pairs {texts[1]} to {texts[2]}")
    if pair.p_holm is not None:
        value = p_text(pair.p_holm)
        inside.append(f"p {value if value.startswith('<') else '= ' + value} after Holm")
    return f"{said} ({'; '.join(inside)})" if inside else said


def within_diagnoses(result: CompareResult, whole: Ranking) -> list[str]:
    """Say how many pairs a score places within diagnoses, and which it turns round."""
    wanted = (whole.score, "diagnosis", "ranked")
    parts = [it for it in result.rankings if (it.score, it.scope, it.status) == wanted and it.pairs]
    if not parts:
        return []
    counts = [
        f"{it.diagnosis} {sum(pair.placed != 'neither' for pair in it.pairs):,} of {len(it.pairs):,}"
        for it in parts
    ]
    pairs = [f"{words} in {it.diagnosis}" for it in parts for words in _turned(it, whole)]
    other = f"the other way round than over all frames: {joined(pairs, 4)}" if pairs else "none turned round"
    return [f"Pairs placed within diagnoses: {', '.join(counts)}; {other}."]


def _turned(part: Ranking, whole: Ranking) -> list[str]:
    """Name the pairs that a diagnosis places the other way round."""
    opposite = {"above": "below", "below": "above"}
    places = [(it, placed_of(part, it.first, it.second)) for it in part.pairs]
    return [
        f"{it.first} and {it.second}"
        for it, place in places
        if place in opposite and placed_of(whole, it.first, it.second) == opposite[place]
    ]


def disagreements(result: CompareResult, ranked: Sequence[Ranking]) -> list[str]:
    """Name pairs of sets that scores place in opposite orders."""
    said = []
    names = [it.name for it in scored(result)]
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            places = {score_label(result, it.score): placed_of(it, one, other) for it in ranked}
            for_one = [label for label, place in places.items() if place == "above"]
            for_other = [label for label, place in places.items() if place == "below"]
            if for_one and for_other:
                lower = joined(for_other, 4)
                said.append(f"{one} stands above {other} by {joined(for_one, 4)}, but below it by {lower}.")
    if len(said) > MOST_CONTRADICTIONS:
        more = len(said) - MOST_CONTRADICTIONS
        return [
            *said[:MOST_CONTRADICTIONS],
            f"{plural(more, 'further pair')} of sets of which scores disagree.",
        ]
    return said
