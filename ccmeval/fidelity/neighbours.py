"""Improved precision and recall, density and coverage: how far either set lies where the other does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.distances import TIE, centred, kth_smallest, squared_blocks
from ccmeval.fidelity.vectors import Matrix

DEFAULT_K = 5
"""Naeem et al. choose 5; Kynkaanniemi et al. 3."""


class Prdc(NamedTuple):
    """Precision, recall, density and coverage.

    Attributes
    ----------
    precision : float
        Share of synthetic frames inside the ball of at least one real frame.
    recall : float
        Share of real frames inside the ball of at least one synthetic frame.
    density : float
        Mean number of real balls that a synthetic frame lies in, over k. May exceed 1.
    coverage : float
        Share of real frames whose ball holds at least one synthetic frame.
    """

    precision: float
    recall: float
    density: float
    coverage: float


UNDEFINED = Prdc(*[float("nan")] * 4)


def why_undefined(real: npt.ArrayLike, synth: npt.ArrayLike, k: int = DEFAULT_K) -> str:
    """Say in one sentence why these sets have no neighbour metrics; empty where they have.

    Examples
    --------
    >>> why_undefined(np.zeros((3, 1)), np.zeros((9, 1)), k=3)
    'A ball to the 3rd neighbour needs at least 4 frames on each side, but there are 3 real and 9 synthetic.'
    """
    first, second = np.asarray(real), np.asarray(synth)
    if min(len(first), len(second)) <= k:
        ordinal = {1: "1st", 2: "2nd", 3: "3rd"}.get(k, f"{k}th")
        return (
            f"A ball to the {ordinal} neighbour needs at least {k + 1} frames on each side, but there are"
            f" {len(first)} real and {len(second)} synthetic."
        )
    odd = [int((~np.isfinite(one)).any(axis=1).sum()) for one in (first, second)]
    if any(odd):
        return (
            f"Features of {odd[0]} real and {odd[1]} synthetic frames are not finite; leave these frames out."
        )
    return ""


def prdc(real: npt.ArrayLike, synth: npt.ArrayLike, k: int = DEFAULT_K) -> Prdc:
    """Precision, recall, density and coverage from one pass over the distances.

    Parameters
    ----------
    real : array-like (N, D)
    synth : array-like (M, D)
    k : int
        A frame's ball reaches to its k-th nearest other frame of its own set.

    Returns
    -------
    Prdc
        NaN where either set has no more than `k` frames or a feature is not finite.

    Raises
    ------
    ValueError
        If `k` is below 1 or the sets differ in dimension.

    Notes
    -----
    A frame is inside a ball if its distance is *smaller* than the radius: the convention of the `prdc`
    package (Naeem et al.). Kynkaanniemi et al. and torch-fidelity count distance = radius as inside. The
    two differ only in ties, that is where synthetic frames repeat real ones or each other: under "<" a
    frame that is repeated more than k times has an empty ball. Squared distances that differ by less than
    1e-10 relatively are ties, since that is rounding.

    Memory: about four blocks of at most 64 MiB, and two copies of the features.

    References
    ----------
    Kynkaanniemi et al., NeurIPS 2019, arXiv 1904.06991, equations 1-3.
    Naeem et al., ICML 2020, arXiv 2002.09797, equations 3-5 (density and coverage).

    Examples
    --------
    >>> line = np.arange(6.0)[:, None]
    >>> prdc(line, line, k=1)
    Prdc(precision=1.0, recall=1.0, density=1.0, coverage=1.0)
    >>> prdc(line, line + 100, k=1)
    Prdc(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    if k < 1:
        raise ValueError(f"The number of neighbours k is at least 1, not {k}.")
    a, b = centred(real, synth)
    if why_undefined(a, b, k):
        return UNDEFINED
    n, m = len(a), len(b)
    synth_radii = np.concatenate([kth_smallest(block, k + 1) for _, block in squared_blocks(b, b)])
    balls, recalled, covered = np.zeros(m, dtype=np.int64), 0, 0
    for _, block in squared_blocks(a, np.concatenate([a, b])):
        cross = block[:, n:]
        inside = cross < _shrunk(kth_smallest(block[:, :n], k + 1))[:, None]
        balls += inside.sum(axis=0)
        covered += int(inside.any(axis=1).sum())
        recalled += int((cross < _shrunk(synth_radii)).any(axis=1).sum())
    return Prdc(float(np.mean(balls > 0)), recalled / n, float(balls.sum() / (k * m)), covered / n)


def prdc_of_distances(real: Matrix, cross: Matrix, synth: Matrix, k: int = DEFAULT_K) -> Prdc:
    """Precision, recall, density and coverage from squared distances already at hand.

    Parameters
    ----------
    real : float64 array (N, N)
    cross : float64 array (N, M)
        Real against synthetic.
    synth : float64 array (M, M)
    k : int

    Returns
    -------
    Prdc
        As from :func:`prdc`; NaN where a side has no more than `k` frames.
    """
    if min(cross.shape) <= k:
        return UNDEFINED
    inside = cross < _shrunk(kth_smallest(real, k + 1))[:, None]
    recalled = (cross < _shrunk(kth_smallest(synth, k + 1))[None, :]).any(axis=1)
    return Prdc(
        float(inside.any(axis=0).mean()),
        float(recalled.mean()),
        float(inside.sum() / (k * cross.shape[1])),
        float(inside.any(axis=1).mean()),
    )


def precision(real: npt.ArrayLike, synth: npt.ArrayLike, k: int = DEFAULT_K) -> float:
    """Improved precision; see :func:`prdc`."""
    return prdc(real, synth, k).precision


def recall(real: npt.ArrayLike, synth: npt.ArrayLike, k: int = DEFAULT_K) -> float:
    """Improved recall; see :func:`prdc`."""
    return prdc(real, synth, k).recall


def density(real: npt.ArrayLike, synth: npt.ArrayLike, k: int = DEFAULT_K) -> float:
    """Density; see :func:`prdc`."""
    return prdc(real, synth, k).density


def coverage(real: npt.ArrayLike, synth: npt.ArrayLike, k: int = DEFAULT_K) -> float:
    """Coverage; see :func:`prdc`."""
    return prdc(real, synth, k).coverage


def _shrunk(squared_radii: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Make a tie with the radius fall outside even if it was rounded inwards."""
    return squared_radii * (1 - TIE)
