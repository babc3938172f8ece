"""Agreement beyond chance: Cohen's kappa of two readings, Fleiss' kappa of several."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.utility.label_agreement import cohen_kappa

Codes = npt.NDArray[np.intp]


def cohen(first: Codes, second: Codes, n_classes: int) -> float:
    """Give Cohen's kappa of two readings of the same frames.

    Parameters
    ----------
    first, second : int array (N,)
        Answers from 0.
    n_classes : int

    Returns
    -------
    float
        NaN for fewer than two frames, or where both gave one and the same answer throughout.

    References
    ----------
    Cohen, Educ Psychol Meas 1960;20:37.

    Examples
    --------
    >>> round(cohen(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2), 3)
    0.5
    """
    if first.size < 2 or (np.all(first == first[0]) and np.array_equal(first, second)):
        return float("nan")
    return cohen_kappa(first, second, n_classes)


def fleiss(counts: npt.ArrayLike) -> float:
    """Give Fleiss' kappa.

    Parameters
    ----------
    counts : array-like of int (N, C)
        Readers that gave each answer to each frame; every frame has as many.

    Returns
    -------
    float
        NaN without frames, for a single reader, or where all gave one and the same answer throughout.

    References
    ----------
    Fleiss, Psychol Bull 1971;76:378, equations 1 to 7.

    Examples
    --------
    >>> round(fleiss([[3, 0], [0, 3], [2, 1]]), 3)
    0.55
    """
    table = np.asarray(counts, dtype=np.float64)
    if not table.size or table[0].sum() < 2:
        return float("nan")
    readers = float(table[0].sum())
    if not np.all(table.sum(axis=1) == readers):
        raise ValueError("Every frame must have as many answers.")
    agreement = float(((table * (table - 1)).sum(axis=1) / (readers * (readers - 1))).mean())
    shares = table.sum(axis=0) / table.sum()
    chance = float((shares**2).sum())
    return float("nan") if chance >= 1 - 1e-12 else (agreement - chance) / (1 - chance)
