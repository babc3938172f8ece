"""Which rows of a pool a training run learns from or predicts, and a hash of what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.utility.learning import FramePool, LearningSet, learning_set


@dataclass(frozen=True)
class Portion:
    """A :class:`LearningSet` without its pool, so that it goes to another process in a few bytes.

    Attributes
    ----------
    rows : int array (N,)
        Indices into the pool; a repeated frame stands several times.
    labels : int array (N,)
        Index of each frame's diagnosis among the classes; -1 where it has none.
    weights : float array (N,)
        Of each frame's loss.
    """

    rows: npt.NDArray[np.intp]
    labels: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.rows.size)

    def of(self, pool: FramePool) -> LearningSet:
        """Give the set of these rows of a pool."""
        return learning_set(pool, self.rows, self.labels, self.weights)


def portion(
    rows: npt.ArrayLike, labels: npt.ArrayLike | None = None, weights: npt.ArrayLike | None = None
) -> Portion:
    """Make a portion.

    Parameters
    ----------
    rows : array-like of int (N,)
    labels : array-like of int (N,), optional
        -1 each by default.
    weights : array-like of float (N,), optional
        1 each by default.

    Raises
    ------
    ValueError
        If they are not equally many.

    Examples
    --------
    >>> found = portion([3, 1], [0, 1])
    >>> len(found), found.rows.tolist(), found.weights.tolist()
    (2, [3, 1], [1.0, 1.0])
    """
    chosen = np.asarray(rows, dtype=np.intp).ravel()
    known = np.full(chosen.size, -1) if labels is None else np.asarray(labels).ravel()
    given = np.ones(chosen.size) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if not chosen.size == known.size == given.size:
        raise ValueError("Rows, labels and weights must be equally many.")
    return Portion(chosen, known.astype(np.intp), given)


def frame_digests(pool: FramePool, more: Sequence[str] = ()) -> list[str]:
    """Hash all that a pool knows of each of its frames; names do not count.

    Parameters
    ----------
    pool : FramePool
        M frames. All of them are read once, so do this once a run.
    more : sequence of str (M,), optional
        What else decides a result, such as the hash of each frame's mask at its native scale.

    Returns
    -------
    list of str
        M hashes: scale, pixels, mask, biomarkers and their names.

    Examples
    --------
    >>> frames = np.zeros((2, 4, 4), np.float16)
    >>> one, other = frame_digests(FramePool(frames, 2.0))
    >>> one == other, one == frame_digests(FramePool(frames, 2.1))[0]
    (True, False)
    """
    common = repr((float(pool.pixel_size_um), tuple(pool.biomarker_names))).encode()
    return [_frame_digest(pool, row, common, more[row] if more else "") for row in range(len(pool.frames))]


def _frame_digest(pool: FramePool, row: int, common: bytes, more: str) -> str:
    mask = None if pool.masks is None else pool.masks[row]
    biomarkers = np.asarray(pool.biomarkers[row], np.float64) if len(pool.biomarkers) else None
    found = hashlib.sha256(common)
    for array in (pool.frames[row], mask, biomarkers):
        found.update(b"none" if array is None else repr((array.dtype.str, array.shape)).encode())
        if array is not None:
            found.update(np.ascontiguousarray(array).tobytes())
    found.update(more.encode())
    return found.hexdigest()


def portion_digest(digests: Sequence[str], part: Portion) -> str:
    """Hash the frames, labels and weights of a portion, in their order.

    The order counts, since learners draw their batches from it; the rows' numbers do not, so that frames
    added to a pool leave finished training runs valid.

    Parameters
    ----------
    digests : sequence of str
        From :func:`frame_digests`, of the whole pool.
    part : Portion

    Examples
    --------
    >>> portion_digest(["a", "b"], portion([1])) == portion_digest(["b"], portion([0]))
    True
    """
    lines = (
        f"{digests[row]} {label} {weight.hex()}"
        for row, label, weight in zip(
            part.rows.tolist(), part.labels.tolist(), part.weights.tolist(), strict=True
        )
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
