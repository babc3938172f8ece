"""What a network says of whole frames: predictions and the validation loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.arrays import FloatArray
from ccmeval.utility.learning import LearningSet, Task
from ccmeval_downstream.settings import LossSettings
from ccmeval_downstream.training.losses import frame_losses
from ccmeval_downstream.training.targets import SegmentationTargets
from ccmeval_downstream.training.tiles import tile_corners, tile_window

Corner = tuple[int, int]

PIXELS_AT_ONCE = 2**20
"""Pixels that go through a network together: 7 frames of 384 px, 113 of 96 px."""


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Set a network to evaluate, without gradients, and each of its parts back to what it was."""
    modes = [(part, part.training) for part in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


def predict(
    network: nn.Module, task: Task, frames: LearningSet, size_px: int, device: torch.device
) -> FloatArray:
    """Give probabilities, of diagnoses (N, C) or of nerve at every pixel (N, S, S), as float32."""
    with evaluating(network):
        if task == "diagnosis":
            return _diagnoses(network, frames, device)
        return _nerves(network, frames, size_px, device)


def _diagnoses(network: nn.Module, frames: LearningSet, device: torch.device) -> FloatArray:
    parts = [
        network(_tensor(frames, indices, device)).float().softmax(dim=1).cpu()
        for indices in _chunks(len(frames), frames.pool.frames.shape[-1])
    ]
    found: FloatArray = torch.cat(parts).numpy() if parts else np.empty((0, 0), np.float32)
    return found


def _nerves(network: nn.Module, frames: LearningSet, size_px: int, device: torch.device) -> FloatArray:
    """Blend tiles: a pixel is the mean of what all tiles on it say, weighted by their windows."""
    side = frames.pool.frames.shape[-1]
    corners = list(tile_corners(side, size_px))
    window = tile_window(size_px) if len(corners) > 1 else np.ones((size_px, size_px), np.float32)
    summed, weight = np.zeros((len(frames), side, side)), np.zeros((side, side))
    for corner in corners:
        weight[_at(corner, size_px)] += window
    for places, tiles in _tiles(frames, corners, size_px, device):
        found = network(tiles).float().sigmoid()[:, 0].cpu().numpy()
        for (index, corner), tile in zip(places, found, strict=True):
            summed[index][_at(corner, size_px)] += tile * window
    return (summed / weight).astype(np.float32)


def _tiles(
    frames: LearningSet, corners: Sequence[Corner], size_px: int, device: torch.device
) -> Iterator[tuple[list[tuple[int, Corner]], Tensor]]:
    """Give the tiles of all frames, as many at once as go through a network together, and their places."""
    places = [(index, corner) for index in range(len(frames)) for corner in corners]
    for chunk in _chunks(len(places), size_px):
        chosen = [places[number] for number in chunk]
        tiles = np.stack([frames.frame(index)[_at(corner, size_px)] for index, corner in chosen])
        yield chosen, torch.from_numpy(tiles[:, None]).to(device)


def validation_loss(
    network: nn.Module,
    task: Task,
    frames: LearningSet,
    targets: SegmentationTargets | None,
    size_px: int,
    settings: LossSettings,
    device: torch.device,
) -> float:
    """Give the mean loss of whole frames, without augmentation; NaN without frames.

    A frame larger than `size_px` is covered by tiles that overlap as little as they can, and its loss is
    the mean of theirs.
    """
    if not len(frames):
        return float("nan")
    with evaluating(network):
        if targets is None:
            losses = _diagnosis_losses(network, frames, settings, device)
        else:
            losses = _tile_losses(network, task, frames, targets, size_px, settings, device)
    return float(np.mean(losses * frames.weights))


def _diagnosis_losses(
    network: nn.Module, frames: LearningSet, settings: LossSettings, device: torch.device
) -> Any:
    parts = []
    for indices in _chunks(len(frames), frames.pool.frames.shape[-1]):
        labels = torch.from_numpy(frames.labels[indices].astype(np.int64)).to(device)
        logits = network(_tensor(frames, indices, device))
        parts.append(frame_losses("diagnosis", logits, labels, settings).cpu())
    return torch.cat(parts).double().numpy()


def _tile_losses(
    network: nn.Module,
    task: Task,
    frames: LearningSet,
    targets: SegmentationTargets,
    size_px: int,
    settings: LossSettings,
    device: torch.device,
) -> Any:
    corners = list(tile_corners(frames.pool.frames.shape[-1], size_px, overlap=0.0))
    parts = []
    for places, tiles in _tiles(frames, corners, size_px, device):
        taught = np.stack([targets.crop(index, *corner, size_px) for index, corner in places])
        true = torch.from_numpy(taught).to(device).float() / 255.0
        parts.append(frame_losses(task, network(tiles), true, settings).cpu())
    return torch.cat(parts).double().numpy().reshape(len(frames), -1).mean(axis=1)


def _at(corner: Corner, size_px: int) -> tuple[slice, slice]:
    return np.s_[corner[0] : corner[0] + size_px, corner[1] : corner[1] + size_px]


def _tensor(frames: LearningSet, indices: Any, device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack([frames.frame(index) for index in indices])[:, None]).to(device)


def _chunks(number: int, size_px: int) -> Iterator[Any]:
    at_once = max(1, PIXELS_AT_ONCE // size_px**2)
    return (np.arange(first, min(first + at_once, number)) for first in range(0, number, at_once))
