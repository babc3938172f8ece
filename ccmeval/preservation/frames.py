"""Measured frames of one set, and how the units of two sets stand against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ccmeval.morphometry.definitions import COLUMNS

Vector = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


class MeasuredFrame(Protocol):
    """What a row must tell; `ccmeval.evaluation.schema.SetFrame` does."""

    @property
    def frame(self) -> str: ...  # noqa: D102
    @property
    def cluster(self) -> str: ...  # noqa: D102
    @property
    def diagnosis(self) -> str | None: ...  # noqa: D102
    @property
    def biomarkers(self) -> Mapping[str, float | None]: ...  # noqa: D102


@dataclass(frozen=True)
class Frames:
    """Biomarkers of the frames of one set, with what is known of each frame.

    Attributes
    ----------
    frames : sequence of str, length N
    clusters : sequence of str, length N
        What counts as independent: the subject (of a synthetic frame: its mask's source subject), or the
        frame itself where no subject is known.
    diagnoses : sequence of (str or None), length N
    biomarkers : mapping of str to float array (N,)
        By column of the biomarker table; NaN where undefined.
    by_subject : bool
        Whether clusters are subjects. Equal clusters of two sets are one unit only where both say so.
    declared_pairs : bool
        Whether equal clusters are one unit although they are no subjects: a synthetic frame then carries
        the cluster of the real frame whose mask it was made from. Never guessed from equal names.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> found = Frames(["a", "b"], ["s", "s"], ["Control"] * 2, {"cnfrd": np.array([1.5, np.nan])}, True)
    >>> len(found), found.n_units
    (2, 1)
    """

    frames: Sequence[str]
    clusters: Sequence[str]
    diagnoses: Sequence[str | None]
    biomarkers: Mapping[str, Vector]
    by_subject: bool = False
    declared_pairs: bool = False

    def __post_init__(self) -> None:
        count = len(self.frames)
        lengths = [len(self.clusters), len(self.diagnoses), *map(len, self.biomarkers.values())]
        if any(length != count for length in lengths):
            raise ValueError("Frames, clusters, diagnoses and biomarkers must be equally many.")

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def from_rows(
        cls, rows: Sequence[MeasuredFrame], by_subject: bool, *, declared_pairs: bool = False
    ) -> Frames:
        """Make a table of measured rows; missing, null and infinite biomarkers become NaN.

        Parameters
        ----------
        rows : sequence of rows
            Leave out those whose measurement failed.
        by_subject : bool
            Whether the rows' clusters are subjects.
        declared_pairs : bool
            See the class.
        """
        return cls(
            [row.frame for row in rows],
            [row.cluster for row in rows],
            [row.diagnosis for row in rows],
            {column: _column(rows, column) for column in COLUMNS},
            by_subject,
            declared_pairs,
        )

    @property
    def n_units(self) -> int:
        """Number of subjects, or of frames where none are known."""
        return len(set(self.clusters))

    @property
    def seen_diagnoses(self) -> list[str]:
        """Diagnoses in order of appearance."""
        return list(dict.fromkeys(name for name in self.diagnoses if name is not None))

    def values(self, column: str) -> Vector:
        """Give one biomarker over frames, all NaN where it was not measured."""
        return self.biomarkers.get(column, np.full(len(self), np.nan))

    def take(self, rows: npt.ArrayLike) -> Frames:
        """Give the frames of these row indices, repeated ones repeated."""
        index = np.asarray(rows, dtype=np.intp)
        return Frames(
            [self.frames[i] for i in index],
            [self.clusters[i] for i in index],
            [self.diagnoses[i] for i in index],
            {column: values[index] for column, values in self.biomarkers.items()},
            self.by_subject,
            self.declared_pairs,
        )

    def of_diagnosis(self, diagnosis: str | None) -> Frames:
        """Give the frames of one diagnosis."""
        return self.take([i for i, name in enumerate(self.diagnoses) if name == diagnosis])


def _column(rows: Sequence[MeasuredFrame], column: str) -> Vector:
    values = (row.biomarkers.get(column) for row in rows)
    found = np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
    found[~np.isfinite(found)] = np.nan
    return found


def links(real: Frames, synth: Frames) -> bool:
    """Tell whether equal clusters of the two sets are the same unit."""
    return (real.by_subject and synth.by_subject) or (real.declared_pairs and synth.declared_pairs)


@dataclass(frozen=True)
class Units:
    """The units of both sets on one axis of length U.

    Attributes
    ----------
    real, synth : int array, one a frame
        Place of the frame's unit on the axis.
    in_real, in_synth : bool array (U,)
        Which units have frames on which side.
    """

    real: Codes
    synth: Codes
    in_real: npt.NDArray[np.bool_]
    in_synth: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Units in all."""
        return int(self.in_real.size)


def align(real: Iterable[str], synth: Iterable[str], *, linked: bool) -> Units:
    """Put the clusters of two sets on one axis; equal ones are one unit only where `linked`.

    Examples
    --------
    >>> align(["a", "b", "b"], ["b", "c"], linked=True).count
    3
    >>> align(["a", "b", "b"], ["b", "c"], linked=False).count
    4
    """
    first = [(0, name) for name in real]
    second = [(0 if linked else 1, name) for name in synth]
    place = {key: i for i, key in enumerate(sorted({*first, *second}))}
    codes = [np.array([place[key] for key in keys], dtype=np.intp) for keys in (first, second)]
    present = [np.bincount(it, minlength=len(place)) > 0 for it in codes]
    return Units(codes[0], codes[1], present[0], present[1])


def unit_means(values: Vector, codes: Codes, count: int) -> Vector:
    """Mean of the finite values of each unit, NaN for a unit without one.

    Examples
    --------
    >>> unit_means(np.array([1.0, 3.0, np.nan]), np.array([0, 0, 1]), 2).tolist()
    [2.0, nan]
    """
    kept = np.isfinite(values)
    sizes = np.bincount(codes[kept], minlength=count)
    totals = np.bincount(codes[kept], weights=values[kept], minlength=count)
    means: Vector = np.where(sizes > 0, totals / np.maximum(sizes, 1), np.nan)
    return means
