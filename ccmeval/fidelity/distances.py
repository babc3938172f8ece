"""Euclidean distances in row chunks of bounded memory: what every neighbour metric rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.vectors import Matrix

BLOCK_BYTES = 64 * 2**20
"""Most bytes of one block of distances; about four live at once, beside copies of the features."""

TIE = 1e-10
"""Squared distances that differ by less, relatively, are one: their difference is rounding."""

_NEAR = 1e-4  # of the two squared norms: below, the Gram formula loses too many digits
_CENTRE_BITS = 8

Indices = npt.NDArray[np.intp]


class Nearest(NamedTuple):
    """Nearest reference of each query: distance, and its row (-1 where there is none)."""

    distances: npt.NDArray[np.float64]
    rows: Indices


def features(values: npt.ArrayLike) -> Matrix:
    """Check a feature matrix and give it as float64.

    Raises
    ------
    ValueError
        If it is not (N, D) with D of at least 1.
    """
    found: Matrix = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] == 0:
        raise ValueError(f"Features are a matrix (N, D), not of shape {found.shape}.")
    return found


def centred(*sets: npt.ArrayLike) -> list[Matrix]:
    """Move sets to a common centre, near which few digits of a distance are lost.

    The centre is the pooled mean rounded to a 256th of each feature's range (to a power of two), so that
    features which are whole numbers, and hence ties among their distances, stay exact.

    Raises
    ------
    ValueError
        If the sets differ in dimension.

    Examples
    --------
    >>> moved = centred([[1e8], [1e8 + 2]])[0]
    >>> float(moved[1, 0] - moved[0, 0]), bool(abs(moved).max() <= 2)
    (2.0, True)
    """
    found = [features(one) for one in sets]
    if len({one.shape[1] for one in found}) > 1:
        raise ValueError(f"Sets of features differ in dimension: {[one.shape[1] for one in found]}.")
    filled = [one for one in found if len(one)]
    if not filled:
        return found
    low = np.min([one.min(axis=0) for one in filled], axis=0)
    span = np.max([one.max(axis=0) for one in filled], axis=0) - low
    mean = low + sum((one - low).sum(axis=0) for one in filled) / sum(map(len, filled))
    grid = np.ldexp(1.0, np.frexp(np.where(span > 0, span, 1.0))[1] - 1 - _CENTRE_BITS)
    centre = np.where(span > 0, np.round(mean / grid) * grid, low)
    return [one - centre for one in found]


def squared_blocks(rows: Matrix, columns: Matrix) -> Iterator[tuple[slice, Matrix]]:
    """Squared distances of chunks of rows to all columns.

    Parameters
    ----------
    rows : float64 array (N, D)
    columns : float64 array (M, D)
        Both from one call of :func:`centred`.

    Yields
    ------
    slice, float64 array (n, M)
        The rows of the chunk and their squared distances, at most `BLOCK_BYTES` of them. None is
        negative, equal vectors are exactly 0 apart, and equal columns are equally far from any row.
    """
    unique, inverse = _distinct(columns)
    kept = columns if len(unique) == len(columns) else columns[unique]
    norms = np.einsum("ij,ij->i", kept, kept)
    step = max(1, BLOCK_BYTES // (8 * max(1, len(columns))))
    for start in range(0, len(rows), step):
        chunk = slice(start, min(start + step, len(rows)))
        block = _squared(rows[chunk], kept, norms)
        yield chunk, block if kept is columns else block[:, inverse]


def squared_distances(rows: npt.ArrayLike, columns: npt.ArrayLike | None = None) -> Matrix:
    """Squared distances as one matrix, for sets small enough to keep it.

    Parameters
    ----------
    rows : array-like (N, D)
    columns : array-like (M, D), optional
        The rows themselves without.

    Returns
    -------
    float64 array (N, M)

    Examples
    --------
    >>> squared_distances([[0, 0], [3, 4]]).tolist()
    [[0.0, 25.0], [25.0, 0.0]]
    """
    first, second = centred(rows, rows if columns is None else columns)
    found = np.empty((len(first), len(second)))
    for chunk, block in squared_blocks(first, second):
        found[chunk] = block
    return found


def kth_smallest(block: Matrix, k: int) -> npt.NDArray[np.float64]:
    """Give the k-th smallest value of each row, counted from 1."""
    found: npt.NDArray[np.float64] = np.partition(block, k - 1, axis=1)[:, k - 1]
    return found.copy()  # a view would keep the whole block


def nearest(
    queries: npt.ArrayLike,
    references: npt.ArrayLike,
    *,
    apart: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Nearest:
    """Nearest reference of each query.

    Parameters
    ----------
    queries : array-like (N, D)
    references : array-like (M, D)
    apart : (sequence of N str, sequence of M str), optional
        Labels of queries and references; a reference of the query's own label does not count. With frame
        names this leaves out the query itself, with subjects all frames of its subject.

    Returns
    -------
    Nearest
        Distance inf and row -1 where no reference counts. Of equally near ones the first.

    Examples
    --------
    >>> nearest([[0.0], [5.0]], [[1.0], [7.0]]).distances.tolist()
    [1.0, 2.0]
    >>> nearest([[0.0], [5.0]], [[0.0], [5.0]], apart=(["a", "b"], ["a", "b"])).rows.tolist()
    [1, 0]
    """
    first, second = centred(queries, references)
    distances, rows = np.full(len(first), np.inf), np.full(len(first), -1, dtype=np.intp)
    if not len(second):
        return Nearest(distances, rows)
    codes = _codes(*apart) if apart else None
    for chunk, block in squared_blocks(first, second):
        if codes:
            block[codes[0][chunk, None] == codes[1][None, :]] = np.inf
        found = block.argmin(axis=1)
        best = block[np.arange(len(found)), found]
        distances[chunk], rows[chunk] = np.sqrt(best), np.where(np.isfinite(best), found, -1)
    return Nearest(distances, rows)


def _codes(first: Sequence[str], second: Sequence[str]) -> tuple[Indices, Indices]:
    codes = np.unique(np.asarray([*first, *second], dtype=str), return_inverse=True)[1].ravel()
    return codes[: len(first)], codes[len(first) :]


def _distinct(values: Matrix) -> tuple[Indices, Indices]:
    """Rows that stand for all equal ones, and for each row the place of its own in them."""
    places: dict[bytes, int] = {}
    inverse = np.array([places.setdefault(row.tobytes(), len(places)) for row in values + 0.0], dtype=np.intp)
    unique: Indices = np.unique(inverse, return_index=True)[1].astype(np.intp)
    return unique, inverse


def _squared(rows: Matrix, columns: Matrix, column_norms: npt.NDArray[np.float64]) -> Matrix:
    """Gram formula, and differences for pairs so near that it would lose their digits."""
    scale = np.einsum("ij,ij->i", rows, rows)[:, None] + column_norms[None, :]
    block: Matrix = rows @ columns.T
    block *= -2.0
    block += scale
    scale *= _NEAR
    near = block < scale
    np.maximum(block, 0.0, out=block)
    for row in np.flatnonzero(near.any(axis=1)):
        found = np.flatnonzero(near[row])
        for part in np.array_split(found, -(-found.size * rows.shape[1] * 8 // BLOCK_BYTES)):
            gap = columns[part] - rows[row]
            block[row, part] = np.einsum("ij,ij->i", gap, gap)
    return block
