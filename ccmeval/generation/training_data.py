"""From a cohort to what a generator is trained on: frames of one square and scale, masks, and labels."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort import load_cohort
from ccmeval.cohort.resampling import Grid, resample_levels, resample_mask
from ccmeval.cohort.standardise import CommonScale
from ccmeval.errors import CcmevalError
from ccmeval.generation.conditions import Capabilities
from ccmeval.generation.training_schema import DataSummary, LeftOutFrame, TrainedFrame
from ccmeval.generation.training_settings import TrainSettings
from ccmeval.generation.training_split import SplitCohort, split_cohort
from ccmeval.generation.training_survey import Look, Survey, file_identities, survey
from ccmeval.measurement.seen_frames import seen_frame
from ccmeval.settings import RunSettings
from ccmeval.statistics.tables import diagnosis_order
from ccmeval.utility.learning import LearningSet, StepProgress, learning_set, no_progress
from ccmeval.utility.pool import build_pool

POOL_VERSION = 1
"""Raised when the same frames would be brought to other numbers."""

_ENLARGED = 1.02
"""Factor from which a frame counts as enlarged, beyond rounding."""


@dataclass(frozen=True)
class TrainingData:
    """The frames that a generator is trained on, not yet read into a pool.

    Attributes
    ----------
    looks : sequence of Look
        Of the frames that are trained on, in the order of the pool's rows.
    classes : sequence of str
        Diagnoses in the order of the labels; empty for a generator that takes none.
    split : SplitCohort
        Its validation frames serve for samples only.
    size_px : int
    side_um : float
    masks : bool
        Whether the pool has masks.
    reading : RunSettings
    summary : DataSummary
    """

    looks: Sequence[Look]
    classes: Sequence[str]
    split: SplitCohort
    size_px: int
    side_um: float
    masks: bool
    reading: RunSettings
    summary: DataSummary

    @property
    def scale(self) -> CommonScale:
        """What frames are brought to."""
        return CommonScale(self.side_um / self.size_px, (self.side_um, self.side_um))

    @property
    def labels(self) -> list[int]:
        """Index of each frame's diagnosis among the classes; -1 where it has none."""
        places = {name: index for index, name in enumerate(self.classes)}
        return [places.get(look.record.diagnosis or "", -1) for look in self.looks]

    @property
    def key(self) -> str:
        """Hash all that decides the pool and its labels, without reading a frame."""
        content = {
            "version": POOL_VERSION,
            "frames": [
                [look.sha256, look.record.page, look.mask_sha256, look.pixel_size_um] for look in self.looks
            ],
            "labels": [list(self.classes), self.labels],
            "square": [self.side_um, self.size_px],
            "reading": self.reading.reading,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def training_data(
    path: Path,
    capabilities: Capabilities,
    settings: TrainSettings,
    size_px: int | None,
    progress: StepProgress = no_progress,
) -> TrainingData:
    """Choose the frames of a cohort that a generator may and can be trained on.

    Parameters
    ----------
    path : pathlib.Path
        Folder or manifest.
    capabilities : Capabilities
        Of the generator: which conditions it takes.
    settings : TrainSettings
    size_px : int or None
        Side of its frames; None for the cohort's own, less what is over its multiple.
    progress : callable

    Returns
    -------
    TrainingData

    Raises
    ------
    CcmevalError
        If no frame is left, or the size is not one that the generator makes.
    """
    reading = settings.reading()
    cohort = load_cohort(path, subject_pattern=settings.subject_pattern, masks=settings.masks)
    split = split_cohort(cohort, settings.split_column)
    masks = "mask" in capabilities.needs or (
        "mask" in capabilities.takes and any(record.mask for record in split.train)
    )
    forbidden = file_identities([*split.validation, *split.test], reading)
    found = survey(
        split.train,
        reading,
        masks=masks,
        diagnoses="diagnosis" in capabilities.needs,
        forbidden=forbidden,
        progress=progress,
    )
    if not found.usable:
        raise _nothing_left(path, found, masks)
    side_px = _side_px(size_px, found.native_px, capabilities.side_multiple_px)
    classes = _classes(found.usable) if "diagnosis" in capabilities.takes else []
    notes = [*cohort.notes, *split.notes, *_notes(found, side_px, capabilities)]
    notes += _too_coarse(found.side_um, side_px, reading)
    summary = _summary(path, found, split, side_px, notes)
    return TrainingData(found.usable, classes, split, side_px, found.side_um, masks, reading, summary)


def training_set(data: TrainingData, folder: Path, progress: StepProgress = no_progress) -> LearningSet:
    """Read the frames into a pool on disk, or open it as an earlier run left it.

    Masks in it are 0 or 255: the same function brings them to the generator's side as brings the masks that
    frames are later made from.

    Parameters
    ----------
    data : TrainingData
    folder : pathlib.Path
        Of the pool.
    progress : callable
    """
    pool = build_pool(
        _source(data),
        len(data.looks),
        data.size_px,
        data.side_um / data.size_px,
        folder,
        key=data.key,
        names=[look.record.frame for look in data.looks],
        progress=lambda done, total: progress("Reading frames", done, total),
    )
    return learning_set(pool, np.arange(len(data.looks)), data.labels)


def trial_set(data: TrainingData, folder: Path, most: int = 32) -> LearningSet:
    """Read only the first few frames, repeated to the number of all: enough to try steps with."""
    few = training_set(replace(data, looks=list(data.looks[:most])), folder)
    return learning_set(few.pool, np.arange(len(data.looks)) % len(few), data.labels)


def square_of(look: Look, data: TrainingData) -> tuple[FloatArray, BoolArray | None]:
    """Read a frame and its mask at the generator's side.

    Returns
    -------
    pixels : float32 array (S, S), in [0, 1]
    mask : bool array (S, S) or None
    """
    seen = seen_frame(look.record, data.reading, data.scale, masks=data.masks)
    if data.masks and seen.mask is None:
        raise CcmevalError(f"{look.record.frame} changed while it was read ({seen.reason}); run again.")
    side = min(seen.pixels.shape)
    if side == data.size_px:
        return seen.pixels, seen.mask
    # Within the tolerance of the common scale a frame keeps its own pixels, and may be a few wider.
    grid = Grid((side, side), (0.0, 0.0), side / data.size_px, (data.size_px, data.size_px))
    mask = None if seen.mask is None else resample_mask(seen.mask, grid)
    return resample_levels(seen.pixels, grid), mask


def _source(data: TrainingData) -> Iterator[tuple[FloatArray, BoolArray | None]]:
    for look in data.looks:
        yield square_of(look, data)


def _side_px(wanted: int | None, native_px: int, multiple: int) -> int:
    if wanted is None:
        wanted = max(native_px // multiple, 1) * multiple
    if wanted % multiple:
        raise CcmevalError(
            f"Setting generator.size_px: {wanted} px is no multiple of {multiple}, as this generator needs;"
            f" give {max(round(wanted / multiple), 1) * multiple}."
        )
    return wanted


def _classes(looks: Sequence[Look]) -> list[str]:
    return diagnosis_order([look.record.diagnosis for look in looks if look.record.diagnosis is not None])


def _nothing_left(path: Path, found: Survey, masks: bool) -> CcmevalError:
    reasons = Counter(look.reason for look in found.unusable)
    reason, count = reasons.most_common(1)[0]
    cure = ""
    if masks and reason == "It has no mask.":
        cure = f" Find masks with ccmeval biomarkers {path} -o DIR, and give --masks DIR/masks."
    if reason == "It has no diagnosis.":
        cure = " Name diagnoses in a manifest or by folders."
    many = f"; {count} for this reason" if count > 1 else ", for example"
    return CcmevalError(
        f"None of the {len(found.unusable)} training frames of {path} can be trained on{many}: {reason}{cure}"
    )


def _notes(found: Survey, size_px: int, capabilities: Capabilities) -> list[str]:
    """Say what was left out, and what a reader of results should know of the rest."""
    notes = []
    for reason, count in Counter(look.reason for look in found.unusable if not look.damaged).items():
        notes.append(f"{_frames(count)} left out: {reason}")
    damaged = [look for look in found.unusable if look.damaged]
    notes += [f"{look.record.frame} is left out: {look.reason}" for look in damaged]
    looks = found.usable
    pixel_um = found.side_um / size_px
    coarse = sum(look.pixel_size_um > _ENLARGED * pixel_um for look in looks)
    if coarse:
        notes.append(
            f"{_frames(coarse)} enlarged: pixels of {size_px} px squares ({pixel_um:.4g} um) are finer than"
            " their own."
        )
    cut = sum(not look.whole for look in looks)
    if cut:
        notes.append(f"{_have(cut)} parts that were not imaged, which the generator learns too.")
    unknown = sum(look.record.diagnosis is None for look in looks)
    if "diagnosis" in capabilities.takes and unknown:
        notes.append(f"{_have(unknown)} no diagnosis.")
    nameless = sum(look.record.subject is None for look in looks)
    if nameless:
        notes.append(
            f"{_have(nameless)} no subject: whether a test subject was trained on cannot be"
            " told of what this generator makes. Name subjects in the manifest, or by --subject-pattern."
        )
    return notes


def _too_coarse(side_um: float, size_px: int, reading: RunSettings) -> list[str]:
    """Warn of frames that can be made and never be measured."""
    most_um = reading.part("reading").max_plausible_um
    if side_um / size_px <= most_um:
        return []
    return [
        f"Frames of {size_px} px over {side_um:.4g} um have pixels of {side_um / size_px:.3g} um, above the"
        f" {most_um:g} um up to which frames are measured: nothing can be measured in what this generator"
        f" makes. Make them of {ceil(side_um / most_um)} px or more."
    ]


def _frames(count: int) -> str:
    return "1 training frame is" if count == 1 else f"{count} training frames are"


def _have(count: int) -> str:
    return "1 training frame has" if count == 1 else f"{count} training frames have"


def _summary(path: Path, found: Survey, split: SplitCohort, size_px: int, notes: list[str]) -> DataSummary:
    records = [look.record for look in found.usable]
    nameless = sum(record.subject is None for record in records)
    known = sorted({record.subject for record in records if record.subject is not None})
    told: dict[str, Any] = {
        "path": str(path),
        "n_frames": len(records),
        "subjects": None if nameless else known,
        "n_frames_without_subject": nameless,
        "diagnoses": dict(Counter(record.diagnosis or "not stated" for record in records)),
        "size_px": size_px,
        "pixel_size_um": found.side_um / size_px,
        "field_of_view_um": found.side_um,
        "n_validation": len(split.validation),
        "n_test": len(split.test),
        "n_unassigned": len(split.unassigned),
    }
    frames = [
        TrainedFrame(
            frame=look.record.frame,
            sha256=look.sha256,
            mask_sha256=look.mask_sha256,
            subject=look.record.subject,
            diagnosis=look.record.diagnosis,
        )
        for look in found.usable
    ]
    left_out = [
        LeftOutFrame(frame=look.record.frame, reason=look.reason, damaged=look.damaged)
        for look in found.unusable
    ]
    return DataSummary(**told, frames=frames, left_out=left_out, notes=notes)
