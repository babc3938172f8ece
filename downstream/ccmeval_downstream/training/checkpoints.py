"""Checkpoints of a training run: written whole or not at all, read without running any code in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from ccmeval.report.files import replacing

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"


class SafeCheckpointIO(CheckpointIO):  # type: ignore[misc]
    """Writes ``last.ckpt``, keeping the one before; loads tensors and plain values only."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint; a kill at any moment leaves at least one that is whole."""
        with replacing(Path(path)) as partial:
            with partial.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
            if Path(path).exists():
                Path(path).replace(Path(path).with_name(PREVIOUS))

    def load_checkpoint(
        self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint with ``weights_only=True``, whatever is asked."""
        loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return loaded

    def remove_checkpoint(self, path: Any) -> None:
        """Delete a checkpoint."""
        Path(path).unlink(missing_ok=True)


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


def find_checkpoint(folder: Path, job_hash: str, state_key: str) -> Found:
    """Look for a whole checkpoint of a job, the newer one first.

    Parameters
    ----------
    folder : pathlib.Path
    job_hash : str
        Checkpoints of another job are passed over.
    state_key : str
        Under which the callback keeps its state.
    """
    notes: list[str] = []
    for name in (LAST, PREVIOUS):
        path = folder / name
        if not path.exists():
            continue
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            state = dict(loaded["callbacks"][state_key])
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
