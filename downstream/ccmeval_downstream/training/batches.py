"""Batches of a step as tensors: a pure function of the job and the step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ccmeval.training.steps import StepsFrom
from ccmeval.training.streams import batch_of_step, crop_corners
from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.training.targets import SegmentationTargets

Batch = dict[str, Any]


class TrainingBatches(Dataset):  # type: ignore[misc]
    """Item `step` is the batch of that step, or one device's share of it.

    Frames stay in the pool's float16 and masks in uint8 until they are on the device.
    """

    def __init__(
        self, job: TrainingJob, with_tubes: bool = False, rank: int = 0, world_size: int = 1
    ) -> None:
        self._job = job
        self._share = slice(rank, None, world_size)
        self._targets = SegmentationTargets(job.train, with_tubes) if job.task == "segmentation" else None

    def __len__(self) -> int:
        return self._job.steps

    def __getitem__(self, step: int) -> Batch:
        job = self._job
        frame_px = job.train.pool.frames.shape[-1]
        chosen = batch_of_step(len(job.train), job.batch_size, job.seed, step)[self._share]
        corners = crop_corners(job.batch_size, frame_px, job.size_px, job.seed, step)[self._share]
        return {
            "step": step,
            "frames": torch.from_numpy(self._frames(chosen, corners)),
            "targets": torch.from_numpy(self._of_task(chosen, corners)),
            "weights": torch.from_numpy(job.train.weights[chosen].astype(np.float32)),
        }

    def _frames(self, chosen: Any, corners: Any) -> Any:
        pool, size = self._job.train.pool, self._job.size_px
        rows = self._job.train.rows[chosen]
        crops = [
            pool.frames[pool_row, row : row + size, column : column + size]
            for pool_row, (row, column) in zip(rows, corners, strict=True)
        ]
        return np.stack(crops)[:, None]

    def _of_task(self, chosen: Any, corners: Any) -> Any:
        if self._targets is None:
            return self._job.train.labels[chosen].astype(np.int64)
        size = self._job.size_px
        crops = [
            self._targets.crop(index, row, column, size)
            for index, (row, column) in zip(chosen, corners, strict=True)
        ]
        return np.stack(crops)


def batch_loader(batches: TrainingBatches, first_step: int) -> Any:
    """Make the loader of the batches from `first_step` on.

    Batches are put together in the training process itself: a batch is a few copies out of mapped memory,
    cheaper than handing it from one process to another, and several units share a machine anyway.
    """
    return DataLoader(
        batches,
        batch_size=None,
        sampler=StepsFrom(first_step, len(batches)),
        num_workers=0,
        generator=torch.Generator(),
    )
