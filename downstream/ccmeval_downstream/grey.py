"""Networks for coloured pictures that are fed with grey ones. Imports torch: import it inside functions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import pad


class GreyRepeated(nn.Module):  # type: ignore[misc]
    """Feed a network of three channels with one: repeated thrice, normalised as the network was trained.

    Repeating keeps a pretrained network exactly what it was, also at the border, where zeros stand for the
    mean colour; summing its first kernels would not.

    Parameters
    ----------
    network : torch.nn.Module
        Takes (B, 3, H, W).
    mean, std : three floats each
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Pass frames (B, 1, H, W) in [0, 1] on as (B, 3, H, W)."""
        found: torch.Tensor = self.network((frames - self.mean) / self.std)
        return found


class PaddedToStride(nn.Module):  # type: ignore[misc]
    """Let a network whose input must be divisible by a stride take frames of any size.

    Rows and columns are mirrored in at the lower and right border, and their logits cut off again.

    Parameters
    ----------
    network : torch.nn.Module
        Takes (B, 1, H, W) and gives the same shape.
    stride : int
    """

    def __init__(self, network: nn.Module, stride: int) -> None:
        super().__init__()
        self.network = network
        self.stride = stride

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Give logits (B, 1, H, W) of frames (B, 1, H, W)."""
        height, width = frames.shape[-2:]
        below, right = -height % self.stride, -width % self.stride
        mode = "reflect" if below < height and right < width else "replicate"
        wide = pad(frames, (0, right, 0, below), mode=mode) if below or right else frames
        found: torch.Tensor = self.network(wide)
        return found[..., :height, :width]
