"""The dry run: what a training would take, measured over a few steps that leave nothing behind."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from ccmeval.generation.conditions import GeneratorJob, TrainingPlan, no_samples
from ccmeval.training.streams import stream_seed
from ccmeval.training.surroundings import (
    device_name,
    fastest_device,
    own_randomness,
    repeatable,
    with_threads,
)
from ccmeval.utility.learning import LearningSet, no_progress
from ccmeval_generators.settings import GeneratorNetworkSettings
from ccmeval_generators.training.checks import check_job, check_stages, format_of
from ccmeval_generators.training.fit import count_parameters
from ccmeval_generators.training.run import StageRun
from ccmeval_generators.training.stage import Stage
from ccmeval_generators.training.state import new_state
from ccmeval_generators.training.trial import STEPS, TrialResult, try_stage

if TYPE_CHECKING:
    from ccmeval_generators.network_generator import NetworkGenerator


def plan_training(generator: NetworkGenerator, job: GeneratorJob) -> TrainingPlan:
    """Tell parameters, steps, memory and time of a training.

    A few steps of every stage are done with networks, frames and a folder of their own; nothing is written
    into the job's folder. With several devices one of them is tried, with its share of the batch.

    Parameters
    ----------
    generator : NetworkGenerator
        Stays as it is.
    job : GeneratorJob

    Raises
    ------
    UnavailableError
        If the job cannot be done here.
    """
    settings = generator.settings_model.model_validate(dict(job.settings))
    assert isinstance(settings, GeneratorNetworkSettings)
    check_job(generator, job, settings)
    with ExitStack() as stack:
        stack.enter_context(with_threads(job.threads))
        stack.enter_context(own_randomness(stream_seed(job.seed, "weights")))
        stack.enter_context(repeatable())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        networks = generator.build(format_of(job), settings)
        stages = list(generator.stages(networks, job, settings))
        check_stages(stages, settings)
        found = _trials(networks, stages, job, settings, Path(folder))
    return _plan(networks, stages, found, [*generator.notes(job, settings), *_notes(stages, found)])


def _trials(
    networks: nn.ModuleDict,
    stages: Sequence[Stage],
    job: GeneratorJob,
    settings: GeneratorNetworkSettings,
    folder: Path,
) -> list[TrialResult]:
    alone = settings.model_copy(update={"devices": 1, "tensorboard": False})
    found = []
    for number, stage in enumerate(stages):
        whole = stage.batch_size
        stage.batch_size = whole // settings.devices
        learnt = stage.frames(job.train)
        frames = _few(learnt, stage.batch_size * STEPS)
        trial = replace(
            job, folder=folder, train=frames, samples=(), on_samples=no_samples, progress=no_progress
        )
        state = {**new_state("", ()), "stage": number}
        run = StageRun(stage, number, networks, trial, alone, state)
        found.append(try_stage(run, len(np.unique(learnt.rows)), fastest_device()))
        stage.batch_size = whole
    return found


def _few(frames: LearningSet, number: int) -> LearningSet:
    part = slice(0, number)
    return LearningSet(frames.pool, frames.rows[part], frames.labels[part], frames.weights[part])


def _plan(
    networks: nn.ModuleDict, stages: Sequence[Stage], found: Sequence[TrialResult], notes: Sequence[str]
) -> TrainingPlan:
    total, trained = count_parameters(networks, stages)
    steps = sum(stage.steps for stage in stages)
    seconds = sum(stage.steps * trial.seconds_a_step for stage, trial in zip(stages, found, strict=True))
    return TrainingPlan(
        n_parameters=total,
        n_trained=trained,
        steps=steps,
        batch_size=max((stage.batch_size for stage in stages), default=0),
        memory_gib=max((trial.memory_bytes for trial in found), default=0) / 2**30,
        seconds_a_step=seconds / max(1, steps),
        device=device_name(fastest_device()),
        stages=tuple(_words(stage, trial) for stage, trial in zip(stages, found, strict=True)),
        notes=tuple(notes),
    )


def _words(stage: Stage, trial: TrialResult) -> str:
    return (
        f"{stage.name}: {stage.steps} steps of {stage.batch_size} frames, {trial.seconds_a_step:.3g} s each,"
        f" at most {trial.memory_bytes / 2**30:.2g} GiB"
    )


def _notes(stages: Sequence[Stage], found: Sequence[TrialResult]) -> list[str]:
    notes = [
        f"Before stage {stage.name}, about {trial.caching_seconds:.0f} s go into caching what it reads."
        for stage, trial in zip(stages, found, strict=True)
        if stage.caches
    ]
    return [*notes, "Sample frames and checkpoints take time beside the steps."]
