"""The files of a cohort of phantoms: its folder, pictures, tables, and the frames drawn side by side."""

from __future__ import annotations

import csv
import json
import math
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import SettingsMismatchError
from ccmeval.phantom.frame import Phantom

_Item = TypeVar("_Item")


def claim_folder(folder: Path, note: str, wanted: dict[str, Any], parts: Sequence[str]) -> None:
    """Note the settings in a folder, or refuse one that holds other ones.

    Parameters
    ----------
    folder : pathlib.Path
    note : str
        Name of the file that holds the settings.
    wanted : dict
        Settings of this run, as plain data.
    parts : sequence of str
        Sub-folders to make.

    Raises
    ------
    SettingsMismatchError
        If the folder holds phantoms of other settings, or anything else.
    """
    path = folder / note
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != wanted:
            raise SettingsMismatchError(
                f"{folder} holds a phantom cohort of another seed or other settings; choose another folder."
            )
        return
    if folder.exists() and any(folder.iterdir()):
        raise SettingsMismatchError(
            f"{folder} is not empty and holds no phantom cohort; choose another folder."
        )
    for part in parts:
        (folder / part).mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")


def in_parallel(
    task: Callable[[_Item], None], items: Sequence[_Item], jobs: int, progress: bool, words: str
) -> None:
    """Do a task for every item, in `jobs` processes, with a progress bar if wanted."""
    from joblib import Parallel, delayed
    from rich.progress import track

    # Ctrl-C ends the run once, in this process; the workers ignore it.
    ignoring = (signal.SIGINT, signal.SIG_IGN)
    parallel = Parallel(
        n_jobs=jobs, return_as="generator_unordered", initializer=signal.signal, initargs=ignoring
    )
    done: Iterable[None] = parallel(delayed(task)(item) for item in items)
    for _ in track(done, words, total=len(items), disable=not progress):
        pass


def save_frame(path: Path, frame: FloatArray) -> None:
    """Write a frame in [0, 1] as an 8-bit picture."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(frame * 255.0).astype(np.uint8)).save(path)


def save_mask(path: Path, mask: BoolArray) -> None:
    """Write a mask as a black and white picture."""
    from PIL import Image

    Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).save(path)


def save_document(path: Path, document: dict[str, Any]) -> None:
    """Write plain data as JSON and rename it into place, so that its presence means that it is whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document), encoding="utf-8")
    part.replace(path)


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


def read_truth(path: Path) -> dict[str, Any]:
    """Read a row of `truth.csv` from the file of a frame's graph."""
    truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["truth"]
    return truth


def write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as CSV and rename it into place."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)
