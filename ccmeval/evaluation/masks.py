"""Mask adherence over a set: what was found in each frame against the mask that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.batch.processes import usable_cores
from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError
from ccmeval.evaluation.folder import MEASURED
from ccmeval.evaluation.run_parts import RunParts
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.evaluation.shared import home_of
from ccmeval.preservation.adherence import adherence
from ccmeval.preservation.adherence_summary import summarise
from ccmeval.preservation.schema import AdherenceFrame, AdherenceSummary
from ccmeval.settings import RunSettings

_MOST_REASONS = 3
"""Unusable masks that are named one by one."""

_NOT_DECIDING = {"jobs", "dask"}
"""Settings of the measurement that say where it runs: results are the same."""

Adherence = tuple[list[AdherenceFrame], list[AdherenceSummary], list[str]]


def mask_adherence(parts: RunParts, *, ceiling: bool = True) -> Adherence:
    """Hold every synthetic frame against its conditioning mask, and the real ones against theirs.

    Parameters
    ----------
    parts : RunParts
        Sets that were measured with the segmenter.
    ceiling : bool
        Whether there are real frames, whose own masks tell what the segmenter reaches at best.

    Returns
    -------
    frames : list of AdherenceFrame
        Of the synthetic set; empty where no masks are known.
    summaries : list of AdherenceSummary
    notes : list of str
    """
    if not any(record.mask for record in parts.synth.cohort):
        return [], [], []
    if parts.settings.measurement.get("nerves_from") != "segmenter":
        reason = "Mask adherence needs nerves that were found in the frames; here they were given as masks."
        return [], [], [reason]
    synth, clusters, notes = _of_set(parts, parts.synth)
    real, real_clusters, more = _of_set(parts, parts.real) if ceiling else ([], [], [])
    summaries = summarise(
        synth, clusters, real or None, parts.rng("adherence"), ceiling_clusters=real_clusters or None,
        ceiling_rng=parts.rng("adherence ceiling"),
    )  # fmt: skip
    return synth, summaries if synth else [], [*notes, *more]


def _of_set(parts: RunParts, one: EvaluatedSet) -> tuple[list[AdherenceFrame], list[str], list[str]]:
    known = [index for index, record in enumerate(one.cohort) if record.mask is not None]
    tasks = [_Task(one.cohort.records[i], parts.readings[one.name], _folder(parts, one)) for i in known]
    done = _obedience(tasks, parts, one)
    frames = [found for found in done if isinstance(found, AdherenceFrame)]
    reasons = [found for found in done if isinstance(found, str)]
    clusters = [
        one.clusters.labels[i]
        for i, found in zip(known, done, strict=True)
        if isinstance(found, AdherenceFrame)
    ]
    return frames, clusters, _notes(one, len(known), reasons)


def _obedience(tasks: Sequence[_Task], parts: RunParts, one: EvaluatedSet) -> list[AdherenceFrame | str]:
    """Work through the masks of a set; those of real frames once for all runs that share them."""
    stage = f"Masks of {one.name} frames"
    if parts.shared is None or one.name == "synth":
        return _work_through(tasks, parts, stage)

    def made() -> list[str | dict[str, Any]]:
        done = _work_through(tasks, parts, stage)
        return [it if isinstance(it, str) else it.model_dump(mode="json") for it in done]

    reading = parts.readings[one.name].model_dump_json(exclude=_NOT_DECIDING)
    decides = [reading, *one.sha256, *(f"{it.record!r} {it.measured}" for it in tasks)]
    held = parts.shared.kept(f"adherence-{one.name}", decides, made)
    return [it if isinstance(it, str) else AdherenceFrame.model_validate(it) for it in held]


def _folder(parts: RunParts, one: EvaluatedSet) -> Path:
    return home_of(one.name, parts.out, parts.shared) / MEASURED / one.name


def _notes(one: EvaluatedSet, known: int, reasons: Sequence[str]) -> list[str]:
    notes = []
    if 0 < known < len(one.cohort):
        notes.append(f"{len(one.cohort) - known} of {len(one.cohort)} {one.name} frames have no mask.")
    if reasons:
        shown = " ".join(reasons[:_MOST_REASONS])
        notes.append(f"{len(reasons)} masks of {one.name} frames could not be used: {shown}")
    return notes


@dataclass(frozen=True)
class _Task:
    """One frame's adherence, as a worker process computes it."""

    record: Record
    reading: RunSettings
    measured: Path

    def __call__(self) -> AdherenceFrame | str:
        """Give the adherence, or why there is none."""
        try:
            return self._compute()
        except CcmevalError as error:
            return str(error)

    def _compute(self) -> AdherenceFrame:
        from ccmeval.cohort import read_frame
        from ccmeval.measurement.nerve_source import at_common_scale, given_nerves

        frame = read_frame(
            self.record,
            pixel_size_um=self.reading.pixel_size_um,
            field_of_view_um=self.reading.field_of_view_um,
            settings=self.reading.part("reading"),
        )
        assert self.record.mask is not None
        nerves = given_nerves(self.record.mask, frame, "mask", page=self.record.page, settings=self.reading)
        frame, nerves = at_common_scale(frame, nerves, self.reading.scale)
        name = f"{self.record.key}.png"
        return adherence(
            _read_mask(self.measured / "masks" / name),
            _read_mask(self.measured / "skeletons" / name),
            nerves.mask,
            frame.pixel_size_um,
            frame.imaged,
            frame=self.record.frame,
            diagnosis=self.record.diagnosis,
        )


def _read_mask(path: Path) -> BoolArray:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("L")) > 0
    except OSError as error:
        raise CcmevalError(f"{path} is missing or damaged; run again with --overwrite.") from error


def _work_through(tasks: Sequence[_Task], parts: RunParts, stage: str) -> list[AdherenceFrame | str]:
    from joblib import Parallel, delayed

    jobs = parts.settings.jobs or usable_cores()
    parallel = Parallel(n_jobs=min(jobs, max(len(tasks), 1)), return_as="generator")
    found: list[AdherenceFrame | str] = []
    for one in parallel(delayed(task)() for task in tasks):
        found.append(one)
        parts.progress(stage, len(found), len(tasks))
    return found
