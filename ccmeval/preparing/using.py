"""The split of a prepared cohort, for whatever trains or tests on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError

SPLITS: Final = ("train", "validation", "test")
SPLIT_COLUMN: Final = "split"
"""Column of the manifest."""


def split_of(record: Record) -> str | None:
    """Give the split of a frame, or None where its manifest tells none.

    Raises
    ------
    CcmevalError
        If it is none of :data:`SPLITS`.
    """
    split = record.extra.get(SPLIT_COLUMN, "").strip()
    if split and split not in SPLITS:
        raise CcmevalError(
            f"{record.frame}: the column split says {split!r}; write train, validation or test."
        )
    return split or None


def check_splits(cohort: Cohort) -> bool:
    """Make sure that no subject is in two splits.

    Returns
    -------
    bool
        Whether the cohort is split at all.

    Raises
    ------
    CcmevalError
        If a subject is in two, or only a part of the frames has a split.

    Examples
    --------
    >>> from pathlib import Path
    >>> records = [Record(s, s, Path(s), subject="S1", extra={"split": s}) for s in ("train", "test")]
    >>> check_splits(Cohort(records, Path()))
    Traceback (most recent call last):
    ccmeval.errors.CcmevalError: The subject S1 is in test and train; ...
    """
    by_subject: dict[str, set[str]] = defaultdict(set)
    told = 0
    for record in cohort:
        split = split_of(record)
        told += split is not None
        if split is not None and record.subject is not None:
            by_subject[record.subject].add(split)
    for subject, splits in by_subject.items():
        if len(splits) > 1:
            raise CcmevalError(
                f"The subject {subject} is in {' and '.join(sorted(splits))}; a model would be tested on whom"
                " it has learnt from. Put all frames of a subject into one split."
            )
    if 0 < told < len(cohort):
        raise CcmevalError(
            f"{len(cohort) - told} of {len(cohort)} frames have no split, the others have one; fill in the"
            " column split, or prepare the cohort anew."
        )
    return told > 0


def only_split(cohort: Cohort, splits: Collection[str]) -> Cohort:
    """Take the frames of some splits out of a cohort, once it is known that no subject is in two.

    Parameters
    ----------
    cohort : Cohort
        With a column ``split`` in its manifest.
    splits : collection of str
        Of :data:`SPLITS`.

    Returns
    -------
    Cohort
        With a note of how many frames were left out.

    Raises
    ------
    CcmevalError
        If the cohort has no split, a subject straddles two, or no frame is left.
    """
    if not check_splits(cohort):
        raise CcmevalError("The cohort has no column split; make it with ccmeval prepare, or add the column.")
    kept = tuple(record for record in cohort if split_of(record) in splits)
    if not kept:
        raise CcmevalError(
            f"No frame of the cohort is in {' or '.join(splits)}; prepare it with more subjects."
        )
    note = f"{len(kept)} of {len(cohort)} frames are in {' and '.join(splits)}; the others were left out."
    return replace(cohort, records=kept, notes=(*cohort.notes, note))
