"""Writing phantom cohorts: frames, masks, traces, exact graphs, a manifest and the truth."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval import __version__
from ccmeval.errors import CcmevalError
from ccmeval.phantom.cohort_files import (
    claim_folder,
    exact_row,
    in_parallel,
    read_truth,
    save_document,
    save_frame,
    save_mask,
    write_table,
)
from ccmeval.phantom.diagnoses import TARGETS, Subject, draw_subject
from ccmeval.phantom.frame import Phantom, make_phantom
from ccmeval.phantom.graph_file import graph_document
from ccmeval.phantom.settings import PhantomSettings

NOTE = "phantom.json"
"""File in a cohort's folder that tells its seed and settings."""

FRAMES_PER_SUBJECT = 5
"""Frames of one subject; the field averages over five to eight."""


@dataclass(frozen=True)
class Item:
    """One frame of a cohort before it is drawn.

    Attributes
    ----------
    diagnosis : str
    subject, number : int
        Subject within the diagnosis, and frame within the subject, both from 0.
    """

    diagnosis: str
    subject: int
    number: int

    @property
    def name(self) -> str:
        """Stem of the frame's files."""
        return f"{self.subject_name}_{self.number:02d}"

    @property
    def subject_name(self) -> str:
        """The subject's name, unique over the diagnoses."""
        return f"{self.diagnosis}-{self.subject:04d}"

    @property
    def frame_path(self) -> str:
        """The frame's file below the cohort's folder."""
        return f"frames/{self.diagnosis}/{self.name}.png"

    @property
    def eye(self) -> str:
        """Right and left eye take turns."""
        return "OD" if self.number % 2 == 0 else "OS"


def plan_cohort(frames: int, diagnoses: Sequence[str], frames_per_subject: int) -> list[Item]:
    """List the frames of a cohort: the diagnoses take turns, so that frame k never depends on their number.

    Examples
    --------
    >>> [item.name for item in plan_cohort(3, ["Control", "T1DPN"], 5)]
    ['Control-0000_00', 'T1DPN-0000_00', 'Control-0000_01']
    """
    items = []
    for index in range(frames):
        turn, which = divmod(index, len(diagnoses))
        subject, number = divmod(turn, frames_per_subject)
        items.append(Item(diagnoses[which], subject, number))
    return items


def draw_item(item: Item, seed: int, settings: PhantomSettings) -> Phantom:
    """Draw one frame of a cohort; the same item and seed give the same phantom.

    Parameters
    ----------
    item : Item
    seed : int
    settings : PhantomSettings

    Returns
    -------
    Phantom
    """
    return make_phantom(stream_of(item, seed), subject=subject_of(item, seed), settings=settings)


def subject_of(item: Item, seed: int) -> Subject:
    """Draw the subject whose frame an item is; all frames of one subject give the same."""
    key = zlib.crc32(item.diagnosis.encode())
    person = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key, item.subject)))
    return draw_subject(person, item.diagnosis)


def stream_of(item: Item, seed: int, purpose: str = "") -> np.random.Generator:
    """Give the random stream of a frame; each further purpose has a stream of its own."""
    spawn_key: tuple[int, ...] = (zlib.crc32(item.diagnosis.encode()), item.subject, item.number + 1)
    if purpose:
        spawn_key = (*spawn_key, zlib.crc32(purpose.encode()))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))


def write_cohort(
    out: str | Path,
    *,
    frames: int,
    seed: int = 0,
    diagnoses: Sequence[str] = tuple(TARGETS),
    frames_per_subject: int = FRAMES_PER_SUBJECT,
    settings: PhantomSettings | None = None,
    jobs: int = 1,
    progress: bool = False,
) -> Path:
    """Write a cohort of phantoms; frames that a former run wrote with the same settings are kept.

    Parameters
    ----------
    out : path
        Folder for `frames/DIAGNOSIS/`, `masks/`, `traces/`, `graphs/`, `manifest.csv`, `truth.csv`.
    frames : int
        Number of frames; the diagnoses take turns.
    seed : int
        The same seed gives the same bytes; frame k does not depend on `frames`.
    diagnoses : sequence of str
        Some of "Control", "T1NoDPN", "T1DPN".
    frames_per_subject : int
    settings : PhantomSettings, optional
    jobs : int
        Processes; -1 for all cores. Their number changes no byte.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        Of `manifest.csv`.

    Raises
    ------
    CcmevalError
        If a diagnosis is unknown, or a number is not positive.
    SettingsMismatchError
        If `out` holds a cohort of another seed or other settings.
    """
    settings = settings or PhantomSettings()
    check_numbers(frames, diagnoses, frames_per_subject, jobs)
    folder = Path(out)
    wanted = identity(seed, frames_per_subject, settings)
    claim_folder(folder, NOTE, wanted, ("frames", "masks", "traces", "graphs"))
    items = plan_cohort(frames, diagnoses, frames_per_subject)
    todo = [item for item in items if not (folder / "graphs" / f"{item.name}.json").exists()]
    task = partial(_write_item, folder=folder, seed=seed, settings=settings)
    in_parallel(task, todo, jobs, progress, "phantoms")
    truths = [read_truth(folder / "graphs" / f"{item.name}.json") for item in items]
    write_table(folder / "truth.csv", truths)
    rows = [_manifest_row(item, seed, settings) for item in items]
    write_table(folder / "manifest.csv", rows)
    return folder / "manifest.csv"


def check_numbers(frames: int, diagnoses: Sequence[str], frames_per_subject: int, jobs: int) -> None:
    """Refuse numbers and diagnoses of which no cohort can be made."""
    for name in diagnoses:
        if name not in TARGETS:
            raise CcmevalError(f"The phantom knows no diagnosis {name!r}; choose among {', '.join(TARGETS)}.")
    if frames < 1 or frames_per_subject < 1 or not diagnoses:
        raise CcmevalError("A phantom cohort needs at least one frame, one frame a subject, one diagnosis.")
    if jobs == 0:
        raise CcmevalError("A phantom cohort needs at least one process; give jobs=-1 for all cores.")


def identity(seed: int, frames_per_subject: int, settings: PhantomSettings) -> dict[str, Any]:
    """Give what the frames of a cohort depend on, as plain data."""
    return {
        "ccmeval": __version__,
        "seed": seed,
        "frames_per_subject": frames_per_subject,
        "settings": settings.model_dump(mode="json"),
    }


def _write_item(item: Item, *, folder: Path, seed: int, settings: PhantomSettings) -> None:
    phantom = draw_item(item, seed, settings)
    save_frame(folder / item.frame_path, phantom.frame)
    save_mask(folder / "masks" / f"{item.name}.png", phantom.mask)
    save_mask(folder / "traces" / f"{item.name}.png", phantom.trace)
    truth = {"frame": item.frame_path, **exact_row(phantom)}
    # Written last: the graph tells that the frame is complete.
    document = {**graph_document(phantom.graph), "truth": truth}
    save_document(folder / "graphs" / f"{item.name}.json", document)


def _manifest_row(item: Item, seed: int, settings: PhantomSettings) -> dict[str, Any]:
    return {
        "frame": item.frame_path,
        "mask": f"masks/{item.name}.png",
        "trace": f"traces/{item.name}.png",
        "diagnosis": item.diagnosis,
        "subject": item.subject_name,
        "eye": item.eye,
        "pixel_size_um": settings.pixel_size_um,
        "source": "phantom",
        "graph": f"graphs/{item.name}.json",
        "seed": seed,
    }
