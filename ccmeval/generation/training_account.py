"""What is told of a training as it begins, goes on and ends."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from typing import Any

from ccmeval.batch.conclusion import library_versions
from ccmeval.generation.conditions import GeneratorRecord, TrainingPlan
from ccmeval.generation.trainable import told_of
from ccmeval.generation.training_prepared import Prepared
from ccmeval.generation.training_schema import PlanTold, Provenance, TrainingResult

SAMPLES_A_TRAINING = 10
"""Times that samples are made unless the settings say otherwise."""

LEARNING_LIBRARIES = (
    "torch",
    "lightning",
    "monai",
    "diffusers",
    "transformers",
    "peft",
    "timm",
    "safetensors",
)


def begun(prepared: Prepared, command: str) -> TrainingResult:
    """Make the result of a training that begins."""
    settings = prepared.settings
    return TrainingResult(
        created=now(),
        command=command,
        versions=_versions(),
        generator=told_of(prepared.generator, prepared.name),
        settings={**settings.model_dump(mode="json"), "generator": prepared.own},
        identity=prepared.identity(),
        seed=settings.seed,
        data=prepared.data.summary,
        classes=list(prepared.data.classes),
        samples=[sample.told for sample in prepared.samples],
        subjects=prepared.data.summary.subjects,
        notes=list(dict.fromkeys(prepared.notes)),
    )


def add_plan(result: TrainingResult, plan: TrainingPlan) -> None:
    """Add what the training is estimated to take, and by it how often samples are made."""
    result.plan = told(PlanTold, plan)
    result.sample_every = ceil(plan.steps / SAMPLES_A_TRAINING)
    result.notes = list(dict.fromkeys([*result.notes, *plan.notes]))


def provenance(result: TrainingResult) -> Provenance:
    """Take out of a result what the model's folder tells."""
    same = (
        *("subjects", "n_frames_without_subject", "diagnoses", "size_px", "pixel_size_um"),
        *("field_of_view_um", "frames"),
    )
    return Provenance(
        generator=result.generator,
        seed=result.seed,
        finished=result.finished,
        **{name: getattr(result.data, name) for name in same},
    )


def told(model: Any, source: TrainingPlan | GeneratorRecord) -> Any:
    """Take over what a plan or a record tells, as far as the result has a place for it."""
    told = asdict(source)
    return model(**{name: value for name, value in told.items() if name in model.model_fields})


def now() -> str:
    """Give the time in ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = library_versions()
    for name in LEARNING_LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def other_versions(past: Mapping[str, str]) -> list[str]:
    """Say which libraries are of another version than those that the training was begun with."""
    here = _versions()
    changed = [
        f"{name} {past.get(name, 'absent')} to {here.get(name, 'absent')}"
        for name in dict.fromkeys((*past, *here))
        if past.get(name) != here.get(name)
    ]
    if not changed:
        return []
    return [f"The training went on with other versions: {', '.join(changed)}."]
