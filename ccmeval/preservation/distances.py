"""Distances between the distributions of a biomarker over frames, and their test over units."""

from __future__ import annotations

from math import comb

import numpy as np

from ccmeval.preservation.frames import Codes, Units, Vector
from ccmeval.statistics.estimate import finite

_CHUNK = 4_000_000
"""Numbers held at once while relabelling."""

_LIKE_MAKE_UP = 1.25
"""Ratio of frames a unit up to which the units of both sides may change places as they are."""

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
    Units can change places only where they are alike. Where one set has over 1.25 times as many frames a
    unit as the other, the p is of at most as many frames of each unit, drawn at random, as the other set
    has on average: with all of them the level was 9 % instead of 5 % (one frame against eight).
    """
    keep = np.isfinite(real), np.isfinite(synth)
    if not (keep[0].any() and keep[1].any()):
        return float("nan"), float("nan")
    samples = real[keep[0]], synth[keep[1]]
    codes = units.real[keep[0]], units.synth[keep[1]]
    distance = _observed(samples)
    if cap := _cap(codes):
        rows = [_at_most(it, cap, rng) for it in codes]
        samples = samples[0][rows[0]], samples[1][rows[1]]
        codes = codes[0][rows[0]], codes[1][rows[1]]
    return distance, _permutation_p(samples, codes, units.count, rng, permutations)


def _observed(samples: tuple[Vector, Vector]) -> float:
    side = np.repeat([False, True], [it.size for it in samples])
    values = np.concatenate(samples)
    order = np.argsort(values, kind="stable")
    return float(_distances(side[order][None], _ends(values[order]))[0])


def _cap(codes: tuple[Codes, Codes]) -> int | None:
    """Most frames a unit may bring, where the sides differ much in frames a unit; else None."""
    means = sorted(it.size / np.unique(it).size for it in codes)
    return max(1, int(means[0])) if means[1] > _LIKE_MAKE_UP * means[0] else None


def _at_most(codes: Codes, cap: int, rng: np.random.Generator) -> Codes:
    """Draw at most `cap` rows of each unit."""
    order = rng.permutation(codes.size)
    order = order[np.argsort(codes[order], kind="stable")]
    ordered = codes[order]
    place = np.arange(ordered.size) - np.searchsorted(ordered, ordered)
    return np.asarray(np.sort(order[place < cap]))


def _permutation_p(
    samples: tuple[Vector, Vector],
    codes_of: tuple[Codes, Codes],
    count: int,
    rng: np.random.Generator,
    permutations: int,
) -> float:
    side = np.repeat([False, True], [it.size for it in samples])
    present = [np.bincount(it, minlength=count) > 0 for it in codes_of]
    both = present[0] & present[1]
    dealt = np.flatnonzero((present[0] | present[1]) & ~both)
    to_synth = int((present[1] & ~both).sum())
    if comb(dealt.size, to_synth) * 2 ** min(int(both.sum()), 60) < FEWEST_RELABELLINGS:
        return float("nan")
    values = np.concatenate(samples)
    order = np.argsort(values, kind="stable")
    last, side, codes = _ends(values[order]), side[order], np.concatenate(codes_of)[order]
    observed = float(_distances(side[None], last)[0])
    as_far, step = 0, max(1, _CHUNK // values.size)
    for start in range(0, permutations, step):
        flips = _flips(min(step, permutations - start), both, dealt, present[1], rng)
        as_far += int((_distances(side ^ flips[:, codes], last) >= observed - 1e-12).sum())
    return (1 + as_far) / (1 + permutations)


def _ends(values: Vector) -> Codes:
    """Where each run of equal sorted values ends."""
    return np.append(np.flatnonzero(np.diff(values) > 0), values.size - 1)


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
