"""What a user should know of RAW before, and of the cohort after it was made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ccmeval.checking.findings import counted
from ccmeval.cohort.record import Cohort
from ccmeval.errors import CcmevalError
from ccmeval.preparing.naming import Member
from ccmeval.preparing.problems import KEPT, Problem
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.tables import MANIFEST_COLUMNS, SOURCE_FILE
from ccmeval.preparing.using import SPLITS
from ccmeval.preparing.writing import BURNT_IN


def check_columns(cohort: Cohort, settings: PrepareSettings) -> None:
    """Refuse columns to keep that there are not, or that the manifest has already.

    Raises
    ------
    CcmevalError
    """
    there = _columns(cohort)
    for column in settings.keep_columns:
        if column in MANIFEST_COLUMNS or column == SOURCE_FILE:
            raise CcmevalError(
                f"--keep-column {column}: the manifest has a column of this name; leave it out."
            )
        if column not in there:
            shown = ", ".join(sorted(there)[:8]) or "none"
            raise CcmevalError(
                f"--keep-column {column}: RAW's manifest has no such column (further columns: {shown})."
            )


def _columns(cohort: Cohort) -> set[str]:
    columns = {column for record in cohort for column in record.extra}
    return columns | ({"source"} if any(record.source for record in cohort) else set())


def check_subjects(cohort: Cohort, settings: PrepareSettings) -> None:
    """Refuse to split what has no subjects.

    Raises
    ------
    CcmevalError
    """
    if settings.split is None or settings.split_by == "frame" or any(one.subject for one in cohort):
        return
    raise CcmevalError(
        "No frame has a subject, so that frames of one person could come into train and test; give a manifest"
        " column subject or --subject-pattern, or say --split-by frame (results are then too good), or"
        " --split none."
    )


def subjects_in_two_diagnoses(members: Sequence[Member]) -> list[Problem]:
    """List the frames of subjects that have several diagnoses: a mistake, or a course over years."""
    diagnoses: dict[str, set[str]] = defaultdict(set)
    for one in members:
        if one.subject is not None and one.diagnosis is not None:
            diagnoses[one.subject].add(one.diagnosis)
    problems = []
    for one in members:
        found = sorted(diagnoses.get(one.subject or "", ()))
        if len(found) > 1:
            wrong = f"Its subject has frames of several diagnoses: {', '.join(found)}."
            done = f"{KEPT[:-1]}, all in one split, which was drawn under the commonest of them."
            name = one.chosen.source.record.frame
            problems.append(Problem(name, "subject of two diagnoses", wrong, done, left_out=False))
    return problems


def notes_of(
    cohort: Cohort,
    members: Sequence[Member],
    settings: PrepareSettings,
    problems: Sequence[Problem],
    *,
    gone: int,
    withdrawn: int,
    links: tuple[int, int],
) -> list[str]:
    """Say what holds for the cohort as a whole, in sentences without names.

    Parameters
    ----------
    cohort : Cohort
        RAW.
    members : sequence of Member
    settings : PrepareSettings
    problems : sequence of Problem
    gone, withdrawn : int
        Frames of the run before that RAW no longer holds; that are no longer in the cohort.
    links : (int, int)
        Pairs of subjects that share a picture, and those of them that an earlier run had torn.
    """
    notes = [BURNT_IN]
    dropped = _columns(cohort) - set(settings.keep_columns)
    if dropped:
        notes.append(f"Further columns of RAW's manifest were dropped: {len(dropped)}.")
    assumed = sum(one.chosen.pixel_size_source == "HRT3-RCM default" for one in members)
    if assumed:
        notes.append(
            f"{counted(assumed, 'frame')} of 384 x 384 px without a pixel size, taken to be of an HRT3-RCM"
            " (400 um wide)."
        )
    if withdrawn:
        notes.append(
            f"{counted(withdrawn, 'frame')} of the run before no longer in the cohort ({gone} no longer in"
            " RAW); what was trained on them still knows them."
        )
    across = sum(one.code == "near repeat across splits" for one in problems)
    if across:
        notes.append(f"{counted(across, 'pair')} of nearly the same frames in two splits: look at them.")
    return [*notes, *_of_links(settings, *links), *_of_split(members, settings)]


def _of_links(settings: PrepareSettings, shared: int, torn: int) -> list[str]:
    notes = []
    if shared > torn and settings.split is not None:
        notes.append(
            f"{counted(shared - torn, 'pair')} of subjects share a picture and may be one person: each"
            " pair is in one split."
        )
    if torn:
        notes.append(
            f"{counted(torn, 'pair')} of subjects share a picture, but a run before had put them into"
            " different splits, where they stay; if they are one person, prepare a new folder."
        )
    return notes


def _of_split(members: Sequence[Member], settings: PrepareSettings) -> list[str]:
    if settings.split is None:
        return []
    notes = []
    bare = sum(one.subject is None for one in members)
    if bare:
        notes.append(
            f"{counted(bare, 'frame')} without a subject, split one by one: frames of one person may be in"
            " train and test, and results are then too good."
        )
    wanted = [split for split, share in zip(SPLITS, settings.split, strict=True) if share > 0]
    for diagnosis in sorted({one.diagnosis or "not stated" for one in members}):
        there = {one.split for one in members if (one.diagnosis or "not stated") == diagnosis}
        absent = [split for split in wanted if split not in there]
        if absent:
            notes.append(f"{diagnosis} has no subject in {' and '.join(absent)}: there are too few.")
    return notes
