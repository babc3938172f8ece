"""Values between real and real frames, kept for the next synthetic set that is held against the same ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ccmeval.report.files import replacing

Values = npt.NDArray[np.float64]


class FloorMemo:
    """Floors by all that decides them: the metric, the real features, and the rows of every split.

    Parameters
    ----------
    path : pathlib.Path, optional
        File that they are kept in by :meth:`save`; without it they last as long as this object.

    Attributes
    ----------
    n_computed, n_found : int
        Floors that were computed here, and those that were known already.

    Examples
    --------
    >>> memo, real = FloorMemo(), np.eye(3)
    >>> [memo.once("mean", [real], [np.arange(2)], lambda: np.ones(2)).tolist() for _ in range(2)]
    [[1.0, 1.0], [1.0, 1.0]]
    >>> memo.n_computed, memo.n_found
    (1, 1)
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.n_computed = self.n_found = 0
        self._known: dict[str, list[object]] = _read(path)
        self._saved = len(self._known)

    def once(
        self,
        name: str,
        features: Sequence[npt.NDArray[np.float64]],
        rows: Sequence[npt.NDArray[np.intp]],
        compute: Callable[[], Values],
    ) -> Values:
        """Give a floor's values over its splits, computed where they are not known.

        Parameters
        ----------
        name : str
            Of the metric, with whatever else decides its value.
        features : sequence of float64 array (N, D)
            Of the real frames that stand on either side.
        rows : sequence of int array
            Of every split, in one order.
        compute : callable

        Returns
        -------
        float64 array
        """
        key = _key(name, features, rows)
        held = self._known.get(key)
        if held is not None:
            self.n_found += 1
            return np.asarray(held, dtype=np.float64)
        found = np.asarray(compute(), dtype=np.float64)
        self.n_computed += 1
        self._known[key] = found.tolist()
        return found

    def save(self) -> None:
        """Write what came to be known, where there is a file for it.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if self.path is None or len(self._known) == self._saved:
            return
        with replacing(self.path) as partial:
            partial.write_text(json.dumps(self._known), encoding="utf-8")
        self._saved = len(self._known)


def _read(path: Path | None) -> dict[str, list[object]]:
    """Read a file of floors; one that is not whole holds none."""
    if path is not None:
        with suppress(OSError, ValueError):
            held = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(held, dict):
                return held
    return {}


def _key(name: str, features: Sequence[npt.NDArray[np.float64]], rows: Sequence[npt.NDArray[np.intp]]) -> str:
    made = hashlib.sha256(name.encode())
    for table in features:
        made.update(repr(table.shape).encode())
        made.update(np.ascontiguousarray(table, dtype=np.float64).tobytes())
    for part in rows:
        made.update(f"{part.size} ".encode())
        made.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
    return made.hexdigest()
