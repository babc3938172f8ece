"""Weights of frames in resamples, and the sums and ratios that weighted metrics are made of."""

from __future__ import annotations

import numpy as np

from ccmeval.utility.outcomes import Floats


def checked_weights(weights: Floats, n_frames: int) -> Floats:
    """Give weights as float64, once they are seen to fit the frames.

    Parameters
    ----------
    weights : float array (..., N)
        How often each resample drew each frame; a resample of subjects gives all frames of one the same.
    n_frames : int
        N.

    Returns
    -------
    float64 array (..., N)

    Raises
    ------
    ValueError
        If their last axis is not N, or one is negative or not finite.

    Examples
    --------
    >>> checked_weights(np.array([1, 0, 2]), 3)
    array([1., 0., 2.])
    """
    given = np.asarray(weights, dtype=np.float64)
    if given.ndim == 0 or given.shape[-1] != n_frames:
        raise ValueError(f"Weights must have one value a frame ({n_frames}), not shape {given.shape}.")
    if given.size and not (given.min() >= 0.0 and np.isfinite(given.max())):
        raise ValueError("Weights must be finite and not negative.")
    return given


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; NaN where the denominator is 0 or NaN.

    Examples
    --------
    >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    over, under = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    shares: Floats = np.divide(over, under, out=np.full(over.shape, np.nan), where=under != 0.0)
    return shares


def mean_of_defined(values: Floats, defined: Floats) -> Floats:
    """Average over the last axis, leaving out what is not defined; NaN where nothing is.

    Parameters
    ----------
    values : float array (..., C)
    defined : bool array (..., C)

    Examples
    --------
    >>> mean_of_defined(np.array([0.5, np.nan, 1.0]), np.array([True, False, True]))
    array(0.75)
    """
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), np.asarray(defined).sum(axis=-1))


def weighted_mean(values: Floats, weights: Floats, defined: Floats | None = None) -> Floats:
    """Average over frames by their weights, leaving out frames where the number is not defined.

    Parameters
    ----------
    values : float array (N,)
        A NaN in a frame that counts as defined makes the mean NaN: it hides no error.
    weights : float64 array (..., N)
    defined : bool array (N,), optional
        All frames by default.

    Returns
    -------
    float64 array (...)
        NaN where no frame with a weight is left.

    Examples
    --------
    >>> values, defined = np.array([0.5, np.nan, 1.0]), np.array([True, False, True])
    >>> weighted_mean(values, np.array([[1.0, 1.0, 1.0], [3.0, 0.0, 1.0]]), defined)
    array([0.75 , 0.625])
    """
    kept = np.ones(values.shape, dtype=np.bool_) if defined is None else np.asarray(defined, dtype=np.bool_)
    return ratio(weights[..., kept] @ values[kept], weights[..., kept].sum(axis=-1))
