"""Scores of several sets with their joint uncertainty: differences, chances and draws come from it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccmeval.statistics.estimate import t_quantile

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]

_NOTHING = 1e-12  # relative to the values: below, a variance is rounding


class Part(NamedTuple):
    """One independent source of chance.

    Attributes
    ----------
    deviations : float64 array (R, K)
        Of K scores in R resamples, which are the same ones for all scores.
    factor : float
        The covariance of the scores is factor * deviations.T @ deviations.
    degrees : float
        Of freedom of a variance.
    """

    deviations: Matrix
    factor: float
    degrees: float


class Contrast(NamedTuple):
    """A difference of two scores: its value, standard error and degrees of freedom."""

    value: float
    error: float
    degrees: float

    def interval(self, confidence: float) -> tuple[float, float]:
        """Give the t interval; NaN without a standard error."""
        if not np.isfinite(self.error):
            return float("nan"), float("nan")
        half = t_quantile(confidence, self.degrees) * self.error if self.error > 0 else 0.0
        return self.value - half, self.value + half

    @property
    def p(self) -> float:
        """Two-sided p-value of no difference; 1 where scores are equal and never differ."""
        from scipy.stats import t as student

        if not np.isfinite(self.error):
            return float("nan")
        if self.error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * student.sf(abs(self.value) / self.error, self.degrees))


@dataclass(frozen=True)
class Joint:
    """K scores and how they vary together.

    Attributes
    ----------
    values : float64 array (K,)
    parts : sequence of Part
        Sources of chance that are independent of each other: their covariances add up.

    Examples
    --------
    >>> joint = Joint(np.array([1.0, 3.0]), [Part(np.array([[1.0, 1.0], [-1.0, -1.0]]), 0.5, 9)])
    >>> joint.error(0), joint.contrast(0, 1).error  # what moves both alike is no difference
    (1.0, 0.0)
    """

    values: Vector
    parts: Sequence[Part]

    def of(self, kept: npt.NDArray[np.intp]) -> Joint:
        """Give some of the scores."""
        parts = [part._replace(deviations=part.deviations[:, kept]) for part in self.parts]
        return Joint(self.values[kept], parts)

    def error(self, index: int) -> float:
        """Give the standard error of a score; NaN where nothing tells it."""
        return self._combined(
            float(self.values[index]), [part.deviations[:, index] for part in self.parts]
        ).error

    def estimate(self, index: int) -> Contrast:
        """Give a score with its error."""
        return self._combined(float(self.values[index]), [part.deviations[:, index] for part in self.parts])

    def contrast(self, first: int, second: int) -> Contrast:
        """Give the first score minus the second."""
        columns = [part.deviations[:, first] - part.deviations[:, second] for part in self.parts]
        return self._combined(float(self.values[first] - self.values[second]), columns)

    def _combined(self, value: float, columns: Sequence[Vector]) -> Contrast:
        """Add up variances; degrees of freedom are Satterthwaite's (Biometrics 1946;2:110)."""
        if not columns:
            return Contrast(value, float("nan"), float("nan"))
        variances = [
            part.factor * float(np.square(column).sum())
            for part, column in zip(self.parts, columns, strict=True)
        ]
        total = sum(variances)
        if total <= (_NOTHING * float(np.abs(self.values).max(initial=0.0))) ** 2:
            return Contrast(value, 0.0, 1.0)
        below = sum(it**2 / part.degrees for it, part in zip(variances, self.parts, strict=True) if it > 0)
        return Contrast(value, float(np.sqrt(total)), total**2 / below)

    def draws(self, count: int, rng: np.random.Generator) -> Matrix:
        """Draw all scores together, each source of chance with the tails of its degrees of freedom.

        Parameters
        ----------
        count : int
        rng : numpy.random.Generator

        Returns
        -------
        float64 array (count, K)
        """
        found: Matrix = np.tile(self.values, (count, 1))
        for part in self.parts:
            # Weights on the resamples have just the covariance of the part, which is never formed.
            weights = rng.standard_normal((count, len(part.deviations)))
            tails = np.sqrt(part.degrees / rng.chisquare(part.degrees, (count, 1)))
            found += np.sqrt(part.factor) * tails * (weights @ part.deviations)
        return found
