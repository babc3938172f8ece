"""Rows that are too many for memory: equal arrays in a file that vanishes with its owner."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[Any]


class RowFile(Sequence[Row]):
    """Arrays of one shape and type, read from disk when asked for.

    The file has no name, so that nothing of it stays even when the process is killed. Reading is for one
    thread at a time.

    Parameters
    ----------
    shape : tuple of int
        Of a row.
    dtype : dtype
    folder : pathlib.Path, optional
        On whose disk the file lies; the system's folder for temporary files by default.

    Examples
    --------
    >>> rows = RowFile((2,), np.float32)
    >>> rows.append(np.array([1.0, 2.0]))
    >>> rows.append(np.array([3.0, 4.0]))
    >>> len(rows), rows[1].tolist(), rows.block(0, 2).shape
    (2, [3.0, 4.0], (2, 2))
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, folder: Path | None = None) -> None:
        self.shape, self.dtype, self.folder = shape, np.dtype(dtype), folder
        self._bytes = int(np.prod(shape)) * self.dtype.itemsize
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the rows
        self._count = 0

    def append(self, row: Row) -> None:
        """Add a row.

        Raises
        ------
        ValueError
            If it has another shape.
        """
        if row.shape != self.shape:
            raise ValueError(f"A row is {self.shape}, not {row.shape}.")
        self._file.seek(self._count * self._bytes)
        self._file.write(np.ascontiguousarray(row, dtype=self.dtype).tobytes())
        self._count += 1

    def block(self, start: int, stop: int) -> Row:
        """Read rows that follow each other, as one array (stop - start, ...)."""
        start, stop, _ = slice(start, stop).indices(self._count)
        self._file.seek(start * self._bytes)
        read = self._file.read(max(stop - start, 0) * self._bytes)
        return np.frombuffer(read, dtype=self.dtype).reshape(-1, *self.shape)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._count))]
        place = range(self._count)[index]
        found: Row = self.block(place, place + 1)[0]
        return found
