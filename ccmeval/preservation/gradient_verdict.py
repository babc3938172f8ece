"""The rule by which a disease gradient counts as kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.preservation.resampling import FEWEST_FOR_BOOTSTRAP
from ccmeval.preservation.schema import GradientVerdict
from ccmeval.statistics.estimate import Estimate


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on.

    Attributes
    ----------
    ratio : Estimate
        Difference between the last and first diagnosis, synthetic over real.
    real_p : float
        Two-sided p of the trend in the real set; 0 for a published one, taken as exact.
    order_kept : bool or None
        Whether the means of both sets stand in one order.
    band : (float, float)
        Where the ratio must lie to count as kept.
    alpha : float
    fewest : int or None
        Units in the smaller of the first and last diagnosis of either set, where that was counted.
    """

    ratio: Estimate
    real_p: float
    order_kept: bool | None
    band: tuple[float, float] = (0.5, 2.0)
    alpha: float = 0.05
    fewest: int | None = None


def gradient_verdict(evidence: Evidence) -> tuple[GradientVerdict, str]:
    """Judge the share of the real gradient that the synthetic set has, by its interval [L, U].

    Returns
    -------
    verdict, reason : str

    Notes
    -----
    In this order, with the band from `low` (default one half) to `high` (two):

    - `undefined`: no ratio, or fewer than five units in the first or last diagnosis of a set.
    - `inconclusive`: the real set shows no clear gradient itself (its trend is not significant, or its
      difference between first and last diagnosis is so unsure that the ratio has no bounded interval).
    - `reversed`: U < 0.
    - `kept`: low <= L and U <= high, and the means stand in one order. An equivalence statement: the
      interval must lie in the band, not merely touch it. It holds even where the interval excludes 1.
    - `lost`: L <= 0 and U < low: no gradient is shown, and more than the low share of it is excluded.
    - `weakened`: U < 1 (and low is not excluded from above with L <= 0).
    - `exaggerated`: L > 1.
    - `inconclusive`: the rest.

    Examples
    --------
    >>> gradient_verdict(Evidence(Estimate(0.9, 0.7, 1.1, 60), 0.001, True))[0]
    'kept'
    >>> gradient_verdict(Evidence(Estimate(0.9, 0.2, 1.6, 60), 0.001, True))[0]
    'inconclusive'
    """
    ratio = evidence.ratio
    few = evidence.fewest is not None and evidence.fewest < FEWEST_FOR_BOOTSTRAP
    if few or not np.isfinite(ratio.value):
        return "undefined", "There are too few units in the first or last diagnosis to judge a gradient."
    if not evidence.real_p < evidence.alpha:
        return "inconclusive", "The real set itself shows no significant trend along the diagnoses."
    if not (np.isfinite(ratio.low) and np.isfinite(ratio.high)):
        return "inconclusive", (
            "The real set's own difference between the first and last diagnosis is too unsure to take"
            " shares of it."
        )
    return _judge(evidence)


def _judge(evidence: Evidence) -> tuple[GradientVerdict, str]:
    low, high = evidence.ratio.low, evidence.ratio.high
    least, most = evidence.band
    shown = f"{100 * low:.0f} to {100 * high:.0f} % of the real difference"
    band = f"{100 * least:.0f} to {100 * most:.0f} %"
    if high < 0:
        return "reversed", f"The synthetic set changes the other way ({shown})."
    if least <= low and high <= most:
        if evidence.order_kept is False:
            return "inconclusive", (
                f"The first and last diagnosis differ as they should ({shown}), but the means between them"
                " stand in another order than in the real set."
            )
        return "kept", f"The synthetic set has {shown}, which lies within {band}{_beyond_chance(low, high)}."
    if low <= 0 and high < least:
        return "lost", f"No gradient is shown, and more than {100 * least:.0f} % is excluded ({shown})."
    if high < 1:
        absent = "; it may even be gone" if low <= 0 else ""
        return "weakened", f"The gradient is weaker than in the real set ({shown}){absent}."
    if low > 1:
        return "exaggerated", f"The gradient is stronger than in the real set ({shown})."
    return "inconclusive", f"The interval ({shown}) neither lies within {band} nor excludes 100 %."


def _beyond_chance(low: float, high: float) -> str:
    if low <= 1 <= high:
        return ""
    return f", though it is shown to be {'weaker' if high < 1 else 'stronger'} than in the real set"
