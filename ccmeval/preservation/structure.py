"""How biomarkers hang together within diagnoses, real against synthetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ccmeval.preservation.comparison import number
from ccmeval.preservation.correlations import (
    FEWEST_FRAMES,
    FEWEST_UNITS,
    Matrix,
    Side,
    correlations,
    matrix_distance,
)
from ccmeval.preservation.frames import Codes, Frames, Vector, align, links
from ccmeval.preservation.schema import CorrelationStructure
from ccmeval.preservation.settings import PreservationSettings
from ccmeval.preservation.structure_floor import floor_and_matched


def correlation_structure(
    real: Frames, synth: Frames, settings: PreservationSettings, rng: np.random.Generator
) -> CorrelationStructure:
    """Compare the rank correlations among biomarkers, within diagnoses and over frames.

    Parameters
    ----------
    real, synth : Frames
        Frames of diagnoses that one side lacks take no part.
    settings : PreservationSettings
        `structure` names the biomarkers.
    rng : numpy.random.Generator

    Returns
    -------
    CorrelationStructure

    Notes
    -----
    Each biomarker is centred on its diagnosis's mean, so that disease itself makes no correlation, then
    ranked over the frames that have it; Pearson's r of ranks over the frames that have both (Spearman's
    rho where nothing is undefined).

    The mean absolute difference of two noisy matrices is above zero between like sets. So it stands beside
    its floor, the same between subject-disjoint halves of the real set, and beside its matched value,
    between a real half and as many synthetic frames of other units. Its interval is a bootstrap over
    units, shifted by the bootstrap's own bias.
    """
    shared = set(real.diagnoses) & set(synth.diagnoses)
    kept = [it.take([i for i, d in enumerate(it.diagnoses) if d in shared]) for it in (real, synth)]
    columns = [it for it in settings.structure if all(np.isfinite(side.values(it)).any() for side in kept)]
    linked = links(real, synth)
    sides = _sides(kept, columns, linked)
    matrices = [correlations(it) for it in sides]
    distance = matrix_distance(*matrices)
    low, high = _interval(sides, distance, settings, rng)
    floor, matched, floor_n = floor_and_matched(sides[0], sides[1], settings.structure_splits, rng)
    return CorrelationStructure(
        biomarkers=columns,
        real=_cells(matrices[0]),
        synth=_cells(matrices[1]),
        mean_absolute_difference=number(distance),
        low=number(low),
        high=number(high),
        floor_n=floor_n,
        **_quantiles("floor", floor),
        **_quantiles("matched", matched),
        n_real_frames=len(kept[0]),
        n_synth_frames=len(kept[1]),
        n_real_units=kept[0].n_units,
        n_synth_units=kept[1].n_units,
        warning=_warning(kept, distance, floor, real.by_subject and synth.by_subject),
    )


def _sides(kept: list[Frames], columns: list[str], linked: bool) -> list[Side]:
    units = align(kept[0].clusters, kept[1].clusters, linked=linked)
    names = sorted({d for it in kept for d in it.diagnoses if d is not None})
    return [
        Side(
            np.stack([it.values(c) for c in columns], axis=1) if columns else np.empty((len(it), 0)),
            np.array([-1 if d is None else names.index(d) for d in it.diagnoses], dtype=np.intp),
            codes,
        )
        for it, codes in zip(kept, (units.real, units.synth), strict=True)
    ]


def _interval(
    sides: list[Side], distance: float, settings: PreservationSettings, rng: np.random.Generator
) -> tuple[float, float]:
    nan = float("nan")
    if not np.isfinite(distance) or min(len(np.unique(it.units)) for it in sides) < FEWEST_UNITS:
        return nan, nan
    count = int(max(it.units.max() for it in sides)) + 1
    present = np.unique(np.concatenate([it.units for it in sides]))
    alone = not np.intersect1d(sides[0].units, sides[1].units).size
    urns = [np.unique(it.units) for it in sides] if alone else [present]
    rows = [_rows_of_units(it.units, count) for it in sides]
    found = np.empty(settings.structure_resamples)
    for i in range(found.size):
        drawn = np.concatenate([rng.choice(urn, urn.size) for urn in urns])
        picked = [
            side.take(np.concatenate([of[u] for u in drawn])) for side, of in zip(sides, rows, strict=True)
        ]
        found[i] = matrix_distance(correlations(picked[0]), correlations(picked[1]))
    found = found[np.isfinite(found)]
    if found.size < settings.structure_resamples / 2:
        return nan, nan
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(found, [tail, 1 - tail]) - (np.median(found) - distance)
    return max(float(low), 0.0), float(high)


def _rows_of_units(units: Codes, count: int) -> list[npt.NDArray[np.intp]]:
    order = np.argsort(units, kind="stable")
    return np.split(order, np.cumsum(np.bincount(units, minlength=count))[:-1])


def _cells(matrix: Matrix) -> list[list[float | None]]:
    return [[number(float(value)) for value in row] for row in matrix]


def _quantiles(name: str, found: Vector) -> dict[str, float | None]:
    if not found.size:
        return {}
    low, median, high = np.quantile(found, [0.025, 0.5, 0.975])
    return {f"{name}_median": float(median), f"{name}_low": float(low), f"{name}_high": float(high)}


def _warning(kept: list[Frames], distance: float, floor: Vector, by_subject: bool) -> str:
    said = []
    if not np.isfinite(distance):
        said.append(f"Fewer than {FEWEST_FRAMES} frames a side have two biomarkers that vary: no comparison.")
    elif not floor.size:
        said.append(
            "The real set is too small to be halved: there is no floor, and the value alone says little."
        )
    if min(it.n_units for it in kept) < FEWEST_UNITS:
        said.append("There are too few units for an interval.")
    if not by_subject:
        said.append("Subjects are unknown: the halves are by frame, so the floor is too low.")
    return " ".join(said)
