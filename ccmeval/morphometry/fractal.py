"""Box-counting dimension of centre lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ccmeval.arrays import FloatArray


def box_counts(points: FloatArray, box_sizes: Sequence[float], offsets: int) -> FloatArray:
    """Count the boxes that hold a point, for each box size.

    Parameters
    ----------
    points : float array (N, 2)
        Denser than the smallest box.
    box_sizes : sequence of float
        In the unit of the points.
    offsets : int
        Grid offsets tried along each axis; the least count is taken (the definition asks for the
        fewest boxes that cover).

    Returns
    -------
    float array (number of sizes,)
    """
    origin = points.min(axis=0)
    least = []
    for size in box_sizes:
        scaled = (points - origin) / size
        extent = int(scaled.max()) + 2
        found = []
        for i in range(offsets):
            for j in range(offsets):
                boxes = (scaled + np.array([i, j]) / offsets).astype(np.int64)
                seen = np.zeros(extent * extent, dtype=np.bool_)
                seen[boxes[:, 0] * extent + boxes[:, 1]] = True
                found.append(int(np.count_nonzero(seen)))
        least.append(min(found))
    return np.array(least, dtype=np.float64)


def box_dimension(points: FloatArray, box_sizes: Sequence[float], offsets: int = 4) -> float:
    """Box-counting dimension: minus the slope of log count over log size.

    Parameters
    ----------
    points : float array (N, 2)
    box_sizes : sequence of float
    offsets : int

    Returns
    -------
    float
        NaN without points.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.column_stack([np.arange(4096.0), np.arange(4096.0)])
    >>> round(box_dimension(line, (8, 16, 32, 64)), 1)
    1.0
    """
    if not len(points):
        return float("nan")
    counts = box_counts(points, box_sizes, offsets)
    slope = np.polyfit(np.log(np.asarray(box_sizes, dtype=np.float64)), np.log(counts), 1)[0]
    return float(-slope)
