"""Diagnoses from the names of folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from ccmeval.cohort.diagnosis import fold, known_diagnosis
from ccmeval.cohort.pairing import STRUCTURE_WORDS


def diagnoses_by_folder(frames: Sequence[PurePosixPath]) -> tuple[dict[PurePosixPath, str], list[str]]:
    """Tell diagnoses by the folders that frames stand in.

    A folder whose name is a known one (`ccmeval.cohort.ALIASES`) gives its diagnosis. The folders
    beside it are then classes too, under the names the user gave them (``Control/``, ``Mild/``,
    ``Severe/``). Folders among which none is known are not taken for classes: they may as well be subjects,
    eyes or visits, and a test between them would be nonsense; a note says how to name them.

    Parameters
    ----------
    frames : sequence of pathlib.PurePosixPath
        Paths below the root.

    Returns
    -------
    diagnoses : dict
        By frame; a frame outside such folders is absent.
    notes : list of str
        What was decided.
    """
    class_levels = {
        folder.parent
        for frame in frames
        for folder in frame.parents
        if folder.name and known_diagnosis(folder.name)
    }
    diagnoses: dict[PurePosixPath, str] = {}
    own: set[str] = set()
    for frame in frames:
        for folder in frame.parents:  # the innermost first
            if folder.name and folder.parent in class_levels and fold(folder.name) not in STRUCTURE_WORDS:
                known = known_diagnosis(folder.name)
                diagnoses[frame] = known or folder.name
                if known is None:
                    own.add(folder.name)
                break
    return diagnoses, _notes(frames, class_levels, own)


def _notes(frames: Sequence[PurePosixPath], class_levels: set[PurePosixPath], own: set[str]) -> list[str]:
    if own:
        return [f"Folders beside a known diagnosis were taken as diagnoses: {', '.join(sorted(own))}."]
    if class_levels:
        return []
    beside: dict[PurePosixPath, set[str]] = defaultdict(set)
    for frame in frames:
        for folder in frame.parents:
            if folder.name and fold(folder.name) not in STRUCTURE_WORDS:
                beside[folder.parent].add(folder.name)
    for names in beside.values():
        if len(names) > 1:
            shown = ", ".join(sorted(names)[:4])
            return [
                f"Sub-folders ({shown}) were not taken as diagnoses: none has a known name such as Control;"
                " to use them, give a manifest or --subject-pattern with a group (?P<diagnosis>...)."
            ]
    return []
