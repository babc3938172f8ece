"""Latents of an untrained autoencoder brought to the scale that diffusion models expect."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LOG_VARIANCE = -12.0
"""Of latents around their mean, as trained autoencoders have it; untrained ones have about 0."""


def probe_frames(n_frames: int = 4, side_px: int = 64) -> Tensor:
    """Give frames (N, 3, S, S), in [-1, 1], of coarse and fine noise, from a seed of their own."""
    generator = torch.Generator().manual_seed(7)
    coarse = torch.rand((n_frames, 1, side_px // 8, side_px // 8), generator=generator)
    fine = torch.rand((n_frames, 1, side_px, side_px), generator=generator)
    grown = torch.nn.functional.interpolate(coarse, size=side_px, mode="bilinear")
    return (grown + fine - 1).expand(-1, 3, -1, -1).contiguous()


def channel_moments(latents: Tensor) -> tuple[list[float], list[float]]:
    """Give mean and standard deviation of each channel.

    Parameters
    ----------
    latents : float tensor (N, C, ...)

    Examples
    --------
    >>> channel_moments(torch.tensor([[[0.0, 2.0], [3.0, 3.0]], [[0.0, 2.0], [3.0, 5.0]]]))
    ([1.0, 3.5], [1.0, 0.8660253882408142])
    """
    flat = latents.detach().transpose(0, 1).flatten(1)
    return flat.mean(dim=1).tolist(), flat.std(dim=1, unbiased=False).tolist()


def make_certain(last_layer: Any) -> None:
    """Have the layer behind an encoder give latents that are nearly certain, whatever the frame.

    Parameters
    ----------
    last_layer : convolution
        Its upper half of channels is the log-variance of latents.

    Examples
    --------
    >>> layer = torch.nn.Conv2d(3, 4, 1)
    >>> make_certain(layer)
    >>> layer(torch.rand(1, 3, 1, 1))[0, 2:, 0, 0].tolist()
    [-12.0, -12.0]
    """
    half = last_layer.bias.shape[0] // 2
    with torch.no_grad():
        last_layer.weight[half:] = 0
        last_layer.bias[half:] = _LOG_VARIANCE
