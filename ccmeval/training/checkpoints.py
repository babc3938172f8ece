"""The checkpoints in a job's folder: found, judged, deleted; no code in them is ever run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
STATE_KEY = "books"
"""Under which the callback that keeps a run's books has its state in a checkpoint."""


@dataclass(frozen=True)
class Found:
    """The checkpoint from which a job goes on.

    Attributes
    ----------
    path : pathlib.Path or None
        None: the job begins anew.
    state : dict
        Of the callback that keeps the run's books; empty without a checkpoint.
    notes : tuple of str
        What was found wrong.
    """

    path: Path | None
    state: dict[str, Any]
    notes: tuple[str, ...]


def find_checkpoint(folder: Path, job_hash: str, names: Sequence[str] = (LAST, PREVIOUS)) -> Found:
    """Look for a whole checkpoint of a job, the newer one first.

    Parameters
    ----------
    folder : pathlib.Path
    job_hash : str
        Checkpoints of another job are passed over.
    names : sequence of str
        Of the files, the newest first.
    """
    notes: list[str] = []
    for name in names:
        path = folder / name
        if not path.exists():
            continue
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
            state = dict(loaded["callbacks"][STATE_KEY])
        except Exception as error:  # a damaged archive raises whatever its bytes lead to
            notes.append(f"The checkpoint {name} was damaged ({type(error).__name__}) and passed over.")
            continue
        if state.get("job") == job_hash:
            return Found(path, state, tuple(notes))
    return Found(None, {}, tuple(notes))


def remove_checkpoints(folder: Path) -> None:
    """Delete a job's checkpoints, once its model is kept."""
    for name in (LAST, PREVIOUS):
        (folder / name).unlink(missing_ok=True)
