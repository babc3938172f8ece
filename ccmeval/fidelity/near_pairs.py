"""Synthetic frames and the real frames that they are nearest to in feature space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.distances import centred, nearest, squared_blocks
from ccmeval.fidelity.schema import NearPair
from ccmeval.fidelity.vectors import FeatureSet


def nearest_pairs(real: FeatureSet, synth: FeatureSet, features: str, *, most: int = 20) -> list[NearPair]:
    """Give each synthetic frame's nearest real frame, nearest pairs first.

    Parameters
    ----------
    real, synth : FeatureSet
        Frames whose features are not finite are left out.
    features : str
        Name of the feature extractor.
    most : int
        Pairs at most.

    Returns
    -------
    list of NearPair
        To be looked at: distances of features have no threshold that makes a copy.

    Examples
    --------
    >>> real = FeatureSet(np.array([[0.0], [5.0]]), ["a", "b"], ["a", "b"], [None] * 2)
    >>> synth = FeatureSet(np.array([[1.0], [5.5]]), ["s", "t"], ["s", "t"], [None] * 2)
    >>> [(pair.synth, pair.real, pair.value) for pair in nearest_pairs(real, synth, "radiomic")]
    [('t', 'b', 0.5), ('s', 'a', 1.0)]
    """
    real, synth = (one.take(np.flatnonzero(np.isfinite(one.values).all(axis=1))) for one in (real, synth))
    if not len(real) or not len(synth):
        return []
    found = nearest(synth.values, real.values)
    return [
        NearPair(
            synth=synth.frames[i],
            real=real.frames[found.rows[i]],
            method=f"distance of {features}",
            value=float(found.distances[i]),
        )
        for i in np.argsort(found.distances, kind="stable")[:most]
    ]


def nearest_rows(real: npt.ArrayLike, synth: npt.ArrayLike, count: int = 3) -> list[list[int]]:
    """Rows of the `count` nearest real frames of each synthetic one: further candidates for copies.

    Examples
    --------
    >>> nearest_rows([[0.0], [5.0], [6.0]], [[5.4]], count=2)
    [[1, 2]]
    """
    references, queries = centred(real, synth)
    found: list[list[int]] = []
    for _, block in squared_blocks(queries, references):
        found += np.argsort(block, axis=1, kind="stable")[:, :count].tolist()
    return found
