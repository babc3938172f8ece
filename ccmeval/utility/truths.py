"""True masks as they are, of the frames that segmenters are scored on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray
from ccmeval.utility.pool_files import ArrayFile, facts_at, opened, writing_folder

MASKS = "masks.npy"


@dataclass(frozen=True)
class Truths:
    """Masks at the side that frames had, of the rows that are scored.

    Attributes
    ----------
    rows : int array (N,)
        Of the pool, ascending.
    masks : uint8 array (N, H, H)
        1 for nerve; mapped into memory.
    pixel_size_um : float
    """

    rows: npt.NDArray[np.intp]
    masks: npt.NDArray[np.uint8]
    pixel_size_um: float

    def of(self, row: int) -> BoolArray:
        """Give the mask of a row of the pool, (H, H).

        Raises
        ------
        KeyError
            If that row has none here.
        """
        place = int(np.searchsorted(self.rows, row))
        if place == self.rows.size or self.rows[place] != row:
            raise KeyError(f"Row {row} has no truth.")
        return np.asarray(self.masks[place]) > 0


def build_truths(
    source: Iterable[BoolArray],
    rows: npt.ArrayLike,
    side_px: int,
    pixel_size_um: float,
    path: Path,
    *,
    key: str,
) -> Truths:
    """Keep true masks on disk as they are, or open them where that was done before.

    Parameters
    ----------
    source : iterable of bool array (side_px, side_px)
        Not touched where they are found.
    rows : array-like of int (N,)
        Of the pool, ascending, one a mask.
    side_px : int
        Of the masks.
    pixel_size_um : float
        Of the masks.
    path : pathlib.Path
        Folder.
    key : str
        Hash of all that decides the content.

    Raises
    ------
    OutputError
        If the file system refuses.
    ValueError
        If rows are not ascending, or masks not as many or of another side.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "truths"
    >>> truths = build_truths([np.eye(2, dtype=bool)], [7], 2, 1.0, path, key="k")
    >>> truths.of(7).tolist()
    [[True, False], [False, True]]
    """
    chosen = np.asarray(rows, dtype=np.intp).ravel()
    if (np.diff(chosen) <= 0).any():
        raise ValueError("Rows must ascend.")
    shape = (chosen.size, side_px, side_px)
    known = {"key": key, "rows": chosen.tolist(), "side_px": side_px}

    def reopened() -> npt.NDArray[np.uint8] | None:
        return opened(path / MASKS, shape, np.uint8) if facts_at(path, key) == known else None

    masks = reopened()
    if masks is None:
        with writing_folder(path, known, lambda: reopened() is not None) as partial:
            _write_masks(source, partial / MASKS, shape)
        masks = reopened()
        assert masks is not None
    return Truths(chosen, masks, pixel_size_um)


def _write_masks(source: Iterable[BoolArray], path: Path, shape: tuple[int, ...]) -> None:
    file = ArrayFile(path, shape, np.uint8)
    try:
        for mask in source:
            file.add(mask.astype(np.uint8))
    finally:
        file.close()
    if file.written != shape[0]:
        raise ValueError(f"{file.written} of {shape[0]} masks came.")
