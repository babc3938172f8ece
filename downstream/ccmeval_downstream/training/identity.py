"""What makes two training jobs the same one."""

from __future__ import annotations

from typing import Any

from torch import nn

from ccmeval.training.identity import training_hash
from ccmeval.utility.learning import TrainingJob

_OF_NO_CONSEQUENCE = ("checkpoint_every_s", "tensorboard")


def job_hash(job: TrainingJob, settings: dict[str, Any], learner: str, network: nn.Module) -> str:
    """Hash all that a training run depends on: settings, frames, and the network's initial weights.

    Parameters
    ----------
    job : TrainingJob
    settings : dict
        The learner's, complete.
    learner : str
        Name and version.
    network : torch.nn.Module
        As built, before any training.
    """
    plain = {
        "learner": learner,
        "task": job.task,
        "classes": list(job.classes),
        "steps": job.steps,
        "batch_size": job.batch_size,
        "size_px": job.size_px,
        "seed": job.seed,
        "evaluations": job.evaluations,
        "selection": job.selection,
        "settings": {name: value for name, value in settings.items() if name not in _OF_NO_CONSEQUENCE},
    }
    return training_hash(plain, (job.train, job.validation), network)
