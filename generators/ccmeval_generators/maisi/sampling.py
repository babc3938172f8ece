"""From conditions to frames: noise, the way back to clean latents, and the decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.arrays import FloatArray
from ccmeval.generation.conditions import Condition, FrameFormat
from ccmeval_generators.maisi.networks import decoded, predicted
from ccmeval_generators.maisi.noise_paths import NoisePath, noise_path
from ccmeval_generators.maisi.settings import MaisiSettings

Predict = Callable[[Tensor, Tensor], Tensor]


def label_rows(conditions: Sequence[Condition], diagnoses: Sequence[str]) -> Tensor | None:
    """Give each condition's row of the embedding of classes; the last row is for no diagnosis.

    Examples
    --------
    >>> label_rows([Condition(0, "b"), Condition(1)], ["a", "b"]).tolist()
    [1, 2]
    """
    if not diagnoses:
        return None
    order = list(diagnoses)
    return torch.tensor([len(order) if c.diagnosis is None else order.index(c.diagnosis) for c in conditions])


def mask_planes(conditions: Sequence[Condition], shape_px: Sequence[int]) -> tuple[Tensor | None, Tensor]:
    """Give the masks, and which frames have one.

    Returns
    -------
    masks : float32 tensor (B, 1, H, W) or None
        Zero where there is none; None where no frame has one.
    followed : bool tensor (B,)
    """
    followed = torch.tensor([condition.mask is not None for condition in conditions])
    if not followed.any():
        return None, followed
    planes = np.zeros((len(conditions), 1, *shape_px), dtype=np.float32)
    for plane, condition in zip(planes, conditions, strict=True):
        if condition.mask is not None:
            plane[0] = condition.mask
    return torch.from_numpy(planes), followed


def sampled_frames(
    networks: nn.ModuleDict,
    conditions: Sequence[Condition],
    frame_format: FrameFormat,
    settings: MaisiSettings,
) -> list[FloatArray]:
    """Make one frame a condition, all in one batch, on the device where the networks lie."""
    scale: Tensor = networks["scale"].deviation
    height, width = (side // settings.reduction for side in frame_format.shape_px)
    latents = walk_back(
        _prediction(networks, conditions, frame_format, settings),
        noise_path(settings),
        settings.inference_steps,
        (settings.latent_channels, height, width),
        [torch.Generator().manual_seed(condition.seed % 2**63) for condition in conditions],
        scale,
    )
    frames = decoded(networks["autoencoder"], latents * scale).clamp(0.0, 1.0)
    return [frame[0] for frame in frames.float().cpu().numpy()]


def _prediction(
    networks: nn.ModuleDict,
    conditions: Sequence[Condition],
    frame_format: FrameFormat,
    settings: MaisiSettings,
) -> Predict:
    """Give what predicts noise or velocity under these conditions, with guidance where it is asked for."""
    device, diagnoses = networks["scale"].deviation.device, frame_format.diagnoses
    rows = label_rows(conditions, diagnoses)
    labels = None if rows is None else rows.to(device)
    planes, having = mask_planes(conditions, frame_format.shape_px)
    is_led = planes is not None and bool(networks["scale"].follows_masks)
    masks, followed = (
        (planes.to(device), having.to(device)) if planes is not None and is_led else (None, None)
    )

    def predict(latents: Tensor, times: Tensor) -> Tensor:
        given = predicted(networks, latents, times, labels, masks, followed)
        if settings.guidance_scale == 1.0 or labels is None:
            return given
        none = torch.full_like(labels, len(diagnoses))
        without = predicted(networks, latents, times, none, masks, followed)
        return without + settings.guidance_scale * (given - without)

    return predict


def walk_back(
    predict: Predict,
    path: NoisePath,
    steps: int,
    shape: tuple[int, int, int],
    streams: Sequence[torch.Generator],
    like: Tensor,
) -> Tensor:
    """Go from noise to clean latents.

    Parameters
    ----------
    predict : callable
        Takes latents (B, C, h, w) and times (B,).
    path : NoisePath
    steps : int
    shape : (int, int, int)
        Of one frame's latents, (C, h, w).
    streams : sequence of torch.Generator
        One a frame, on the CPU: all the frame's noise comes from its own.
    like : tensor
        Of the device and type wanted.

    Returns
    -------
    float tensor (B, C, h, w)
    """

    def noise() -> Tensor:
        return torch.stack([torch.randn(shape, generator=stream) for stream in streams]).to(like)

    latents = noise()
    times = path.times(steps)
    for time, after in pairwise(times):
        at = torch.full((len(streams),), time, device=like.device)
        latents = path.step(latents, predict(latents, at), time, after, noise())
    return latents
