"""Declared pairs: which synthetic frame was made from which real frame's mask. Never guessed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError

PAIR_COLUMNS = ("real_frame", "paired_with")
"""Manifest columns of a synthetic set that name the real frame."""


def declared_pairs(real: Cohort, synth: Cohort, *, by_stem: bool) -> list[tuple[int, int]]:
    """Find the pairs that the user or the manifest declares.

    Parameters
    ----------
    real, synth : Cohort
    by_stem : bool
        Whether frames of one stem are pairs (``--paired``). A manifest column ``real_frame`` goes before it.

    Returns
    -------
    list of (int, int)
        Index of the real and of the synthetic frame. Several synthetic frames may share a real one.

    Raises
    ------
    CcmevalError
        If a declared frame does not exist, a stem is not unique among the real frames, or ``--paired``
        finds no pair.

    Examples
    --------
    >>> from pathlib import Path
    >>> real = Cohort([Record("r/a.png", "a", Path("a.png"))], Path())
    >>> synth = Cohort([Record("s/b.png", "b", Path("b.png")), Record("s/a.bmp", "a", Path("a.bmp"))], Path())
    >>> declared_pairs(real, synth, by_stem=True), declared_pairs(real, synth, by_stem=False)
    ([(0, 1)], [])
    """
    names = [_named(record) for record in synth]
    if any(names):
        return _by_name(real, synth, names)
    return _by_stem(real, synth) if by_stem else []


def _named(record: Record) -> str | None:
    return next((record.extra[column] for column in PAIR_COLUMNS if record.extra.get(column)), None)


def _by_name(real: Cohort, synth: Cohort, names: list[str | None]) -> list[tuple[int, int]]:
    known = {record.frame: index for index, record in enumerate(real)}
    stems = _stems(real)
    pairs = []
    for index, (record, name) in enumerate(zip(synth, names, strict=True)):
        if name is None:
            continue
        found = [known[name]] if name in known else stems.get(_stem(name), [])
        if len(found) != 1:
            what = "is no frame" if not found else f"fits {len(found)} frames"
            raise CcmevalError(
                f"The manifest pairs {record.frame} with {name}, which {what} of the real set; give the"
                " real frame's path below the real set's folder."
            )
        pairs.append((found[0], index))
    return pairs


def _by_stem(real: Cohort, synth: Cohort) -> list[tuple[int, int]]:
    stems = _stems(real)
    pairs = []
    for index, record in enumerate(synth):
        found = stems.get(_stem(record.frame), [])
        if len(found) > 1:
            first, second = (real.records[i].frame for i in found[:2])
            raise CcmevalError(
                f"--paired: {record.frame} fits both {first} and {second}; name its pair in a manifest column"
                " real_frame."
            )
        pairs += [(i, index) for i in found]
    if not pairs:
        raise CcmevalError(
            "--paired: no synthetic frame has the stem of a real one; name them alike, or leave --paired out."
        )
    return pairs


def _stems(cohort: Cohort) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(cohort):
        found[_stem(record.frame)].append(index)
    return found


def _stem(name: str) -> str:
    """Stem of a frame's name; a page's mark stays with it."""
    head, mark, page = name.partition("#")
    return f"{PurePosixPath(head).stem}{mark}{page}"
