"""Writing phantom cohorts: frames, masks, traces, exact graphs, a manifest and the truth."""

from __future__ import annotations

import csv
import json
import math
import signal
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval import __version__
from ccmeval.arrays import BoolArray
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.phantom.diagnoses import TARGETS, draw_subject
from ccmeval.phantom.frame import Phantom, make_phantom
from ccmeval.phantom.graph_file import graph_document
from ccmeval.phantom.settings import PhantomSettings

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
    key = zlib.crc32(item.diagnosis.encode())
    person = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key, item.subject)))
    subject = draw_subject(person, item.diagnosis)
    spawn_key = (key, item.subject, item.number + 1)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))
    return make_phantom(rng, subject=subject, settings=settings)


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
    _check(frames, diagnoses, frames_per_subject, jobs)
    folder = Path(out)
    _claim(folder, seed, frames_per_subject, settings)
    items = plan_cohort(frames, diagnoses, frames_per_subject)
    todo = [item for item in items if not (folder / "graphs" / f"{item.name}.json").exists()]
    _draw_all(folder, todo, seed, settings, jobs, progress)
    truths = [_read_truth(folder / "graphs" / f"{item.name}.json") for item in items]
    _write_table(folder / "truth.csv", truths)
    rows = [_manifest_row(item, seed, settings) for item in items]
    _write_table(folder / "manifest.csv", rows)
    return folder / "manifest.csv"


def _check(frames: int, diagnoses: Sequence[str], frames_per_subject: int, jobs: int) -> None:
    for name in diagnoses:
        if name not in TARGETS:
            raise CcmevalError(f"The phantom knows no diagnosis {name!r}; choose among {', '.join(TARGETS)}.")
    if frames < 1 or frames_per_subject < 1 or not diagnoses:
        raise CcmevalError("A phantom cohort needs at least one frame, one frame a subject, one diagnosis.")
    if jobs == 0:
        raise CcmevalError("A phantom cohort needs at least one process; give jobs=-1 for all cores.")


def _claim(folder: Path, seed: int, frames_per_subject: int, settings: PhantomSettings) -> None:
    """Note the settings in the folder, or refuse a folder that holds other ones."""
    wanted = {
        "ccmeval": __version__,
        "seed": seed,
        "frames_per_subject": frames_per_subject,
        "settings": settings.model_dump(mode="json"),
    }
    note = folder / "phantom.json"
    if note.exists():
        if json.loads(note.read_text(encoding="utf-8")) != wanted:
            raise SettingsMismatchError(
                f"{folder} holds a phantom cohort of another seed or other settings; choose another folder."
            )
        return
    if folder.exists() and any(folder.iterdir()):
        raise SettingsMismatchError(
            f"{folder} is not empty and holds no phantom cohort; choose another folder."
        )
    for part in ("frames", "masks", "traces", "graphs"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")


def _draw_all(
    folder: Path, items: Sequence[Item], seed: int, settings: PhantomSettings, jobs: int, progress: bool
) -> None:
    from joblib import Parallel, delayed
    from rich.progress import track

    # Ctrl-C ends the run once, in this process; the workers ignore it.
    ignoring = (signal.SIGINT, signal.SIG_IGN)
    parallel = Parallel(
        n_jobs=jobs, return_as="generator_unordered", initializer=signal.signal, initargs=ignoring
    )
    done: Iterable[None] = parallel(delayed(_write_item)(folder, item, seed, settings) for item in items)
    for _ in track(done, "phantoms", total=len(items), disable=not progress):
        pass


def _write_item(folder: Path, item: Item, seed: int, settings: PhantomSettings) -> None:
    from PIL import Image

    phantom = draw_item(item, seed, settings)
    place = folder / "frames" / item.diagnosis
    place.mkdir(parents=True, exist_ok=True)
    grey = np.rint(phantom.frame * 255.0).astype(np.uint8)
    Image.fromarray(grey).save(place / f"{item.name}.png")
    _save_mask(folder / "masks" / f"{item.name}.png", phantom.mask)
    _save_mask(folder / "traces" / f"{item.name}.png", phantom.trace)
    truth = {"frame": f"frames/{item.diagnosis}/{item.name}.png", **exact_row(phantom)}
    document = {**graph_document(phantom.graph), "truth": truth}
    # Written last and renamed into place: the graph tells that the frame is complete.
    part = folder / "graphs" / f"{item.name}.part"
    part.write_text(json.dumps(document), encoding="utf-8")
    part.replace(folder / "graphs" / f"{item.name}.json")


def _save_mask(path: Path, mask: BoolArray) -> None:
    from PIL import Image

    Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).save(path)


def exact_row(phantom: Phantom) -> dict[str, float | int | None]:
    """One row of `truth.csv`: exact biomarkers and the counts behind them; None where undefined."""
    values: dict[str, float | int | None] = {
        key: None if math.isnan(value) else value for key, value in phantom.biomarkers.items()
    }
    nodes = [node.kind for node in phantom.graph.nodes]
    return {
        **values,
        "trunks": phantom.plan.trunks,
        "branch_points_on_trunks": phantom.plan.branch_points,
        "branch_points": nodes.count("branch point"),
        "beads": phantom.beads,
    }


def _read_truth(path: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["truth"]
    return truth


def _manifest_row(item: Item, seed: int, settings: PhantomSettings) -> dict[str, Any]:
    return {
        "frame": f"frames/{item.diagnosis}/{item.name}.png",
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


def _write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)
