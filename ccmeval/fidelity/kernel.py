"""Kernel distances: squared maximum mean discrepancy (MMD) of two sets of feature vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.vectors import Matrix, Preparation, RowMetric, Rows, as_matrices, by_indexing

Vector = npt.NDArray[np.float64]
Kernel = Callable[[Matrix, Matrix], Matrix]

_BLOCK = 4_000_000  # kernel values held at once: 32 MB
_PREPARED = 6000  # frames up to which a whole kernel matrix is kept (288 MB)


def kid(
    real: npt.ArrayLike,
    synth: npt.ArrayLike,
    *,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
) -> float:
    """Kernel distance: unbiased MMD^2 with the kernel (gamma x.y + coef0)^degree.

    On Inception's pool features this is the KID. All frames of both sets are used at once (the full
    U-statistic), so that nothing is drawn and the two sets may differ in size.

    Parameters
    ----------
    real : array-like of float, shape (N, D)
    synth : array-like of float, shape (M, D)
    degree : int
        Degree of the polynomial.
    gamma : float, optional
        1 / D by default.
    coef0 : float
        Constant of the polynomial.

    Returns
    -------
    float
        Its expectation is the distance of the distributions whatever the number of frames, so that it may
        fall below 0 where they are alike. NaN for fewer than two frames in either set and for features that
        are not finite.

    Raises
    ------
    ValueError
        If the two sets have not equally many features.

    References
    ----------
    M. Binkowski et al., Demystifying MMD GANs, ICLR 2018, section 4. A. Gretton et al., J Mach Learn Res
    2012;13:723, eq. 3.

    Examples
    --------
    >>> round(kid([[0.0], [1.0]], [[2.0], [3.0]]), 6)
    297.5
    """
    first, second = as_matrices(real, synth)
    return _mmd2(first, second, _polynomial(first.shape[1], degree, gamma, coef0), unbiased=True)


def kid_subsets(
    real: npt.ArrayLike,
    synth: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    subsets: int = 100,
    subset_size: int = 1000,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
) -> tuple[float, float]:
    """KID as most papers have it: mean and SD over random subsets, as torch-fidelity and torchmetrics do.

    The SD tells how much one subset differs from the next. It is no standard error of the KID, and shrinks
    with the size of the subsets rather than with the number of frames; `kid` is to be preferred.

    Parameters
    ----------
    real : array-like of float, shape (N, D)
    synth : array-like of float, shape (M, D)
    rng : numpy.random.Generator
        Draws a subset of the real set, then one of the synthetic set, and so on, without replacement.
    subsets, subset_size : int
        How many, and of how many frames of either set.
    degree, gamma, coef0
        As in `kid`.

    Returns
    -------
    tuple of float
        Mean and SD (divisor: number of subsets). NaN where a set has fewer frames than a subset.

    Raises
    ------
    ValueError
        If the two sets have not equally many features.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mean, sd = kid_subsets(np.eye(4), np.eye(4), rng=rng, subsets=5, subset_size=4)
    >>> round(mean, 4), round(sd, 4)
    (-0.4766, 0.0)
    """
    first, second = as_matrices(real, synth)
    if subsets < 1 or min(len(first), len(second)) < max(subset_size, 2):
        return float("nan"), float("nan")
    found = np.empty(subsets)
    for i in range(subsets):
        rows = rng.choice(len(first), subset_size, replace=False)
        others = rng.choice(len(second), subset_size, replace=False)
        found[i] = kid(first[rows], second[others], degree=degree, gamma=gamma, coef0=coef0)
    return float(found.mean()), float(found.std())


def cmmd(
    real: npt.ArrayLike,
    synth: npt.ArrayLike,
    *,
    sigma: float = 10.0,
    scale: float = 1000.0,
    unbiased: bool = False,
) -> float:
    """MMD^2 with a Gaussian kernel on vectors of length 1, times `scale`.

    On CLIP's image embeddings this is the CMMD.

    Parameters
    ----------
    real : array-like of float, shape (N, D)
    synth : array-like of float, shape (M, D)
        Each vector is divided by its length here; one of length 0 stays 0.
    sigma : float
        Width of the kernel exp(-|x - y|^2 / (2 sigma^2)).
    scale : float
        Factor for readable numbers.
    unbiased : bool
        False, as in the paper's own code: the V-statistic ("minimum-variance", diagonal included), never
        negative and too high by about (1 - mean kernel) * (1 / N + 1 / M). True: the U-statistic.

    Returns
    -------
    float
        NaN for no frame (unbiased: fewer than two) in either set and for features that are not finite.

    Raises
    ------
    ValueError
        If the two sets have not equally many features.

    References
    ----------
    S. Jayasumana et al., Rethinking FID, CVPR 2024, section 4 and eq. 3. A. Gretton et al., J Mach Learn
    Res 2012;13:723, eq. 5 (biased) and 3 (unbiased).

    Examples
    --------
    >>> round(cmmd([[1.0, 0.0]], [[0.0, 3.0]]), 4)
    19.9003
    """
    first, second = as_matrices(real, synth)
    found = _mmd2(_unit(first), _unit(second), _gaussian(sigma), unbiased=unbiased)
    return scale * found if unbiased else scale * max(found, 0.0) if np.isfinite(found) else found


def prepare_kid(pooled: Matrix) -> RowMetric:
    """`kid` between many subsets of one table, from its kernel matrix computed once; see `Preparation`."""
    kernel = _polynomial(pooled.shape[1], 3, None, 1.0)
    return _prepared(pooled, kernel, by_indexing(kid), unbiased=True, scale=1.0)


def prepare_cmmd(pooled: Matrix) -> RowMetric:
    """`cmmd` between many subsets of one table, from its kernel matrix computed once; see `Preparation`."""
    return _prepared(_unit(pooled), _gaussian(10.0), by_indexing(cmmd), unbiased=False, scale=1000.0)


def _prepared(
    pooled: Matrix, kernel: Kernel, otherwise: Preparation, *, unbiased: bool, scale: float
) -> RowMetric:
    if not 0 < len(pooled) <= _PREPARED or not np.isfinite(pooled).all():
        return otherwise(pooled)
    values = np.empty((len(pooled), len(pooled)))
    step = max(1, _BLOCK // len(pooled))
    for start in range(0, len(pooled), step):  # a kernel holds several matrices at once: some rows at a time
        values[start : start + step] = kernel(pooled[start : start + step], pooled)
    diagonal = np.diagonal(values)

    def distance(rows: Rows, others: Rows) -> float:
        if min(rows.size, others.size) < (2 if unbiased else 1):
            return float("nan")
        within = values[np.ix_(rows, rows)].sum(), values[np.ix_(others, others)].sum()
        diagonals = diagonal[rows].sum(), diagonal[others].sum()
        cross = values[np.ix_(rows, others)].sum()
        found = _statistic(within, diagonals, cross, (rows.size, others.size), unbiased)
        return scale * (found if unbiased else max(found, 0.0))

    return distance


def _mmd2(first: Matrix, second: Matrix, kernel: Kernel, *, unbiased: bool) -> float:
    if min(len(first), len(second)) < (2 if unbiased else 1):
        return float("nan")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    within = _kernel_sum(first, first, kernel), _kernel_sum(second, second, kernel)
    diagonals = _diagonal_sum(first, kernel), _diagonal_sum(second, kernel)
    cross = _kernel_sum(first, second, kernel)
    return _statistic(within, diagonals, cross, (len(first), len(second)), unbiased)


def _statistic(
    within: tuple[float, float],
    diagonals: tuple[float, float],
    cross: float,
    sizes: tuple[int, int],
    unbiased: bool,
) -> float:
    """MMD^2 from the sums of the kernel within and between two sets."""
    n, m = sizes
    if unbiased:
        own = (within[0] - diagonals[0]) / (n * (n - 1)) + (within[1] - diagonals[1]) / (m * (m - 1))
    else:
        own = within[0] / n**2 + within[1] / m**2
    return float(own - 2 * cross / (n * m))


def _kernel_sum(first: Matrix, second: Matrix, kernel: Kernel) -> float:
    """Sum over all pairs, some rows at a time to bound memory."""
    step = max(1, _BLOCK // len(second))
    blocks = range(0, len(first), step)
    return float(sum(kernel(first[start : start + step], second).sum() for start in blocks))


def _diagonal_sum(values: Matrix, kernel: Kernel) -> float:
    return float(sum(kernel(row[None, :], row[None, :])[0, 0] for row in values))


def _polynomial(dimension: int, degree: int, gamma: float | None, coef0: float) -> Kernel:
    factor = 1.0 / max(dimension, 1) if gamma is None else gamma
    return lambda first, second: (factor * (first @ second.T) + coef0) ** degree


def _gaussian(sigma: float) -> Kernel:
    def kernel(first: Matrix, second: Matrix) -> Matrix:
        squares = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
        found: Matrix = np.exp(-np.maximum(squares - 2 * (first @ second.T), 0) / (2 * sigma**2))
        return found

    return kernel


def _unit(values: Matrix) -> Matrix:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1.0)


def kid_influence(real: Matrix, synth: Matrix) -> tuple[Vector, Vector]:
    """How each frame bears on the `kid`: twice its mean kernel with its own set less that with the other.

    Returns
    -------
    tuple of float64 arrays (N,) and (M,)
        Each of mean 0.
    """
    return _influence(real, synth, _polynomial(real.shape[1], 3, None, 1.0))


def cmmd_influence(real: Matrix, synth: Matrix) -> tuple[Vector, Vector]:
    """How each frame bears on the `cmmd`; see `kid_influence`."""
    first, second = _influence(_unit(real), _unit(synth), _gaussian(10.0))
    return 1000 * first, 1000 * second


def _influence(first: Matrix, second: Matrix, kernel: Kernel) -> tuple[Vector, Vector]:
    def side(own: Matrix, other: Matrix) -> Vector:
        step = max(1, _BLOCK // max(len(own), len(other)))
        blocks = [own[start : start + step] for start in range(0, len(own), step)]
        within = np.concatenate([kernel(block, own).sum(axis=1) for block in blocks])
        within -= [kernel(row[None, :], row[None, :])[0, 0] for row in own]
        across = np.concatenate([kernel(block, other).mean(axis=1) for block in blocks])
        found = 2 * (within / (len(own) - 1) - across)
        return np.asarray(found - found.mean(), dtype=np.float64)

    return side(first, second), side(second, first)
