"""What makes two training jobs the same one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import torch
from torch import nn

from ccmeval.utility.learning import LearningSet, TrainingJob

THINNING = 8
"""Every eighth row and column of a frame goes into the hash: a look at each frame, not all of it."""

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
    digest = hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=16)
    for frames in (job.train, job.validation):
        _add_frames(digest, frames)
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _add_frames(digest: Any, frames: LearningSet) -> None:
    pool = frames.pool
    digest.update(json.dumps([list(pool.frames.shape), pool.pixel_size_um]).encode())
    for values in (frames.rows, frames.labels, frames.weights):
        digest.update(np.ascontiguousarray(values).tobytes())
    for row in np.unique(frames.rows):
        digest.update(pool.frames[row, ::THINNING, ::THINNING].tobytes())
        if pool.masks is not None:
            digest.update(pool.masks[row, ::THINNING, ::THINNING].tobytes())
