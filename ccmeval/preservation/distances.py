"""Distances between the distributions of a biomarker over frames, and their test over units."""

from __future__ import annotations

from math import comb

import numpy as np

from ccmeval.preservation.frames import Units, Vector
from ccmeval.statistics.estimate import finite

_CHUNK = 4_000_000
"""Numbers held at once while relabelling."""

FEWEST_RELABELLINGS = 40
"""Below so many different relabellings no p under 0.025 is possible, and none is given."""


def wasserstein(real: Vector, synth: Vector) -> float:
    """Wasserstein-1 distance over frames, in the unit of the values; NaN where a side is empty.

    Examples
    --------
    >>> wasserstein(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    2.0
    """
    from scipy import stats

    first, second = finite(real), finite(synth)
    if not (first.size and second.size):
        return float("nan")
    return float(stats.wasserstein_distance(first, second))


def ks_distance(
    real: Vector, synth: Vector, units: Units, *, rng: np.random.Generator, permutations: int
) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance over frames, with its p by relabelling of whole units.

    Parameters
    ----------
    real, synth : float arrays
        Values over frames; NaN ones are left out.
    units : Units
        Of these frames. A unit on one side only is dealt to either side, so that each side keeps its
        number of such units; a unit on both sides keeps or swaps its sides.
    rng : numpy.random.Generator
    permutations : int
        Relabellings drawn.

    Returns
    -------
    distance, p : float
        NaN where a side is empty; p also where fewer than 40 relabellings exist.

    Notes
    -----
    Exact where both sets have units of the same make-up; where one has more frames a unit than the
    other, approximate (see `benchmarks/calibration.py`).
    """
    keep = np.isfinite(real), np.isfinite(synth)
    values = np.concatenate([real[keep[0]], synth[keep[1]]])
    if not (keep[0].any() and keep[1].any()):
        return float("nan"), float("nan")
    codes = np.concatenate([units.real[keep[0]], units.synth[keep[1]]])
    side = np.repeat([False, True], [int(keep[0].sum()), int(keep[1].sum())])
    order = np.argsort(values, kind="stable")
    values, codes, side = values[order], codes[order], side[order]
    last = np.append(np.flatnonzero(np.diff(values) > 0), values.size - 1)
    distance = float(_distances(side[None], last)[0])
    present = [np.bincount(codes[side == it], minlength=units.count) > 0 for it in (False, True)]
    both = present[0] & present[1]
    dealt = np.flatnonzero((present[0] | present[1]) & ~both)
    to_synth = int((present[1] & ~both).sum())
    if comb(dealt.size, to_synth) * 2 ** min(int(both.sum()), 60) < FEWEST_RELABELLINGS:
        return distance, float("nan")
    as_far, step = 0, max(1, _CHUNK // values.size)
    for start in range(0, permutations, step):
        flips = _flips(min(step, permutations - start), both, dealt, present[1], rng)
        as_far += int((_distances(side ^ flips[:, codes], last) >= distance - 1e-12).sum())
    return distance, (1 + as_far) / (1 + permutations)


def _flips(
    rows: int,
    both: np.ndarray,
    dealt: np.ndarray,
    in_synth: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Which units change sides in each relabelling."""
    flips = (rng.random((rows, both.size)) < 0.5) & both
    if dealt.size:
        labels = np.broadcast_to(in_synth[dealt], (rows, dealt.size))
        flips[:, dealt] = rng.permuted(labels, axis=1) ^ labels
    return np.asarray(flips)


def _distances(side: np.ndarray, last: np.ndarray) -> Vector:
    """Largest distance of the two empirical distributions; `last` ends each run of equal values."""
    in_synth = np.cumsum(side, axis=1, dtype=np.int32)
    n_synth = in_synth[:, -1:]
    n_real = side.shape[1] - n_synth
    at_or_below = np.arange(1, side.shape[1] + 1, dtype=np.int32)[last]
    share_synth = in_synth[:, last] / np.maximum(n_synth, 1)
    share_real = (at_or_below - in_synth[:, last]) / np.maximum(n_real, 1)
    return np.asarray(abs(share_synth - share_real).max(axis=1))
