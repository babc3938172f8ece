"""Over several scores: the front that needs no rule, and an order by a rule that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.comparison.schema import OverallRank, OverallRanking, ParetoFront, Ranking

DOMINATES = (
    "A set dominates another that it is placed above by at least one of the scores, and below by none."
)
MEAN_RANK = (
    "The mean of a set's ranks by each score, each score counting once; the ends are the means of the ends of"
    " its rank intervals. Scores that say the same count as often as they are listed."
)


def pareto_front(rankings: Sequence[Ranking], names: Sequence[str]) -> ParetoFront | None:
    """Find the sets that no other set dominates.

    Parameters
    ----------
    rankings : sequence of Ranking
        One a score.
    names : sequence of str
        Of the sets.

    Returns
    -------
    ParetoFront or None
        None where nothing is ranked.
    """
    usable = [it for it in rankings if it.status == "ranked"]
    ranked = [name for name in names if all(name in _values(it) for it in usable)]
    if not usable or not ranked:
        return None
    above = {(first, second): _wins(usable, first, second) for first in ranked for second in ranked}
    dominated = {name: [it for it in ranked if above[it, name] and not above[name, it]] for name in ranked}
    return ParetoFront(
        scores=[it.score for it in usable],
        rule=DOMINATES,
        front=[name for name in ranked if not dominated[name]],
        above={name: some for name, some in dominated.items() if some},
        by_value=_by_value(usable, ranked),
    )


def _wins(rankings: Sequence[Ranking], first: str, second: str) -> int:
    """Count the scores by which the first is placed above the second."""
    placed = {(it.first, it.second, it.placed) for ranking in rankings for it in ranking.pairs}
    return ((first, second, "first") in placed) + ((second, first, "second") in placed)


def _values(ranking: Ranking) -> dict[str, float]:
    return {it.set: it.value for it in ranking.ranks if it.value is not None}


def _by_value(rankings: Sequence[Ranking], names: Sequence[str]) -> list[str]:
    signs = [-1.0 if it.better == "higher" else 1.0 for it in rankings]
    values = [_values(it) for it in rankings]
    table = np.array(
        [[sign * held[name] for sign, held in zip(signs, values, strict=True)] for name in names]
    )
    beaten = [any((other <= own).all() and (other < own).any() for other in table) for own in table]
    return [name for name, worse in zip(names, beaten, strict=True) if not worse]


def mean_rank(rankings: Sequence[Ranking], names: Sequence[str]) -> OverallRanking | None:
    """Order sets by the mean of their ranks.

    Parameters
    ----------
    rankings : sequence of Ranking
        One a score.
    names : sequence of str

    Returns
    -------
    OverallRanking or None
        None where nothing is ranked.
    """
    usable = [it for it in rankings if it.status == "ranked"]
    if not usable:
        return None
    found, left_out = [], {}
    for name in names:
        ranks = [rank for it in usable for rank in it.ranks if rank.set == name]
        if len(ranks) < len(usable):
            left_out[name] = "It is not ranked by all of the scores."
            continue
        means = {end: float(np.mean([getattr(it, end) for it in ranks])) for end in ("rank", "low", "high")}
        found.append(OverallRank(set=name, value=means["rank"], low=means["low"], high=means["high"], rank=1))
    for one in found:
        one.rank = 1 + sum(it.value < one.value for it in found)
    return OverallRanking(
        rule="mean-rank",
        sentence=MEAN_RANK,
        scores=[it.score for it in usable],
        ranks=sorted(found, key=lambda it: it.value),
        left_out=left_out,
    )
