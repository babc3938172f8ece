"""A network of a few hundred parameters and toy frames that it can learn; shared by the tests of training."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from ccmeval.utility.learning import FramePool, Task, TrainingJob, learning_set
from ccmeval_downstream.network_learner import NetworkLearner

SIDE = 24
CLASSES = ("thin", "thick")


class TinyLearner(NetworkLearner):
    """Two convolutions with dropout between them, so that the network draws random numbers too."""

    name = "tiny"
    tasks = ("diagnosis", "segmentation")

    def build(self, job: TrainingJob, settings: Any) -> nn.Module:
        body = [nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Dropout(0.1), nn.Conv2d(6, 6, 3, padding=1)]
        if job.task == "segmentation":
            return nn.Sequential(*body, nn.ReLU(), nn.Conv2d(6, 1, 1))
        head = [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, len(job.classes))]
        return nn.Sequential(*body, *head)


def toy_pool(n_frames: int = 24, side: int = SIDE) -> FramePool:
    """Draw an upright nerve in each frame, 2 px wide in even frames and 6 px in odd ones."""
    generator = np.random.default_rng(5)
    masks = np.zeros((n_frames, side, side), np.uint8)
    for number, mask in enumerate(masks):
        width = 2 if number % 2 == 0 else 6
        first = generator.integers(1, side - width - 1)
        mask[:, first : first + width] = 255
    grey = 0.2 + 0.6 * (masks / 255.0) + 0.03 * generator.standard_normal(masks.shape)
    return FramePool(np.clip(grey, 0.0, 1.0).astype(np.float16), 2.0, masks)


def toy_job(folder: Path, task: Task = "diagnosis", **more: Any) -> TrainingJob:
    """Make a job of 16 frames to train on and 8 to validate with."""
    pool, labels = toy_pool(), np.arange(24) % 2
    job = TrainingJob(
        task=task,
        classes=CLASSES if task == "diagnosis" else (),
        train=learning_set(pool, np.arange(16), labels[:16]),
        validation=learning_set(pool, np.arange(16, 24), labels[16:]),
        steps=12,
        batch_size=4,
        size_px=SIDE if task == "diagnosis" else 16,
        seed=3,
        folder=folder,
        evaluations=3,
        settings={"learning_rate": 0.02},
    )
    return replace(job, **more)


def kill_at(step: int) -> Any:
    """Make a progress function that kills its own process, as ``kill -9`` does."""

    def progress(stage: str, done: int, total: int) -> None:
        if done >= step:
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def main() -> None:
    """Train a job of the task and in the folder given, and die at the step given."""
    from ccmeval_downstream.training import books

    books.SHOW_EVERY_S = 0.0
    folder, task, step, save_every_s = sys.argv[1:]
    settings = {"learning_rate": 0.02, "checkpoint_every_s": float(save_every_s)}
    TinyLearner().fit(toy_job(Path(folder), task, settings=settings, progress=kill_at(int(step))))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
