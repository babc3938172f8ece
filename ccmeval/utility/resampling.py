"""Resamples of test subjects and of trained models, the same for every group of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccmeval.utility.outcomes import DiagnosisOutcome, Floats, Outcome

MODELS_A_DRAW = 4
"""Models that a draw of subjects is tried on: two would do to tell the parts of the variance apart."""

Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class SubjectDraws:
    """Draws of subjects with replacement, and the models that each is tried on.

    Attributes
    ----------
    codes : int array (N,)
        Subject of each frame, 0 ... n_subjects - 1.
    counts : float array (B, n_subjects)
        How often a draw took each subject, scaled as :func:`subject_draws` tells.
    models : int array (B, M)
        Which replicates a draw is tried on, in rotation.
    n_strata : int
        Diagnoses within which subjects were drawn.
    """

    codes: Integers
    counts: Floats
    models: Integers
    n_strata: int

    @property
    def n_subjects(self) -> int:
        """Independent units among the test frames."""
        return int(self.counts.shape[1])

    @property
    def degrees(self) -> int:
        """Degrees of freedom of a variance over subjects."""
        return self.n_subjects - self.n_strata

    def frame_weights(self, draws: Integers) -> Floats:
        """Give the weight of each frame in some of the draws, (len(draws), N)."""
        return np.asarray(self.counts[draws][:, self.codes], dtype=np.float64)


def subject_draws(outcome: Outcome, n_models: int, resamples: int, rng: np.random.Generator) -> SubjectDraws:
    """Draw the subjects of a test set with replacement, within their diagnoses.

    Parameters
    ----------
    outcome : Outcome
        Of any group: only its subjects and, where it has them, its labels are looked at.
    n_models : int
        Replicates a group.
    resamples : int
    rng : numpy.random.Generator

    Returns
    -------
    SubjectDraws

    Notes
    -----
    Of the n subjects of a diagnosis n - 1 are drawn, each counting n / (n - 1) times (Rao and Wu, J Am Stat
    Assoc 1988;83:231, section 2.3), so that the variance is not too small by (n - 1) / n, which matters with
    a handful of subjects. A diagnosis of two subjects or more is in every draw, so that no metric loses
    a class by chance; the price is that intervals hold for test sets of this mix of diagnoses. A diagnosis
    of a single subject has no spread of its own and is drawn together with the next smallest.

    Examples
    --------
    >>> outcome = DiagnosisOutcome(np.eye(2)[[0, 0, 1, 1]], np.array([0, 0, 1, 1]), list("aabc"), ["x", "y"])
    >>> draws = subject_draws(outcome, 3, 100, np.random.default_rng(0))
    >>> draws.n_subjects, draws.n_strata, draws.counts.sum(axis=1).tolist() == [3.0] * 100
    (3, 1, True)
    """
    codes = cluster_codes(outcome.clusters)
    strata = _strata(outcome, codes)
    counts = np.zeros((resamples, int(codes.max(initial=-1)) + 1))
    for members in strata:
        counts[:, members] = _drawn(members.size, resamples, rng)
    models = _rotation(n_models, resamples, rng)
    return SubjectDraws(codes, counts, models, len(strata))


def cluster_codes(clusters: Sequence[str]) -> Integers:
    """Give each frame the number of its cluster, from 0, in the order of their sorted names.

    Examples
    --------
    >>> cluster_codes(["b", "a", "b"]).tolist()
    [1, 0, 1]
    """
    if not len(clusters):
        return np.empty(0, dtype=np.intp)
    found: Integers = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)[1].ravel()
    return found.astype(np.intp)


def subject_labels(labels: Integers, codes: Integers) -> Integers:
    """Label of each subject: that of most of its frames, the lower one where two are equally many.

    Examples
    --------
    >>> subject_labels(np.array([1, 1, 0, 2]), np.array([0, 0, 0, 1])).tolist()
    [1, 2]
    """
    table = np.zeros((int(codes.max(initial=-1)) + 1, int(labels.max(initial=0)) + 1))
    known = labels >= 0
    np.add.at(table, (codes[known], labels[known]), 1.0)
    return np.asarray(table.argmax(axis=1), dtype=np.intp)


def _strata(outcome: Outcome, codes: Integers) -> list[Integers]:
    """Subjects of each diagnosis; single ones join the smallest diagnosis that has more."""
    n = int(codes.max(initial=-1)) + 1
    if not isinstance(outcome, DiagnosisOutcome):
        return [np.arange(n)] if n else []
    labels = subject_labels(np.asarray(outcome.labels), codes)
    groups = sorted((np.flatnonzero(labels == one) for one in np.unique(labels)), key=lambda g: g.size)
    single = [group for group in groups if group.size == 1]
    several = [group for group in groups if group.size > 1]
    if not single:
        return several
    return [np.concatenate([*single, *several[:1]]), *several[1:]]


def _drawn(size: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each of `size` subjects is drawn; one alone always is."""
    if size == 1:
        return np.ones((resamples, 1))
    drawn = rng.multinomial(size - 1, np.full(size, 1 / size), size=resamples)
    return np.asarray(drawn * (size / (size - 1)), dtype=np.float64)


def _rotation(n_models: int, resamples: int, rng: np.random.Generator) -> Integers:
    """Replicates by draw: a running window over a shuffled circle, so that all serve equally often."""
    if n_models == 0:
        return np.empty((resamples, 0), dtype=np.intp)
    width = min(n_models, MODELS_A_DRAW)
    order = rng.permutation(n_models)
    starts = np.arange(resamples)[:, None] * width
    return np.asarray(order[(starts + np.arange(width)) % n_models], dtype=np.intp)
