"""Means and covariances of features as a bundle holds them: per cell of frames, joined where it is scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.frechet import Moments
from ccmeval.fidelity.vectors import Matrix

_RANK = 1e-12
"""Singular values below this share of the largest are rounding."""


def spectral_moments(values: npt.ArrayLike) -> Moments:
    """Take the mean and a factor of the unbiased covariance from its eigen-decomposition.

    Parameters
    ----------
    values : array-like of float, shape (N, D), N >= 2

    Returns
    -------
    Moments
        With a factor of as many rows as the covariance has rank.

    Notes
    -----
    `ccmeval.fidelity.frechet.moments` takes the centred frames themselves as the factor, which must never
    leave the building: they are the frames' features. The rows here are the covariance's eigenvectors
    times the roots of its eigenvalues, which depend on the covariance alone, so that they tell no more than
    it does. With fewer frames than features that is still the span of the frames: see the disclosure.

    Examples
    --------
    >>> found = spectral_moments([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    >>> found.mean.tolist(), abs(found.factor).round(9).tolist(), found.n
    ([2.0, 1.0], [[2.0, 0.0]], 3)
    """
    table = np.asarray(values, dtype=np.float64)
    n, dimension = table.shape
    mean = table.mean(axis=0)
    centred = (table - mean) / np.sqrt(n - 1)
    if n > dimension:
        from scipy.linalg import eigh

        found, vectors = eigh(centred.T @ centred, driver="evd")
        sizes, directions = np.sqrt(np.maximum(found, 0.0))[::-1], vectors.T[::-1]
        # A squared singular value is known to the rounding of the largest one only.
        kept = sizes > np.sqrt(dimension * np.finfo(float).eps) * sizes.max(initial=0.0)
    else:
        _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
        kept = sizes > _RANK * sizes.max(initial=0.0)
    factor = sizes[kept, None] * directions[kept]
    # An eigenvector's sign is arbitrary; fixed, so that equal covariances are equal bytes.
    signs = (
        np.sign(factor[np.arange(len(factor)), np.abs(factor).argmax(axis=1)]) if len(factor) else np.ones(0)
    )
    return Moments(mean, n, factor=factor * signs[:, None])


def joined(parts: Sequence[Moments]) -> Moments:
    """Moments of several cells of frames taken together, exactly.

    Parameters
    ----------
    parts : sequence of Moments
        With factors, of frames that no two of them share.

    Returns
    -------
    Moments
        A covariance in place of a factor where that is the smaller of the two.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> halves = [spectral_moments([[0.0], [1.0]]), spectral_moments([[4.0], [7.0]])]
    >>> round(joined(halves).trace, 6), round(float(np.var([0, 1, 4, 7], ddof=1)), 6)
    (10.0, 10.0)
    """
    if not parts:
        raise ValueError("There are no moments to be joined.")
    n = sum(part.n for part in parts)
    mean = np.sum([part.n / n * part.mean for part in parts], axis=0)
    rows = []
    for part in parts:
        assert part.factor is not None
        rows.append(part.factor * np.sqrt((part.n - 1) / (n - 1)))
        rows.append(((part.mean - mean) * np.sqrt(part.n / (n - 1)))[None, :])
    factor = np.concatenate(rows)
    if len(factor) <= mean.size:
        return Moments(mean, n, factor=factor)
    return Moments(mean, n, covariance=factor.T @ factor)


def of_columns(found: Moments, columns: npt.NDArray[np.intp]) -> Moments:
    """Moments of some of the features."""
    if found.factor is not None:
        return Moments(found.mean[columns], found.n, factor=found.factor[:, columns])
    covariance: Matrix = np.asarray(found.covariance)
    return Moments(found.mean[columns], found.n, covariance=covariance[np.ix_(columns, columns)])
