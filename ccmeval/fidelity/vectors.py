"""Feature vectors with what is known of their frames: what every metric of pillar 1 takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

Metric = Callable[[Matrix, Matrix], float]
"""Takes the features of the real (N, D) and the synthetic frames (M, D); NaN where they define no value."""

RowMetric = Callable[[Rows, Rows], float]
"""The same between two subsets of rows of one table."""

Preparation = Callable[[Matrix], RowMetric]
"""Computes once (a Gram or distance matrix, say) what evaluations on many subsets of one table share."""


@dataclass(frozen=True)
class FeatureSet:
    """Features of a set of frames.

    Attributes
    ----------
    values : float64 array (N, D)
        One row a frame.
    frames : sequence of str, length N
        Frame names, unique in the set.
    clusters : sequence of str, length N
        What counts as independent: the subject (of a synthetic frame: its mask's source subject), or the
        frame itself where no subject is known.
    diagnoses : sequence of (str or None), length N
    by_subject : bool
        Whether clusters are subjects; if not, intervals and splits are by frame.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> found = FeatureSet(np.eye(3), ["a", "b", "c"], ["s1", "s1", "s2"], ["Control"] * 3, by_subject=True)
    >>> len(found), found.n_clusters, len(found.take([0, 2]))
    (3, 2, 2)
    """

    values: Matrix
    frames: Sequence[str]
    clusters: Sequence[str]
    diagnoses: Sequence[str | None]
    by_subject: bool = False

    def __post_init__(self) -> None:
        count = len(self.values)
        if self.values.ndim != 2 or any(
            len(it) != count for it in (self.frames, self.clusters, self.diagnoses)
        ):
            raise ValueError("Features, frames, clusters and diagnoses must be equally many.")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def n_clusters(self) -> int:
        """Number of subjects, or of frames where none are known."""
        return len(set(self.clusters))

    def take(self, rows: npt.ArrayLike) -> FeatureSet:
        """Give the frames of these row indices, repeated ones repeated."""
        index = np.asarray(rows, dtype=np.intp)
        return FeatureSet(
            self.values[index],
            [self.frames[i] for i in index],
            [self.clusters[i] for i in index],
            [self.diagnoses[i] for i in index],
            self.by_subject,
        )

    def of_diagnosis(self, diagnosis: str | None) -> FeatureSet:
        """Give the frames of one diagnosis."""
        return self.take([i for i, name in enumerate(self.diagnoses) if name == diagnosis])


def as_matrices(real: npt.ArrayLike, synth: npt.ArrayLike) -> tuple[Matrix, Matrix]:
    """Give both sets as float64 tables.

    Raises
    ------
    ValueError
        If either is no table or they have not equally many features.

    Examples
    --------
    >>> [it.shape for it in as_matrices([[1, 2]], [[3, 4], [5, 6]])]
    [(1, 2), (2, 2)]
    """
    first, second = np.asarray(real, dtype=np.float64), np.asarray(synth, dtype=np.float64)
    if first.ndim != 2 or second.ndim != 2:
        raise ValueError("Features must be a table, one row a frame.")
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"Features must be equally many, not {first.shape[1]} and {second.shape[1]}.")
    return first, second


def finite_rows(found: FeatureSet) -> tuple[FeatureSet, list[str]]:
    """Drop frames with a feature that is not finite, and name them.

    Examples
    --------
    >>> broken = FeatureSet(np.array([[1.0], [np.nan]]), ["a", "b"], ["a", "b"], [None, None])
    >>> kept, dropped = finite_rows(broken)
    >>> len(kept), dropped
    (1, ['b'])
    """
    finite = np.flatnonzero(np.isfinite(found.values).all(axis=1))
    kept = found.take(finite)
    dropped = np.delete(np.arange(len(found)), finite)
    return kept, [found.frames[int(i)] for i in dropped]


def by_indexing(metric: Metric) -> Preparation:
    """Prepare nothing: evaluate a metric on the features of the rows themselves."""

    def prepare(pooled: Matrix) -> RowMetric:
        return lambda rows, others: metric(pooled[rows], pooled[others])

    return prepare
