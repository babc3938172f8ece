"""Does a synthetic set repeat its training frames? Distances to them, authenticity, and C_T."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from ccmeval.fidelity.distances import Indices, nearest
from ccmeval.statistics.estimate import Vector, midranks

NAN = float("nan")
LEAST_IN_CELL = 10
"""Held-out and synthetic frames that a cell needs: with fewer the ranks' normal approximation fails."""


class Copying(NamedTuple):
    """Result of the data-copying test.

    Attributes
    ----------
    z : float
        Below about -2: synthetic frames are nearer to training frames than held-out ones are, i.e. copied.
        Above about 2: farther, i.e. underfitted.
    share_nearer : float
        Chance that a synthetic frame is nearer to its nearest training frame than a held-out one, 0.5 if
        none is copied.
    cells : int
        Cells that count; 1 for the global test.
    """

    z: float
    share_nearer: float
    cells: int


def authentic(synth: npt.ArrayLike, train: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which synthetic frames are authentic.

    Parameters
    ----------
    synth : array-like (M, D)
    train : array-like (N, D), N of at least 2

    Returns
    -------
    bool array (M,)
        True where the frame is farther from its nearest training frame than that one is from its own
        nearest other training frame. Of equally near training frames the first counts; a tie is not
        authentic, so a copy of a frame that the training set repeats is none.

    Raises
    ------
    ValueError
        For fewer than two training frames.

    References
    ----------
    Alaa et al., ICML 2022, arXiv 2102.08921, section 4 (authenticity classifier).

    Examples
    --------
    >>> authentic([[0.5], [4.0]], [[0.0], [1.0], [10.0]]).tolist()
    [False, True]
    """
    reference = np.asarray(train, dtype=np.float64)
    if len(reference) < 2:
        raise ValueError(f"Authenticity needs at least two training frames, not {len(reference)}.")
    names = [str(i) for i in range(len(reference))]
    own = nearest(reference, reference, apart=(names, names)).distances
    found = nearest(synth, reference)
    authentic_ones: npt.NDArray[np.bool_] = found.distances > own[found.rows]
    return authentic_ones


def authenticity(synth: npt.ArrayLike, train: npt.ArrayLike) -> float:
    """Share of authentic synthetic frames; NaN without them or with fewer than two training frames."""
    if min(len(np.asarray(synth)), len(np.asarray(train)) - 1) < 1:
        return NAN
    return float(authentic(synth, train).mean())


def rank_z(synth: npt.ArrayLike, held_out: npt.ArrayLike) -> tuple[float, float]:
    """Z-score of the Mann-Whitney statistic of two samples of distances.

    Parameters
    ----------
    synth, held_out : array-like of float
        Distances to the nearest training frame.

    Returns
    -------
    z : float
        Negative where synthetic distances are the smaller ones; NaN where a sample is empty or all
        distances are equal.
    share_nearer : float
        Chance that the synthetic one is the smaller of two, ties counting half.

    Notes
    -----
    Meehan et al. give no rule for ties; they count half here, with the variance corrected for them, and
    there is no correction for continuity.

    Examples
    --------
    >>> z, share = rank_z([1, 2, 3], [4, 5, 6])
    >>> round(z, 3), share
    (-1.964, 1.0)
    """
    first, second = np.asarray(synth, dtype=np.float64), np.asarray(held_out, dtype=np.float64)
    m, n = first.size, second.size
    if not m or not n:
        return NAN, NAN
    both = np.concatenate([first, second])
    u = float(midranks(both)[:m].sum()) - m * (m + 1) / 2
    counts = np.unique(both, return_counts=True)[1].astype(np.float64)
    ties = float((counts**3 - counts).sum()) / ((m + n) * (m + n - 1))
    variance = m * n / 12 * (m + n + 1 - ties)
    share = 1 - u / (m * n)
    return ((u - m * n / 2) / float(np.sqrt(variance)) if variance > 1e-9 else NAN), share


def cells_of(train: npt.ArrayLike, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Centres (count, D) of the cells of the training set, by k-means."""
    from sklearn.cluster import KMeans

    found = KMeans(count, n_init=3, random_state=int(rng.integers(2**31))).fit(np.asarray(train))
    centres: npt.NDArray[np.float64] = found.cluster_centers_
    return centres


class Cells(NamedTuple):
    """Cell of each frame, and its distance to the nearest training frame of that cell."""

    cells: Indices
    distances: Vector


def in_cells(queries: npt.ArrayLike, train: npt.ArrayLike, centres: npt.ArrayLike) -> Cells:
    """Put frames in the cell of the nearest centre and measure them against its training frames."""
    values, reference = np.asarray(queries, dtype=np.float64), np.asarray(train, dtype=np.float64)
    cells, of_train = nearest(values, centres).rows, nearest(reference, centres).rows
    distances = np.full(len(values), np.inf)
    for cell in np.unique(cells):
        mine = cells == cell
        distances[mine] = nearest(values[mine], reference[of_train == cell]).distances
    return Cells(cells, distances)


def copying(synth: Cells, held_out: Cells) -> Copying:
    """C_T: the mean over cells of the ranks' z-score, weighted by held-out frames.

    Parameters
    ----------
    synth, held_out : Cells
        From :func:`in_cells`.

    Returns
    -------
    Copying
        NaN where no cell has at least `LEAST_IN_CELL` frames of either set. Cells that have fewer do not
        count, nor do cells without training frames or where all distances are equal.

    References
    ----------
    Meehan, Chaudhuri & Dasgupta, AISTATS 2020, arXiv 2004.05675, section 3 (Z_U and C_T).
    """
    scores, weights = [], []
    for cell in np.unique(held_out.cells):
        a, b = (one.distances[one.cells == cell] for one in (synth, held_out))
        if min(a.size, b.size) < LEAST_IN_CELL or not np.isfinite([a[0], b[0]]).all():
            continue
        z, share = rank_z(a, b)
        if np.isfinite(z):
            scores.append((z, share))
            weights.append(b.size)
    if not weights:
        return Copying(NAN, NAN, 0)
    z, share = np.average(scores, axis=0, weights=weights).tolist()
    return Copying(z, share, len(weights))


def c_t(
    synth: npt.ArrayLike,
    train: npt.ArrayLike,
    held_out: npt.ArrayLike,
    *,
    cells: int = 1,
    rng: np.random.Generator | None = None,
) -> Copying:
    """Data-copying test of Meehan et al., over the whole space or over cells of it.

    Parameters
    ----------
    synth : array-like (M, D)
    train : array-like (N, D)
        What the generator saw.
    held_out : array-like (H, D)
        What it never saw.
    cells : int
        1 for the global test, else cells found by k-means on the training set.
    rng : numpy.random.Generator, optional
        Seeds k-means; needed for more than one cell.

    Returns
    -------
    Copying

    Raises
    ------
    ValueError
        For more than one cell without `rng`.

    Notes
    -----
    The z-score takes frames for independent. With several frames a subject it is larger in size than it
    should be; judge by an interval over subjects.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, held_out = rng.normal(size=(200, 2)), rng.normal(size=(100, 2))
    >>> c_t(train + 1e-6, train, held_out).z < -10, abs(c_t(rng.normal(size=(100, 2)), train, held_out).z) < 2
    (True, True)
    """
    if cells <= 1:
        return Copying(*rank_z(nearest(synth, train).distances, nearest(held_out, train).distances), 1)
    if rng is None:
        raise ValueError("Cells are found at random: pass a generator.")
    centres = cells_of(train, cells, rng)
    return copying(in_cells(synth, train, centres), in_cells(held_out, train, centres))


def p_copied(z: float) -> float:
    """One-sided p of a z-score against "not nearer than held-out frames"."""
    return float(special.ndtr(z))
