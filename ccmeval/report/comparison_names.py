"""Short names of sets: where names are long, sentences and figures call the sets S1, S2 and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ccmeval.comparison.schema import CompareResult

LONGEST_NAME = 20
"""Where all names are at most so long they serve as they are."""

_LIKE_SHORT = re.compile(r"S\d+", re.IGNORECASE)


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Give each set a name for sentences and figures.

    Examples
    --------
    >>> short_names(["spade", "maisi"])
    {'spade': 'spade', 'maisi': 'maisi'}
    >>> short_names(["spade", "a very long name of a set"])
    {'spade': 'S1', 'a very long name of a set': 'S2'}
    """
    if all(len(name) <= LONGEST_NAME for name in names):
        return {name: name for name in names}
    before = "Set " if any(_LIKE_SHORT.fullmatch(name.strip()) for name in names) else "S"
    return {name: f"{before}{number}" for number, name in enumerate(names, 1)}


def labels(names: Sequence[str]) -> dict[str, str]:
    """Give each set a name for tables and the rows of figures: the short one before the whole.

    Examples
    --------
    >>> labels(["spade", "a very long name of a set"])["spade"]
    'S1 spade'
    """
    return {name: name if short == name else f"{short} {name}" for name, short in short_names(names).items()}


def set_names(result: CompareResult) -> list[str]:
    """List the names of all sets, in their order."""
    return [it.name for it in result.sets]


def renamed(result: CompareResult, names: Mapping[str, str]) -> CompareResult:
    """Give a copy of the result in which the sets have other names."""

    def new(name: str) -> str:
        return names.get(name, name)

    def keys(told: Mapping[str, str]) -> dict[str, str]:
        return {new(name): words for name, words in told.items()}

    found = result.model_copy(deep=True)
    for one in found.sets:
        one.name = new(one.name)
    for ranking in found.rankings:
        ranking.left_out = keys(ranking.left_out)
        for rank in ranking.ranks:
            rank.set = new(rank.set)
        for pair in ranking.pairs:
            pair.first, pair.second = new(pair.first), new(pair.second)
    if found.pareto is not None:
        front = found.pareto
        front.front, front.by_value = list(map(new, front.front)), list(map(new, front.by_value))
        front.above = {new(name): list(map(new, better)) for name, better in front.above.items()}
    if found.overall is not None:
        found.overall.left_out = keys(found.overall.left_out)
        for place in found.overall.ranks:
            place.set = new(place.set)
    return found


def labelled(result: CompareResult) -> CompareResult:
    """Give a copy of the result whose sets have the names that tables and figures show."""
    return renamed(result, labels(set_names(result)))
