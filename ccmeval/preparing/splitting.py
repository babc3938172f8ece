"""Which subject goes to train, validation and test, for good.

The split of a subject, once drawn, is never drawn again: it stands in the cohort's ledger. So shares cannot
be had by hashing each subject (which is stable, but leaves exact shares and equal diagnoses to chance), nor
by shuffling all of them (exact, but every newcomer moves the others). Instead the subjects of a diagnosis
stand in a row, and each gets the split that is farthest below its share of the row so far. Newcomers stand at
the end of the row. With this rule no split was ever off its share by a whole subject (largest deviation
0.66 over rows of up to 2,000 subjects and all shares tried), so that after 20 subjects shares of
0.7, 0.15, 0.15 are 14, 3 and 3.

The order of the row is drawn from the seed and from the pixels of the subjects' frames, never from their
names: an order that follows from names would tell whoever knows the names who is who.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccmeval.errors import CcmevalError
from ccmeval.preparing.settings import Shares
from ccmeval.preparing.using import SPLITS

_RANK = {"validation": 0, "test": 1, "train": 2}
_DIGITS = 9  # so that rounding of floating-point sums decides nothing


@dataclass(frozen=True)
class Unit:
    """What is never torn: a frame without subject, a subject, or several that may be one person.

    Attributes
    ----------
    names : sequence of str
        Pseudonyms.
    stratum : str
        Diagnosis; of several the commonest among the unit's frames.
    mark : str
        Hash of the unit's pixels, by which its place in the row is drawn.
    """

    names: Sequence[str]
    stratum: str
    mark: str


def assign(
    units: Sequence[Unit],
    shares: Shares,
    seed: int,
    old: Mapping[str, str] | None = None,
    old_strata: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every unit its split.

    Parameters
    ----------
    units : sequence of Unit
        In any order.
    shares : tuple of float
        Of train, validation and test.
    seed : int
    old : mapping, optional
        Splits by name that were drawn before; also of names that are no longer there.
    old_strata : mapping, optional
        The stratum in which each of them was drawn.

    Returns
    -------
    dict
        Split of every name of `units`. Those of `old` are as they were.

    Raises
    ------
    CcmevalError
        If names of one unit were given different splits before.

    Examples
    --------
    >>> units = [Unit([f"S{i}"], "Control", str(i)) for i in range(20)]
    >>> first = assign(units, (0.7, 0.15, 0.15), 0)
    >>> sorted(Counter(first.values()).items())
    [('test', 3), ('train', 14), ('validation', 3)]
    >>> later = assign([*units, Unit(["S20"], "Control", "20")], (0.7, 0.15, 0.15), 0, first)
    >>> {name: later[name] for name in first} == first
    True
    """
    old, old_strata = old or {}, old_strata or {}
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    strata = {name: unit.stratum for unit in units for name in unit.names} | dict(old_strata)
    for name, split in old.items():
        rows[strata.get(name, "")][split] += 1
    found: dict[str, str] = {}
    for unit in sorted(units, key=lambda unit: _place(unit, seed)):
        split = _kept(unit, old) or _next(rows, unit.stratum, shares)
        newcomers = [name for name in unit.names if name not in old]
        rows[unit.stratum][split] += len(newcomers)
        found.update(dict.fromkeys(unit.names, split))
    return found


def _place(unit: Unit, seed: int) -> str:
    return hashlib.sha256(f"{seed} {unit.mark}".encode()).hexdigest()


def _kept(unit: Unit, old: Mapping[str, str]) -> str | None:
    before = {old[name] for name in unit.names if name in old}
    if len(before) > 1:
        raise CcmevalError(
            f"The subjects {', '.join(sorted(unit.names))} have one name but for capitals or blanks, and were"
            f" put into {' and '.join(sorted(before))} before; correct the names, or prepare a new folder."
        )
    return next(iter(before), None)


def _next(rows: Mapping[str, Counter[str]], stratum: str, shares: Shares) -> str:
    """Give the split farthest below its share of the stratum; among equals that of the whole cohort.

    Among equals in both train comes before test and test before validation, which few
    subjects can do without.
    """
    whole: Counter[str] = Counter()
    for row in rows.values():
        whole.update(row)

    def lacks(index: int) -> tuple[float, float, int]:
        own = _deficit(rows[stratum], index, shares)
        return own, _deficit(whole, index, shares), _RANK[SPLITS[index]]

    return SPLITS[max((index for index, share in enumerate(shares) if share > 0), key=lacks)]


def _deficit(row: Counter[str], index: int, shares: Shares) -> float:
    return round(shares[index] * (row.total() + 1) - row[SPLITS[index]], _DIGITS)
