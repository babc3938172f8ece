"""Which subjects must be in one split since they may be one person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ccmeval.preparing.sources import Source
from ccmeval.preparing.splitting import Unit


def shared_pictures(sources: Sequence[Source]) -> list[tuple[str, str]]:
    """Find pairs of subjects under which the very same picture is there, in the order of their names."""
    owners: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        if source.record.subject is not None:
            owners[source.content].add(source.record.subject)
    pairs = {pair for names in owners.values() for pair in pairwise(sorted(names))}
    return sorted(pairs)


class Groups:
    """Subjects by name, joined where they may be one person.

    Names that differ in capitals or blanks only are joined from the start.

    Parameters
    ----------
    units : mapping
        Pseudonym by name.
    old : mapping
        Splits of before, by pseudonym.
    """

    def __init__(self, units: Mapping[str, str], old: Mapping[str, str]) -> None:
        self._units = units
        self._old = old
        self._members: dict[str, set[str]] = {}
        by_spelling: dict[str, set[str]] = defaultdict(set)
        for name in units:
            by_spelling["".join(name.casefold().split())].add(name)
        for names in by_spelling.values():
            self._members.update(dict.fromkeys(names, names))

    def join(self, first: str, second: str) -> bool:
        """Join two subjects, unless a run before had put them into different splits.

        Returns
        -------
        bool
            Whether they are in one group now. A subject without a frame of its own is in none.
        """
        if first not in self._members or second not in self._members:
            return True
        both = self._members[first] | self._members[second]
        if len({self._old[self._units[name]] for name in both if self._units[name] in self._old}) > 1:
            return False
        self._members.update(dict.fromkeys(both, both))
        return True

    def all(self) -> list[list[str]]:
        """Give the pseudonyms of every group."""
        found = {frozenset(self._units[name] for name in names) for names in self._members.values()}
        return sorted(sorted(names) for names in found)


def units_of(groups: Sequence[Sequence[str]], frames: Sequence[tuple[str, str, str]]) -> list[Unit]:
    """Describe groups for the split.

    Parameters
    ----------
    groups : sequence of sequence of str
        Names of what must stay together.
    frames : sequence of (name, diagnosis, content)

    Returns
    -------
    list of Unit
        Each under the commonest diagnosis of its frames (the first by name among equals).

    Examples
    --------
    >>> units_of([["S1", "S2"]], [("S1", "Control", "b"), ("S2", "T1DPN", "a"), ("S2", "T1DPN", "c")])
    [Unit(names=['S1', 'S2'], stratum='T1DPN', mark='a')]
    """
    by_name: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, diagnosis, content in frames:
        by_name[name].append((diagnosis, content))
    units = []
    for names in groups:
        inside = [frame for name in names for frame in by_name[name]]
        counts = Counter(diagnosis for diagnosis, _ in inside)
        stratum = min(counts, key=lambda label: (-counts[label], label))
        units.append(Unit(list(names), stratum, min(content for _, content in inside)))
    return units
