"""Agreement of biomarkers between real frames and the synthetic frames made from them."""

from __future__ import annotations

import numpy as np

from ccmeval.morphometry.definitions import DEFINITIONS, Definition
from ccmeval.preservation.comparison import number
from ccmeval.preservation.frames import Frames, Vector
from ccmeval.preservation.schema import PairAgreement
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.statistics.bland_altman import bland_altman
from ccmeval.statistics.bootstrap import cluster_bootstrap
from ccmeval.statistics.estimate import Estimate
from ccmeval.statistics.reliability import icc


def pair_agreement(
    real: Frames, synth: Frames, settings: PreservationSettings, rng: np.random.Generator
) -> list[PairAgreement]:
    """Bland-Altman and ICC(2,1) of every biomarker over declared pairs.

    Parameters
    ----------
    real, synth : Frames
        Row by row the members of the pairs; a real frame may stand in several. Pairs are declared by the
        user, never guessed from the numbers. Real clusters are the units.
    settings : PreservationSettings
    rng : numpy.random.Generator

    Returns
    -------
    list of PairAgreement
        One a biomarker. The bias is synthetic minus real. None where fewer than three pairs have both
        members.

    Raises
    ------
    ValueError
        If the two are not equally long.

    Notes
    -----
    With several pairs a unit (subject, or real frame) the bias and the limits are over units
    (`ccmeval.statistics.bland_altman`), and the interval of the ICC is a percentile bootstrap over units;
    with one each it is McGraw & Wong's.

    Examples
    --------
    >>> real = Frames(list("abc"), list("abc"), [None] * 3, {"cnfl_mm_per_mm2": np.array([10.0, 15, 20])})
    >>> synth = Frames(list("xyz"), list("xyz"), [None] * 3, {"cnfl_mm_per_mm2": np.array([11.0, 15, 22])})
    >>> row = pair_agreement(real, synth, PreservationSettings(), np.random.default_rng(0))[0]
    >>> row.n_pairs, row.bias, round(row.icc, 3)
    (3, 1.0, 0.971)
    """
    if len(real) != len(synth):
        raise ValueError(f"Pairs need a member on each side, not {len(real)} and {len(synth)}.")
    return [_row(real, synth, meaning, settings, rng) for meaning in DEFINITIONS]


def _row(
    real: Frames, synth: Frames, meaning: Definition, settings: PreservationSettings, rng: np.random.Generator
) -> PairAgreement:
    a, b = real.values(meaning.column), synth.values(meaning.column)
    both = np.isfinite(a) & np.isfinite(b)
    a, b, units = a[both], b[both], np.asarray(real.clusters, dtype=object)[both]
    found = bland_altman(b, a, clusters=units, confidence=settings.confidence)
    agreement = clustered_icc(a, b, units, settings, rng)
    return PairAgreement(
        biomarker=meaning.column,
        label=meaning.label,
        unit=meaning.unit,
        n_pairs=found.n,
        n_units=len(set(units.tolist())),
        bias=number(found.bias),
        bias_low=number(found.bias_low),
        bias_high=number(found.bias_high),
        lower_limit=number(found.lower),
        upper_limit=number(found.upper),
        icc=number(agreement.value),
        icc_low=number(agreement.low),
        icc_high=number(agreement.high),
        method=f"limits: {found.method}; ICC: {agreement.method}",
        real=a.tolist(),
        synth=b.tolist(),
    )


def clustered_icc(
    a: Vector, b: Vector, units: np.ndarray, settings: PreservationSettings, rng: np.random.Generator
) -> Estimate:
    """ICC(2,1) over pairs, its interval over units.

    Parameters
    ----------
    a, b : float arrays (N,)
    units : array (N,)
        Equal labels mark pairs that are not independent.
    settings : PreservationSettings
    rng : numpy.random.Generator
    """
    scores = np.stack([a, b], axis=1)
    whole = icc(scores, confidence=settings.confidence)
    count = len(set(units.tolist()))
    if count == len(units) or not np.isfinite(whole.value):
        return whole
    method = f"percentile bootstrap over units, {settings.structure_resamples} resamples"
    nan = float("nan")
    if count < 3:
        return Estimate(whole.value, nan, nan, whole.n, settings.confidence, "too few units for an interval")
    drawn = cluster_bootstrap(
        lambda rows: icc(scores[rows]).value, units, rng=rng, resamples=settings.structure_resamples
    )
    drawn = drawn[np.isfinite(drawn)]
    if drawn.size < settings.structure_resamples / 2:
        return Estimate(whole.value, nan, nan, whole.n, settings.confidence, method)
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(whole.value, float(low), float(high), whole.n, settings.confidence, method)
