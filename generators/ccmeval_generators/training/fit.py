"""Train a generator: its stages one after the other, from where an interruption left them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ccmeval.generation.conditions import FrameFormat, GeneratorJob, GeneratorRecord
from ccmeval.training.checkpoints import STATE_KEY, find_checkpoint
from ccmeval.training.identity import tensors_hash, training_hash
from ccmeval.training.streams import stream_seed
from ccmeval.training.surroundings import fastest_device, own_randomness, repeatable, with_threads
from ccmeval.utility.learning import no_progress
from ccmeval_generators.foundation.adapted import frozen_parameters
from ccmeval_generators.settings import NOT_IN_FRAMES, GeneratorNetworkSettings
from ccmeval_generators.training.average import WeightAverage
from ccmeval_generators.training.books import Books
from ccmeval_generators.training.checkpoint_files import FOLDER, checkpoints_of, set_newer_aside
from ccmeval_generators.training.checks import check_job, check_stages, format_of
from ccmeval_generators.training.run import StageRun
from ccmeval_generators.training.samples import Samples
from ccmeval_generators.training.stage import Stage
from ccmeval_generators.training.state import State, new_state, next_stage
from ccmeval_generators.training.task import AVERAGE

if TYPE_CHECKING:
    from ccmeval_generators.network_generator import NetworkGenerator


@dataclass(frozen=True)
class Fitted:
    """What a training gives: the networks, on the CPU, and what is known of them."""

    networks: nn.ModuleDict
    frame_format: FrameFormat
    settings: GeneratorNetworkSettings
    record: GeneratorRecord


def fit_networks(generator: NetworkGenerator, job: GeneratorJob) -> Fitted:
    """Train the networks of a generator, or go on with the training that an interruption ended.

    The batch of a step, its orientations and all noise depend on seed, stage and step only, and a
    checkpoint holds everything else: on a CPU a training that was killed and picked up gives the same
    weights, bit for bit, as an unbroken one with the same number of threads.

    Parameters
    ----------
    generator : NetworkGenerator
    job : GeneratorJob
        Its folder gets ``checkpoints/``, ``caches/``, ``training.csv`` and a note of the samples that were
        made; a job that finds itself finished there only reads its last checkpoint.

    Raises
    ------
    UnavailableError
        If the job cannot be done here.
    CcmevalError
        If a loss is no number any more.
    """
    settings = generator.settings_model.model_validate(dict(job.settings))
    assert isinstance(settings, GeneratorNetworkSettings)
    check_job(generator, job, settings)
    with ExitStack() as stack:
        stack.enter_context(with_threads(job.threads))
        stack.enter_context(own_randomness(stream_seed(job.seed, "weights")))
        stack.enter_context(repeatable())
        return _Training(generator, job, settings).done()


class _Training:
    """The parts of a training that last over its stages."""

    def __init__(
        self, generator: NetworkGenerator, job: GeneratorJob, settings: GeneratorNetworkSettings
    ) -> None:
        self.generator, self.job, self.settings = generator, job, settings
        self.format = format_of(job)
        self.networks = generator.build(self.format, settings)
        self.stages = list(generator.stages(self.networks, job, settings))
        check_stages(self.stages, settings)
        self.steps = sum(stage.steps for stage in self.stages)
        self.job_id = job_id_of(generator, job, settings, self.networks, self.stages)
        self.samples = Samples(generator, job, self.format, settings, self.job_id)

    def done(self) -> Fitted:
        """Do the stages that are left."""
        self.samples.hand_over()
        path, state = self._last_checkpoint()
        set_newer_aside(self.job.folder, self.job_id, path)
        if path is None:
            state = new_state(self.job_id, [*state["notes"], *self.generator.notes(self.job, self.settings)])
        started = time.monotonic() - state["seconds"]
        if self.samples.due(0, self.steps) and state["step"] == 0:
            self.networks.to(fastest_device())
            self.samples.make(self.networks, 0)
            self.networks.to("cpu")
        while state["stage"] < len(self.stages):
            stage = self.stages[state["stage"]]
            if path is not None:
                load_networks(self.networks, path)
            if state["stage_step"] < stage.steps:
                self._run(stage, state, path, started)
                path, state = self._last_checkpoint()
            assert path is not None
            self._take_over(stage, path)
            path, state = None, next_stage(state)
        return Fitted(self.networks.eval(), self.format, self.settings, self._record(state))

    def _run(self, stage: Stage, state: State, path: Path | None, started: float) -> None:
        run = StageRun(stage, state["stage"], self.networks, self.job, self.settings, state)
        source = run.prepared()
        alone = self.settings.devices == 1
        # What other processes get must not hold a user's functions, which may not be sent to them.
        job = self.job if alone else replace(self.job, progress=no_progress, on_samples=_nowhere)
        samples = replace(self.samples, job=job, waiting=not alone)
        books = Books(state, samples, self.steps, self.settings.checkpoint_every_s, job.progress, started)
        replace(run, job=job).run(source, books, path, stage.steps)
        self.samples.hand_over()

    def _last_checkpoint(self) -> tuple[Path | None, State]:
        names = [path.name for path in checkpoints_of(self.job.folder, self.job_id)]
        found = find_checkpoint(self.job.folder / FOLDER, self.job_id, names)
        notes = [*found.state.get("notes", ()), *found.notes]
        return found.path, {**found.state, "notes": list(dict.fromkeys(notes))}

    def _take_over(self, stage: Stage, path: Path) -> None:
        """Let a finished stage's weights, averaged if so asked, be those of what follows."""
        loaded = load_networks(self.networks, path)
        if AVERAGE in loaded:
            average = WeightAverage(stage.averaged(), self.settings.average_decay)
            average.load(loaded[AVERAGE])
            average.put()

    def _record(self, state: State) -> GeneratorRecord:
        total, trained = count_parameters(self.networks, self.stages)
        return GeneratorRecord(
            steps=state["step"],
            n_parameters=total,
            n_trained=trained,
            seconds=state["seconds"],
            history=tuple((stage, step, loss) for stage, step, loss in state["history"]),
            device=state["device"],
            notes=tuple(state["notes"]),
        )


def job_id_of(
    generator: NetworkGenerator,
    job: GeneratorJob,
    settings: GeneratorNetworkSettings,
    networks: nn.ModuleDict,
    stages: Sequence[Stage],
) -> str:
    """Hash all that a training depends on, with the weights of helpers such as a perceptual loss."""
    plain = {
        "generator": [generator.name, generator.version],
        "classes": list(job.classes),
        "seed": job.seed,
        "settings": settings.model_dump(mode="json", exclude=set(NOT_IN_FRAMES)),
    }
    helpers = [
        tensors_hash(part.state_dict().items()) for stage in stages for part in stage.helpers().values()
    ]
    return training_hash({**plain, "helpers": helpers} if helpers else plain, (job.train,), networks)


def count_parameters(networks: nn.ModuleDict, stages: Sequence[Stage]) -> tuple[int, int]:
    """Count the parameters of all networks, with the frozen bases of adapted ones, and what is trained."""
    trained = {
        id(value): value.numel()
        for stage in stages
        for module in stage.trained().values()
        for value in module.parameters()
    }
    registered = sum(value.numel() for value in networks.parameters())
    return registered + frozen_parameters(networks), sum(trained.values())


def load_networks(networks: nn.ModuleDict, path: Path) -> dict[str, Any]:
    """Give networks the weights of a checkpoint; gives back all that it holds."""
    loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    prefix = "networks."
    networks.to("cpu").load_state_dict(
        {name.removeprefix(prefix): value for name, value in loaded["state_dict"].items()}
    )
    assert loaded["callbacks"][STATE_KEY]["job"]
    return loaded


def _nowhere(step: int, frames: Any) -> None:
    """Hand frames to nobody."""
