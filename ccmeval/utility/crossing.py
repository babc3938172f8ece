"""Cross-fit: every fold of the real frames is tested in turn, by generators that were fitted without it."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.clusters import Cluster
from ccmeval.utility.eligible import Eligible
from ccmeval.utility.folding import given_folds, make_folds
from ccmeval.utility.leakage import Sides
from ccmeval.utility.members import Member
from ccmeval.utility.settings import UtilitySettings

_LEAST = 3
"""Folds: one to test on, one to validate with, one to train on."""


def cross_folds(
    real: Sequence[Member],
    clusters: Sequence[Cluster],
    classes: Sequence[str],
    settings: UtilitySettings,
    seed: int,
) -> tuple[list[Sides], list[str]]:
    """Divide the real frames so that fold k tests on the k-th part and validates with the next.

    The parts are those that the real frames name (manifest column ``fold``), by which generators were fitted;
    else they are dealt anew, which only serves generators whose training subjects are declared.

    Parameters
    ----------
    real : sequence of Member
    clusters : sequence of Cluster
        The same frames.
    classes : sequence of str
        Diagnoses that every part must hold.
    settings : UtilitySettings
    seed : int

    Returns
    -------
    list of (train, validation, test)
    list of str
        Notes.

    Raises
    ------
    CcmevalError
        If the column is not usable.
    UnavailableError
        If there are too few clusters.
    """
    by_subject = settings.split_by == "subject"
    parts = given_folds(real, classes, by_subject=by_subject)
    notes: list[str] = []
    if parts is None:
        parts, notes = make_folds(
            clusters, classes, settings.folds, seed, by_subject=by_subject, least=_LEAST
        )
    elif len(parts) != settings.folds:
        notes = [f"The real frames name {len(parts)} folds, which are used instead of {settings.folds}."]
    place = {int(row): number for number, rows in enumerate(parts) for row in rows}
    sides: list[Sides] = []
    for number in range(len(parts)):
        following = (number + 1) % len(parts)
        sides.append(
            (
                [m for m in real if place[m.row] not in (number, following)],
                [m for m in real if place[m.row] == following],
                [m for m in real if place[m.row] == number],
            )
        )
    return sides, notes


def synth_of_folds(found: Eligible, n_folds: int) -> list[tuple[Member, ...]]:
    """Give the synthetic frames whose generator did not see each fold.

    Parameters
    ----------
    found : Eligible
    n_folds : int

    Raises
    ------
    CcmevalError
        If frames do not say which fold their generator did not see, if that cannot be checked, or if a fold
        has none.

    Examples
    --------
    >>> real = tuple(Member(i, "real", "", fold=i) for i in range(3))
    >>> synth = tuple(Member(3 + i, "synth", "", fold=i) for i in range(3))
    >>> [[member.row for member in frames] for frames in synth_of_folds(Eligible(real, synth, ()), 3)]
    [[3], [4], [5]]
    """
    without = [m for m in found.synth if m.fold is None]
    if without:
        raise CcmevalError(
            f"--cross-fit needs a generator fitted anew for each fold, but {len(without)} of"
            f" {len(found.synth)} synthetic frames do not name the fold that theirs did not see; fill the"
            " column fold of their manifest, or leave --cross-fit out."
        )
    beyond = sorted({m.fold for m in found.synth if m.fold is not None and not 0 <= m.fold < n_folds})
    if beyond:
        raise CcmevalError(
            f"Synthetic frames name fold {beyond[0]}, but the real ones make {n_folds} folds, numbered from"
            " 0; correct the column fold of their manifest."
        )
    _refuse_unchecked(found)
    folds = [tuple(m for m in found.synth if m.fold == number) for number in range(n_folds)]
    empty = [number for number, frames in enumerate(folds) if not frames]
    if empty:
        raise UnavailableError(
            f"No synthetic frame names fold {empty[0]} of {n_folds}; --cross-fit needs frames of a generator"
            " for each."
        )
    return folds


def _refuse_unchecked(found: Eligible) -> None:
    """Refuse fold numbers of generators that nothing ties to subjects."""
    if found.real[0].fold is not None or all(m.generator_subjects for m in found.synth):
        return
    raise CcmevalError(
        "--cross-fit cannot tell which subjects the folds of the synthetic frames stand for; name the folds"
        " in the column fold of the real manifest too, or the subjects that each generator was trained on in"
        " the column generator_subjects of the synthetic one."
    )
