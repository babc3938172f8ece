"""Which nerves are main trunks, by an explicit rule on the graph.

The rule. A *candidate* is a path without repeated nodes that

1. starts on the border of the imaged area (within `border_distance_um`) and ends on it with a chord
   of at least `min_chord_share` of the frame's shorter side (at most of `reference_side_um`), or
   (`count_fading`) ends freely inside the frame with a chord of at least `min_fading_share` of it;
2. turns by at most `max_turn_deg` at each node, the directions taken over `direction_um` of the path
   before and after it, and goes straight on at crossings;
3. has a straightness (chord over arc) of at least `min_straightness`.

Candidates share nerve, so a choice is made: the set of candidates without a common node (crossings
may be shared by the two nerves that cross) that has the largest sum of ranks; first among those that
run from border to border, then, of those that end inside the frame, among what the first leave. A
candidate's rank is its length times its mean width (and, where a frame is known, grey level to the
power `intensity_exponent`), times its straightness, times the cosine of half its largest turn: long,
thick, bright, straight nerves win. A nerve that forks is therefore one trunk and one branch. The choice
is exact up to 24 rival candidates in a connected piece and greedy by rank beyond.

Nothing here knows of pixels: curves drawn by the phantom and paths found in a mask go through the
same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.morphometry.candidates import Candidate, find_candidates
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.morphometry.settings import MorphometrySettings

_EXACT_UP_TO = 24


@dataclass(frozen=True)
class Trunks:
    """The main trunks of a graph.

    Attributes
    ----------
    paths : list of list of int
        Edge indices of each trunk, in order along it.
    edge_is_trunk : bool array (number of edges,)
    branch_nodes : list of int
        Branch points that lie on a trunk.
    count : int
        Number of trunks by the border rule of the settings.
    """

    paths: list[list[int]]
    edge_is_trunk: BoolArray
    branch_nodes: list[int]
    count: int


def find_trunks(graph: NerveGraph, settings: MorphometrySettings | None = None) -> Trunks:
    """Choose the main trunks of a graph.

    Parameters
    ----------
    graph : NerveGraph
    settings : MorphometrySettings, optional

    Returns
    -------
    Trunks

    Notes
    -----
    With the border rule ``all`` each trunk counts one. With ``two-border`` a trunk counts the number
    of its ends on the upper or left border: in frames that tile an area each border crossing is then
    counted once (the forbidden-line rule of Gundersen, J. Microsc. 111 (1977), carried over from
    particles to lines, whose ends at the border take the place of particles).

    Examples
    --------
    >>> import numpy as np
    >>> from ccmeval.morphometry import Edge, NerveGraph, Node
    >>> path = np.array([[0.0, 50.0], [400.0, 60.0]])
    >>> nodes = [Node((0.0, 50.0), "border"), Node((400.0, 60.0), "border")]
    >>> graph = NerveGraph(nodes, [Edge(0, 1, path, 400.1)], (400.0, 400.0), 0.16, 0.0016)
    >>> find_trunks(graph).count
    1
    """
    settings = settings or MorphometrySettings()
    candidates = find_candidates(graph, settings)
    chosen = _choose_all([c for c in candidates if len(c.border_nodes) == 2])
    taken = frozenset(node for c in chosen for node in c.exclusive)
    chosen += _choose_all(
        [c for c in candidates if len(c.border_nodes) < 2 and taken.isdisjoint(c.exclusive)]
    )
    is_trunk = np.zeros(len(graph.edges), dtype=np.bool_)
    for candidate in chosen:
        is_trunk[list(candidate.edges)] = True
    on_trunk = {node for candidate in chosen for node in candidate.nodes}
    branch_nodes = sorted(node for node in on_trunk if graph.nodes[node].kind == "branch point")
    if settings.border_rule == "two-border":
        count = sum(_counting_ends(graph, candidate) for candidate in chosen)
    else:
        count = len(chosen)
    return Trunks([list(c.edges) for c in chosen], is_trunk, branch_nodes, count)


def _choose_all(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [c for rivals in _rival_groups(candidates) for c in _choose(rivals)]


def _rival_groups(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Split candidates into groups within which they share nodes."""
    groups: list[tuple[set[int], list[Candidate]]] = []
    for candidate in candidates:
        touching = [group for group in groups if not candidate.exclusive.isdisjoint(group[0])]
        nodes = set(candidate.exclusive).union(*(group[0] for group in touching))
        members = [member for group in touching for member in group[1]]
        groups = [group for group in groups if group not in touching]
        groups.append((nodes, [*members, candidate]))
    return [members for _, members in groups]


def _choose(rivals: Sequence[Candidate]) -> list[Candidate]:
    """Choose the set of candidates without a common node that has the largest sum of ranks."""
    ranked = sorted(rivals, key=lambda c: (-c.rank, c.edges))
    if len(ranked) > _EXACT_UP_TO:
        chosen: list[Candidate] = []
        for candidate in ranked:
            if all(candidate.exclusive.isdisjoint(other.exclusive) for other in chosen):
                chosen.append(candidate)
        return chosen
    remaining = [*np.cumsum([c.rank for c in ranked][::-1])[::-1].tolist(), 0.0]
    best: tuple[float, list[Candidate]] = (-1.0, [])

    def extend(k: int, taken: list[Candidate], nodes: frozenset[int], total: float) -> None:
        nonlocal best
        if total > best[0]:
            best = (total, taken)
        if k == len(ranked) or total + remaining[k] <= best[0]:
            return
        candidate = ranked[k]
        if nodes.isdisjoint(candidate.exclusive):
            extend(k + 1, [*taken, candidate], nodes | candidate.exclusive, total + candidate.rank)
        extend(k + 1, taken, nodes, total)

    extend(0, [], frozenset(), 0.0)
    return best[1]


def _counting_ends(graph: NerveGraph, candidate: Candidate) -> int:
    """Count a trunk's ends on the upper or left border."""
    height, width = graph.shape_um
    counted = 0
    for node in candidate.border_nodes:
        row, column = graph.nodes[node].position_um
        counted += int(np.argmin((row, column, height - row, width - column))) < 2
    return counted
