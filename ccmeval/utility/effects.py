"""The rule by which a difference between groups counts as help or harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ccmeval.utility.corrected_t import CorrectedT
from ccmeval.utility.schema import Effect


@dataclass(frozen=True)
class Evidence:
    """What the effect of a group against another rests on.

    Attributes
    ----------
    low, high : float
        Interval of the difference, group minus against; NaN where there is none.
    better : {"higher", "lower", "neither"}
    test : CorrectedT
        Of the same difference over models.
    several_models : bool
        Whether the interval knows how models differ.
    margin : float or None
        Smallest difference that matters.
    confidence : float
    """

    low: float
    high: float
    better: Literal["higher", "lower", "neither"]
    test: CorrectedT
    several_models: bool = True
    margin: float | None = None
    confidence: float = 0.95


def effect_of(evidence: Evidence) -> tuple[Effect, str]:
    """Judge a difference, whose sign is turned first where lower is better.

    Returns
    -------
    effect : str
    reason : str
        Half a sentence.

    Notes
    -----
    In this order, with the interval [L, U] and the margin m:

    - `unavailable`: there is no interval, or neither direction is better.
    - `inconclusive`: a single model a group.
    - `helps`: L > 0, and the corrected t-test, one-sided at the same confidence, finds the same. The interval
      knows of other subjects and other runs, the test of other training frames; a claim of help must pass
      both. Equal differences of all models, of which there is no t, pass. In the simulations of
      `benchmarks/utility_coverage.py` no more than 3 % of worthless sets are said to help where chance tells
      models apart; 12 % at worst (25 models, 64 subjects) where half of what does is training frames that
      the folds share, 20 % without the test.
    - `inconclusive`: L > 0, but the test does not confirm it.
    - `harms`: U < 0. The test is not asked: a warning needs less than a claim.
    - `no detectable effect`: -m <= L and U <= m, an equivalence statement.
    - `inconclusive`: the rest.

    Examples
    --------
    >>> strong, weak = CorrectedT(4.0, 9.0, 0.003), CorrectedT(1.8, 2.0, 0.21)
    >>> effect_of(Evidence(0.01, 0.09, "higher", strong))[0]
    'helps'
    >>> effect_of(Evidence(0.01, 0.09, "higher", weak))[0]
    'inconclusive'
    >>> effect_of(Evidence(0.01, 0.09, "lower", weak))[0]
    'harms'
    """
    if not (np.isfinite(evidence.low) and np.isfinite(evidence.high)):
        return "unavailable", "there is no interval"
    if evidence.better == "neither":
        return "unavailable", "neither direction is better"
    if not evidence.several_models:
        return "inconclusive", "a single model a group cannot tell its luck from an effect"
    turned = evidence.better == "lower"
    low, high = (-evidence.high, -evidence.low) if turned else (evidence.low, evidence.high)
    if low > 0:
        return _if_confirmed(evidence, -1.0 if turned else 1.0)
    if high < 0:
        return "harms", "the interval lies on the worse side of zero"
    margin = evidence.margin
    if margin is not None and -margin <= low and high <= margin:
        return "no detectable effect", f"the interval contains zero and lies within ±{margin:g}"
    if margin is None:
        return "inconclusive", "the interval contains zero"
    return "inconclusive", f"the interval contains zero and reaches beyond ±{margin:g}"


def _if_confirmed(evidence: Evidence, sign: float) -> tuple[Effect, str]:
    test = evidence.test
    above = "the interval lies on the better side of zero"
    if not test.degrees >= 1:
        return "inconclusive", f"{above}, but too few models for the corrected t-test stand behind it"
    if not np.isfinite(test.t):
        return "helps", f"{above}, and all models show the same difference"
    models = f"two-sided p = {test.p:.2g}, {test.degrees:.0f} degrees of freedom"
    if test.confirms(sign, evidence.confidence):
        return "helps", f"{above}, and the corrected t-test over models confirms it ({models})"
    return "inconclusive", (
        f"{above}, but the corrected t-test over models does not confirm it ({models}): train more folds or"
        " seeds"
    )
