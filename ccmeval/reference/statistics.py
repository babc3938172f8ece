"""Statistics of two sides of which one is known by its numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ccmeval.preservation.difference import small_sample_factor
from ccmeval.preservation.overlap import Overlap
from ccmeval.preservation.ratio import fieller
from ccmeval.preservation.resampling import FEWEST_FOR_BOOTSTRAP
from ccmeval.statistics.estimate import Estimate, normal_quantile, t_quantile, undefined


@dataclass(frozen=True)
class Sample:
    """Mean and SD of independent values, and how many they are.

    Attributes
    ----------
    n : int
    mean : float
        NaN without values.
    sd : float
        With n - 1; NaN for fewer than two values.
    """

    n: int
    mean: float
    sd: float

    @property
    def variance_of_mean(self) -> float:
        """Squared standard error of the mean."""
        return self.sd**2 / self.n if self.n > 1 else float("nan")


def welch(real: Sample, synth: Sample) -> Overlap:
    """Difference of two means with Welch's error and degrees of freedom.

    Examples
    --------
    >>> found = welch(Sample(4, 2.5, 1.29), Sample(6, 4.0, 2.0))
    >>> found.difference, round(found.degrees, 3), found.method
    (1.5, 7.997, "Welch's t")
    """
    difference, nan = synth.mean - real.mean, float("nan")
    if min(real.n, synth.n) < 2:
        return Overlap(difference, nan, nan, real.n, synth.n, 0)
    parts = real.variance_of_mean, synth.variance_of_mean
    return Overlap(difference, float(np.sqrt(sum(parts))), _satterthwaite(real, synth), real.n, synth.n, 0)


def _satterthwaite(*samples: Sample) -> float:
    parts = [it.variance_of_mean for it in samples]
    if sum(parts) == 0:
        return float(sum(it.n - 1 for it in samples))
    return sum(parts) ** 2 / sum(part**2 / (it.n - 1) for part, it in zip(parts, samples, strict=True))


def hedges(first: Sample, second: Sample, confidence: float) -> Estimate:
    """Hedges' g of the second against the first; see `ccmeval.statistics.hedges_g`.

    Examples
    --------
    >>> round(hedges(Sample(5, 3.0, 2.5**0.5), Sample(5, 5.0, 2.5**0.5), 0.95).value, 4)
    1.1418
    """
    n, method = first.n + second.n, "non-central t"
    if min(first.n, second.n) < 2:
        return undefined(n, confidence, method)
    degrees = n - 2
    squares = (first.n - 1) * first.sd**2 + (second.n - 1) * second.sd**2
    pooled = float(np.sqrt(squares / degrees))
    if not pooled > 0:
        return undefined(n, confidence, method)
    d = (second.mean - first.mean) / pooled
    correct, root = small_sample_factor(degrees), float(np.sqrt(first.n * second.n / n))
    tail = (1 - confidence) / 2
    ends = [correct * float(special.nctdtrinc(degrees, p, d * root)) / root for p in (1 - tail, tail)]
    return Estimate(correct * d, ends[0], ends[1], n, confidence, method)


@dataclass(frozen=True)
class LogSpread:
    """An SD over frames, the standard error of its log over units, and how many these are."""

    sd: float
    error: float
    n: int


def spread_ratio(real: LogSpread, synth: LogSpread, confidence: float) -> Estimate:
    """SD over frames, synthetic over real, with an interval on the log scale.

    Parameters
    ----------
    real, synth : LogSpread
    confidence : float

    Returns
    -------
    Estimate
        NaN where the real frames do not vary; 0 without an interval where the synthetic ones do not. No
        interval from fewer than five units a side.

    Notes
    -----
    Student's t with Satterthwaite's degrees of freedom. The real frames cannot be resampled here, as they
    are in `ccmeval.preservation.spread`; the bundle holds the error of their log SD.
    """
    n, method = real.n + synth.n, "Student's t of the log ratio, errors by the jackknife over units"
    if not real.sd > 0 or not np.isfinite(synth.sd):
        return undefined(n, confidence, method)
    if synth.sd == 0:
        return Estimate(0.0, float("nan"), float("nan"), n, confidence, method)
    value = synth.sd / real.sd
    parts = real.error**2, synth.error**2
    if min(real.n, synth.n) < FEWEST_FOR_BOOTSTRAP or not np.isfinite(sum(parts)) or sum(parts) == 0:
        return Estimate(value, float("nan"), float("nan"), n, confidence, method)
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / (real.n - 1) + parts[1] ** 2 / (synth.n - 1))
    margin = t_quantile(confidence, degrees) * float(np.sqrt(sum(parts)))
    return Estimate(value, value * np.exp(-margin), value * np.exp(margin), n, confidence, method)


def gap_ratio(real: tuple[Sample, Sample], synth: tuple[Sample, Sample], confidence: float) -> Estimate:
    """Difference between the last and first diagnosis, synthetic over real.

    Parameters
    ----------
    real, synth : (Sample, Sample)
        First and last diagnosis.
    confidence : float

    Returns
    -------
    Estimate
        By Fieller's theorem, both sides independent. NaN where units are too few, or the real difference
        is not clear of zero.

    Notes
    -----
    Fieller, J R Stat Soc B 1954;16:175, with Student's t of Satterthwaite's degrees of freedom for synth -
    ratio x real, the pivot that is inverted.

    Examples
    --------
    >>> real = Sample(30, 20.0, 3.0), Sample(30, 10.0, 3.0)
    >>> found = gap_ratio(real, (Sample(30, 19.0, 3.0), Sample(30, 11.0, 3.0)), 0.95)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (0.8, 0.62, 1.02)
    """
    n = sum(it.n for it in (*real, *synth))
    method = "Fieller's theorem with Student's t"
    if min(it.n for it in (*real, *synth)) < 2:
        return undefined(n, confidence, method)
    x, y = (last.mean - first.mean for first, last in (real, synth))
    xx, yy = (first.variance_of_mean + last.variance_of_mean for first, last in (real, synth))
    if x == 0:
        return undefined(n, confidence, method)
    ratio = y / x
    scaled = [Sample(it.n, it.mean, abs(ratio) * it.sd) for it in real]
    degrees = _satterthwaite(*scaled, *synth)
    quantile = t_quantile(confidence, degrees) if degrees > 0 else normal_quantile(confidence)
    low, high = fieller(x, y, xx, yy, 0.0, quantile)
    return Estimate(ratio, low, high, n, confidence, method)
