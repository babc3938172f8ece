"""Standard error of a mean over models and subjects, both of which would be others another time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.statistics.estimate import t_quantile
from ccmeval.utility.outcomes import Floats

POWER = 0.8
"""Share of repeats in which the smallest detectable difference would be found."""

_NOTHING = 1e-12  # below this a standard error is rounding


@dataclass(frozen=True)
class TwoWayError:
    """Standard error and its two parts.

    Attributes
    ----------
    subjects, models : float
        Variances that come of which subjects were tested, and of which models were trained; NaN where
        unknown.
    subjects_degrees, models_degrees : float
        Their degrees of freedom.
    """

    subjects: float
    models: float
    subjects_degrees: float
    models_degrees: float

    @property
    def error(self) -> float:
        """Square root of the sum of both parts."""
        return float(np.sqrt(self.subjects + self.models))

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the sum (Satterthwaite, Biometrics 1946;2:110)."""
        parts = ((self.subjects, self.subjects_degrees), (self.models, self.models_degrees))
        below = sum(part**2 / freedom for part, freedom in parts if part > 0)
        return (self.subjects + self.models) ** 2 / below if below > 0 else float("nan")

    @property
    def is_nothing(self) -> bool:
        """Whether neither subjects nor models differ at all, which says little of how far others would."""
        return bool(self.error < _NOTHING)

    def reach(self, confidence: float) -> float:
        """Half the width of an interval; NaN where the error is unknown or nothing."""
        usable = np.isfinite(self.error) and not self.is_nothing
        return t_quantile(confidence, self.degrees) * self.error if usable else float("nan")

    def smallest_detectable(self, confidence: float) -> float:
        """Difference that a test at this confidence finds in four of five repeats; NaN as `reach`."""
        return self.reach(confidence) + self.reach(2 * POWER - 1)


def unknown_error() -> TwoWayError:
    """Give the error of a number that has none: one subject, or no defined value."""
    nan = float("nan")
    return TwoWayError(nan, nan, nan, nan)


def two_way_error(values: Floats, deviations: Floats, degrees: int) -> TwoWayError:
    """Estimate the error of the mean of `values` over draws of subjects and of models.

    Parameters
    ----------
    values : float array (R,)
        The number of each model on the whole test set; NaN where there is none. With a single one its part
        of the error is zero, with no degrees of freedom.
    deviations : float array (B, M)
        Of M of the models by draw of subjects: their number on the drawn subjects minus that on all. Draws
        without any defined number are left out.
    degrees : int
        Of freedom of a variance over subjects.

    Returns
    -------
    TwoWayError

    Notes
    -----
    With subjects s and models r a number is mu + s + r + sr. Its mean has the variance
    ``V(s)/n + V(r)/R + V(sr)/nR``. The spread of the models' mean over draws of subjects is
    ``V(s)/n + V(sr)/nR``, that of `values`, over R, is ``V(r)/R + V(sr)/nR``; their sum counts the last part
    twice, which errs on the safe side. Drawing models with replacement too (the pigeonhole bootstrap of
    Owen, Ann Appl Stat 2007;1:386) counts it three times and ``V(r)`` too little by 1/R, and its quantiles
    know nothing of the few degrees of freedom of three models: in `benchmarks/utility_coverage.py` its
    intervals of 95 % cover 79 % at worst, these 92 % (three models, 64 subjects).

    Where the draws try but some of the models, what the others would have averaged out is taken off.

    Examples
    --------
    >>> spread = np.array([[-0.1], [0.1]]) * np.ones(3)
    >>> found = two_way_error(np.array([0.4, 0.5, 0.6]), spread, 9)
    >>> round(found.subjects, 4), round(found.models, 4), round(found.degrees, 1)
    (0.02, 0.0033, 10.9)
    """
    known = values[np.isfinite(values)]
    kept = deviations[np.isfinite(deviations).any(axis=1)]
    if known.size < 1 or len(kept) < 2 or degrees < 1:
        return unknown_error()
    between, within, width = _spread(kept)
    subjects = max(between - within * (1 / width - 1 / max(known.size, width)), 0.0)
    models = float(known.var(ddof=1)) / known.size if known.size > 1 else 0.0
    return TwoWayError(subjects, models, float(degrees), float(known.size - 1))


def error_with_folds(error: TwoWayError, fold_values: Floats) -> TwoWayError:
    """Find the models' part from folds that were tested by one model each.

    Parameters
    ----------
    error : TwoWayError
        Of a single replicate, over subjects.
    fold_values : float array (K,)
        Its number on the test frames of each fold.

    Notes
    -----
    The K values differ because of their subjects and of their models; what their spread exceeds that of
    the subjects by is the models'. With one seed, intervals of 95 % made so cover 89 to 96 % in
    `benchmarks/utility_coverage_cross_fit.py`; with two seeds or more, 92 to 99 %.

    Examples
    --------
    >>> found = error_with_folds(TwoWayError(0.01, 0.0, 20.0, 0.0), np.array([0.3, 0.5, 0.7]))
    >>> round(found.subjects, 4), round(found.models, 4), found.models_degrees
    (0.01, 0.0033, 2.0)
    """
    known = fold_values[np.isfinite(fold_values)]
    if known.size < 2:
        return error
    excess = float(known.var(ddof=1)) / known.size - error.subjects
    return TwoWayError(error.subjects, max(excess, 0.0), error.subjects_degrees, float(known.size - 1))


def _spread(deviations: Floats) -> tuple[float, float, float]:
    """Variance over draws of their mean, mean variance within draws, and models a draw (harmonic mean)."""
    known = np.isfinite(deviations)
    sizes = known.sum(axis=1)
    means = np.where(known, deviations, 0.0).sum(axis=1) / sizes
    left = float(np.square(np.where(known, deviations - means[:, None], 0.0)).sum())
    freedom = int((sizes - 1).sum())
    return float(means.var(ddof=1)), left / freedom if freedom else 0.0, float(1 / np.mean(1 / sizes))
