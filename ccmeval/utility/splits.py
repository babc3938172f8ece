"""Who is trained with, who validates, who is tested: the split that all groups share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility import leakage
from ccmeval.utility.clusters import Cluster, OtherSets, clusters_of, marked
from ccmeval.utility.crossing import cross_folds, synth_of_folds
from ccmeval.utility.eligible import Eligible, eligible, require_subjects
from ccmeval.utility.fold import Fold, SplitFacts, facts_of
from ccmeval.utility.folding import Rows, make_folds, rows_of
from ccmeval.utility.held_back import choose_test
from ccmeval.utility.leakage import Copy, Sides
from ccmeval.utility.leaks import by_frame_leak, dropped_leaks, near_real_leaks, undeclared_leaks
from ccmeval.utility.learning import Task
from ccmeval.utility.members import Member
from ccmeval.utility.schema import Leak
from ccmeval.utility.settings import UtilitySettings

OWN_TEST = (
    "The generators of all sets together saw too many real subjects for one test set: this set is tested on"
    " subjects that its own generator did not see, and its scores do not compare with those of the others."
)


@dataclass(frozen=True)
class Split:
    """How the frames of a task are divided.

    Attributes
    ----------
    task : {"diagnosis", "segmentation"}
    classes : tuple of str
        Diagnoses in the order of labels.
    folds : tuple of Fold
        Their test frames are the same in all, save in cross-fit.
    facts : SplitFacts
    leaks : tuple of Leak
    notes : tuple of str
    """

    task: Task
    classes: tuple[str, ...]
    folds: tuple[Fold, ...]
    facts: SplitFacts
    leaks: tuple[Leak, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def test_rows(self) -> Rows:
        """Rows that any fold tests on."""
        return reduce(np.union1d, (fold.test_rows for fold in self.folds))


def make_split(
    members: Sequence[Member],
    settings: UtilitySettings,
    task: Task,
    seed: int,
    *,
    copies: Sequence[Copy] = (),
    others: OtherSets | None = None,
) -> Split:
    """Divide the frames of a task into training, validation and test, and look for leaks.

    The test set is the held-out set; without one a share of the real subjects that no generator is declared
    to have seen. The other real subjects are dealt into folds: fold k validates with the k-th and trains with
    the others. With `cross_fit` fold k tests on the k-th, validates with the next and trains with the rest.
    A task whose frames are those of another task gets the same split.

    Parameters
    ----------
    members : sequence of Member
        All frames of the run.
    settings : UtilitySettings
        `test_share`, `folds`, `cross_fit` and `split_by` are used.
    task : {"diagnosis", "segmentation"}
    seed : int
        The same seed gives the same split, whatever the order of `members`.
    copies : sequence of (int, int, float)
        Rows of two frames that were found to be near-copies, and their correlation: a synthetic and a real
        one, or two real ones.
    others : OtherSets, optional
        Of a comparison: the test set is then chosen from subjects that none of its generators saw, so that
        all sets are tested on the same frames.

    Returns
    -------
    Split

    Raises
    ------
    UnavailableError
        If the task cannot be learnt from these frames, with the reason and the cure.
    CcmevalError
        If a leak must be mended first, subjects are missing, or settings contradict each other.

    Examples
    --------
    >>> real = [Member(i, "real", f"r{i}", "AB"[i % 2], f"P{i}") for i in range(20)]
    >>> synth = [Member(i, "synth", f"s{i}", "AB"[i % 2], declared=True) for i in range(20, 30)]
    >>> split = make_split([*real, *synth], UtilitySettings(folds=4), "diagnosis", seed=0)
    >>> len(split.folds), split.facts.n_test_subjects, split.facts.real_diagnoses
    (4, 4, {'A': 8, 'B': 8})
    >>> fold = split.folds[0]
    >>> fold.train_rows.size, fold.validation_rows.size, fold.test_rows.size, fold.synth_rows.size
    (12, 4, 4, 10)
    """
    if settings.cross_fit and any(member.kind == "held-out" for member in members):
        raise CcmevalError(
            "--cross-fit tests on the folds of the real set, and --held-out names another test set; leave one"
            " of them out."
        )
    found = eligible(members, task)
    by_subject = settings.split_by == "subject"
    if by_subject:
        require_subjects([*found.real, *found.held_out])
        leakage.refuse_shared_subjects(members)
    sides, notes = _sides(found, members, settings, task, seed, others)
    for train, validation, test in sides:
        leakage.refuse_identical(train, validation, test)
    synth = synth_of_folds(found, len(sides)) if settings.cross_fit else [found.synth] * len(sides)
    refuse = leakage.refuse_seen_in_fold if settings.cross_fit else leakage.refuse_seen
    for index, (_, _, test) in enumerate(sides):
        refuse(test, members, index)
    dropped = [
        leakage.synth_dropped(frames, side, copies, by_subject=by_subject)
        for frames, side in zip(synth, sides, strict=True)
    ]
    folds = tuple(
        _fold(index, side, synth[index], frozenset().union(*dropped[index].values()))
        for index, side in enumerate(sides)
    )
    told = dropped_leaks(dropped, members) + near_real_leaks(sides, members, copies)
    told += _declaration_leaks(found, members, settings)
    facts = facts_of(folds, members, settings)
    return Split(task, found.classes, folds, facts, tuple(told), (*found.notes, *notes))


def _sides(
    found: Eligible,
    members: Sequence[Member],
    settings: UtilitySettings,
    task: Task,
    seed: int,
    others: OtherSets | None,
) -> tuple[list[Sides], list[str]]:
    """Give the real frames of each fold."""
    classes = found.classes if task == "diagnosis" else ()
    by_subject = settings.split_by == "subject"
    clusters = clusters_of(found.real, members, settings.split_by)
    if settings.cross_fit:
        return cross_folds(found.real, clusters, classes, settings, seed)
    test, notes = list(found.held_out), list[str]()
    if not test:
        chosen, notes = _test_of(clusters, found.classes, settings, seed, others, every_class=bool(classes))
        test = [member for cluster in chosen for member in cluster.frames]
        names = {cluster.name for cluster in chosen}
        clusters = [cluster for cluster in clusters if cluster.name not in names]
    _refuse_untested(test, classes)
    parts, more = make_folds(clusters, classes, settings.folds, seed, by_subject=by_subject)
    rest = [member for cluster in clusters for member in cluster.frames]
    return [_divided(rest, set(rows.tolist()), test) for rows in parts], notes + more


def _test_of(
    clusters: Sequence[Cluster],
    classes: Sequence[str],
    settings: UtilitySettings,
    seed: int,
    others: OtherSets | None,
    *,
    every_class: bool,
) -> tuple[list[Cluster], list[str]]:
    """Choose the test set, for all sets of a comparison the same where that can be."""

    def chosen(among: Sequence[Cluster]) -> tuple[list[Cluster], list[str]]:
        return choose_test(
            among, classes, settings.test_share, seed, every_class=every_class, what=settings.split_by
        )

    if others is None:
        return chosen(clusters)
    try:
        return chosen(marked(clusters, others))
    except CcmevalError:
        found, notes = chosen(clusters)
    return found, [*notes, OWN_TEST]


def _divided(rest: Sequence[Member], validation: set[int], test: Sequence[Member]) -> Sides:
    return (
        [member for member in rest if member.row not in validation],
        [member for member in rest if member.row in validation],
        test,
    )


def _refuse_untested(test: Sequence[Member], classes: Sequence[str]) -> None:
    tested = {member.diagnosis for member in test}
    missing = [name for name in classes if name not in tested]
    if missing:
        raise UnavailableError(
            f"The test set has no frame of the diagnosis {missing[0]}; add such frames to it, or leave the"
            " diagnosis out of the real set."
        )


def _fold(index: int, side: Sides, synth: Sequence[Member], barred: frozenset[int]) -> Fold:
    usable = [member for member in synth if member.row not in barred]
    if not usable:
        raise UnavailableError(
            f"No synthetic frame can be used in fold {index}: all were made from masks of its test or"
            " validation subjects, or are copies of their frames; use fewer subjects for testing or more"
            " synthetic frames."
        )
    train, validation, test = side
    return Fold(index, rows_of(train), rows_of(validation), rows_of(test), rows_of(usable))


def _declaration_leaks(found: Eligible, members: Sequence[Member], settings: UtilitySettings) -> list[Leak]:
    told = []
    if not settings.cross_fit:
        frames = [*(member for member in members if member.kind != "synth"), *found.synth]
        told += undeclared_leaks(frames, held_out=bool(found.held_out))
    if settings.split_by == "frame":
        told.append(by_frame_leak(len(found.real)))
    return told
