"""Pixels of a centre line in the order in which one walks along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import FloatArray, IntArray
from ccmeval.nerves.candidates import Candidates


@dataclass(frozen=True)
class Walks:
    """All segments of a centre line, one after the other; junction pixels are left out.

    Attributes
    ----------
    rows, columns : int arrays (N,)
        Pixels in walking order.
    first, last : int arrays (N,)
        Index of the first and last pixel of each pixel's segment.
    """

    rows: IntArray
    columns: IntArray
    first: IntArray
    last: IntArray

    def mean_along(self, values: FloatArray, half: int) -> FloatArray:
        """Average over up to `half` pixels to either side within the segment.

        Parameters
        ----------
        values : float array (N, ...)
        half : int

        Returns
        -------
        float array (N, ...)
        """
        place = np.arange(len(self.rows))
        # The window stays symmetric, so that it shifts nothing near the ends.
        reach = np.minimum(half, np.minimum(place - self.first, self.last - place))
        total = np.zeros((len(values) + 1, *values.shape[1:]))
        np.cumsum(values, axis=0, out=total[1:])
        width = (2 * reach + 1).reshape(-1, *[1] * (values.ndim - 1))
        result: FloatArray = (total[place + reach + 1] - total[place - reach]) / width
        return result

    def directions(self, half: int) -> FloatArray:
        """Give unit tangents, float (N, 2) as (row, column), over `half` pixels to either side."""
        place = np.arange(len(self.rows))
        points = np.stack([self.rows, self.columns], axis=1).astype(float)
        points = self.mean_along(points, max(1, half // 2))
        step = points[np.minimum(place + half, self.last)] - points[np.maximum(place - half, self.first)]
        length = np.hypot(step[:, 0], step[:, 1])
        still = length < 1e-9  # a segment of one pixel has no direction: any will do
        step[still], length[still] = (1.0, 0.0), 1.0
        tangents: FloatArray = step / length[:, None]
        return tangents


def walk(found: Candidates) -> Walks:
    """Order the pixels of each segment of a centre line.

    Parameters
    ----------
    found : Candidates
        A centre line cut at its junctions.

    Returns
    -------
    Walks

    Examples
    --------
    >>> import numpy as np
    >>> from ccmeval.nerves.candidates import cut
    >>> line = np.zeros((5, 6), dtype=bool)
    >>> line[[1, 2, 3, 3], [4, 3, 2, 1]] = True
    >>> walks = walk(cut(line))
    >>> walks.columns.tolist() in ([1, 2, 3, 4], [4, 3, 2, 1])
    True
    """
    rows, columns = np.nonzero(found.segment > 0)
    segment = found.segment[rows, columns]
    position = _positions(rows, columns, segment, found.segment)
    order = np.lexsort((position, segment))
    segment = segment[order]
    sizes = np.bincount(segment, minlength=found.count + 1)
    start = np.cumsum(sizes) - sizes
    return Walks(rows[order], columns[order], start[segment], start[segment] + sizes[segment] - 1)


def _positions(rows: IntArray, columns: IntArray, segment: IntArray, image: IntArray) -> FloatArray:
    """Count steps from one end of its segment, for each pixel."""
    if not len(rows):
        return np.zeros(0)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    a, b = _neighbours(rows, columns, image)
    degree = np.bincount(np.concatenate([a, b]), minlength=len(rows))
    # One start a segment: an end where there is one; a ring is opened beside its first pixel.
    order = np.lexsort((degree, segment))
    starts = order[np.unique(segment[order], return_index=True)[1]]
    rings = starts[degree[starts] > 1]
    links = np.flatnonzero(np.isin(a, rings))
    opened = links[np.unique(a[links], return_index=True)[1]]
    a, b = np.delete(a, opened), np.delete(b, opened)
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(rows), len(rows))).tocsr()
    steps: FloatArray = dijkstra(graph, directed=False, indices=starts, min_only=True, unweighted=True)
    return steps


def _neighbours(rows: IntArray, columns: IntArray, image: IntArray) -> tuple[IntArray, IntArray]:
    """Pairs of neighbouring pixels of the same segment, each pair once."""
    index = np.full((image.shape[0] + 2, image.shape[1] + 2), -1)
    index[rows + 1, columns + 1] = np.arange(len(rows))
    pairs = []
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        other = index[rows + 1 + down, columns + 1 + right]
        pairs.append(np.stack([np.flatnonzero(other >= 0), other[other >= 0]]))
    a, b = np.concatenate(pairs, axis=1)
    return a, b
