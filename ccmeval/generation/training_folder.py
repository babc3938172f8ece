"""The folder of a training: whose it is, and whether a training may go on in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.generation.sample_book import FOLDER, REAL_TABLE, TABLE
from ccmeval.generation.training_schema import TrainingResult
from ccmeval.report.files import replacing

RESULT = "training.json"
"""Says what is trained in the folder from the first moment on, and how it ended at last."""

HISTORY, ERRORS = "training.csv", "errors.log"
MODEL, WORK, POOL = "model", "work", "pool"
LOCK = "training.lock"

_OWN_FILES = (RESULT, HISTORY, ERRORS, TABLE, REAL_TABLE)
_OWN_FOLDERS = (MODEL, WORK, POOL, FOLDER)


def past_training(out: Path, *, resume: bool, overwrite: bool) -> TrainingResult | None:
    """Read what a folder holds, and refuse what must not be touched.

    Parameters
    ----------
    out : pathlib.Path
        May be absent.
    resume : bool
        Go on with the training that it holds.
    overwrite : bool
        Delete that training and begin anew.

    Returns
    -------
    TrainingResult or None
        None where there is none, or it is to be deleted.

    Raises
    ------
    CcmevalError
        If it holds a training and neither is said, or files of a stranger.
    """
    if resume and overwrite:
        raise CcmevalError("Give --resume or --overwrite, not both.")
    path = out / RESULT
    if not path.is_file():
        _refuse_foreign_files(out)
        return None
    try:
        past = TrainingResult.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as error:
        raise CcmevalError(f"{path} is not of ccmeval train, or damaged; choose another folder.") from error
    if overwrite or past.plan is None:  # what ended before its first step holds nothing
        return None
    if not resume:
        state = "a finished training" if past.finished else "an unfinished training"
        cure = "" if past.finished else "--resume to go on with it, or "
        raise CcmevalError(
            f"{out} holds {state} of {past.generator.name} already; add {cure}--overwrite to begin anew."
        )
    return past


def check_same(out: Path, past: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """Refuse to go on with another training than the one that was begun.

    Raises
    ------
    SettingsMismatchError
        With the names of what differs.
    """
    different = list(_differences(past, identity))
    if different:
        shown = ", ".join(different[:4])
        raise SettingsMismatchError(
            f"{out} holds another training ({shown} differ{'s' * (len(different) == 1)}); choose another"
            " folder with -o, or --overwrite that training."
        )


def _differences(past: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name in dict.fromkeys((*now, *past)):
        old, new = past.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{above}{name}.")
        elif old != new:
            yield f"{above}{name}"


def clear(out: Path) -> None:
    """Delete what a training wrote, and nothing else."""
    for name in _OWN_FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    for name in _OWN_FILES:
        (out / name).unlink(missing_ok=True)


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Keep other trainings out of a folder, which is made if absent.

    Raises
    ------
    CcmevalError
        If another one is going on in it, or it cannot be used.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / LOCK).open("ab")
    except OSError as error:
        raise CcmevalError(
            f"The folder {out} cannot be used ({error.strerror}); choose another with -o."
        ) from error
    with file:
        try:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: two trainings in one folder are the user's care there
            pass
        except OSError as error:
            raise CcmevalError(
                f"Another training is going on in {out}; wait for it or choose another folder with -o."
            ) from error
        yield


def write_document(path: Path, document: BaseModel) -> None:
    """Write a result as JSON; NaN cannot stand in it."""
    text = json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def _refuse_foreign_files(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise CcmevalError(f"{out} is a file; give a folder with -o.")
    for path in (out / name for name in (*_OWN_FILES, *_OWN_FOLDERS)):
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise CcmevalError(
                f"{path} is there already and was not written by ccmeval train; choose another folder with"
                " -o."
            )
