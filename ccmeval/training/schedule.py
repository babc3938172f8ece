"""When the learning rate is how high, and after which steps validation is scored."""

from __future__ import annotations

import math


def learning_rate_at(step: int, steps: int, highest: float, final: float, warmup_share: float = 0.1) -> float:
    """Give the learning rate of a step: a straight rise, then half a cosine down.

    Parameters
    ----------
    step : int
        Counted from 0.
    steps : int
        Of the whole run.
    highest, final : float
        Reached with the last step of the rise, and with the last step.
    warmup_share : float
        Share of `steps` in which the rate rises, rounded to whole steps.

    Returns
    -------
    float
        Never 0 unless `final` is.

    Examples
    --------
    >>> [round(learning_rate_at(step, 6, 1.0, 0.0, 1 / 3), 3) for step in range(6)]
    [0.5, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    rising = round(warmup_share * steps)
    if step < rising:
        return highest * (step + 1) / rising
    first = max(rising - 1, 0)
    share = (step - first) / max(steps - 1 - first, 1)
    return final + (highest - final) * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))


def evaluation_steps(steps: int, evaluations: int) -> tuple[int, ...]:
    """Give the numbers of steps after which validation is scored, the last of them `steps`.

    Examples
    --------
    >>> evaluation_steps(10, 4), evaluation_steps(2, 8)
    ((3, 5, 8, 10), (1, 2))
    """
    return tuple(sorted({-(-steps * (number + 1) // evaluations) for number in range(evaluations)}))
