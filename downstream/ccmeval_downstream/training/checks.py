"""Whether a training job can be done at all, told before anything is computed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch

from ccmeval.errors import UnavailableError
from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.settings import NetworkSettings


def check_job(job: TrainingJob, settings: NetworkSettings, name: str) -> None:
    """Refuse a job that cannot be done here.

    Raises
    ------
    UnavailableError
        With the reason and the cure.
    """
    _check_frames(job, name)
    _check_machine(job, settings)
    loss = settings.loss
    if job.task == "segmentation" and not loss.bce + loss.dice + loss.cldice + loss.skeleton_recall > 0.0:
        raise UnavailableError(
            "The loss of segmentation has no part; give bce, dice or another a weight above 0."
        )


def _check_frames(job: TrainingJob, name: str) -> None:
    side = job.train.pool.frames.shape[-1]
    if not len(job.train):
        raise UnavailableError(f"{name} has no frames to train on.")
    if side < job.size_px or (job.task == "diagnosis" and side != job.size_px):
        raise UnavailableError(f"{name} is to see {job.size_px} px, but its frames have {side} px.")
    if job.task == "segmentation":
        lacking = any(not _has_masks(frames) for frames in (job.train, job.validation))
        if lacking:
            raise UnavailableError(f"{name} cannot learn segmentation from frames without masks.")
        return
    for frames in (job.train, job.validation):
        if len(frames) and not (frames.labels.min() >= 0 and frames.labels.max() < len(job.classes)):
            raise UnavailableError(
                f"{name} was given frames whose diagnosis is not among {list(job.classes)}."
            )


def _has_masks(frames: Any) -> bool:
    return not len(frames) or frames.pool.masks is not None


def _check_machine(job: TrainingJob, settings: NetworkSettings) -> None:
    if settings.precision == "16-mixed" and not torch.cuda.is_available():
        raise UnavailableError("Precision 16-mixed needs a GPU; use auto, 32 or bf16-mixed.")
    if job.batch_size % settings.devices:
        raise UnavailableError(
            f"A batch of {job.batch_size} cannot be shared evenly by {settings.devices} devices;"
            " change one of them."
        )
    here = torch.cuda.device_count()
    if here and settings.devices > here:
        raise UnavailableError(f"{settings.devices} devices were asked for, but this machine has {here}.")
    if settings.tensorboard and find_spec("tensorboard") is None:
        raise UnavailableError(
            "TensorBoard logs need its package; install it with: pip install 'ccmeval[tensorboard]'."
        )
