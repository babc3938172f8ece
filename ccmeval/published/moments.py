"""Two-sample tests from printed means, SDs and numbers of frames alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from ccmeval.preservation.equivalence import tost
from ccmeval.preservation.overlap import Overlap


@dataclass(frozen=True)
class Sample:
    """Mean, SD and size of a sample."""

    mean: float
    sd: float
    n: int


def welch_from_moments(real: Sample, synth: Sample) -> Overlap:
    """Difference of two means with Welch's standard error and degrees of freedom.

    Parameters
    ----------
    real, synth : Sample
        Independent values.

    Returns
    -------
    Overlap
        Its `difference` is synthetic minus real; NaN errors for fewer than two values a side.

    Notes
    -----
    Welch, Biometrika 1947;34:28.

    Examples
    --------
    >>> found = welch_from_moments(Sample(20, 5, 50), Sample(18, 5, 50))
    >>> found.error, round(found.degrees, 6), round(found.p(), 4)
    (1.0, 98.0, 0.0483)
    """
    difference = synth.mean - real.mean
    if min(real.n, synth.n) < 2:
        return Overlap(difference, math.nan, math.nan, real.n, synth.n, 0)
    parts = [it.sd**2 / it.n for it in (real, synth)]
    variance = sum(parts)
    if variance == 0:
        return Overlap(difference, 0.0, float(real.n + synth.n - 2), real.n, synth.n, 0)
    degrees = variance**2 / (parts[0] ** 2 / (real.n - 1) + parts[1] ** 2 / (synth.n - 1))
    return Overlap(difference, math.sqrt(variance), degrees, real.n, synth.n, 0)


def smallest_significant(sd: float, n: int, alpha: float = 0.05) -> float:
    """Difference of means from which Welch's p is below alpha, with one SD and size on both sides.

    Examples
    --------
    >>> round(smallest_significant(1.0, 50), 4)
    0.3969
    """
    return float(special.stdtrit(2 * n - 2, 1 - alpha / 2)) * sd * math.sqrt(2 / n)


def largest_equivalent(sd: float, n: int, margin: float, alpha: float = 0.05) -> float | None:
    """Difference of means up to which two one-sided tests show equivalence; None where they cannot.

    Examples
    --------
    >>> round(largest_equivalent(1.0, 50, 0.5), 4), largest_equivalent(1.0, 10, 0.5)
    (0.1679, None)
    """
    left = margin - float(special.stdtrit(2 * n - 2, 1 - alpha)) * sd * math.sqrt(2 / n)
    return left if left > 0 else None


def equivalence_p(found: Overlap, margin: float, alpha: float = 0.05) -> float:
    """P of the two one-sided tests against a margin that is set beforehand.

    Examples
    --------
    >>> round(equivalence_p(welch_from_moments(Sample(20, 5, 50), Sample(20, 5, 50)), 2.5), 4)
    0.007
    """
    return tost(found, margin, alpha=alpha).p


def share_below_zero(mean: float, sd: float) -> float:
    """Share of a normal distribution that lies below zero.

    Examples
    --------
    >>> round(share_below_zero(24.50, 27.35), 3)
    0.185
    """
    return float(special.ndtr(-mean / sd)) if sd > 0 else 0.0
