"""Features of unlike units brought to one scale: that of the real set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_CONSTANT = 1e-9
"""An SD below this share of the column's largest value is rounding."""


@dataclass(frozen=True)
class Standardisation:
    """Subtracts the real set's means and divides by its SDs; call it on any features of these columns.

    Attributes
    ----------
    mean, sd : float64 arrays (K,)
        Of the kept columns.
    kept : int array (K,)
        Indices of the columns that are kept.
    columns : int
        How many there were.
    notes : list of str
        Which columns were dropped and why.
    """

    mean: Matrix
    sd: Matrix
    kept: npt.NDArray[np.intp]
    columns: int
    notes: list[str] = field(default_factory=list)

    def __call__(self, values: npt.ArrayLike) -> Matrix:
        """Standardise features (N, columns), giving (N, K).

        Raises
        ------
        ValueError
            If they have another number of columns.
        """
        found = np.asarray(values, np.float64)
        if found.ndim != 2 or found.shape[1] != self.columns:
            raise ValueError(f"Features must have {self.columns} columns, not the shape {found.shape}.")
        return (found[:, self.kept] - self.mean) / self.sd


def standardise_by(
    real: npt.ArrayLike, names: Sequence[str] = (), least_sd: npt.ArrayLike | None = None
) -> Standardisation:
    """Learn from the real set how to standardise the features of every set.

    A Frechet or Euclidean distance adds squares of different units otherwise, and says little more than
    which feature has the largest numbers. Real and synthetic features must go through the same object.

    Parameters
    ----------
    real : float array (N, D), N >= 2
    names : sequence of str, length D, optional
        Of the columns, for the notes.
    least_sd : float array (D,), optional
        SDs below this are raised to it, so that a column that is constant in the real set still counts;
        0 means no such bound. By default 0 throughout.

    Returns
    -------
    Standardisation
        Columns without any variation in the real set are dropped, as nothing says how much a difference
        in them weighs.

    Raises
    ------
    ValueError
        If there are fewer than two frames, values that are not finite, or no column is left.

    Examples
    --------
    >>> to_scale = standardise_by([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]], ["length", "depth"])
    >>> to_scale([[6.0, 9.0]])
    array([[2.]])
    >>> to_scale.notes
    ['depth dropped: constant in the real set.']
    """
    values = np.asarray(real, np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError("Standardising needs the features of at least two real frames.")
    if not np.isfinite(values).all():
        raise ValueError("Features that are not finite cannot be standardised; leave those frames out.")
    sd = values.std(axis=0, ddof=1)
    sd[sd <= _CONSTANT * np.abs(values).max(axis=0)] = 0.0
    if least_sd is not None:
        sd = np.maximum(sd, np.asarray(least_sd, np.float64))
    kept = np.flatnonzero(sd > 0.0)
    if not len(kept):
        raise ValueError("All features are constant in the real set; give more frames.")
    called = list(names) or [f"Column {i}" for i in range(values.shape[1])]
    notes = [f"{called[i]} dropped: constant in the real set." for i in np.flatnonzero(sd == 0.0)]
    return Standardisation(values.mean(axis=0)[kept], sd[kept], kept, values.shape[1], notes)
