"""How far the frames of a set lie apart: within a diagnosis, between diagnoses, and as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.distances import centred, features, squared_blocks
from ccmeval.fidelity.vectors import Matrix

NAN = float("nan")


def centroid_distance(values: npt.ArrayLike) -> float:
    """Mean distance of frames to their centroid.

    Parameters
    ----------
    values : array-like (N, D)
        Features of the frames of one diagnosis.

    Returns
    -------
    float
        NaN for fewer than two frames or features that are not finite.

    Examples
    --------
    >>> centroid_distance([[0.0, 0.0], [6.0, 8.0]])
    5.0
    """
    found = features(values)
    if not _usable(found):
        return NAN
    return float(np.linalg.norm(found - found.mean(axis=0), axis=1).mean())


def pairwise_distance(values: npt.ArrayLike) -> float:
    """Mean distance between two different frames.

    Parameters
    ----------
    values : array-like (N, D)

    Returns
    -------
    float
        NaN for fewer than two frames or features that are not finite.

    Examples
    --------
    >>> pairwise_distance([[0.0], [1.0], [3.0]])
    2.0
    """
    found = features(values)
    if not _usable(found):
        return NAN
    (moved,) = centred(found)
    total = sum(float(np.sqrt(block).sum()) for _, block in squared_blocks(moved, moved))
    return total / (len(found) * (len(found) - 1))


def separability(values: npt.ArrayLike, diagnoses: Sequence[str | None]) -> tuple[float, float]:
    """Mean distance between the centroids of diagnoses, and the same in units of the scatter within.

    Parameters
    ----------
    values : array-like (N, D)
    diagnoses : sequence of (str or None), length N
        Frames without diagnosis are left out.

    Returns
    -------
    centroids : float
        Mean over pairs of diagnoses; NaN for fewer than two, or features that are not finite.
    scaled : float
        Divided by the root mean squared distance of frames to their own centroid; NaN where that is 0.

    Notes
    -----
    The squared distance of two estimated centroids exceeds the true one by about the scatter over the
    number of frames: compare sets of about equal size.

    Examples
    --------
    >>> separability([[-1.0], [1.0], [9.0], [11.0]], ["a", "a", "b", "b"])
    (10.0, 10.0)
    """
    found = features(values)
    codes, names = _codes(diagnoses)
    found, codes = found[codes >= 0], codes[codes >= 0]
    if names < 2 or not _usable(found):
        return NAN, NAN
    found = found - found.mean(axis=0)
    centres = np.array([found[codes == c].mean(axis=0) for c in range(names)])
    gaps = centres[:, None] - centres[None, :]
    between = float(np.linalg.norm(gaps, axis=2)[np.triu_indices(names, 1)].mean())
    within = float(np.sqrt(((found - centres[codes]) ** 2).sum(axis=1).mean()))
    return between, between / within if within > 0 else NAN


def vendi(values: npt.ArrayLike) -> float:
    """Vendi score: the effective number of different frames, by cosine similarity.

    Parameters
    ----------
    values : array-like (N, D)

    Returns
    -------
    float
        From 1 (all alike) to N (all orthogonal). NaN without frames, for features that are not finite, and
        where a feature vector is 0, which has no direction.

    Notes
    -----
    The exponential of the entropy of the eigenvalues of K / N, where K is the kernel's matrix; for N > D
    those of the D x D matrix, which has the same positive ones. It grows with N: compare at equal N.

    References
    ----------
    Friedman & Dieng, TMLR 2023, arXiv 2210.02410, definition 3.1.

    Examples
    --------
    >>> round(vendi([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [0.0, 1.0]]), 6), round(vendi([[1.0, 2.0]] * 5), 6)
    (2.0, 1.0)
    """
    found = features(values)
    lengths = np.linalg.norm(found, axis=1)
    if not len(found) or not np.isfinite(lengths).all() or not (lengths > 0).all():
        return NAN
    return entropy_number(found / lengths[:, None])


def entropy_number(unit: Matrix) -> float:
    """Vendi score of vectors (N, D) that have length 1 already."""
    gram = unit @ unit.T if len(unit) <= unit.shape[1] else unit.T @ unit
    return entropy_of(gram / len(unit))


def entropy_of(density: Matrix) -> float:
    """Exponential of the entropy of the eigenvalues of a symmetric matrix of trace 1."""
    shares = np.linalg.eigvalsh(density)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def relative_difference(real: float, synth: float) -> float:
    """(synthetic - real) / real; NaN where the real value is 0 or either is none.

    Examples
    --------
    >>> relative_difference(2.0, 1.5)
    -0.25
    """
    return synth / real - 1 if np.isfinite(real) and np.isfinite(synth) and real > 0 else NAN


def _usable(found: Matrix) -> bool:
    return len(found) > 1 and bool(np.isfinite(found).all())


def _codes(diagnoses: Sequence[str | None]) -> tuple[npt.NDArray[np.intp], int]:
    names = sorted({name for name in diagnoses if name is not None})
    return np.array([-1 if d is None else names.index(d) for d in diagnoses], dtype=np.intp), len(names)
