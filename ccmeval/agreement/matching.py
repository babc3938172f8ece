"""Which row of one table is the same frame as which row of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".gif")


@dataclass(frozen=True)
class Matching:
    """Pairs of rows, and what found no partner.

    Attributes
    ----------
    pairs : sequence of (int, int)
        Rows of the first and the second table, in the first's order.
    unmatched_first, unmatched_second : sequence of str
        Names without a partner.
    ambiguous : sequence of str
        Names that fit several rows; none of them is paired.
    """

    pairs: Sequence[tuple[int, int]]
    unmatched_first: Sequence[str]
    unmatched_second: Sequence[str]
    ambiguous: Sequence[str]


def file_name(frame: str) -> str:
    r"""Drop folders, of either kind of slash, and case.

    Examples
    --------
    >>> file_name("D:\\Study\\A 01.BMP")
    'a 01.bmp'
    """
    return frame.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].strip().casefold()


def stem(frame: str) -> str:
    """Drop folders, case and the suffix of a picture; ``#2`` for page 2 stays.

    Examples
    --------
    >>> stem("sub/Eye.1.TIF"), stem("a.tif#2"), stem("frame.7")
    ('eye.1', 'a#2', 'frame.7')
    """
    name, mark, page = file_name(frame).partition("#")
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            break
    return f"{name}{mark}{page}"


def match_frames(first: Sequence[str], second: Sequence[str]) -> Matching:
    """Pair the frames of two tables by name, then by file name, then by stem.

    Parameters
    ----------
    first, second : sequence of str
        Names of the frames, one a row.

    Returns
    -------
    Matching
        A name is paired at the first of the three steps at which it fits one row of each table and
        no more; what fits several is ambiguous and left out, never guessed.

    Examples
    --------
    >>> match_frames(["a.png", "sub/b.png", "c.png"], ["A.bmp", "b.png", "d.png"]).pairs
    [(0, 0), (1, 1)]
    """
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    left_first, left_second = set(range(len(first))), set(range(len(second)))
    doubtful: set[str] = set()
    for key in (_same, file_name, stem):
        groups_first, groups_second = _groups(first, left_first, key), _groups(second, left_second, key)
        for name in groups_first.keys() & groups_second.keys():
            rows, others = groups_first[name], groups_second[name]
            if len(rows) == len(others) == 1:
                pairs[rows[0]] = others[0]
                taken.add(others[0])
                left_first.discard(rows[0])
                left_second.discard(others[0])
            else:
                doubtful.update([first[i] for i in rows] + [second[i] for i in others])
                left_first.difference_update(rows)
                left_second.difference_update(others)
    return Matching(
        sorted(pairs.items()),
        [first[i] for i in sorted(left_first)],
        [second[i] for i in sorted(left_second)],
        sorted(doubtful),
    )


def _same(frame: str) -> str:
    return frame.strip()


def _groups(names: Sequence[str], rows: set[int], key: Callable[[str], str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i in sorted(rows):
        groups[key(names[i])].append(i)
    return groups
