"""Real or synthetic: the scores of each reader and their mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.readers.answers import Answers
from ccmeval.readers.detection import d_prime
from ccmeval.readers.key import KeyItem
from ccmeval.readers.proportions import (
    against_chance,
    equivalent_to_chance,
    exact_interval,
    wilson,
)
from ccmeval.readers.resampling import Rows, Statistic, bootstrapped, wider
from ccmeval.readers.schema import Conclusion, Detection, Interval, PooledDetection
from ccmeval.readers.settings import CHANCE
from ccmeval.statistics.estimate import Estimate, t_quantile
from ccmeval.statistics.tests_of_difference import holm

_ALPHA = 0.05
_MOST_LOPSIDED = 0.025
"""Most by which the share of synthetic frames among the answered ones may differ from one half: who always
gives one answer is right so much more often than by half, too."""


def interval_of(estimate: Estimate) -> Interval:
    """Write an estimate as the result has it: NaN is null."""
    value, low, high = (number(it) for it in (estimate.value, estimate.low, estimate.high))
    return Interval(value=value, low=low, high=high, n=estimate.n, method=estimate.method)


def number(value: float) -> float | None:
    """Give a finite number or None."""
    return float(value) if math.isfinite(value) else None


def detections(
    items: Sequence[KeyItem], readers: Sequence[Answers], margin: float, rng: np.random.Generator
) -> list[Detection]:
    """Score every reader.

    Parameters
    ----------
    items : sequence of KeyItem
        First showings.
    readers : sequence of Answers
    margin : float
    rng : numpy.random.Generator

    Returns
    -------
    list of Detection
        With p-values adjusted over the readers by Holm.
    """
    found = [_detection(items, one, margin, rng) for one in readers]
    adjusted = holm([float("nan") if it.p is None else it.p for it in found])
    return [_with_adjusted(it, number(float(p))) for it, p in zip(found, adjusted, strict=True)]


def _with_adjusted(one: Detection, p_holm: float | None) -> Detection:
    """Take a difference from chance back where it does not stand up to there being several readers."""
    change: dict[str, Any] = {"p_holm": p_holm}
    if p_holm is not None and p_holm > _ALPHA and one.conclusion in ("told apart", "both"):
        kept: Conclusion = "equivalent to chance" if one.conclusion == "both" else "inconclusive"
        sentence = _sentence(kept, one.n_right, one.n, one.accuracy, one.margin)
        change |= {"conclusion": kept, "sentence": sentence}
    return one.model_copy(update=change)


def _detection(
    items: Sequence[KeyItem], reader: Answers, margin: float, rng: np.random.Generator
) -> Detection:
    shown = [it for it in items if it.item in reader.real]
    synthetic = np.array([it.truth == "synthetic" for it in shown], dtype=bool)
    said = np.array([reader.real[it.item] == "synthetic" for it in shown], dtype=bool)
    clusters = [it.cluster for it in shown]
    right, n = int((synthetic == said).sum()), len(shown)

    def accuracy(rows: Rows) -> float:
        return float((synthetic[rows] == said[rows]).mean()) if rows.size else float("nan")

    def share(of: npt.NDArray[np.bool_], answer: bool) -> Interval:
        chosen = said[of] == answer
        drawn = bootstrapped(_share_of(of, said == answer), clusters, rng)
        return interval_of(wider(wilson(int(chosen.sum()), int(of.sum())), drawn))

    score, drawn = wilson(right, n), bootstrapped(accuracy, clusters, rng)
    narrow = bootstrapped(accuracy, clusters, rng, confidence=1 - 2 * _ALPHA)
    p, equivalence = against_chance(right, n), equivalent_to_chance(right, n, margin)
    joined = wider(score, drawn)
    balanced = is_balanced(synthetic)
    conclusion: Conclusion = "undefined"
    if balanced:
        conclusion = conclude(joined, p, equivalence.p, narrow, margin)
    low, high = exact_interval(right, n)
    return Detection(
        reader=reader.reader,
        n=n,
        n_right=right,
        n_clusters=len(set(clusters)),
        accuracy=interval_of(joined),
        wilson=interval_of(score),
        exact_low=number(low),
        exact_high=number(high),
        bootstrap=interval_of(drawn),
        p=number(p) if balanced else None,
        margin=margin,
        p_equivalence=number(equivalence.p) if balanced else None,
        bootstrap_90=interval_of(narrow),
        sensitivity=share(synthetic, True),
        specificity=share(~synthetic, False),
        d_prime=interval_of(bootstrapped(_d_prime_of(synthetic, said), clusters, rng)),
        criterion=number(_criterion(synthetic, said)),
        conclusion=conclusion,
        sentence=_sentence(conclusion, right, n, interval_of(joined), margin)
        if balanced
        else _lopsided(synthetic),
    )


def is_balanced(synthetic: npt.NDArray[np.bool_]) -> bool:
    """Whether about half of the answered frames are synthetic, so that chance is one half.

    Examples
    --------
    >>> is_balanced(np.array([True, False])), is_balanced(np.array([True, False, False]))
    (True, False)
    """
    return bool(synthetic.size) and abs(float(synthetic.mean()) - CHANCE) <= _MOST_LOPSIDED


def _lopsided(synthetic: npt.NDArray[np.bool_]) -> str:
    made = int(synthetic.sum())
    return (
        f"{synthetic.size - made} real and {made} synthetic frames were answered: with such unequal numbers"
        " chance is not 50 %, and nothing is concluded; see d′."
    )


def _share_of(of: npt.NDArray[np.bool_], yes: npt.NDArray[np.bool_]) -> Statistic:
    def share(rows: Rows) -> float:
        chosen = rows[of[rows]]
        return float(yes[chosen].mean()) if chosen.size else float("nan")

    return share


def _counts(synthetic: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    return (
        int((synthetic & said).sum()),
        int(synthetic.sum()),
        int((~synthetic & said).sum()),
        int((~synthetic).sum()),
    )


def _d_prime_of(synthetic: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> Statistic:
    def statistic(rows: Rows) -> float:
        return d_prime(*_counts(synthetic[rows], said[rows]))[0]

    return statistic


def _criterion(synthetic: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> float:
    return d_prime(*_counts(synthetic, said))[1]


def conclude(
    accuracy: Estimate, p: float | None, p_equivalence: float | None, narrow: Estimate, margin: float
) -> Conclusion:
    """Draw the conclusion that both the exact tests and the intervals over subjects allow.

    Parameters
    ----------
    accuracy : Estimate
        With its 95 % interval.
    p, p_equivalence : float or None
        Of the exact tests, which take frames as independent; None where there are none.
    narrow : Estimate
        With its 90 % interval over subjects; missing where there are too few.
    margin : float

    Returns
    -------
    str
    """
    if not math.isfinite(accuracy.low):
        return "undefined"
    told = (p is None or p <= _ALPHA) and not accuracy.low <= CHANCE <= accuracy.high
    # With few subjects the exact tests stand alone; a single interval is never enough.
    inside = math.isfinite(narrow.low) and CHANCE - margin < narrow.low <= narrow.high < CHANCE + margin
    near = (
        inside
        if p_equivalence is None
        else p_equivalence <= _ALPHA and (inside or not math.isfinite(narrow.low))
    )
    if told and near:
        return "both"
    return "told apart" if told else "equivalent to chance" if near else "inconclusive"


def _sentence(conclusion: Conclusion, right: int, n: int, accuracy: Interval, margin: float) -> str:
    if accuracy.value is None or conclusion == "undefined":
        return f"{n} answers are too few to say anything."
    said = f"{right} of {n} frames right ({accuracy.value:.1%}, {accuracy.low:.1%} to {accuracy.high:.1%})"
    return f"{said}: {words_of(conclusion, accuracy.value, margin)}".replace("%", " %")


def words_of(conclusion: Conclusion, accuracy: float, margin: float) -> str:
    """Say what a conclusion means.

    Examples
    --------
    >>> words_of("inconclusive", 0.52, 0.1)
    'neither a difference from chance is shown, nor that it is smaller than the margin of 10 points.'
    """
    points = f"the margin of {100 * margin:g} points"
    way = "better" if accuracy > CHANCE else "worse"
    return {
        "told apart": f"{way} than chance, so that the frames can be told apart.",
        "equivalent to chance": f"shown to be within {points} of chance.",
        "both": f"{way} than chance, yet shown to be within {points} of it.",
        "inconclusive": f"neither a difference from chance is shown, nor that it is smaller than {points}.",
        "undefined": "too few answers.",
    }[conclusion]


def pooled_detection(
    items: Sequence[KeyItem], readers: Sequence[Answers], margin: float, rng: np.random.Generator
) -> PooledDetection | None:
    """Give the mean accuracy over readers who answered both kinds alike; None for fewer than two of them.

    Frames are drawn by subject with all their readers' answers, since these resemble each other.
    """
    readers = [one for one in readers if is_balanced(_truths(items, one))]
    if len(readers) < 2:
        return None
    right = np.array(
        [
            [float(one.real[it.item] == it.truth) if it.item in one.real else np.nan for one in readers]
            for it in items
        ]
    )
    clusters = [it.cluster for it in items]

    def mean(rows: Rows) -> float:
        answered = np.isfinite(right[rows]).sum(axis=0)
        if not answered.all():
            return float("nan")
        return float((np.nansum(right[rows], axis=0) / answered).mean())

    wide = bootstrapped(mean, clusters, rng)
    narrow = bootstrapped(mean, clusters, rng, confidence=1 - 2 * _ALPHA)
    conclusion = conclude(wide, None, None, narrow, margin)
    said = f"Mean of {len(readers)} readers {wide.value:.1%}"
    said += f" ({wide.low:.1%} to {wide.high:.1%})" if math.isfinite(wide.low) else ""
    return PooledDetection(
        n_readers=len(readers),
        accuracy=interval_of(wide),
        accuracy_90=interval_of(narrow),
        over_readers=interval_of(_over_readers(right)),
        margin=margin,
        conclusion=conclusion,
        sentence=f"{said}: {words_of(conclusion, wide.value, margin)}".replace("%", " %"),
    )


def _truths(items: Sequence[KeyItem], reader: Answers) -> npt.NDArray[np.bool_]:
    return np.array([it.truth == "synthetic" for it in items if it.item in reader.real], dtype=bool)


def _over_readers(right: npt.NDArray[np.float64]) -> Estimate:
    answered = np.isfinite(right).sum(axis=0)
    means = np.nansum(right, axis=0)[answered > 0] / answered[answered > 0]
    value = float(means.mean()) if means.size else float("nan")
    method = f"Student's t over {means.size} readers"
    if means.size < 3:
        return Estimate(value, float("nan"), float("nan"), means.size, 0.95, "too few readers")
    half = t_quantile(0.95, means.size - 1) * float(means.std(ddof=1)) / math.sqrt(means.size)
    return Estimate(value, value - half, value + half, means.size, 0.95, method)
