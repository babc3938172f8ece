"""The folder of a three-pillar run: whose it is, and whether a run may go on in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.report.files import replacing

MARKER = "three-pillar.json"
"""Says which sets the folder was made from."""

MEASURED = "biomarkers"
"""Folder of the measurement of each set; a run of `ccmeval biomarkers` each."""

TRAINED = "utility"
"""Folder of pillar 3: frames as learners see them, and every training run."""

_OWN_FILES = ("report.json", "report.html", "methods.md")
_OWN_FOLDERS = ("tables", "figures", TRAINED)


def claim(out: Path, identity: dict[str, Any], *, resume: bool, overwrite: bool) -> None:
    """Make a folder ready for a run.

    Parameters
    ----------
    out : pathlib.Path
        Made if absent.
    identity : dict
        The sets and how they are measured; a run resumes only where it agrees. What is computed from
        them may change.
    resume : bool
        Go on with the run that the folder holds.
    overwrite : bool
        Delete what an earlier run wrote and begin anew.

    Raises
    ------
    SettingsMismatchError
        If the folder holds a run of other sets.
    CcmevalError
        If it holds this run and neither `resume` nor `overwrite` is said, or files of a stranger.
    """
    if resume and overwrite:
        raise CcmevalError("Give --resume or --overwrite, not both.")
    try:
        _claim(out, identity, resume, overwrite)
    except OSError as error:
        raise CcmevalError(
            f"The folder {out} cannot be used ({error.strerror}); choose another with -o."
        ) from error


def _claim(out: Path, identity: dict[str, Any], resume: bool, overwrite: bool) -> None:
    out.mkdir(parents=True, exist_ok=True)
    past = _read_marker(out)
    if past is not None and not any((out / name).exists() for name in (MEASURED, TRAINED, *_OWN_FILES)):
        past = None  # a run that measured nothing, say for a misspelt path, holds nothing
    if past is None:
        _refuse_foreign_files(out)
    elif overwrite:
        _clear(out)
    elif past != identity:
        differences = [name for name in identity if past.get(name) != identity[name]]
        raise SettingsMismatchError(
            f"{out} holds a run of other sets or measurement settings ({', '.join(differences)} differ);"
            " choose another folder with -o, or --overwrite that run."
        )
    elif not resume:
        raise CcmevalError(
            f"{out} holds a run of these sets already; add --resume to go on with it (what was measured is"
            " kept), or --overwrite to begin anew."
        )
    with replacing(out / MARKER) as partial:
        partial.write_text(json.dumps(identity, indent=1) + "\n", encoding="utf-8")


def _read_marker(out: Path) -> dict[str, Any] | None:
    path = out / MARKER
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or "real" not in found:
        raise CcmevalError(f"{path} is not a run of ccmeval three-pillar; choose another folder with -o.")
    return found


def _clear(out: Path) -> None:
    """Delete what a run wrote and trained; its measurements are cleared by their own runs."""
    for name in _OWN_FILES:
        (out / name).unlink(missing_ok=True)
    for name in _OWN_FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    (out / MARKER).unlink(missing_ok=True)


def _refuse_foreign_files(out: Path) -> None:
    # What lies in MEASURED is guarded by the runs of `ccmeval biomarkers` themselves.
    for name in (*_OWN_FILES, *_OWN_FOLDERS):
        path = out / name
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise CcmevalError(
                f"{path} is there already and was not written by a run of ccmeval three-pillar; choose"
                " another folder with -o."
            )
