"""What a number of frames can show, said before anybody reads them."""

from __future__ import annotations

import numpy as np
from scipy import stats

from ccmeval.readers.settings import CHANCE

POWER = 0.8
_STEP = 0.001


def least_rejecting(n: int, alpha: float = 0.05) -> int | None:
    """Give the fewest right answers, above half, at which the exact two-sided test rejects chance.

    Examples
    --------
    >>> least_rejecting(20), least_rejecting(4)
    (15, None)
    """
    for count in range(n // 2, n + 1):
        if 2 * float(stats.binom.sf(count - 1, n, CHANCE)) <= alpha:
            return count
    return None


def detectable_accuracy(n: int, alpha: float = 0.05, power: float = POWER) -> float | None:
    """Give the least accuracy above chance that one reader's answers are told from chance at, mostly.

    Parameters
    ----------
    n : int
        Frames, taken as independent.
    alpha : float
        Of the exact two-sided binomial test.
    power : float
        In this share of repeats of the study.

    Returns
    -------
    float or None
        None where no accuracy is.

    Examples
    --------
    >>> detectable_accuracy(100), detectable_accuracy(4)
    (0.646, None)
    """
    count = least_rejecting(n, alpha)
    if count is None:
        return None
    for step in range(int((1 - CHANCE) / _STEP) + 1):
        accuracy = CHANCE + step * _STEP
        if float(stats.binom.sf(count - 1, n, accuracy)) >= power:
            return round(accuracy, 3)
    return None


def equivalence_power(n: int, margin: float, alpha: float = 0.05) -> float:
    """Give the chance that equivalence to chance is shown where a reader's true accuracy is one half.

    Parameters
    ----------
    n : int
    margin : float
    alpha : float
        Of each of the two exact one-sided tests.

    Examples
    --------
    >>> round(equivalence_power(300, 0.1), 2), equivalence_power(20, 0.1)
    (0.93, 0.0)
    """
    counts = np.arange(n + 1)
    below = stats.binom.cdf(counts, n, CHANCE + margin) <= alpha
    above = stats.binom.sf(counts - 1, n, CHANCE - margin) <= alpha
    return float(stats.binom.pmf(counts[below & above], n, CHANCE).sum())


def needed_for_equivalence(margin: float, power: float = POWER, most: int = 5000) -> int | None:
    """Give the least even number of frames by which equivalence is shown with this power.

    Examples
    --------
    >>> needed_for_equivalence(0.2)
    58
    """
    return next((n for n in range(4, most + 1, 2) if equivalence_power(n, margin) >= power), None)


def power_sentences(n: int, margin: float) -> list[str]:
    """Say what `n` frames a reader can show.

    Examples
    --------
    >>> told, equivalent, _ = power_sentences(100, 0.1)
    >>> told
    '100 frames tell a reader from chance in four of five studies if the true accuracy is 0.646 or ...'
    >>> equivalent
    "If a reader's true accuracy is 0.5, 100 frames show it to lie within 0.1 of chance in 24 % of ..."
    """
    least = detectable_accuracy(n)
    if least is None:
        found = [f"{n} frames are too few to tell any reader from chance."]
    else:
        found = [
            f"{n} frames tell a reader from chance in four of five studies if the true accuracy is {least:g}"
            " or more (exact binomial test, two-sided, 5 %)."
        ]
    share = equivalence_power(n, margin)
    equivalence = (
        f"If a reader's true accuracy is 0.5, {n} frames show it to lie within {margin:g} of chance in"
        f" {share:.0%} of studies".replace("%", " %")
    )
    if share < POWER:
        needed = needed_for_equivalence(margin)
        more = f"; {needed} frames would in four of five" if needed else "; more than 5000 would be needed"
        equivalence += more
    return [
        *found,
        f"{equivalence} (two exact one-sided tests, 5 % each).",
        "Frames of one subject resemble each other, and so many frames then show less than this.",
    ]
