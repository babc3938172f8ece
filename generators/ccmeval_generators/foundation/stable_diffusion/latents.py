"""From grey frames to the latents of Stable Diffusion's autoencoder, and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def colour_planes(frames: Tensor) -> Tensor:
    """Give grey frames (B, 1, S, S) in [0, 1] as the autoencoder takes them: (B, 3, S, S) in [-1, 1]."""
    return (2.0 * frames - 1.0).expand(-1, 3, -1, -1)


def grey_levels(planes: Tensor) -> Tensor:
    """Average colours in [0, 1], (B, 3, S, S), to grey frames (B, S, S).

    Examples
    --------
    >>> grey_levels(torch.tensor([0.0, 0.5, 1.0]).reshape(1, 3, 1, 1)).tolist()
    [[[0.5]]]
    """
    return planes.float().mean(dim=1)


def latent_moments(vae: Any, frames: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and standard deviation of the latents of frames.

    Parameters
    ----------
    vae : AutoencoderKL
    frames : float tensor (B, 1, S, S), in [0, 1]

    Returns
    -------
    mean, deviation : float32 tensors (B, C, S / 8, S / 8)
        At the scale of the U-Net.
    """
    known = vae.encode(colour_planes(frames).to(vae.dtype)).latent_dist
    scale = float(vae.config.scaling_factor)
    return known.mean.float() * scale, known.std.float() * scale


def drawn(mean: Tensor, deviation: Tensor, generator: torch.Generator) -> Tensor:
    """Draw latents from their distribution, by a generator on the CPU."""
    noise = torch.randn(mean.shape, generator=generator)
    return mean + deviation * noise.to(mean)


def decoded(vae: Any, latents: Tensor) -> Tensor:
    """Give the colours (B, 3, S, S), in [0, 1], of latents at the scale of the U-Net."""
    planes = vae.decode(latents.to(vae.dtype) / vae.config.scaling_factor, return_dict=False)[0]
    return (planes / 2 + 0.5).clamp(0, 1)
