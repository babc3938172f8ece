"""A folder of large arrays that is whole or absent, whoever writes it and whenever that is interrupted."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ccmeval.report.files import PARTIAL, OutputError

FACTS = "facts.json"
_ABANDONED_AFTER_S = 3600.0
"""A partial folder in which nothing was written for so long is what a killed process left."""


class ArrayFile:
    """Write an array of known shape to a ``.npy`` file, a slice of its first axis at a time.

    Not through memory: there a full disk kills the process, here it is an error that can be told.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.written = 0
        self._file: IO[bytes] = path.open("wb")
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        )

    def add(self, part: npt.NDArray[Any]) -> None:
        """Append the next slice.

        Raises
        ------
        ValueError
            If its shape is not that of the others, or the array is full.
        """
        if part.shape != self.shape[1:] or self.written >= self.shape[0]:
            raise ValueError(f"Slice {self.written} of shape {part.shape} does not fit into {self.shape}.")
        self._file.write(np.ascontiguousarray(part, dtype=self.dtype).tobytes())
        self.written += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def writing_folder(path: Path, facts: dict[str, Any], whole: Callable[[], bool]) -> Iterator[Path]:
    """Give a folder to write into, and put it in its place with its facts when all went well.

    Parameters
    ----------
    path : pathlib.Path
        The folder.
    facts : dict
        Written to ``facts.json`` at the end; by its ``key`` folders are the same.
    whole : callable
        Tells whether the same stands at `path` by now, put there by another process. It then stays, since it
        may be in use; anything else is replaced.

    Yields
    ------
    pathlib.Path
        Beside it, of a name of its own.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(6)}{PARTIAL}")
    try:
        partial.mkdir(parents=True)
        _remove_abandoned(path)
        yield partial
        (partial / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        if not whole():
            _put_in_place(partial, path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); free space or choose another folder"
            " with -o, then run again with --resume."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def facts_at(path: Path, key: str) -> dict[str, Any] | None:
    """Give the facts of a whole folder of this key; None where there is none.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "pool"
    >>> with writing_folder(path, {"key": "k1", "n": 3}, lambda: False) as partial:
    ...     print(facts_at(path, "k1"))
    None
    >>> facts_at(path, "k1"), facts_at(path, "k2")
    ({'key': 'k1', 'n': 3}, None)
    """
    try:
        facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and facts.get("key") == key else None


def opened(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any] | None:
    """Map an array into memory, read-only; None where the file is absent, damaged or another's.

    An array without elements, which cannot be mapped, is read.
    """
    try:
        array = np.load(path, mmap_mode="r" if np.prod(shape) else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.shape == shape and array.dtype == np.dtype(dtype) else None


def _put_in_place(partial: Path, path: Path) -> None:
    if path.exists():
        # Renamed before it is removed, so that no moment shows half of a folder.
        old = path.with_name(f"{path.name}.{secrets.token_hex(6)}{PARTIAL}")
        with suppress(FileNotFoundError):
            path.rename(old)
        shutil.rmtree(old, ignore_errors=True)
    partial.rename(path)


def _remove_abandoned(path: Path) -> None:
    for folder in path.parent.glob(f"{path.name}.*{PARTIAL}"):
        with suppress(OSError):
            times = [file.stat().st_mtime for file in (folder, *folder.iterdir())]
            if time.time() - max(times) > _ABANDONED_AFTER_S:
                shutil.rmtree(folder, ignore_errors=True)
