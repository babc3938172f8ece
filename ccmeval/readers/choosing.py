"""Which frames are shown, and in which order: balanced, stratified, at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ccmeval.errors import CcmevalError
from ccmeval.readers.candidates import Candidate
from ccmeval.readers.key import Truth

TRUTHS: tuple[Truth, Truth] = ("real", "synthetic")

_REPEATED_AMONG = 0.5
"""Frames that are shown twice come first among this share of the others ..."""
_REPEATS_FROM = 0.65
"""... and again after this share, so that many others lie between."""

T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """A frame in the order of the form; `repeat_of` is the place of the same frame before."""

    candidate: Candidate
    repeat_of: int | None = None


def choose(
    candidates: Sequence[Candidate], n: int, per_subject: int, rng: np.random.Generator, *, stratify: bool
) -> list[Candidate]:
    """Draw as many real frames as synthetic ones, with as many of each diagnosis on both sides.

    Parameters
    ----------
    candidates : sequence of Candidate
    n : int
        Even.
    per_subject : int
        Most frames of one subject in each set.
    rng : numpy.random.Generator
    stratify : bool
        Whether diagnoses count; only those that both sets have are drawn from then.

    Returns
    -------
    list of Candidate
        Frames of subjects that were drawn less often go first.

    Raises
    ------
    CcmevalError
        If the sets have too few frames for that.
    """
    quotas = _quotas(candidates, n // 2, per_subject, stratify)
    found: list[Candidate] = []
    for truth in TRUTHS:
        used: Counter[str] = Counter()
        # The scarcest diagnosis first, since subjects' frames may stand in several of a synthetic set.
        for diagnosis in sorted(quotas, key=lambda name: (quotas[name], name or "")):
            pool = [it for it in candidates if it.truth == truth and _stratum(it, stratify) == diagnosis]
            drawn = _drawn(pool, quotas[diagnosis], per_subject, used, rng)
            if len(drawn) < quotas[diagnosis]:
                raise _too_few(n, per_subject, 2 * (len(found) % (n // 2) + len(drawn)))
            found += drawn
    return found


def _stratum(one: Candidate, stratify: bool) -> str | None:
    return one.record.diagnosis if stratify else None


def _quotas(
    candidates: Sequence[Candidate], side: int, per_subject: int, stratify: bool
) -> dict[str | None, int]:
    """Share frames out among the diagnoses as evenly as both sets allow."""
    room = [_room([it for it in candidates if it.truth == truth], per_subject, stratify) for truth in TRUTHS]
    limits = {name: min(room[0][name], room[1][name]) for name in sorted(room[0], key=str) if name in room[1]}
    if stratify:
        limits.pop(None, None)
    quotas = dict.fromkeys(limits, 0)
    while sum(quotas.values()) < side:
        open_ones = [name for name in quotas if quotas[name] < limits[name]]
        if not open_ones:
            raise _too_few(2 * side, per_subject, 2 * sum(quotas.values()))
        quotas[min(open_ones, key=lambda name: quotas[name])] += 1
    return {name: quota for name, quota in quotas.items() if quota}


def _room(pool: Sequence[Candidate], per_subject: int, stratify: bool) -> Counter[str | None]:
    of: Counter[tuple[str | None, str]] = Counter((_stratum(it, stratify), it.cluster) for it in pool)
    found: Counter[str | None] = Counter()
    for (name, _), count in of.items():
        found[name] += min(count, per_subject)
    return found


def _drawn(
    pool: Sequence[Candidate], count: int, per_subject: int, used: Counter[str], rng: np.random.Generator
) -> list[Candidate]:
    waiting = shuffled(pool, rng)
    found: list[Candidate] = []
    while waiting and len(found) < count:
        one = min(waiting, key=lambda it: used[it.cluster])
        if used[one.cluster] >= per_subject:
            break
        used[one.cluster] += 1
        waiting.remove(one)
        found.append(one)
    return found


def _too_few(n: int, per_subject: int, possible: int) -> CcmevalError:
    return CcmevalError(
        f"-n {n} frames cannot be drawn, half of them real, alike in diagnoses, and at most {per_subject} of"
        f" a subject: about {possible} can; give a smaller -n, more --per-subject, or larger sets."
    )


def ordered(chosen: Sequence[Candidate], n_repeats: int, rng: np.random.Generator) -> list[Shown]:
    """Put frames in random order and show some a second time, far behind the first.

    Parameters
    ----------
    chosen : sequence of Candidate
    n_repeats : int
        As many real as synthetic ones, where the first half of the order has them.
    rng : numpy.random.Generator

    Returns
    -------
    list of Shown
    """
    first = shuffled(chosen, rng)
    early = first[: max(1, int(_REPEATED_AMONG * len(first)))]
    again: list[Candidate] = []
    for truth in TRUTHS:
        again += [it for it in early if it.truth == truth][: n_repeats // 2]
    slots = np.sort(rng.integers(int(_REPEATS_FROM * len(first)), len(first) + 1, size=len(again)))
    order: list[tuple[Candidate, bool]] = [(it, False) for it in first]
    for moved, (slot, one) in enumerate(zip(slots, shuffled(again, rng), strict=True)):
        order.insert(int(slot) + moved, (one, True))
    places: dict[int, int] = {}
    found = []
    for place, (one, repeated) in enumerate(order):
        found.append(Shown(one, places[id(one)] if repeated else None))
        places.setdefault(id(one), place)
    return found


def shuffled(items: Sequence[T], rng: np.random.Generator) -> list[T]:
    """Give the items in random order."""
    return [items[int(i)] for i in rng.permutation(len(items))]
