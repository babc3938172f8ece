"""Random changes of training frames that leave nerves what they are.

A frame is mirrored, turned, made brighter, darker, flatter, steeper or noisier; never stretched, bent or
scaled, since length and density of nerves carry the diagnosis. A mask moves exactly as its frame does.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ccmeval_downstream.settings import AugmentationSettings


def augmented(
    frames: Tensor, masks: Tensor | None, settings: AugmentationSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor | None]:
    """Change a batch at random.

    Parameters
    ----------
    frames : float tensor (B, 1, S, S), in [0, 1]
        On any device.
    masks : float tensor (B, K, S, S), in [0, 1], or None
        Moved with the frames; grey levels are not touched.
    settings : AugmentationSettings
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    frames, masks
        Of the shapes given.
    """
    moved = frames if masks is None else torch.cat([frames, masks], dim=1)
    moved = turned(mirrored(moved, settings, generator), settings, generator)
    moved = rotated(moved, settings.rotate_degrees, generator)
    changed = relit(moved[:, :1], settings, generator)
    return changed, None if masks is None else moved[:, 1:]


def mirrored(images: Tensor, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """Mirror each image left to right, and top to bottom, in half of the cases each."""
    if not settings.flip:
        return images
    chosen = torch.rand((2, images.shape[0], 1, 1, 1), generator=generator) < 0.5
    across, down = chosen.to(images.device)
    images = torch.where(across, images.flip(-1), images)
    return torch.where(down, images.flip(-2), images)


def turned(images: Tensor, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """Turn each square image by 0, 1, 2 or 3 quarters."""
    if not settings.rotate:
        return images
    quarters = torch.randint(4, (images.shape[0],), generator=generator)
    result = images.clone()
    for number in (1, 2, 3):
        which = (quarters == number).nonzero()[:, 0].to(images.device)
        result[which] = torch.rot90(images[which], number, dims=(-2, -1))
    return result


def rotated(images: Tensor, degrees: float, generator: torch.Generator) -> Tensor:
    """Turn each square image about its centre by up to `degrees` either way, corners mirrored in."""
    if degrees == 0.0:
        return images
    angles = (2.0 * torch.rand(images.shape[0], generator=generator) - 1.0) * math.radians(degrees)
    cosines, sines = angles.cos(), angles.sin()
    rows = torch.stack([cosines, -sines, sines, cosines], dim=1).reshape(-1, 2, 2)
    matrices = torch.cat([rows, torch.zeros(len(angles), 2, 1)], dim=2).to(images)
    grid = torch.nn.functional.affine_grid(matrices, list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def relit(frames: Tensor, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """Change contrast about each frame's mean, brightness and noise; what leaves [0, 1] is clipped."""
    shifts, stretches, noises = torch.rand((3, frames.shape[0], 1, 1, 1), generator=generator).to(frames)
    means = frames.mean(dim=(-2, -1), keepdim=True)
    factor = 1.0 + (2.0 * stretches - 1.0) * settings.contrast
    frames = frames * factor + (means * (1.0 - factor) + (2.0 * shifts - 1.0) * settings.brightness)
    if settings.noise_sd > 0.0:
        frames = frames + noises * settings.noise_sd * _noise(frames, generator)
    return frames.clamp(0.0, 1.0)


def _noise(like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw normal numbers on the device of a tensor, from a stream begun by the generator."""
    begun = int(torch.randint(2**62, (), generator=generator))
    there = torch.Generator(like.device).manual_seed(begun)
    return torch.randn(like.shape, generator=there, device=like.device, dtype=like.dtype)
