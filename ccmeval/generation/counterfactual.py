"""How biomarkers shift where only the diagnosis changes: the same mask and seed under every diagnosis."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.generation.conditions import FrameFormat
from ccmeval.generation.shift_measuring import ADHERENCE, FrameValues, measure_frames
from ccmeval.generation.wanted import WantedFrame
from ccmeval.morphometry.definitions import DEFINITIONS
from ccmeval.options import DEFAULT_SEGMENTER
from ccmeval.preservation.adherence_summary import MEASURES
from ccmeval.statistics.bootstrap import bootstrap_mean_ci, cluster_means
from ccmeval.utility.learning import StepProgress, no_progress

TABLE = "counterfactual.csv"
FRAMES_TABLE = "counterfactual_frames.csv"
DOCUMENT = "counterfactual.json"

_FEW_UNITS = 10
"""Below so many units a bootstrap interval is too narrow."""


@dataclass(frozen=True)
class Shift:
    """A measure under one diagnosis against the first, over the frames that differ in nothing else.

    Attributes
    ----------
    measure, label, unit : str
        Column, short name and unit.
    kind : str
        ``"biomarker"`` or ``"adherence"``.
    diagnosis, against : str
    mean_against, mean : float or None
        Under either diagnosis, over units.
    shift, low, high : float or None
        Mean over units of the paired difference, `diagnosis` minus `against`, and its 95 % interval by
        bootstrap over units; None where too few have a value.
    n_pairs, n_units : int
        Pairs of frames with both values, and subjects (or masks) among them.
    method : str
    """

    measure: str
    label: str
    unit: str
    kind: str
    diagnosis: str
    against: str
    mean_against: float | None
    mean: float | None
    shift: float | None
    low: float | None
    high: float | None
    n_pairs: int
    n_units: int
    method: str


@dataclass(frozen=True)
class Counterfactual:
    """The shifts of a set, and what a reader should know of them.

    Attributes
    ----------
    against : str
        The diagnosis that the others are compared with.
    shifts : sequence of Shift
    frames : sequence of FrameValues
    notes : sequence of str
    """

    against: str
    shifts: Sequence[Shift]
    frames: Sequence[FrameValues]
    notes: Sequence[str]


def report_shifts(
    root: Path,
    wanted: Sequence[WantedFrame],
    frame_format: FrameFormat,
    *,
    seed: int = 0,
    segmenter: str = DEFAULT_SEGMENTER,
    jobs: int | None = None,
    progress: StepProgress = no_progress,
) -> Counterfactual:
    """Measure a counterfactual set and write the shifts beside its frames.

    Parameters
    ----------
    root : pathlib.Path
        For `counterfactual.csv`, `counterfactual_frames.csv` and `counterfactual.json`.
    wanted : sequence of WantedFrame
        Frames of one index have the same mask and seed.
    frame_format : FrameFormat
    seed : int
        Of the bootstrap.
    segmenter, jobs, progress
        See :func:`ccmeval.generation.shift_measuring.measure_frames`.

    Returns
    -------
    Counterfactual
    """
    frames = measure_frames(root, wanted, frame_format, segmenter=segmenter, jobs=jobs, progress=progress)
    notes = _notes(frames, masked=all(one.mask is not None for one in wanted))
    found = Counterfactual(str(wanted[0].diagnosis), shifts_of(frames, seed=seed), frames, notes)
    _write(root, found, segmenter)
    return found


def shifts_of(frames: Sequence[FrameValues], *, seed: int = 0, resamples: int = 4999) -> list[Shift]:
    """Compare every diagnosis with the first.

    Parameters
    ----------
    frames : sequence of FrameValues
        The first one's diagnosis is what the others are compared with.
    seed : int
        Of the bootstrap; every row has a stream of its own.
    resamples : int

    Returns
    -------
    list of Shift
        One a measure and further diagnosis. A measure that no frame has, such as adherence without masks,
        is left out.

    Examples
    --------
    >>> frames = [
    ...     FrameValues(f"{name}{i}", name, i, f"s{i}", {"cnfl_mm_per_mm2": base + i})
    ...     for name, base in (("Control", 20.0), ("T1DPN", 15.0))
    ...     for i in range(4)
    ... ]
    >>> row, = shifts_of(frames, resamples=99)
    >>> row.mean_against, row.mean, row.shift, row.low, row.high, row.n_units
    (21.5, 16.5, -5.0, -5.0, -5.0, 4)
    """
    diagnoses = list(dict.fromkeys(frame.diagnosis for frame in frames))
    rows = []
    for name, label, unit, kind in _measures():
        if any(name in frame.values for frame in frames):
            for diagnosis in diagnoses[1:]:
                pairs = _pairs(frames, diagnoses[0], diagnosis, name)
                means = _means(pairs, f"{name} {diagnosis}", seed, resamples)
                rows.append(Shift(name, label, unit, kind, diagnosis, diagnoses[0], **means))
    return rows


def _measures() -> list[tuple[str, str, str, str]]:
    biomarkers = [(it.column, it.label, it.unit, "biomarker") for it in DEFINITIONS]
    return [*biomarkers, *((name, MEASURES[name], "", "adherence") for name in ADHERENCE)]


def _pairs(
    frames: Sequence[FrameValues], first: str, second: str, name: str
) -> list[tuple[str, float, float]]:
    """Give unit and both values of each pair that has them."""
    by_index = {frame.index: frame for frame in frames if frame.diagnosis == first}
    found = []
    for frame in frames:
        if frame.diagnosis == second and frame.index in by_index:
            one, other = by_index[frame.index].values.get(name), frame.values.get(name)
            if one is not None and other is not None and np.isfinite(one) and np.isfinite(other):
                found.append((frame.unit, float(one), float(other)))
    return found


def _means(
    pairs: Sequence[tuple[str, float, float]], stream: str, seed: int, resamples: int
) -> dict[str, Any]:
    units = [unit for unit, _, _ in pairs]
    before, after = (np.array([pair[side] for pair in pairs], dtype=np.float64) for side in (1, 2))
    rng = np.random.default_rng([seed, zlib.crc32(stream.encode())])
    told = bootstrap_mean_ci(after - before, units, rng=rng, resamples=resamples)
    return {
        "mean_against": _known(float(cluster_means(before, units).mean())) if pairs else None,
        "mean": _known(float(cluster_means(after, units).mean())) if pairs else None,
        "shift": _known(told.value),
        "low": _known(told.low),
        "high": _known(told.high),
        "n_pairs": len(pairs),
        "n_units": told.n,
        "method": told.method,
    }


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _notes(frames: Sequence[FrameValues], *, masked: bool) -> list[str]:
    notes = []
    if not masked:
        notes.append(
            "No masks were given: frames of a pair share their seed alone, so that the shifts hold what the"
            " generator draws otherwise for a diagnosis, nerves included."
        )
    failed = [frame for frame in frames if frame.reason]
    if failed:
        notes.append(
            f"{len(failed)} of {len(frames)} frames could not be measured and are left out with their"
            f" partners; {failed[0].name}: {failed[0].reason}"
        )
    units = len({frame.unit for frame in frames})
    if units < _FEW_UNITS:
        notes.append(
            f"With {units} subjects or masks the intervals are too narrow; give at least {_FEW_UNITS}."
        )
    return notes


def _write(root: Path, found: Counterfactual, segmenter: str) -> None:
    import json

    from ccmeval.report.files import replacing
    from ccmeval.report.tables import write_csv

    rows = [asdict(shift) for shift in found.shifts]
    columns = list(Shift.__dataclass_fields__)
    write_csv(root / TABLE, rows, columns)
    measured = [name for name, *_ in _measures() if any(name in frame.values for frame in found.frames)]
    heads = ["frame", "diagnosis", "index", "unit", *measured, "reason"]
    write_csv(root / FRAMES_TABLE, (_frame_row(frame) for frame in found.frames), heads)
    document = {
        "kind": "ccmeval counterfactual",
        "schema_version": 1,
        "against": found.against,
        "segmenter": segmenter,
        "confidence": 0.95,
        "notes": list(found.notes),
        "shifts": rows,
    }
    with replacing(root / DOCUMENT) as partial:
        partial.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _frame_row(frame: FrameValues) -> dict[str, Any]:
    return {
        "frame": frame.name,
        "diagnosis": frame.diagnosis,
        "index": frame.index,
        "unit": frame.unit,
        **frame.values,
        "reason": frame.reason,
    }
