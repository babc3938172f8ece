"""The frames of a task in one file each for levels and masks, at the side that learners see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.resampling import Grid, resample_levels
from ccmeval.utility.array_folders import ArrayFile, facts_at, opened, writing_folder
from ccmeval.utility.learning import FramePool

Source: TypeAlias = Iterable[tuple[FloatArray, BoolArray | None]]
"""Square frames in [0, 1] with their nerve masks."""

FRAMES, MASKS = "frames.npy", "masks.npy"
_FULL = 255.0

Advance = Callable[[int, int], None]


def nothing_shown(done: int, total: int) -> None:
    """Show nothing."""


class PoolWriter:
    """Write frames into a folder, one at a time and each reduced to the pool's side.

    Parameters
    ----------
    folder : pathlib.Path
        Exists.
    n : int
        Frames to come.
    size_px : int
        Side of the pool's frames.
    """

    def __init__(self, folder: Path, n: int, size_px: int) -> None:
        self.size_px = size_px
        self.has_masks = False
        shape = (n, size_px, size_px)
        self._frames = ArrayFile(folder / FRAMES, shape, np.float16)
        self._masks = ArrayFile(folder / MASKS, shape, np.uint8)
        self._masks_path = folder / MASKS

    def add(self, pixels: FloatArray, mask: BoolArray | None = None) -> None:
        """Append a frame; without a mask its coverage is zero.

        Raises
        ------
        ValueError
            If a frame is not square, has levels outside of [0, 1], or a mask of another shape.
        """
        _check(pixels, mask)
        self._frames.add(reduced(pixels, self.size_px))
        if mask is None:
            self._masks.add(np.zeros((self.size_px, self.size_px), np.uint8))
            return
        self.has_masks = True
        self._masks.add(coverage(mask, self.size_px))

    def close(self) -> None:
        """Close the files, and remove that of the masks where no frame had one.

        Raises
        ------
        ValueError
            If fewer frames came than were told.
        """
        self._frames.close()
        self._masks.close()
        if self._frames.written != self._frames.shape[0]:
            raise ValueError(f"{self._frames.written} of {self._frames.shape[0]} frames came.")
        if not self.has_masks:
            self._masks_path.unlink()

    def __enter__(self) -> PoolWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        self._frames.close()
        self._masks.close()


def build_pool(
    source: Source,
    n: int,
    size_px: int,
    pixel_size_um: float,
    path: Path,
    *,
    key: str,
    names: Sequence[str] = (),
    biomarkers: npt.NDArray[np.float64] | None = None,
    biomarker_names: Sequence[str] = (),
    progress: Advance = nothing_shown,
) -> FramePool:
    """Bring frames to one side on disk, or open them where that was done before.

    Parameters
    ----------
    source : iterable of (float array (H, H), bool array (H, H) or None)
        Frames of one field of view, in [0, 1]. Not touched where a whole pool of this key is found.
    n : int
        How many there are.
    size_px : int
        Side of the pool's frames. A larger pixel has the mean of what it covers.
    pixel_size_um : float
        Side of a pixel of the pool: the field of view over `size_px`.
    path : pathlib.Path
        Folder of the pool.
    key : str
        Hash of all that decides its content.
    names, biomarkers, biomarker_names
        As in :class:`ccmeval.utility.learning.FramePool`; not written.
    progress : callable
        Told frames done and their number.

    Returns
    -------
    FramePool
        float16 levels and uint8 coverage (255 for a pixel that is nerve throughout), mapped into memory;
        masks None where no frame has one.

    Raises
    ------
    OutputError
        If the file system refuses.
    ValueError
        If frames are not square, or not `n`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "pool"
    >>> frame, mask = np.tile(np.float32([0.25, 0.75]), (4, 2)), np.eye(4, dtype=bool)
    >>> pool = build_pool([(frame, mask)], 1, 2, 3.0, path, key="k")
    >>> pool.frames[0].tolist(), pool.masks[0].tolist()
    ([[0.5, 0.5], [0.5, 0.5]], [[128, 0], [0, 128]])
    >>> build_pool(iter(()), 1, 2, 3.0, path, key="k").frames.shape
    (1, 2, 2)
    """
    arrays = _reopened(path, key, n, size_px)
    if arrays is None:
        facts: dict[str, Any] = {"key": key, "n": n, "size_px": size_px}
        with writing_folder(path, facts, lambda: _reopened(path, key, n, size_px) is not None) as partial:
            with PoolWriter(partial, n, size_px) as writer:
                for done, (pixels, mask) in enumerate(source, start=1):
                    writer.add(pixels, mask)
                    progress(done, n)
            facts["has_masks"] = writer.has_masks
        arrays = _reopened(path, key, n, size_px)
        assert arrays is not None
    return FramePool(
        arrays[0],
        pixel_size_um,
        arrays[1],
        np.empty((n, 0)) if biomarkers is None else biomarkers,
        biomarker_names,
        names,
    )


def reduced(pixels: FloatArray, size_px: int) -> npt.NDArray[np.float16]:
    """Bring a square frame to another side, anti-aliased.

    Examples
    --------
    >>> reduced(np.float32([[0.0, 1.0], [0.5, 0.5]]), 1).tolist()
    [[0.5]]
    """
    return resample_levels(pixels, _grid(pixels.shape[0], size_px)).astype(np.float16)


def coverage(mask: BoolArray, size_px: int) -> npt.NDArray[np.uint8]:
    """Give how much of each pixel of another side is nerve, 255 for all of it.

    Examples
    --------
    >>> coverage(np.array([[True, False], [False, False]]), 1).tolist()
    [[64]]
    """
    share = resample_levels(mask.astype(np.float32), _grid(mask.shape[0], size_px))
    return np.asarray(np.rint(share * _FULL), dtype=np.uint8)


def _reopened(
    path: Path, key: str, n: int, size_px: int
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8] | None] | None:
    facts = facts_at(path, key)
    if facts is None:
        return None
    shape = (n, size_px, size_px)
    frames = opened(path / FRAMES, shape, np.float16)
    has_masks = bool(facts.get("has_masks"))
    masks = opened(path / MASKS, shape, np.uint8) if has_masks else None
    return None if frames is None or (has_masks and masks is None) else (frames, masks)


def _grid(side: int, size_px: int) -> Grid:
    return Grid((side, side), (0.0, 0.0), side / size_px, (size_px, size_px))


def _check(pixels: FloatArray, mask: BoolArray | None) -> None:
    if pixels.ndim != 2 or pixels.shape[0] != pixels.shape[1]:
        raise ValueError(f"A frame of shape {pixels.shape} is not square.")
    if mask is not None and mask.shape != pixels.shape:
        raise ValueError(f"A mask of shape {mask.shape} does not fit a frame of shape {pixels.shape}.")
    if not (pixels.min() >= 0.0 and pixels.max() <= 1.0):
        raise ValueError("A frame has levels outside of [0, 1].")
