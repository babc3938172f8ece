"""The biomarkers of a frame as a feature vector: what a clinician would look at, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.definitions import COLUMNS
from ccmeval.plugins import WeightSource

Row = Mapping[str, float | None]

LEFT_OUT = {
    "cnfw_um_per_mm2": "the mean width over the imaged area, which is the same for all frames of a size",
    "acnfrd": "CNFrD over CNFL, without bound as CNFL falls to 0",
    "branch_length_mm_per_mm2": "CNFL less the trunk length",
}
"""Biomarkers that say nothing beside the others, with the reason."""

OF_TRUNKS = ("tortuosity", "tortuosity_coefficient", "curvature_squared_per_um")
"""Biomarkers that need a trunk; the others that can be undefined need a nerve."""

VECTOR: tuple[str, ...] = tuple(column for column in COLUMNS if column not in LEFT_OUT)
INDICATORS = ("has_nerves", "has_trunks")

INDICATOR_SD = 0.5
"""Least SD that an indicator is divided by: the largest one that a column of zeros and ones can have."""


def vector_columns(*sets: Iterable[Row]) -> tuple[str, ...]:
    """Choose the biomarkers that all sets define.

    A biomarker that no frame of some set defines although it has nerves (or trunks, where those are
    needed) is unknown there rather than absent, as widths are where only traces are given, and is left
    out for all. Sets without nerves leave nothing out: to be without is what their vectors tell.

    Parameters
    ----------
    *sets : iterables of mappings of str to (float or None)
        Rows of biomarker tables.

    Returns
    -------
    tuple of str
        In the order of :data:`VECTOR`.

    Examples
    --------
    >>> traced = [{"cnfl_mm_per_mm2": 20.0, "cnfd_per_mm2": 25.0, "cnfrd": 1.4, "mean_width_um": None}]
    >>> "mean_width_um" in vector_columns(traced), "cnfrd" in vector_columns(traced)
    (False, True)
    """
    unknown: set[str] = set()
    for rows in map(list, sets):
        for column in VECTOR:
            needed = "has_trunks" if column in OF_TRUNKS else "has_nerves"
            able = [row for row in rows if _indicators(row)[needed]]
            if able and not any(_is_number(row.get(column)) for row in able):
                unknown.add(column)
    return tuple(column for column in VECTOR if column not in unknown)


def morphometric_vectors(
    rows: Sequence[Row], columns: Sequence[str] | None = None
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Make feature vectors of biomarker rows; none of them has a NaN.

    What a frame has no nerve (or trunk) for has the place 0 in every column. For densities, width, area,
    contrast (line over background, minus one), fractal dimension (of the empty set) and coherence (no
    direction prevails) that is the limit as nerves vanish; for tortuosity, beads and fragments, which
    have no such limit, it is a convention. The columns ``has_nerves`` and ``has_trunks`` (0 or 1) tell
    such frames from measured zeros. So a set without nerves lies far from one with nerves, by every nerve
    biomarker.
    The same place is given to a value that is undefined although the frame has nerves, which happens
    where all of them are too short to measure; see :func:`vector_columns` for whole columns.

    Parameters
    ----------
    rows : sequence of mappings of str to (float or None)
        Rows of a biomarker table, by the columns of :data:`ccmeval.morphometry.definitions.COLUMNS`; NaN
        and None are undefined. Frames that could not be measured must be left out.
    columns : sequence of str, optional
        Biomarkers to take, the same for every set that is compared (:func:`vector_columns`); by default
        all of :data:`VECTOR`.

    Returns
    -------
    values : float64 array (N, D)
    names : tuple of str, length D
        The biomarkers, then ``has_nerves`` and ``has_trunks``.

    Raises
    ------
    ValueError
        If a row has no CNFL or CNFD, which every measured frame has.

    Examples
    --------
    >>> rows = [{"cnfl_mm_per_mm2": 0.0, "cnfd_per_mm2": 0.0, "mean_width_um": None}]
    >>> values, names = morphometric_vectors(rows, ["cnfl_mm_per_mm2", "mean_width_um"])
    >>> dict(zip(names, values[0].tolist()))
    {'cnfl_mm_per_mm2': 0.0, 'mean_width_um': 0.0, 'has_nerves': 0.0, 'has_trunks': 0.0}
    """
    chosen = VECTOR if columns is None else tuple(columns)
    vectors = []
    for index, row in enumerate(rows):
        if not (_is_number(row.get("cnfl_mm_per_mm2")) and _is_number(row.get("cnfd_per_mm2"))):
            raise ValueError(f"Row {index} has no CNFL or CNFD; leave out frames that were not measured.")
        placed = [_placed(row.get(column)) for column in chosen]
        vectors.append([*placed, *_indicators(row).values()])
    names = (*chosen, *INDICATORS)
    return np.array(vectors, np.float64).reshape(-1, len(names)), names


def least_sds(names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Give the bounds for :func:`ccmeval.fidelity.scaling.standardise_by`: only indicators have one.

    Examples
    --------
    >>> least_sds(["cnfrd", "has_nerves"])
    array([0. , 0.5])
    """
    return np.array([INDICATOR_SD if name in INDICATORS else 0.0 for name in names])


class MorphometricExtractor:
    """Biomarkers of a frame by :func:`ccmeval.measure` with its default settings.

    A run that has the biomarkers already makes the vectors by :func:`morphometric_vectors`, which
    knows the run's own segmenter, masks and settings.

    Attributes
    ----------
    names : tuple of str
        One a column.
    """

    name = "morphometric"
    label = "FD-morphometric"
    dimension = len(VECTOR) + len(INDICATORS)
    resizer = "none; biomarkers in physical units"
    licence = ""
    version = "1"
    names: tuple[str, ...] = (*VECTOR, *INDICATORS)

    def prepare(self, weights: WeightSource) -> str:
        """Give the identity: with the segmenter's and the settings of the run."""
        from ccmeval import __version__
        from ccmeval.measurement.nerve_source import load_segmenter
        from ccmeval.settings import RunSettings

        segmenter = load_segmenter(RunSettings())
        return f"{self.name}; {self.version}; ccmeval {__version__}; {segmenter.name} {segmenter.version}"

    def extract(self, frames: Sequence[FloatArray], pixel_sizes_um: Sequence[float]) -> FloatArray:
        """Measure frames.

        Parameters
        ----------
        frames : sequence of float32 arrays, each (H, W), in [0, 1]
        pixel_sizes_um : sequence of float

        Returns
        -------
        float64 array (N, D)
        """
        from ccmeval.measurement import measure

        rows = [
            measure(frame, pixel_size_um=size).biomarkers
            for frame, size in zip(frames, pixel_sizes_um, strict=True)
        ]
        return morphometric_vectors(rows)[0]


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _placed(value: float | None) -> float:
    return float(value) if value is not None and math.isfinite(value) else 0.0


def _indicators(row: Row) -> dict[str, float]:
    has_nerves = _placed(row.get("cnfl_mm_per_mm2")) > 0.0
    has_trunks = _placed(row.get("cnfd_per_mm2")) > 0.0
    return {"has_nerves": float(has_nerves), "has_trunks": float(has_trunks)}
