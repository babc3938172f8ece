"""Rows of pillar 1 against a bundle: the Frechet distance from moments, and what a bundle cannot give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccmeval.fidelity.distance_specs import distance_specs, frechet_notes
from ccmeval.fidelity.diversity_rows import LABELS as DIVERSITY
from ccmeval.fidelity.floors import drawn_rows
from ccmeval.fidelity.frechet import Moments
from ccmeval.fidelity.memorisation_rows import LABELS as MEMORISATION
from ccmeval.fidelity.neighbour_rows import LABELS as NEIGHBOURS
from ccmeval.fidelity.schema import Floor, MetricRow
from ccmeval.fidelity.scopes import floor_notes, mean_over_diagnoses
from ccmeval.fidelity.vectors import FeatureSet
from ccmeval.reference.against_moments import prepare_distance, synthetic_interval
from ccmeval.reference.moments import joined, of_columns
from ccmeval.reference.schema import FloorNote, ReferenceExtractor, Scope, Side

DRAWS = 25
"""Random selections of synthetic frames that are held against each half."""

NEEDS_FEATURES = (
    "This needs the features of single real frames, which the reference bundle does not hold (its builder"
    " can add them by --keep-features)."
)
ONE_SPLIT = (
    "Of one division of the real set the bundle holds the halves' moments, chosen as a typical one: the"
    " matched values are against these two halves, the floor over all divisions."
)
NO_FLOOR = (
    "No floor: the bundle's real set, or this diagnosis, has too few subjects to be halved without telling of"
    " fewer than its minimum."
)
NOT_KNOWN_APART = "Whether synthetic frames were made from a half's own subjects is not known."


@dataclass(frozen=True)
class HeldCell:
    """Moments of a cell with the number of its units."""

    scope: Scope
    diagnosis: str | None
    side: Side
    moments: Moments
    n_units: int


@dataclass(frozen=True)
class HeldExtractor:
    """What a bundle holds of one extractor, arrays read.

    Attributes
    ----------
    note : ReferenceExtractor
    cells : sequence of HeldCell
    columns : int array or None
        Features that both sides define; None for all.
    """

    note: ReferenceExtractor
    cells: Sequence[HeldCell]
    columns: np.ndarray | None = None

    def of(self, scope: Scope, diagnosis: str | None, *sides: Side) -> tuple[Moments, int] | None:
        """Join the moments of a scope's cells, with the number of units; None where there are none."""
        found = [
            cell
            for cell in self.cells
            if cell.side in sides
            and ((cell.scope == scope and cell.diagnosis == diagnosis) or self._makes_up(cell, scope))
        ]
        if not found:
            return None
        made = joined([cell.moments for cell in found]) if len(found) > 1 else found[0].moments
        return (made if self.columns is None else of_columns(made, self.columns)), sum(
            it.n_units for it in found
        )

    def _makes_up(self, cell: HeldCell, scope: Scope) -> bool:
        """Whether a diagnosis's cell is a part of the pooled one of its side, which is not held itself."""
        own = any(it.scope == "pooled" and it.side == cell.side for it in self.cells)
        return scope == "pooled" and cell.scope == "diagnosis" and not own

    def whole(self, scope: Scope, diagnosis: str | None) -> tuple[Moments, int] | None:
        """Give the moments of all frames of a scope."""
        if any(it.scope == "diagnosis" and it.side == "whole" for it in self.cells):
            return self.of(scope, diagnosis, "whole")
        return self.of(scope, diagnosis, "first half", "second half")


def fidelity_rows(
    held: HeldExtractor, synth: FeatureSet, *, n_units: int, confidence: float, rng: np.random.Generator
) -> list[MetricRow]:
    """Evaluate what moments allow.

    Parameters
    ----------
    held : HeldExtractor
    synth : FeatureSet
        Standardised as the bundle's features are, with the same columns.
    n_units : int
        Units of the real set as a whole: a subject with several diagnoses counts once.
    confidence : float
    rng : numpy.random.Generator

    Returns
    -------
    list of MetricRow
        The Frechet distance pooled, by diagnosis and their mean; the other metrics unavailable.
    """
    streams = rng.spawn(2)
    rows = [_row(held, synth, "pooled", None, confidence, streams)]
    rows[0].n_real_clusters = n_units
    names = {
        cell.diagnosis for cell in held.cells if cell.scope == "diagnosis" and cell.diagnosis is not None
    }
    names |= {it for it in synth.diagnoses if it is not None}
    by_diagnosis = [
        _row(held, synth.of_diagnosis(name), "diagnosis", name, confidence, streams) for name in sorted(names)
    ]
    if by_diagnosis:
        rows += [*by_diagnosis, mean_over_diagnoses(by_diagnosis)]
    return rows + unavailable_rows(held.note, NEEDS_FEATURES)


def unavailable_rows(note: ReferenceExtractor, reason: str, *, frechet: bool = False) -> list[MetricRow]:
    """Give the rows of metrics that the bundle cannot give, each with the reason."""
    labels = {spec.metric: spec.label(note.label) for spec in distance_specs()}
    labels |= {**NEIGHBOURS, **DIVERSITY, **MEMORISATION}
    if not frechet:
        del labels["frechet"]
    return [
        MetricRow(metric=name, label=label, features=note.name, status="unavailable", reason=reason)
        for name, label in labels.items()
    ]


def _row(
    held: HeldExtractor,
    synth: FeatureSet,
    scope: Scope,
    diagnosis: str | None,
    confidence: float,
    streams: Sequence[np.random.Generator],
) -> MetricRow:
    real = held.whole(scope, diagnosis)
    row = MetricRow(
        metric="frechet",
        label=held.note.label,
        features=held.note.name,
        scope=scope,
        diagnosis=diagnosis,
        confidence=confidence,
        n_real=real[0].n if real else 0,
        n_real_clusters=real[1] if real else 0,
        n_synth=len(synth),
        n_synth_clusters=synth.n_clusters,
        status="undefined",
    )
    if real is None or len(synth) < 2:
        row.reason = (
            f"The synthetic set has {len(synth)} frames here, and this metric needs 2."
            if real
            else "The reference bundle tells nothing of this diagnosis."
        )
        return row
    value = prepare_distance(real[0], synth.values)(np.arange(len(synth)))
    if not np.isfinite(value):
        row.reason = "The features of these frames define no value of this metric."
        return row
    row.status, row.value = "computed", value
    interval = synthetic_interval(real[0], synth, rng=streams[0], confidence=confidence)
    row.interval_method = interval.method
    row.low, row.high = (it if np.isfinite(it) else None for it in (interval.low, interval.high))
    row.notes = [
        *frechet_notes(np.empty((real[0].n, real[0].mean.size)), synth.values),
        "The interval knows of the synthetic frames' chance alone, since a bundle holds no real ones.",
    ]
    row.floor = _floor(held, synth, scope, diagnosis, streams[1])
    row.notes += floor_notes(row) if row.floor else [NO_FLOOR]
    return row


def _floor(
    held: HeldExtractor, synth: FeatureSet, scope: Scope, diagnosis: str | None, rng: np.random.Generator
) -> Floor | None:
    note = next((it for it in held.note.floors if (it.scope, it.diagnosis) == (scope, diagnosis)), None)
    halves = [held.of(scope, diagnosis, side) for side in ("first half", "second half")]
    if note is None or not note.distances or halves[0] is None or halves[1] is None:
        return None
    if held.columns is not None:
        return _empty(note, 0, "No floor: the bundle's was taken over more features than both sets define.")
    sizes = [half[0].n for half in halves if half is not None]
    low, median, high = (float(it) for it in np.quantile(note.distances, [0.025, 0.5, 0.975]))
    floor = _empty(note, min(sizes), " ".join(filter(None, [note.warning, ONE_SPLIT, NOT_KNOWN_APART])))
    floor = floor.model_copy(update={"median": median, "low": low, "high": high})
    if len(synth) < max(sizes):
        floor.warning = (
            f"The bundle's halves have up to {max(sizes)} frames, more than the {len(synth)} synthetic ones,"
            f" so that no value can stand beside its floor; give at least {max(sizes)} synthetic frames."
        )
        return floor
    # Half A against as many synthetic frames as half B has, as the floor is A against B.
    matched = np.concatenate(
        [
            _against(half[0], synth, size, rng)
            for half, size in zip(halves, reversed(sizes), strict=True)
            if half is not None
        ]
    )
    low, median, high = (float(it) for it in np.quantile(matched, [0.025, 0.5, 0.975]))
    return floor.model_copy(update={"matched_low": low, "matched_median": median, "matched_high": high})


def _against(half: Moments, synth: FeatureSet, size: int, rng: np.random.Generator) -> np.ndarray:
    distance = prepare_distance(half, synth.values)
    every = np.arange(len(synth))
    return np.array([distance(drawn_rows(synth, every, size, rng)) for _ in range(DRAWS)])


def _empty(note: FloorNote, n: int, warning: str) -> Floor:
    return Floor(
        n=n, splits=len(note.distances), unit=note.unit, median=None, low=None, high=None,
        matched_median=None, warning=warning,
    )  # fmt: skip
