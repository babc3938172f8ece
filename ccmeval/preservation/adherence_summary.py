"""Mask adherence over frames: per diagnosis, pooled, and averaged over diagnoses."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ccmeval.preservation.schema import AdherenceFrame, AdherenceSummary
from ccmeval.statistics.bootstrap import bootstrap_mean_ci, cluster_means
from ccmeval.statistics.estimate import Vector

MEASURES: dict[str, str] = {
    "length_recall": "Length recall",
    "hallucinated_length": "Hallucinated length",
    "cl_dice": "clDice",
    "betti_0_error": "Betti-0 error (absolute)",
    "betti_1_error": "Betti-1 error (absolute)",
    "branch_point_recall": "Branch-point recall",
    "shift_row_px": "Shift down or up, px (absolute)",
    "shift_column_px": "Shift right or left, px (absolute)",
    "scale": "Zoom error (absolute difference from 1)",
    "aligned_length_recall": "Length recall once aligned",
}
"""Fields of :class:`AdherenceFrame` and their labels. Errors are averaged by their size, since a frame that
is shifted up does not make up for one that is shifted down."""

_SIZES: dict[str, Callable[[float], float]] = {
    "betti_0_error": abs,
    "betti_1_error": abs,
    "shift_row_px": abs,
    "shift_column_px": abs,
    "scale": lambda scale: abs(scale - 1.0),
}

RESAMPLES = 1999


def summarise(
    frames: Sequence[AdherenceFrame],
    clusters: Sequence[str],
    ceiling: Sequence[AdherenceFrame] | None,
    rng: np.random.Generator,
    *,
    ceiling_clusters: Sequence[str] | None = None,
    ceiling_rng: np.random.Generator | None = None,
    resamples: int = RESAMPLES,
) -> list[AdherenceSummary]:
    """Average mask adherence, with intervals by bootstrap over what is independent.

    Parameters
    ----------
    frames : sequence of AdherenceFrame
        Synthetic frames.
    clusters : sequence of str
        What each counts with: its mask's source subject, or itself. Each cluster counts once.
    ceiling : sequence of AdherenceFrame or None
        The same of real frames with their own masks, where known: what the segmenter could reach at best.
    rng : numpy.random.Generator
    ceiling_clusters : sequence of str, optional
        Subjects of those; each by itself if not given.
    ceiling_rng : numpy.random.Generator, optional
        For the intervals of the ceiling; one of its own makes them the same whatever the synthetic frames.
    resamples : int

    Returns
    -------
    list of AdherenceSummary
        By measure: a row over all frames, one a diagnosis, and where there are several diagnoses their
        plain mean. Measures that no frame defines have n_frames 0 and no mean.

    Raises
    ------
    ValueError
        If frames and clusters are not equally many.

    Examples
    --------
    >>> frames = [AdherenceFrame(frame=str(i), length_recall=i / 4) for i in range(5)]
    >>> row = summarise(frames, list("aabbc"), None, np.random.default_rng(0))[0]
    >>> row.measure, row.mean, row.n_frames, row.n_units
    ('length_recall', 0.58..., 5, 3)
    """
    own = [str(index) for index in range(len(ceiling or ()))]
    best = _Table(ceiling or (), own if ceiling_clusters is None else ceiling_clusters)
    table = _Table(frames, clusters)
    rows = []
    for measure in MEASURES:
        rows.append(_row(measure, table, best, None, rng, resamples))
        each = [_row(measure, table, best, name, rng, resamples) for name in table.diagnoses]
        rows.extend(each)
        if len(each) > 1:
            rows.append(_mean_row(measure, each, table, rng, resamples))
    base = int((ceiling_rng or rng).integers(2**62))
    for row in rows:
        name = zlib.crc32(f"{row.measure} {row.scope} {row.diagnosis}".encode())
        _add_ceiling_ends(row, best, table.diagnoses, np.random.default_rng([base, name]), resamples)
    return rows


class _Table:
    """Frames with what each counts with."""

    def __init__(self, frames: Sequence[AdherenceFrame], clusters: Sequence[str]) -> None:
        if len(frames) != len(clusters):
            raise ValueError(f"{len(frames)} frames need as many clusters, not {len(clusters)}.")
        self.frames = frames
        self.clusters = np.array(clusters, dtype=str)
        self.labels = np.array([frame.diagnosis or "" for frame in frames], dtype=str)
        self.diagnoses = sorted({frame.diagnosis for frame in frames if frame.diagnosis})

    def of(self, measure: str, diagnosis: str | None) -> tuple[Vector, npt.NDArray[np.str_]]:
        """Give the defined values of a measure, and the cluster of each."""
        size = _SIZES.get(measure, float)
        given = [getattr(frame, measure) for frame in self.frames]
        values = np.array([np.nan if value is None else size(value) for value in given], dtype=np.float64)
        kept = np.isfinite(values)
        if diagnosis is not None:
            kept &= self.labels == diagnosis
        return values[kept], self.clusters[kept]


def _row(
    measure: str,
    table: _Table,
    best: _Table,
    diagnosis: str | None,
    rng: np.random.Generator,
    resamples: int,
) -> AdherenceSummary:
    values, clusters = table.of(measure, diagnosis)
    found = bootstrap_mean_ci(values, clusters, rng=rng, resamples=resamples)
    return AdherenceSummary(
        measure=measure,
        label=MEASURES[measure],
        scope="pooled" if diagnosis is None else "diagnosis",
        diagnosis=diagnosis,
        mean=_known(found.value),
        low=_known(found.low),
        high=_known(found.high),
        n_frames=len(values),
        n_units=found.n,
        ceiling=_mean(cluster_means(*best.of(measure, diagnosis))),
    )


def _mean_row(
    measure: str, each: list[AdherenceSummary], table: _Table, rng: np.random.Generator, resamples: int
) -> AdherenceSummary:
    """Plain mean of the diagnoses' rows; clusters are drawn within each. Undefined where one of them is."""
    low, high = _mean_ends([cluster_means(*table.of(measure, row.diagnosis)) for row in each], rng, resamples)
    return AdherenceSummary(
        measure=measure,
        label=MEASURES[measure],
        scope="mean over diagnoses",
        mean=_mean_of([row.mean for row in each]),
        low=low,
        high=high,
        n_frames=sum(row.n_frames for row in each),
        n_units=sum(row.n_units for row in each),
        ceiling=_mean_of([row.ceiling for row in each]),
    )


def _mean_ends(
    means: Sequence[Vector], rng: np.random.Generator, resamples: int
) -> tuple[float | None, float | None]:
    """Interval of a plain mean over diagnoses, from the means of the clusters of each."""
    if min(units.size for units in means) < 2:
        return None, None
    drawn = [units[rng.integers(0, units.size, (resamples, units.size))].mean(axis=1) for units in means]
    low, high = (float(end) for end in np.quantile(np.mean(drawn, axis=0), (0.025, 0.975)))
    return low, high


def _add_ceiling_ends(
    row: AdherenceSummary, best: _Table, diagnoses: Sequence[str], rng: np.random.Generator, resamples: int
) -> None:
    """Give a ceiling its own interval: it is an estimate from real frames, as the score is from others."""
    if row.ceiling is None:
        return
    if row.scope == "mean over diagnoses":
        means = [cluster_means(*best.of(row.measure, name)) for name in diagnoses]
        row.ceiling_low, row.ceiling_high = _mean_ends(means, rng, resamples)
        row.ceiling_units = sum(units.size for units in means)
        return
    found = bootstrap_mean_ci(*best.of(row.measure, row.diagnosis), rng=rng, resamples=resamples)
    row.ceiling_low, row.ceiling_high = _known(found.low), _known(found.high)
    row.ceiling_units = found.n


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _mean(values: Vector) -> float | None:
    return float(values.mean()) if values.size else None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
