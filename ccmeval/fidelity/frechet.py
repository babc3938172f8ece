"""Frechet distance between two sets of feature vectors, each taken as a Gaussian.

    d^2 = |m1 - m2|^2 + Tr S1 + Tr S2 - 2 Tr sqrt(S1 S2)

With roots R1, R2 of the covariances (S = R.T @ R) the last trace is the nuclear norm of R1 @ R2.T. Below
as many frames as features the centred frames themselves are such a root, so that a matrix of frames by
frames is all that is decomposed; above it the norm comes from one symmetric eigenproblem. No matrix root is
ever taken, and no complex number appears.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.fidelity.vectors import Matrix, RowMetric, Rows, as_matrices

Vector = npt.NDArray[np.float64]
_EPS = float(np.finfo(np.float64).eps)
_ROUNDING = 1e-7  # bound on the relative error of the trace term from which the slow way is gone


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of a set of feature vectors; all that the Frechet distance needs of it.

    Attributes
    ----------
    mean : float64 array (D,)
    n : int
        Frames behind it.
    covariance : float64 array (D, D) or None
        Unbiased (divided by n - 1).
    factor : float64 array (R, D) or None
        In its place for few frames: ``covariance = factor.T @ factor``. It consists of the centred frames
        over sqrt(n - 1), so whoever gives it away gives the frames' features away.

    Raises
    ------
    ValueError
        If not exactly one of covariance and factor is given, or their shapes do not fit.
    """

    mean: Vector
    n: int
    covariance: Matrix | None = None
    factor: Matrix | None = None

    def __post_init__(self) -> None:
        dimension = self.mean.shape[0]
        if (self.covariance is None) == (self.factor is None):
            raise ValueError("Moments hold a covariance or a factor of it, one of the two.")
        if self.covariance is not None and self.covariance.shape != (dimension, dimension):
            raise ValueError("The covariance must be square and as wide as the mean.")
        if self.factor is not None and (self.factor.ndim != 2 or self.factor.shape[1] != dimension):
            raise ValueError("The factor of the covariance must be as wide as the mean.")

    @property
    def trace(self) -> float:
        """Sum of the variances."""
        if self.factor is not None:
            return float(np.square(self.factor).sum())
        return float(np.trace(self._covariance))

    @property
    def _covariance(self) -> Matrix:
        assert self.covariance is not None
        return self.covariance


def moments(values: npt.ArrayLike) -> Moments:
    """Take mean and unbiased covariance; the latter as a factor where that is the smaller of the two.

    Parameters
    ----------
    values : array-like of float, shape (N, D)

    Returns
    -------
    Moments
        With a factor for N <= D, else with a covariance. For N < 2 and for features
        that are not finite mean and factor are NaN, and so is every distance from them.

    Examples
    --------
    >>> found = moments([[0.0, 1.0], [2.0, 1.0]])
    >>> found.mean.tolist(), found.n, found.trace
    ([1.0, 1.0], 2, 2.0)
    """
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    n, dimension = table.shape
    if n < 2 or not np.isfinite(table).all():
        nothing = np.full(dimension, np.nan)
        return Moments(nothing, n, factor=nothing[None, :])
    mean = table.mean(axis=0)
    centred = table - mean
    if n <= dimension:
        centred /= np.sqrt(n - 1)
        return Moments(mean, n, factor=centred)
    return Moments(mean, n, covariance=centred.T @ centred / (n - 1))


def frechet_distance(real: npt.ArrayLike, synth: npt.ArrayLike) -> float:
    """Squared Frechet (2-Wasserstein) distance between the Gaussians fitted to two sets.

    On Inception's pool features this is the FID. It falls as frames are added even between samples of one
    distribution, so it is compared only at one number of frames and beside its floor.

    Parameters
    ----------
    real : array-like of float, shape (N, D)
    synth : array-like of float, shape (M, D)

    Returns
    -------
    float
        Never negative: a difference of traces that rounding left below 0 is given as 0. NaN for fewer than
        two frames in either set and for features that are not finite.

    Raises
    ------
    ValueError
        If the two sets have not equally many features.

    Notes
    -----
    Covariances are unbiased (n - 1), as in torch-fidelity and pytorch-fid. Neither adds anything to the
    diagonal here: the value is defined for singular covariances too.

    References
    ----------
    M. Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017, eq. 6. D. Dowson,
    B. Landau, J Multivariate Anal 1982;12:450. The nuclear norm: R. Bhatia, T. Jain, Y. Lim, Expo Math
    2019;37:165, eq. 3.

    Examples
    --------
    >>> square = [[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]]
    >>> round(frechet_distance(square, [[x + 3, y + 4] for x, y in square]), 9)
    25.0
    """
    first, second = as_matrices(real, synth)
    return frechet_from_moments(moments(first), moments(second))


def frechet_from_moments(a: Moments, b: Moments) -> float:
    """Squared Frechet distance of two sets of which only the moments are known; see `frechet_distance`.

    Raises
    ------
    ValueError
        If the two have not equally many features.

    Examples
    --------
    >>> frechet_from_moments(moments([[0.0], [2.0]]), moments([[0.0], [0.0]]))
    3.0
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"Features must be equally many, not {a.mean.size} and {b.mean.size}.")
    rest = float(np.square(a.mean - b.mean).sum()) + a.trace + b.trace
    if min(a.n, b.n) < 2 or not np.isfinite(rest):
        return float("nan")
    return max(0.0, rest - 2 * _trace_of_root(a, b))


def prepare_frechet(pooled: Matrix) -> RowMetric:
    """Frechet distance between many pairs of subsets of one table, from its Gram matrix computed once.

    Parameters
    ----------
    pooled : float64 array (P, D)
        The frames of all sets, one below the other.

    Returns
    -------
    callable
        Takes the row indices of either side and gives the distance, as `frechet_distance` of these rows.
        The Gram matrix serves where it is smaller than the table and every subset has at most D rows;
        otherwise moments are taken anew.
    """
    count, dimension = pooled.shape
    if count == 0 or count > 2 * dimension or not np.isfinite(pooled).all():
        return lambda rows, others: frechet_distance(pooled[rows], pooled[others])
    # Centred, so that a mean far from 0 costs no digits in the differences below.
    table = pooled - pooled.mean(axis=0)
    gram = table @ table.T

    def distance(rows: Rows, others: Rows) -> float:
        if min(rows.size, others.size) < 2:
            return float("nan")
        if max(rows.size, others.size) > dimension:
            return frechet_distance(table[rows], table[others])
        return _from_gram(gram[np.ix_(rows, rows)], gram[np.ix_(rows, others)], gram[np.ix_(others, others)])

    return distance


def _from_gram(first: Matrix, cross: Matrix, second: Matrix) -> float:
    """Distance from the inner products within and between two sets."""
    n, m = cross.shape
    between = first.mean() + second.mean() - 2 * cross.mean()
    spread_first = (np.trace(first) - n * first.mean()) / (n - 1)
    spread_second = (np.trace(second) - m * second.mean()) / (m - 1)
    centred = cross - cross.mean(axis=0) - cross.mean(axis=1, keepdims=True) + cross.mean()
    norm = np.linalg.svd(centred, compute_uv=False).sum() / np.sqrt((n - 1.0) * (m - 1.0))
    return max(0.0, float(between + spread_first + spread_second - 2 * norm))


def _trace_of_root(a: Moments, b: Moments) -> float:
    """Tr sqrt(S1 S2)."""
    if a.factor is not None and b.factor is not None:
        return _nuclear_norm(a.factor @ b.factor.T)
    if a.factor is not None:
        return _nuclear_norm(a.factor @ _root(b._covariance).T)
    if b.factor is not None:
        return _nuclear_norm(b.factor @ _root(a._covariance).T)
    return _trace_of_dense_root(a._covariance, b._covariance)


def _trace_of_dense_root(first: Matrix, second: Matrix) -> float:
    """Tr sqrt(S1 S2) as the roots of the eigenvalues of U S2 U.T, where S1 = U.T U.

    A squared singular value is known only to the rounding of the largest one; where so many are small that
    this could be seen in the sum, singular values themselves are taken, at four times the cost.
    """
    from scipy.linalg import blas, eigvalsh

    kept = (_variances(first) > 0) & (_variances(second) > 0)
    if not kept.any():
        return 0.0
    if not kept.all():
        first, second = first[np.ix_(kept, kept)], second[np.ix_(kept, kept)]
    try:
        upper = np.linalg.cholesky(first).T
    except np.linalg.LinAlgError:
        return _nuclear_norm(_spectral_root(first) @ _spectral_root(second).T)
    # Transposes of row-major arrays are column-major, as BLAS takes them without a copy.
    half = blas.dtrmm(1.0, upper, second.T)
    product = blas.dtrmm(1.0, upper, half, side=1, trans_a=1, overwrite_b=1)
    found = np.maximum(eigvalsh(product, check_finite=False, overwrite_a=True, driver="evd"), 0)
    rounding = 4 * _EPS * found[-1]
    total = float(np.sqrt(found).sum())
    seen = np.minimum(np.sqrt(rounding), rounding / (2 * np.sqrt(np.maximum(found, rounding)))).sum()
    if seen <= _ROUNDING * total:
        return total
    return _nuclear_norm(_spectral_root(first) @ _spectral_root(second).T)


def _variances(covariance: Matrix) -> Vector:
    """Diagonal, with what is nothing but rounding set to 0: such a feature is constant."""
    diagonal: Vector = np.diagonal(covariance).copy()
    diagonal[diagonal <= _EPS**2 * max(diagonal.max(initial=0.0), 0.0)] = 0
    return diagonal


def _root(covariance: Matrix) -> Matrix:
    """R with covariance = R.T @ R."""
    try:
        return np.asarray(np.linalg.cholesky(covariance).T, dtype=np.float64)
    except np.linalg.LinAlgError:
        return _spectral_root(covariance)


def _spectral_root(covariance: Matrix) -> Matrix:
    """R with covariance = R.T @ R and as many rows as the covariance has rank."""
    from scipy.linalg import eigh

    found, vectors = eigh(covariance, check_finite=False, driver="evd")
    kept = found > covariance.shape[0] * _EPS * max(found[-1], 0.0)
    return np.asarray(np.sqrt(found[kept])[:, None] * vectors[:, kept].T, dtype=np.float64)


def _nuclear_norm(product: Matrix) -> float:
    return float(np.linalg.svd(product, compute_uv=False).sum()) if product.size else 0.0


def frechet_influence(real: Matrix, synth: Matrix) -> tuple[Vector, Vector]:
    """How each frame bears on the Frechet distance: its derivative by the frame's weight, times N.

    For a real frame x with optimal map T between the Gaussians it is N / (N - 1) times |x - m1|^2 less
    (x - m1).T @ T @ (x - m1), plus 2 (m1 - m2).(x - m1), less the mean of it all. In terms of the singular
    vectors U and values s of the product of both roots, the term with T is N * sum_k s_k U_ik^2.

    Returns
    -------
    tuple of float64 arrays (N,) and (M,)
        Each of mean 0.
    """
    n, m = len(real), len(synth)
    first, second = real - real.mean(axis=0), synth - synth.mean(axis=0)
    step = real.mean(axis=0) - synth.mean(axis=0)
    own, other = _mapped(first / np.sqrt(n - 1), second / np.sqrt(m - 1))
    found = np.square(first).sum(axis=1) * n / (n - 1) + 2 * first @ step - n * own
    against = np.square(second).sum(axis=1) * m / (m - 1) - 2 * second @ step - m * other
    return found - found.mean(), against - against.mean()


def _mapped(first: Matrix, second: Matrix) -> tuple[Vector, Vector]:
    """Diagonals of sqrt(F1 S2 F1.T) and sqrt(F2 S1 F2.T), which are sums of s_k U_ik^2 and s_k V_ik^2."""
    n, dimension = first.shape
    if min(n, len(second)) > dimension:
        # The frames are more than their directions: rotate to a root of each covariance first.
        (q1, r1), (q2, r2) = np.linalg.qr(first), np.linalg.qr(second)
        left, values, right = np.linalg.svd(r1 @ r2.T)
        return np.square(q1 @ left) @ values, np.square(q2 @ right.T) @ values
    left, values, right = np.linalg.svd(first @ second.T, full_matrices=False)
    return np.square(left) @ values, np.square(right.T) @ values
