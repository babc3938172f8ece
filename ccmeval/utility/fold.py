"""A division of the frames, and what is counted of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from ccmeval.statistics.tables import diagnosis_order
from ccmeval.utility.folding import Rows
from ccmeval.utility.members import Member
from ccmeval.utility.settings import UtilitySettings

TestKind = Literal["held-out set", "split of the real set", "cross-fit"]


@dataclass(frozen=True)
class Fold:
    """One division of the frames; all rows are rows of the pool, in ascending order.

    Attributes
    ----------
    index : int
        From 0.
    train_rows, validation_rows, test_rows : int array
        Real frames; test frames are held-out ones where such a set is named.
    synth_rows : int array
        Synthetic frames that may serve for training in this fold.
    """

    index: int
    train_rows: Rows
    validation_rows: Rows
    test_rows: Rows
    synth_rows: Rows


@dataclass(frozen=True)
class SplitFacts:
    """Counts of a split, named as in :class:`ccmeval.utility.schema.Protocol`."""

    test: TestKind
    split_by: Literal["subject", "frame"]
    folds: int
    n_test_frames: int
    n_test_subjects: int
    n_real_frames: int
    n_real_subjects: int
    n_synth_frames: int
    test_diagnoses: dict[str, int]
    real_diagnoses: dict[str, int]
    synth_diagnoses: dict[str, int]


def facts_of(folds: Sequence[Fold], members: Sequence[Member], settings: UtilitySettings) -> SplitFacts:
    """Count the frames and subjects of a split.

    Parameters
    ----------
    folds : sequence of Fold
    members : sequence of Member
        All frames of the run.
    settings : UtilitySettings
    """
    known = {member.row: member for member in members}
    test, real, synth = (
        [known[int(row)] for row in reduce(np.union1d, parts)]
        for parts in (
            [fold.test_rows for fold in folds],
            [part for fold in folds for part in (fold.train_rows, fold.validation_rows)],
            [fold.synth_rows for fold in folds],
        )
    )
    kind: TestKind = "held-out set" if test[0].kind == "held-out" else "split of the real set"
    return SplitFacts(
        test="cross-fit" if settings.cross_fit else kind,
        split_by=settings.split_by,
        folds=len(folds),
        n_test_frames=len(test),
        n_test_subjects=_n_subjects(test),
        n_real_frames=len(real),
        n_real_subjects=_n_subjects(real),
        n_synth_frames=len(synth),
        test_diagnoses=_by_diagnosis(test),
        real_diagnoses=_by_diagnosis(real),
        synth_diagnoses=_by_diagnosis(synth),
    )


def _n_subjects(frames: Sequence[Member]) -> int:
    """Count subjects; 0 where one is unknown."""
    subjects = {member.subject for member in frames}
    return 0 if None in subjects else len(subjects)


def _by_diagnosis(frames: Sequence[Member]) -> dict[str, int]:
    counts = Counter(member.diagnosis for member in frames if member.diagnosis is not None)
    return {name: counts[name] for name in diagnosis_order(list(counts))}
