"""Signal detection: how well synthetic frames are told, apart from a leaning to one answer."""

from __future__ import annotations

from scipy import special


def d_prime(hits: int, n_synthetic: int, false_alarms: int, n_real: int) -> tuple[float, float]:
    """Give the sensitivity index and the criterion of the answer "synthetic".

    Parameters
    ----------
    hits : int
        Synthetic frames called synthetic.
    n_synthetic : int
    false_alarms : int
        Real frames called synthetic.
    n_real : int

    Returns
    -------
    d_prime : float
        0 where nothing is told; negative where the answers are the wrong way round.
    criterion : float
        Above 0 for a leaning to "real".

    Notes
    -----
    Half an answer is added to each count and one to each total, so that shares of 0 and 1 have a value
    (the log-linear correction: Hautus, Behav Res Methods Instrum Comput 1995;27:46).

    Examples
    --------
    >>> [round(value, 3) for value in d_prime(15, 20, 10, 20)]
    [0.637, -0.319]
    """
    if not n_synthetic or not n_real:
        return float("nan"), float("nan")
    hit = float(special.ndtri((hits + 0.5) / (n_synthetic + 1)))
    alarm = float(special.ndtri((false_alarms + 0.5) / (n_real + 1)))
    return hit - alarm, -(hit + alarm) / 2
