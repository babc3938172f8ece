"""Flow matching on packed latents: noise levels, target, and the loss that weighs nerves more."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

LEVELS = 1000
"""Noise levels of training, spread as the pipeline spreads its steps."""


def shift_of(n_tokens: int, config: Any) -> float:
    """Give the shift `mu` that the pipeline uses for so many tokens of a frame.

    Parameters
    ----------
    n_tokens : int
    config : mapping
        Of the scheduler.

    Examples
    --------
    >>> shift_of(4096, {"max_image_seq_len": 8192, "max_shift": 0.9}) == 0.5 + 0.4 * 3840 / 7936
    True
    """
    few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(low + (high - low) * (n_tokens - few) / (many - few))


def set_steps(scheduler: Any, steps: int, n_tokens: int, device: torch.device | str = "cpu") -> Tensor:
    """Spread steps over noise levels as the pipeline does; gives its times, from noise to frame.

    Parameters
    ----------
    scheduler : FlowMatchEulerDiscreteScheduler
    steps : int
    n_tokens : int
        Of one frame, which decide the shift.
    device : torch.device
    """
    sigmas = np.linspace(1.0, 1.0 / steps, steps)
    scheduler.set_timesteps(sigmas=sigmas, mu=shift_of(n_tokens, scheduler.config), device=device)
    times: Tensor = scheduler.timesteps
    return times


def noise_levels(scheduler: Any, n_tokens: int) -> Tensor:
    """Give the noise levels that training draws from evenly, float32 (LEVELS,), the highest first.

    They are the pipeline's own of a very long sampling, so that training sees a level as often as sampling.
    """
    set_steps(scheduler, LEVELS, n_tokens)
    levels: Tensor = scheduler.sigmas[:-1].float().cpu()
    return levels


def packed(planes: Tensor) -> Tensor:
    """Bring planes (B, C, h, w) to tokens (B, h / 2 * w / 2, 4 C), each a patch of 2 x 2.

    Examples
    --------
    >>> packed(torch.arange(4.0).view(1, 1, 2, 2)).tolist()
    [[[0.0, 1.0, 2.0, 3.0]]]
    """
    batch, channels, height, width = planes.shape
    patches = planes.view(batch, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(batch, height // 2 * (width // 2), 4 * channels)


def unpacked(tokens: Tensor, height: int, width: int) -> Tensor:
    """Undo :func:`packed`: planes (B, C, height, width).

    Examples
    --------
    >>> planes = torch.arange(24.0).view(1, 3, 2, 4)
    >>> torch.equal(unpacked(packed(planes), 2, 4), planes)
    True
    """
    batch, _, depth = tokens.shape
    patches = tokens.view(batch, height // 2, width // 2, depth // 4, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return patches.reshape(batch, depth // 4, height, width)


def pooled_mask(masks: Tensor, side: int, pooling: str) -> Tensor:
    """Bring masks to the grid of latents.

    Parameters
    ----------
    masks : float tensor (B, 1, S, S), 0 or 1
    side : int
        Of the grid.
    pooling : {"max", "mean"}
        By the maximum a cell is nerve as soon as one pixel is; by the mean as much as is covered.

    Returns
    -------
    float tensor (B, 1, side, side), in [0, 1]

    Examples
    --------
    >>> mask = torch.zeros(1, 1, 8, 8)
    >>> mask[..., 2:5] = 1.0
    >>> pooled_mask(mask, 1, "max").item(), pooled_mask(mask, 1, "mean").item()
    (1.0, 0.375)
    """
    if pooling == "max":
        return functional.adaptive_max_pool2d(masks, side)
    return functional.adaptive_avg_pool2d(masks, side)


def loss_weights(pooled: Tensor, foreground: float, background: float) -> Tensor:
    """Give the weight of each cell: `foreground` where the pooled mask is 1, `background` where 0."""
    return background + (foreground - background) * pooled


def effective_foreground(masks: Tensor, weights: Tensor) -> Tensor:
    """Give the mean weight that nerve pixels get; the mean of all weights where there is no nerve.

    Parameters
    ----------
    masks : float tensor (B, 1, S, S), 0 or 1
    weights : float tensor (B, 1, side, side)
        Of the cells in which the pixels lie.

    Examples
    --------
    >>> mask = torch.zeros(1, 1, 8, 8)
    >>> mask[..., 2:5] = 1.0
    >>> effective_foreground(mask, loss_weights(pooled_mask(mask, 1, "mean"), 2.0, 1.0)).item()
    1.375
    """
    nerve = functional.interpolate(weights, size=masks.shape[-2:], mode="nearest")[masks > 0.5]
    return nerve.mean() if nerve.numel() else weights.mean()


def noisy_and_target(latents: Tensor, noise: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
    """Mix latents with noise, and give the velocity that is to be predicted.

    Parameters
    ----------
    latents, noise : float tensors (B, n_tokens, D)
    levels : float tensor (B,)
        Share of noise.

    Returns
    -------
    noisy, target : float tensors (B, n_tokens, D)
        ``(1 - level) * latents + level * noise`` and ``noise - latents``.
    """
    share = levels.view(-1, 1, 1)
    return (1.0 - share) * latents + share * noise, noise - latents


def weighted_loss(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Give the mean of squared errors times their weights.

    Parameters
    ----------
    predicted, target : float tensors (B, n_tokens, 4 C)
    weights : float tensor (B, 1, h, w)
        Of the cells of the latents' grid, alike for all channels.

    Examples
    --------
    >>> ones = torch.ones(1, 1, 4)
    >>> weighted_loss(ones, 0 * ones, torch.tensor([[[[2.0, 1.0], [1.0, 1.0]]]])).item()
    1.25
    """
    channels = predicted.shape[-1] // 4
    of_tokens = packed(weights.expand(-1, channels, -1, -1))
    return (of_tokens * (predicted.float() - target.float()).square()).mean()
