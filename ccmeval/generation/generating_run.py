"""The run of `ccmeval generate`: masks and diagnoses in, a cohort of synthetic frames out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccmeval import __version__
from ccmeval.errors import CcmevalError
from ccmeval.generation.asked import Asked
from ccmeval.generation.conditioning import (
    check_asked,
    conditions_of,
    format_of,
    make_frames,
    read_reference,
)
from ccmeval.generation.conditions import FrameFormat
from ccmeval.generation.loading import open_generator, saved_settings, training_subjects
from ccmeval.generation.set_folder import SetFolder, open_set
from ccmeval.generation.set_manifest import generator_columns, repeats, write_manifest
from ccmeval.generation.settings import GenerateSettings
from ccmeval.generation.source_masks import FoundMasks, read_source_masks
from ccmeval.generation.wanted import WantedFrame, plan_frames
from ccmeval.plugins import Generator, WeightSource
from ccmeval.report.files import replacing
from ccmeval.utility.learning import StepProgress, no_progress

RUN_FILE = "generation.json"
"""What was asked for, by which generator, and what a reader should know."""


@dataclass(frozen=True)
class GeneratedSet:
    """What came of a run.

    Attributes
    ----------
    root, manifest : pathlib.Path
    wanted : sequence of WantedFrame
        All frames of the set.
    frame_format : FrameFormat
    n_made : int
        Frames made now; the others were there.
    unusable : sequence of str
        Why a mask was left out, one sentence each.
    notes, warnings : sequence of str
        What a reader should know; and what makes frames doubtful.
    """

    root: Path
    manifest: Path
    wanted: Sequence[WantedFrame]
    frame_format: FrameFormat
    n_made: int
    unusable: Sequence[str] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass
class _Ready:
    """A generator with all that was decided before its first frame."""

    generator: Generator
    frame_format: FrameFormat
    wanted: list[WantedFrame]
    masks: FoundMasks
    subjects: str
    notes: list[str] = field(default_factory=list)


def generate_cohort(
    name_or_folder: str | Path,
    out: Path,
    settings: GenerateSettings | None = None,
    *,
    weights: WeightSource | None = None,
    resume: bool = False,
    progress: StepProgress = no_progress,
    command: str = "",
) -> GeneratedSet:
    """Make a cohort of synthetic frames.

    Parameters
    ----------
    name_or_folder : str or path
        A generator, see :func:`ccmeval.generation.loading.open_generator`.
    out : pathlib.Path
        For `DIAGNOSIS/DIAGNOSIS_000001.png`, `masks/`, `manifest.csv` and `generation.json`.
    settings : GenerateSettings, optional
    weights : WeightSource, optional
    resume : bool
        Go on with a run in `out`: what is in place is kept. More frames a diagnosis may be asked for then.
    progress : callable
    command : str
        For the record.

    Returns
    -------
    GeneratedSet

    Raises
    ------
    CcmevalError
        If nothing can be made: an unknown diagnosis, no usable mask, a folder of another run.
    UnavailableError
        If the generator cannot be used, or fails.
    """
    settings = settings or GenerateSettings()
    ready = _prepare(name_or_folder, settings, weights or WeightSource(), progress)
    reference = None
    if settings.reference is not None:
        reference = read_reference(settings.reference, ready.frame_format, settings)
    identity = _identity(ready, settings, reference)
    with open_set(out, identity, ready.wanted, resume=resume) as folder:
        n_made = _work_off(ready, folder, settings, reference, progress)
        warnings = _warnings(ready, folder)
        own_settings = saved_settings(name_or_folder, ready.generator)
        shared = generator_columns(ready.generator, own_settings, ready.subjects)
        manifest = write_manifest(out, ready.wanted, folder.done, shared, ready.frame_format)
        told = {"command": command, "notes": ready.notes, "warnings": warnings, **identity}
        _write_run(out, {**told, "settings": settings.model_dump(mode="json")}, ready)
    return GeneratedSet(
        out, manifest, ready.wanted, ready.frame_format, n_made, ready.masks.unusable, ready.notes, warnings
    )


def _prepare(
    name_or_folder: str | Path, settings: GenerateSettings, weights: WeightSource, progress: StepProgress
) -> _Ready:
    generator = open_generator(name_or_folder, weights, settings.generator)
    can, wanted_format = generator.capabilities, format_of(generator)
    check_asked(settings, can)
    masks = FoundMasks(())
    if settings.masks is not None:
        masks = read_source_masks(
            settings.masks,
            wanted_format,
            pixel_size_um=settings.pixel_size_um,
            field_of_view_um=settings.field_of_view_um,
            subject_pattern=settings.subject_pattern,
            progress=progress,
        )
    asked = Asked(
        settings.diagnoses,
        settings.frames,
        settings.seed,
        settings.prompt,
        settings.counterfactual,
        settings.any_mask,
    )
    wanted = plan_frames(asked, masks.masks, can, wanted_format, getattr(generator, "seeds_of", None))
    subjects, note = training_subjects(name_or_folder, generator)
    notes = [*masks.notes, *([note] if note else []), *_notes(wanted)]
    return _Ready(generator, wanted_format, wanted, masks, subjects, notes)


def _notes(wanted: Sequence[WantedFrame]) -> list[str]:
    """Tell what a reader should know of masks that serve several frames, or another diagnosis."""
    notes = []
    masks = [one.mask for one in wanted if one.mask is not None]
    again = len(masks) - len({(one.diagnosis, one.mask.name) for one in wanted if one.mask is not None})
    if again:
        notes.append(f"Masks are fewer than frames: {again} frames share their mask with an earlier one.")
    if masks and any(mask.subject is None for mask in masks):
        notes.append(
            "Of some masks the subject is not known, so that frames of one subject will count as independent;"
            " name it by a manifest or --subject-pattern."
        )
    crossed = sum(
        one.mask is not None and one.mask.diagnosis is not None and one.mask.diagnosis != one.diagnosis
        for one in wanted
    )
    if crossed:
        notes.append(
            f"{crossed} frames bear another diagnosis than their mask, whose nerves they show; see the"
            " manifest's column mask_diagnosis."
        )
    return notes


def _identity(ready: _Ready, settings: GenerateSettings, reference: Any) -> dict[str, Any]:
    """List what decides the frames, besides each one's own mask, diagnosis and seed."""
    import hashlib

    return {
        "ccmeval": __version__,
        "generator": ready.generator.name,
        "generator_identity": ready.generator.identity,
        "shape_px": list(ready.frame_format.shape_px),
        "pixel_size_um": ready.frame_format.pixel_size_um,
        "seed": settings.seed,
        "prompt": settings.prompt,
        "counterfactual": settings.counterfactual,
        "reference_sha256": None if reference is None else hashlib.sha256(reference.tobytes()).hexdigest(),
    }


def _work_off(
    ready: _Ready, folder: SetFolder, settings: GenerateSettings, reference: Any, progress: StepProgress
) -> int:
    """Make what is not there yet, a batch at a time; give how many were made."""
    todo = [one for one in ready.wanted if not folder.is_kept(one)]
    kept, total = len(ready.wanted) - len(todo), len(ready.wanted)
    progress("Frames", kept, total)
    for start in range(0, len(todo), settings.batch_size):
        batch = todo[start : start + settings.batch_size]
        conditions = conditions_of(batch, ready.generator.capabilities, reference)
        frames = make_frames(ready.generator, conditions, ready.frame_format)
        for wanted, made in zip(batch, frames, strict=True):
            folder.keep(wanted, made.frame, made.mask, made.extra)
        progress("Frames", kept + start + len(batch), total)
    return len(todo)


def _warnings(ready: _Ready, folder: SetFolder) -> list[str]:
    found = repeats(folder.done)
    if not found:
        return []
    later, earlier = found[0]
    return [
        f"{len(found)} of {len(ready.wanted)} frames equal an earlier one byte for byte, e.g. {later} is"
        f" {earlier}: the generator does not follow its seed, or has collapsed; such frames add nothing, and"
        " ccmeval check calls them copies."
    ]


def _write_run(out: Path, told: Mapping[str, Any], ready: _Ready) -> None:
    counts = {"frames": len(ready.wanted), "masks": len(ready.masks.masks)}
    document = {**told, **counts, "unusable_masks": list(ready.masks.unusable)}
    try:
        with replacing(out / RUN_FILE) as partial:
            partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except TypeError as error:
        raise CcmevalError(f"The generator's account cannot be written as JSON ({error}).") from error
