"""Compact letters: sets that share one are not told apart."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase

import numpy as np
import numpy.typing as npt

_SIGNS = ascii_lowercase + ascii_uppercase


def letters_of(apart: npt.NDArray[np.bool_], best_first: Sequence[int]) -> list[str]:
    """Give each set its letters.

    Parameters
    ----------
    apart : bool array (K, K)
        Symmetric: which sets are told apart.
    best_first : sequence of int
        Sets in the order of their values; 'a' goes to the group that holds the first.

    Returns
    -------
    list of K str
        Two sets share a letter exactly where they are not told apart. A letter stands for a largest group of
        sets of which no two are told apart.

    References
    ----------
    H. Piepho, J Comput Graph Stat 2004;13:456.

    Examples
    --------
    >>> apart = np.zeros((3, 3), dtype=bool)
    >>> apart[0, 2] = apart[2, 0] = True
    >>> letters_of(apart, [0, 1, 2])
    ['a', 'ab', 'b']
    """
    import networkx

    place = {one: at for at, one in enumerate(best_first)}
    graph = networkx.Graph()
    graph.add_nodes_from(best_first)
    graph.add_edges_from((i, j) for i in best_first for j in best_first if i < j and not apart[i, j])
    groups = sorted(sorted(place[one] for one in group) for group in networkx.find_cliques(graph))
    found = ["" for _ in best_first]
    for number, group in enumerate(groups):
        for at in group:
            found[best_first[at]] += _sign(number)
    return found


def _sign(number: int) -> str:
    """Write the number of a group: a to z, A to Z, then with figures."""
    extra, place = divmod(number, len(_SIGNS))
    return _SIGNS[place] + (str(extra) if extra else "")
