"""Pools in files, which each worker process maps into memory instead of holding a copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.report.files import replacing
from ccmeval.utility.learning import FramePool

_FACTS = "pool.json"


def describe_pool(pool: FramePool, home: Path) -> Path:
    """Write what is not yet in a folder that :func:`ccmeval.utility.pool.build_pool` made.

    Parameters
    ----------
    pool : FramePool
        M frames; those in the folder.
    home : pathlib.Path

    Returns
    -------
    pathlib.Path
        `home`, for :func:`open_pool`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    _write(home / "biomarkers.npy", np.asarray(pool.biomarkers, dtype=np.float64))
    facts = {
        "pixel_size_um": float(pool.pixel_size_um),
        "masks": pool.masks is not None,
        "biomarker_names": list(pool.biomarker_names),
        "names": list(pool.names),
    }
    with replacing(home / _FACTS) as partial:  # last: a folder that has it is whole
        partial.write_text(json.dumps(facts), encoding="utf-8")
    return home


def _write(path: Path, array: npt.NDArray[Any]) -> None:
    with replacing(path) as partial, partial.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def open_pool(home: Path) -> FramePool:
    """Open a pool from its folder; frames and masks stay in their files until they are looked at.

    Raises
    ------
    OSError, ValueError
        If it is not there, or damaged.

    Examples
    --------
    >>> import tempfile
    >>> pool = FramePool(np.full((2, 4, 4), 0.5, np.float16), 2.0, names=["a", "b"])
    >>> home = Path(tempfile.mkdtemp())
    >>> np.save(home / "frames.npy", pool.frames)
    >>> found = open_pool(describe_pool(pool, home))
    >>> found.frames[1, 0, 0].item(), found.pixel_size_um, found.names
    (0.5, 2.0, ['a', 'b'])
    """
    facts = json.loads((home / _FACTS).read_text(encoding="utf-8"))
    return FramePool(
        frames=_map(home / "frames.npy"),
        pixel_size_um=facts["pixel_size_um"],
        masks=_map(home / "masks.npy") if facts["masks"] else None,
        biomarkers=np.load(home / "biomarkers.npy", allow_pickle=False),
        biomarker_names=facts["biomarker_names"],
        names=facts["names"],
    )


def _map(path: Path) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
