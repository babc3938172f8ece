"""Checkpoints with their step in the name: the last so many of a job are kept, others' are left alone."""

from __future__ import annotations

from pathlib import Path

FOLDER = "checkpoints"


def checkpoint_path(folder: Path, job_id: str, step: int) -> Path:
    """Name the checkpoint of a job after a step.

    Examples
    --------
    >>> checkpoint_path(Path("run"), "1a2b3c4d5e6f", 120).name
    'step-00000120.1a2b3c4d.ckpt'
    """
    return folder / FOLDER / f"step-{step:08d}.{job_id[:8]}.ckpt"


def checkpoints_of(folder: Path, job_id: str) -> list[Path]:
    """List the checkpoints of a job, the newest first."""
    return sorted((folder / FOLDER).glob(f"step-*.{job_id[:8]}.ckpt"), reverse=True)


def keep_last(folder: Path, job_id: str, number: int) -> None:
    """Delete all but the newest checkpoints of a job."""
    for path in checkpoints_of(folder, job_id)[max(1, number) :]:
        path.unlink(missing_ok=True)


def set_newer_aside(folder: Path, job_id: str, found: Path | None) -> None:
    """Rename a job's checkpoints newer than the one that it goes on from, since they cannot be read.

    They would otherwise count among the newest that are kept.
    """
    for path in checkpoints_of(folder, job_id):
        if path == found:
            break
        path.replace(path.with_name(f"{path.name}.damaged"))
