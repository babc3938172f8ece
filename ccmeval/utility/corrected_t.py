"""Nadeau and Bengio's corrected t-test of paired differences over models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.statistics.estimate import t_p_value, t_quantile
from ccmeval.utility.two_way import POWER

_ROUNDING = 1e-12


@dataclass(frozen=True)
class CorrectedT:
    """Outcome of the corrected resampled t-test, `p` two-sided; NaN where undefined."""

    t: float
    degrees: float
    p: float
    error: float = float("nan")

    def confirms(self, sign: float, confidence: float) -> bool:
        """Whether the test finds a difference of this sign, one-sided at this confidence."""
        return bool(sign * self.t > 0 and self.p < 2 * (1 - confidence))

    def smallest_detectable(self, confidence: float) -> float:
        """Difference that :meth:`confirms` finds in four of five repeats; NaN where there is no test."""
        if not np.isfinite(self.error):
            return float("nan")
        quantiles = (t_quantile(2 * level - 1, self.degrees) for level in (confidence, POWER))
        return self.error * sum(quantiles)


def corrected_resampled_t(differences: npt.ArrayLike, exchanged: float) -> CorrectedT:
    """Test paired differences of models that learnt from overlapping frames.

    Parameters
    ----------
    differences : array-like of float (J,)
        One a model and its partner; NaN are left out.
    exchanged : float
        n_test / n_train of the paper: frames that change places from one model to the next over those
        that it learns from.

    Returns
    -------
    CorrectedT
        Student's t with J - 1 degrees of freedom, two-sided. NaN for fewer than two differences; where all
        are equal, only the degrees of freedom are known.

    Notes
    -----
    Nadeau and Bengio, Machine Learning 2003;52:239, section 3: the variance of the mean is taken as
    ``(1/J + n_test/n_train)`` times the variance of the differences instead of ``1/J`` times, since models
    trained on much the same frames are not J independent ones.

    What stands for n_test here. Under cross-fit it is what it is in the paper: each of K folds is tested
    in turn, so n_test / n_train = 1 / (K - 1), and the differences are those of each fold and seed. With a
    fixed test set all models are tested on the same frames, and what changes places is the fold that is held
    back for validation, again 1 / (K - 1) of the training frames. The test then speaks of other training
    frames and seeds at these test frames; that other subjects could have been tested is in the interval, not
    in this test. The factor is a compromise that the paper argues, not a bound: were the spread over
    folds due to training frames alone, it would be ``1/K + K - 2`` (the grouped jackknife's).

    Examples
    --------
    >>> found = corrected_resampled_t([0.02, 0.04, 0.06], 0.5)
    >>> round(found.t, 4), found.degrees, round(found.p, 4)
    (2.1909, 2.0, 0.1598)
    """
    given = np.asarray(differences, dtype=np.float64).ravel()
    known = given[np.isfinite(given)]
    nan = float("nan")
    if known.size < 2:
        return CorrectedT(nan, nan, nan)
    spread = float(known.std(ddof=1))
    if spread < _ROUNDING:
        return CorrectedT(nan, float(known.size - 1), nan)
    error = spread * float(np.sqrt(1 / known.size + exchanged))
    t = float(known.mean()) / error
    return CorrectedT(t, float(known.size - 1), t_p_value(t, known.size - 1), error)
