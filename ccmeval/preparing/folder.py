"""The folder of a cohort: whose it is, and what may be removed in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.report.files import replacing

WORKSHOP = ".prepare"
"""Hidden sub-folder: settings, what was decoded, and frames that wait for their names."""

_SETTINGS = "settings.json"
_FORMAT = 1


def check_places(raw: Path, out: Path, apart: dict[str, Path | None]) -> None:
    """Refuse to write into RAW, to read what is written, and to put private files into the cohort.

    Raises
    ------
    CcmevalError
        With what to do.
    """
    folder = (raw if raw.is_dir() else raw.parent).resolve()
    if out.resolve() == folder or (raw.is_dir() and folder in out.resolve().parents):
        raise CcmevalError(
            f"{out} lies in {raw}, which stays as it is; choose a folder outside of it with -o."
        )
    if out.resolve() in folder.parents:
        raise CcmevalError(f"{raw} lies in {out}; choose another folder with -o.")
    for option, path in apart.items():
        if path is None:
            continue
        if path.resolve() == out.resolve() or out.resolve() in path.resolve().parents:
            raise CcmevalError(
                f"{option} {path} lies in the cohort, from which it would tell who is who;"
                " choose a place outside."
            )
        if path.is_dir():
            raise CcmevalError(f"{option} {path} is a folder; give the name of a file.")


def claim(out: Path, settings: PrepareSettings) -> None:
    """Make the folder, or go on in one of the same settings.

    Raises
    ------
    SettingsMismatchError
        If it holds anything else, or a cohort of other settings.
    """
    note = out / WORKSHOP / _SETTINGS
    wanted = {"format": _FORMAT, **settings.identity()}
    try:
        if note.is_file():
            _compare(json.loads(note.read_text(encoding="utf-8")), wanted, out)
            return
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise SettingsMismatchError(
                f"{out} is not empty and was not written by ccmeval prepare; choose another folder with -o."
            )
        with replacing(note) as partial:
            partial.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CcmevalError(f"The folder {out} cannot be used ({error}); choose another with -o.") from error


def _compare(there: dict[str, Any], wanted: dict[str, Any], out: Path) -> None:
    # A setting that a newer version has added was at its default then.
    differing = [name for name in wanted if name in there and there[name] != wanted[name]]
    if differing:
        shown = "; ".join(f"{name}: {there.get(name)} there, {wanted[name]} here" for name in differing[:3])
        raise SettingsMismatchError(
            f"{out} was prepared with other settings ({shown}); use the same, or choose"
            " another folder with -o."
        )


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Keep a second run out of the folder.

    Raises
    ------
    CcmevalError
        If there is one.
    """
    with (out / WORKSHOP / _SETTINGS).open("rb") as file:
        try:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: two runs into one folder are the user's care there
            pass
        except OSError as error:
            raise CcmevalError(
                f"Another run is writing into {out}; wait for it or choose another folder with -o."
            ) from error
        yield


def remove(out: Path, places: list[str]) -> None:
    """Delete files of the cohort that are no longer in it, and folders that this empties."""
    for place in places:
        path = out / place
        path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            path.parent.rmdir()
