"""The floor of the difference of correlation matrices: the real set against itself."""

from __future__ import annotations

import numpy as np

from ccmeval.preservation.correlations import FEWEST_UNITS, Side, correlations, matrix_distance
from ccmeval.preservation.frames import Codes, Vector


def floor_and_matched(
    real: Side, synth: Side, splits: int, rng: np.random.Generator
) -> tuple[Vector, Vector, int | None]:
    """Split the real units in halves, and compare one half with the other and with synthetic frames.

    Parameters
    ----------
    real, synth : Side
        Units of both on one axis.
    splits : int
    rng : numpy.random.Generator

    Returns
    -------
    floor, matched : float arrays
        Distances, one a split that has one; empty where the real set is too small. In `matched` the
        synthetic frames are of units that are not in the real half, as many of each diagnosis as the other
        half has, so that both differ in nothing but their origin; empty where the synthetic set has too
        few.
    n : int or None
        Median frames of a half.
    """
    floor, matched, sizes = [], [], []
    if len(np.unique(real.units)) < 2 * FEWEST_UNITS:
        return np.empty(0), np.empty(0), None
    for _ in range(splits):
        in_first = _half(real, rng)
        first, second = real.take(np.flatnonzero(in_first)), real.take(np.flatnonzero(~in_first))
        matrix = correlations(first)
        floor.append(matrix_distance(matrix, correlations(second)))
        sizes.append(len(second.units))
        rows = _as_many(synth, first.units, second.diagnoses, rng)
        if rows is not None:
            matched.append(matrix_distance(matrix, correlations(synth.take(rows))))
    known = [np.array([it for it in values if np.isfinite(it)]) for values in (floor, matched)]
    return known[0], known[1], int(np.median(sizes)) if known[0].size else None


def _half(side: Side, rng: np.random.Generator) -> np.ndarray:
    """Deal the units of each diagnosis to two halves; true for frames of the first."""
    units, first = np.unique(side.units, return_index=True)
    diagnoses = side.diagnoses[first]
    chosen: list[int] = []
    for name in np.unique(diagnoses):
        member = rng.permutation(units[diagnoses == name])
        chosen += member[: (member.size + int(rng.integers(2))) // 2].tolist()
    return np.isin(side.units, chosen)


def _as_many(side: Side, without: Codes, diagnoses: Codes, rng: np.random.Generator) -> Codes | None:
    """Rows of other units, unit by unit, as many of each diagnosis; None where there are too few."""
    chosen: list[int] = []
    for name, count in zip(*np.unique(diagnoses, return_counts=True), strict=True):
        able = np.flatnonzero((side.diagnoses == name) & ~np.isin(side.units, without))
        if able.size < count:
            return None
        place = rng.permutation(int(side.units.max()) + 1)
        order = np.argsort(place[side.units[able]], kind="stable")
        chosen += able[order][:count].tolist()
    return np.asarray(chosen, dtype=np.intp)
