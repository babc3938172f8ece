"""The folder of a run: whose it is, and what may be deleted in it.

A run's folder is known by its journal. Files of the same names that no journal accounts for are a
stranger's (the input may well have a folder `masks`): they are never overwritten nor deleted.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ccmeval.batch.journal import JOURNAL_NAME, Past, locked, read_past
from ccmeval.batch.worker import PICTURE_FOLDERS
from ccmeval.cohort.record import Cohort
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.report.files import PARTIAL

ERRORS_NAME = "errors.log"
TABLE_NAMES = (
    "biomarkers.csv",
    "subjects.csv",
    "diagnoses.csv",
    "diagnosis_tests.csv",
    "biomarkers.json",
    "report.html",
    ERRORS_NAME,
)

_MOST_DIFFERENCES = 3
"""Differences named in the sentence that refuses a folder."""


class ForeignFilesError(CcmevalError):
    """The folder holds files of the run's names that no run wrote."""


class UnfinishedRunError(CcmevalError):
    """The folder holds this very run, and nobody said whether to go on or to begin anew."""


def open_folder(
    out: Path, identity: dict[str, Any], *, resume: bool = False, overwrite: bool = False
) -> Past | None:
    """Make the folder ready for a run.

    A run that ended before its first frame was done leaves nothing to go on with and is forgotten.

    Parameters
    ----------
    out : pathlib.Path
        The folder; made if absent.
    identity : dict
        Input, settings and versions of the run to come.
    resume : bool
        Go on with the same run, if the folder holds one.
    overwrite : bool
        Delete what an earlier run wrote, whatever its settings.

    Returns
    -------
    Past or None
        What was done already; None for a run from the beginning.

    Raises
    ------
    SettingsMismatchError
        If the folder holds a run with another input, settings or versions.
    UnfinishedRunError
        If it holds the same run and neither `resume` nor `overwrite` is said.
    ForeignFilesError
        If it holds files that the run would replace and no run wrote.
    """
    if resume and overwrite:
        raise CcmevalError("Give --resume or --overwrite, not both.")
    try:
        return _opened(out, identity, resume, overwrite)
    except OSError as error:
        what = f": {error.filename}" if error.filename and Path(error.filename) != out else ""
        raise CcmevalError(
            f"The folder {out} cannot be used ({error.strerror}{what}); choose another with -o."
        ) from error


def _opened(out: Path, identity: dict[str, Any], resume: bool, overwrite: bool) -> Past | None:
    out.mkdir(parents=True, exist_ok=True)
    past = read_past(out)
    if past is None:
        _refuse_foreign_files(out)
        return None
    if overwrite or not past.places:  # a run that measured nothing, say for a wrong address, holds nothing
        clear(out, past)
        return None
    _refuse_another_run(out, past.identity, identity)
    if not resume:
        raise UnfinishedRunError(
            f"{out} holds this run already ({len(past.places)} of {len(past.keys)} frames done); add --resume"
            " to go on with it, or --overwrite to begin anew."
        )
    return past


def clear(out: Path, past: Past) -> None:
    """Delete exactly what a run wrote; a folder goes only if nothing else is in it.

    Parameters
    ----------
    out : pathlib.Path
        The run's folder.
    past : Past
        What its journal holds.

    Raises
    ------
    BusyFolderError
        If that run is still going on.
    """
    with locked(out):
        for name in PICTURE_FOLDERS:
            folder = out / name
            for key in past.keys:
                for path in (folder / f"{key}.png", *_partials(folder / f"{key}.png")):
                    path.unlink(missing_ok=True)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        for name in TABLE_NAMES:
            for path in (out / name, *_partials(out / name)):
                path.unlink(missing_ok=True)
        (out / JOURNAL_NAME).unlink()


def sweep_partials(out: Path) -> None:
    """Delete the half-written pictures that a killed run left."""
    for name in PICTURE_FOLDERS:
        for path in (out / name).glob(f"*.png.*{PARTIAL}"):
            path.unlink(missing_ok=True)


def _partials(path: Path) -> Iterator[Path]:
    """Find half-written versions of a file."""
    yield from path.parent.glob(f"{glob.escape(path.name)}*{PARTIAL}")


def _refuse_foreign_files(out: Path) -> None:
    for name in (*PICTURE_FOLDERS, *TABLE_NAMES):
        path = out / name
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise ForeignFilesError(
                f"{path} is there already and was not written by a run of ccmeval; choose another folder"
                " with -o."
            )


def _refuse_another_run(out: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    differences = list(_differences(old, new))
    if differences:
        shown = "; ".join(differences[:_MOST_DIFFERENCES])
        more = len(differences) - _MOST_DIFFERENCES
        shown += f"; and {more} more" if more > 0 else ""
        raise SettingsMismatchError(
            f"{out} holds another run ({shown}); choose another folder with -o, or --overwrite that run."
        )


def _differences(old: Any, new: Any, name: str = "") -> Iterator[str]:
    """Name what differs between two identities, as ``name: old there, new here``."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}" if name else str(key))
    elif old != new:
        yield f"{name.removeprefix('settings.')}: {_shown(old)} there, {_shown(new)} here"


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)


def without_results(cohort: Cohort, out: Path) -> Cohort:
    """Leave out pictures that runs of ccmeval wrote below the cohort's root.

    With the default `-o`, results lie in the current folder, which may be the cohort's.

    Parameters
    ----------
    cohort : Cohort
        As it was loaded.
    out : pathlib.Path
        Folder of the run to come.

    Returns
    -------
    Cohort
        Without them, and with a note of how many there were.
    """
    root = cohort.root.resolve()
    verdicts: dict[Path, bool] = {root: False}

    def is_result(folder: Path) -> bool:
        if folder not in verdicts:
            below_root = root in folder.parents
            verdicts[folder] = below_root and (
                folder == out.resolve() or (folder / JOURNAL_NAME).is_file() or is_result(folder.parent)
            )
        return verdicts[folder]

    kept = [record for record in cohort if not is_result(record.path.parent.resolve())]
    left_out = len(cohort) - len(kept)
    if not left_out:
        return cohort
    note = f"{left_out} pictures that an earlier run of ccmeval wrote below {cohort.root} were left out."
    return Cohort(kept, cohort.root, cohort.layout, (*cohort.notes, note))
