"""Which frames of a cohort may be trained on: those of the split `train`, where there are splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ccmeval.cohort.diagnosis import fold
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.utility.words import counted

Split = Literal["train", "validation", "test"]

_WORDS: Final[dict[str, Split]] = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "validate", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "testset", "heldout", "holdout"), "test"),
}
"""By what a column or a folder may call them, in small letters without signs."""

_MOST_NAMES = 3


@dataclass(frozen=True)
class SplitCohort:
    """The frames of a cohort by what they may serve for.

    Attributes
    ----------
    train, validation, test : sequence of Record
        Test frames are looked at only to make sure that none is trained on under another name.
    unassigned : sequence of Record
        Frames of which no split is told although others have one.
    notes : sequence of str
        What was left out and why.
    """

    train: Sequence[Record]
    validation: Sequence[Record] = ()
    test: Sequence[Record] = ()
    unassigned: Sequence[Record] = ()
    notes: Sequence[str] = field(default_factory=list)


def split_cohort(cohort: Cohort, column: str = "split") -> SplitCohort:
    """Part a cohort by a manifest column, or by folders called `train`, `validation` and `test`.

    Parameters
    ----------
    cohort : Cohort
    column : str
        Of the manifest; capitals do not count.

    Returns
    -------
    SplitCohort
        All frames are training frames where nothing tells of splits.

    Raises
    ------
    CcmevalError
        If the column says something else, no frame may be trained on, or a subject stands in two splits.

    Examples
    --------
    >>> from pathlib import Path
    >>> told = {"a": "train", "b": "test", "c": "train"}
    >>> records = [Record(f"{n}.png", n, Path(n), subject=n, extra={"split": told[n]}) for n in told]
    >>> found = split_cohort(Cohort(records, Path()))
    >>> [record.key for record in found.train], list(found.notes)
    (['a', 'c'], ['1 test frame is left out of the training.'])
    """
    told, by = _told(cohort, column)
    if told is None:
        note = "The cohort has no splits, so that all of its frames are trained on: test on other subjects."
        return SplitCohort(list(cohort), notes=[note])
    parts: dict[Split | None, list[Record]] = defaultdict(list)
    for record, split in zip(cohort, told, strict=True):
        parts[split].append(record)
    if not parts["train"]:
        counts = ", ".join(f"{split or 'none'}: {len(some)}" for split, some in parts.items())
        raise CcmevalError(
            f"No frame may be trained on: {by} says train of none ({counts}); frames for validation and test"
            " are never trained on."
        )
    _refuse_shared_subjects(parts)
    found = SplitCohort(parts["train"], parts["validation"], parts["test"], parts[None])
    return SplitCohort(found.train, found.validation, found.test, found.unassigned, _notes(found, by))


def _told(cohort: Cohort, column: str) -> tuple[list[Split | None] | None, str]:
    """Tell the split of each record, None for all where there is none; and what told it."""
    names = {name for record in cohort for name in record.extra if fold(name) == fold(column)}
    if len(names) > 1:
        raise CcmevalError(f"The manifest has several columns for {column!r}; keep one.")
    if names:
        name = names.pop()
        return [_split_of(record, name) for record in cohort], f"the column {name!r}"
    if column != "split":
        raise CcmevalError(f"The manifest has no column {column!r}; correct --split-column.")
    by_folder = [_split_of_folder(record) for record in cohort]
    if "train" in by_folder and {"validation", "test"} & set(by_folder):
        return by_folder, "the name of a folder"
    return None, ""


def _split_of(record: Record, column: str) -> Split | None:
    given = record.extra.get(column, "")
    if not given.strip():
        return None
    split = _WORDS.get(fold(given))
    if split is None:
        raise CcmevalError(
            f"{record.frame}: the column {column!r} says {given!r}; write train, validation or test."
        )
    return split


def _split_of_folder(record: Record) -> Split | None:
    for part in record.frame.split("/")[:-1]:
        if fold(part) in _WORDS:
            return _WORDS[fold(part)]
    return None


def _refuse_shared_subjects(parts: Mapping[Split | None, Sequence[Record]]) -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for split, records in parts.items():
        for record in records:
            if record.subject is not None and split is not None:
                homes[record.subject].add(split)
    shared = sorted(subject for subject, splits in homes.items() if "train" in splits and len(splits) > 1)
    if shared:
        others = sorted(homes[shared[0]] - {"train"})
        raise CcmevalError(
            f"{len(shared)} subject{'s' * (len(shared) > 1)} with training frames (such as {shared[0]}) also"
            f" stand{'s' * (len(shared) == 1)} in {' and '.join(others)}; part the cohort by subject, as"
            " ccmeval prepare does."
        )


def _notes(found: SplitCohort, by: str) -> list[str]:
    notes = []
    for name, records in (("validation", found.validation), ("test", found.test)):
        if records:
            verb = "is" if len(records) == 1 else "are"
            notes.append(f"{counted(len(records), f'{name} frame')} {verb} left out of the training.")
    if found.unassigned:
        verb = "is" if len(found.unassigned) == 1 else "are"
        shown = ", ".join(record.frame for record in found.unassigned[:_MOST_NAMES])
        notes.append(
            f"{counted(len(found.unassigned), 'frame')} {verb} left out, since {by} tells no split of"
            f" them (such as {shown})."
        )
    without = sum(record.subject is None for record in found.train)
    if without and (found.validation or found.test):
        notes.append(
            f"{counted(without, 'training frame')} without a subject: whether the same person stands in"
            " another split is not known."
        )
    return notes
