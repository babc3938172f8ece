"""Batches of a step as tensors: a pure function of job, stage and step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ccmeval.training.steps import StepsFrom
from ccmeval.training.streams import batch_of_step, stream_seed
from ccmeval.utility.learning import LearningSet
from ccmeval_generators.training.orientation import oriented, places_of_step
from ccmeval_generators.training.stage import Batch

_HALF = 128
"""Coverage, of 255, from which on a pixel is nerve."""


@dataclass(frozen=True)
class FrameSource:
    """Frames of a stage, with what was cached of them.

    Attributes
    ----------
    frames : LearningSet
    seed : int
        Of the job.
    stage : int
        Its number.
    in_use : tuple of int
        Orientations.
    caches : mapping of str to array (number of orientations, number of different rows, ...)
    """

    frames: LearningSet
    seed: int
    stage: int
    in_use: tuple[int, ...]
    caches: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def rows(self) -> npt.NDArray[np.intp]:
        """Give the rows of the pool that the frames are, each once."""
        return np.unique(self.frames.rows)

    def step(self, step: int, batch_size: int, share: slice = slice(None)) -> dict[str, Any]:
        """Give the tensors of a step, or one device's share of them."""
        order = stream_seed(self.seed, "order", self.stage)
        chosen = batch_of_step(len(self.frames), batch_size, order, step)[share]
        places = places_of_step(batch_size, len(self.in_use), self.seed, self.stage, step)[share]
        values = self.tensors(self.frames.rows[chosen], places)
        labels = torch.from_numpy(self.frames.labels[chosen].astype(np.int64))
        return {**values, "labels": labels, "step": step, "cached": self._cached(chosen, places)}

    def tensors(self, rows: npt.NDArray[np.intp], places: npt.NDArray[np.intp]) -> dict[str, Tensor]:
        """Give frames and masks of rows of the pool, oriented."""
        pool = self.frames.pool
        frames = np.stack([pool.frames[row] for row in rows]).astype(np.float32)
        masks = np.zeros_like(frames)
        if pool.masks is not None:
            masks = (np.stack([pool.masks[row] for row in rows]) >= _HALF).astype(np.float32)
        pair = torch.from_numpy(np.stack([frames, masks], axis=1))
        pair = oriented(pair, np.asarray(self.in_use)[places])
        numbers = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        return {"frames": pair[:, :1].contiguous(), "masks": pair[:, 1:].contiguous(), "rows": numbers}

    def _cached(self, chosen: npt.NDArray[np.intp], places: npt.NDArray[np.intp]) -> dict[str, Tensor]:
        where = np.searchsorted(self.rows(), self.frames.rows[chosen]) if self.caches else chosen
        pairs = list(zip(places, where, strict=True))
        return {
            name: torch.from_numpy(np.stack([values[pair] for pair in pairs]))
            for name, values in self.caches.items()
        }


class StageBatches(Dataset):  # type: ignore[misc]
    """Item `step` is the batch of that step, or one device's share of it."""

    def __init__(
        self, source: FrameSource, batch_size: int, steps: int, rank: int = 0, world_size: int = 1
    ) -> None:
        self._source, self._batch_size, self._steps = source, batch_size, steps
        self._share = slice(rank, None, world_size)

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, step: int) -> dict[str, Any]:
        return self._source.step(step, self._batch_size, self._share)

    def loader(self, first_step: int) -> Any:
        """Make the loader of the batches from `first_step` on, put together in the process itself."""
        steps = StepsFrom(first_step, self._steps)
        return DataLoader(self, batch_size=None, sampler=steps, num_workers=0, generator=torch.Generator())


def batch_on(values: Mapping[str, Any], device: torch.device) -> Batch:
    """Make a batch of a step's tensors, on a device."""
    moved = {name: values[name].to(device) for name in ("frames", "masks", "labels", "rows")}
    cached = {name: value.to(device) for name, value in values.get("cached", {}).items()}
    return Batch(**moved, step=int(values["step"]), cached=cached)


def first_epoch(source: FrameSource, batch_size: int, device: torch.device) -> Iterator[Batch]:
    """Give the batches of a stage's first epoch."""
    for step in range(-(-len(source.frames) // batch_size)):
        yield batch_on(source.step(step, batch_size), device)
