"""Which frames a pretraining step sees: a function of seed and step alone, so that it can go on anywhere."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch.utils.data import Dataset

from ccmeval.arrays import FloatArray
from ccmeval.training.streams import batch_of_step, crop_corners
from ccmeval.utility.learning import LearningSet, TrainingJob, learning_set
from ccmeval_downstream.hmsvit.masked import draw_units
from ccmeval_downstream.hmsvit.sizes import UNIT_PX

_MASKS: Final = 5
"""Stream of the masks, beside those of supervised training."""


def distinct(frames: LearningSet) -> LearningSet:
    """Take each frame of a set once, without labels and weights.

    Examples
    --------
    >>> from ccmeval.utility.learning import FramePool
    >>> pool = FramePool(np.zeros((4, 8, 8), np.float16), 2.0)
    >>> distinct(learning_set(pool, [3, 0, 3])).rows.tolist()
    [0, 3]
    """
    return learning_set(frames.pool, np.unique(frames.rows))


class MaskedBatches(Dataset):  # type: ignore[misc]
    """Item `step` is the batch of that step, or one device's share of it: frames and the units seen of them.

    Parameters
    ----------
    job : TrainingJob
        Its training frames larger than `size_px` are cut at random places.
    mask_ratio : float
    rank, devices : int
        Which share, of how many.
    """

    def __init__(self, job: TrainingJob, mask_ratio: float, rank: int = 0, devices: int = 1) -> None:
        self._job, self._mask_ratio = job, mask_ratio
        self._share = slice(rank, None, devices)

    def __len__(self) -> int:
        return self._job.steps

    def __getitem__(self, step: int) -> dict[str, torch.Tensor | int]:
        job, side = self._job, self._job.size_px
        whole = job.train.pool.frames.shape[-1]
        rows = batch_of_step(len(job.train), job.batch_size, job.seed, step)
        corners = crop_corners(job.batch_size, whole, side, job.seed, step)
        rng = np.random.default_rng([job.seed, _MASKS, step])
        keep = draw_units(rng, job.batch_size, (side // UNIT_PX) ** 2, self._mask_ratio)
        views = [
            job.train.frame(int(row))[top : top + side, left : left + side]
            for row, (top, left) in zip(rows[self._share], corners[self._share], strict=True)
        ]
        return {
            "step": step,
            "frames": torch.from_numpy(np.stack(views)[:, None]),
            "keep": torch.from_numpy(keep[self._share]),
        }


def central_views(frames: LearningSet, side_px: int, most: int) -> FloatArray:
    """Cut the middles of frames, of at most `most` that lie evenly in the set.

    Returns
    -------
    float32 array (N, 1, side_px, side_px)
    """
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), most)).round().astype(int))
    views = []
    for row in chosen:
        frame = frames.frame(int(row))
        top, left = ((length - side_px) // 2 for length in frame.shape)
        views.append(frame[top : top + side_px, left : left + side_px][None])
    return np.stack(views) if views else np.empty((0, 1, side_px, side_px), np.float32)
