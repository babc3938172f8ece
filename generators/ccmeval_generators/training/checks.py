"""Whether a generator can be trained for a job at all, told before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import FrameFormat, GeneratorJob
from ccmeval_generators.conditions_checked import check_conditions
from ccmeval_generators.settings import GeneratorNetworkSettings
from ccmeval_generators.training.stage import Stage

if TYPE_CHECKING:
    from ccmeval_generators.network_generator import NetworkGenerator


def format_of(job: GeneratorJob) -> FrameFormat:
    """Give what the frames of a generator will be like after a job."""
    height, width = job.train.pool.frames.shape[1:]
    return FrameFormat((int(height), int(width)), float(job.train.pool.pixel_size_um), tuple(job.classes))


def check_job(generator: NetworkGenerator, job: GeneratorJob, settings: GeneratorNetworkSettings) -> None:
    """Refuse a job that cannot be done here.

    Raises
    ------
    UnavailableError
        With the reason and the cure.
    """
    _check_frames(generator, job, settings)
    _check_machine(settings)
    check_conditions(generator.name, generator.capabilities, job.samples, format_of(job))


def check_stages(stages: Sequence[Stage], settings: GeneratorNetworkSettings) -> None:
    """Refuse stages that the devices cannot share evenly.

    Raises
    ------
    UnavailableError
    """
    for stage in stages:
        if stage.batch_size % settings.devices:
            raise UnavailableError(
                f"A batch of {stage.batch_size} cannot be shared evenly by {settings.devices} devices;"
                " change one of them."
            )


def _check_frames(generator: NetworkGenerator, job: GeneratorJob, settings: GeneratorNetworkSettings) -> None:
    name, frames, takes = generator.name, job.train, generator.capabilities
    if not len(frames):
        raise UnavailableError(f"{name} has no frames to train on.")
    shape, side = tuple(frames.pool.frames.shape[1:]), settings.size_px
    if shape != (side, side):
        raise UnavailableError(
            f"{name} is to learn frames of {side} px, but was given {shape[0]} x {shape[1]}; set size_px."
        )
    if side % takes.side_multiple_px:
        raise UnavailableError(f"size_px of {name} must be a multiple of {takes.side_multiple_px}.")
    if "mask" in takes.needs and frames.pool.masks is None:
        raise UnavailableError(f"{name} cannot learn from frames without masks; segment them first.")
    lowest = 0 if "diagnosis" in takes.needs else -1
    if frames.labels.min() < lowest or frames.labels.max() >= len(job.classes):
        raise UnavailableError(f"{name} was given frames whose diagnosis is not among {list(job.classes)}.")


def _check_machine(settings: GeneratorNetworkSettings) -> None:
    if settings.precision == "16-mixed" and not torch.cuda.is_available():
        raise UnavailableError("Precision 16-mixed needs a GPU; use auto, 32 or bf16-mixed.")
    here = torch.cuda.device_count()
    if here and settings.devices > here:
        raise UnavailableError(f"{settings.devices} devices were asked for, but this machine has {here}.")
    if settings.tensorboard and find_spec("tensorboard") is None:
        raise UnavailableError(
            "TensorBoard logs need its package; install it with: pip install 'ccmeval[tensorboard]'."
        )
