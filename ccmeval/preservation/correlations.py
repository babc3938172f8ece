"""Rank correlations among biomarkers within diagnoses, as matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.preservation.frames import Codes

Matrix = npt.NDArray[np.float64]

FEWEST_FRAMES = 10
"""Frames with both values below which a correlation is not given."""

FEWEST_UNITS = 4
"""Units a side below which nothing is resampled or halved."""


@dataclass(frozen=True)
class Side:
    """One set as numbers.

    Attributes
    ----------
    values : float array (N, P)
    diagnoses : int array (N,)
        -1 where none is stated: a class of its own.
    units : int array (N,)
    """

    values: Matrix
    diagnoses: Codes
    units: Codes

    def take(self, rows: npt.NDArray[np.intp]) -> Side:
        """Give some rows."""
        return Side(self.values[rows], self.diagnoses[rows], self.units[rows])


def correlations(side: Side) -> Matrix:
    """Rank correlations of all pairs of columns, NaN where too few frames have both or one is constant."""
    from scipy import stats

    centred = _centred(side)
    known = np.isfinite(centred)
    if not centred.size:
        return np.full((centred.shape[1],) * 2, np.nan)
    ranks = np.where(known, stats.rankdata(np.where(known, centred, np.inf), axis=0), 0.0)
    held = known.astype(np.float64)
    count = held.T @ held
    safe = np.maximum(count, 1)
    total, squares = ranks.T @ held, (ranks**2).T @ held
    covariance = ranks.T @ ranks - total * total.T / safe
    variance = squares - total**2 / safe
    product = variance * variance.T
    usable = (count >= FEWEST_FRAMES) & (variance > 1e-9) & (variance.T > 1e-9)
    root = np.sqrt(np.where(usable, product, 1.0))
    return np.where(usable, np.clip(covariance / root, -1, 1), np.nan)


def _centred(side: Side) -> Matrix:
    centred = np.empty_like(side.values)
    for name in np.unique(side.diagnoses):
        rows = side.diagnoses == name
        part = side.values[rows]
        known = np.isfinite(part)
        mean = np.where(known, part, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        away = part - mean
        scale = 16 * np.finfo(float).eps * np.maximum(abs(mean), 1e-300)
        centred[rows] = np.where(abs(away) <= scale, 0.0, away)
    return centred


def matrix_distance(a: Matrix, b: Matrix) -> float:
    """Mean absolute difference over the pairs of columns that both matrices have; NaN without any."""
    apart = abs(a - b)[np.triu_indices(len(a), 1)]
    apart = apart[np.isfinite(apart)]
    return float(apart.mean()) if apart.size else float("nan")
