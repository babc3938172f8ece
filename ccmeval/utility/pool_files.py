"""Pools in files, which each worker process maps into memory instead of holding a copy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
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


def keep_pool(pool: FramePool, folder: Path, digests: Sequence[str]) -> Path:
    """Write a pool that is in memory into a folder of its own, named after its content.

    Processes and machines that share the folder find one another's, and never write over a file that
    another one has mapped.

    Parameters
    ----------
    pool : FramePool
        M frames.
    folder : pathlib.Path
        Where pools lie.
    digests : sequence of str (M,)
        From :func:`ccmeval.utility.portions.frame_digests`.

    Returns
    -------
    pathlib.Path
        For :func:`open_pool`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    content = json.dumps([list(digests), list(pool.names)])
    home = folder / hashlib.sha256(content.encode()).hexdigest()[:32]
    if (home / _FACTS).is_file():
        return home
    _write(home / "frames.npy", pool.frames)
    if pool.masks is not None:
        _write(home / "masks.npy", pool.masks)
    return describe_pool(pool, home)


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
    >>> found = open_pool(keep_pool(pool, Path(tempfile.mkdtemp()), ["x", "y"]))
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
