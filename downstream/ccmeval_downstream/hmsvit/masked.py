"""The masked autoencoder: hidden units are told from the seen ones, and the error is measured there."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from timm.models.vision_transformer import Block
from torch import nn

from ccmeval.arrays import BoolArray
from ccmeval_downstream.hmsvit.encoder import LEAST_SD, HmsvitEncoder, joined_units
from ccmeval_downstream.hmsvit.sizes import UNIT_PX

PATCH_PX: Final = 16
"""Side of a predicted patch: four a unit."""

_PER_UNIT = UNIT_PX // PATCH_PX


def draw_units(rng: np.random.Generator, frames: int, units: int, mask_ratio: float) -> BoolArray:
    """Draw which units are seen, equally many in each frame.

    Parameters
    ----------
    rng : numpy.random.Generator
    frames, units : int
        Frames, and units of each; at least 2 units.
    mask_ratio : float
        Share that is hidden, to the nearest unit; at least one is hidden and one is seen.

    Returns
    -------
    bool array (frames, units)
        True for a unit that is seen.

    Raises
    ------
    ValueError
        If a frame has fewer than two units.

    Examples
    --------
    >>> draw_units(np.random.default_rng(0), 2, 9, 0.6).sum(axis=1).tolist()
    [4, 4]
    """
    if units < 2:
        raise ValueError("Masking needs at least two units a frame.")
    hidden = min(max(round(mask_ratio * units), 1), units - 1)
    order = np.argsort(np.argsort(rng.random((frames, units)), axis=1), axis=1)
    return np.asarray(order >= hidden)


def patches_of(frames: torch.Tensor) -> torch.Tensor:
    """Cut frames (B, 1, S, S) into patches (B, P, 256), row by row."""
    batch, _, side, _ = frames.shape
    across = side // PATCH_PX
    cut = frames.reshape(batch, across, PATCH_PX, across, PATCH_PX).transpose(2, 3)
    return cut.reshape(batch, across * across, PATCH_PX * PATCH_PX)


def hidden_patches(keep: torch.Tensor) -> torch.Tensor:
    """Tell which patches lie in hidden units: (B, U) seen units to a bool (B, P)."""
    batch, units = keep.shape
    across = int(units**0.5)
    grid = ~keep.view(batch, across, across)
    return grid.repeat_interleave(_PER_UNIT, 1).repeat_interleave(_PER_UNIT, 2).reshape(batch, -1)


def targets_of(frames: torch.Tensor) -> torch.Tensor:
    """Give each patch about its own mean and over its own SD, (B, P, 256) (He et al., section 3).

    A patch that varies by less than noise does is not stretched to noise: its SD counts as at least 0.01.
    """
    patches = patches_of(frames.float())
    centred = patches - patches.mean(-1, keepdim=True)
    return centred / centred.square().mean(-1, keepdim=True).add(LEAST_SD**2).sqrt()


def masked_error(predicted: torch.Tensor, targets: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Mean squared error of each frame over the patches of its hidden units.

    Parameters
    ----------
    predicted, targets : torch.Tensor (B, P, 256)
        About each patch's mean, in its SD: 1 is what a flat patch would get, 0 is perfect.
    keep : bool torch.Tensor (B, U)
        Units that are seen; they count for nothing here.

    Returns
    -------
    torch.Tensor (B,)
    """
    hidden = hidden_patches(keep).to(predicted.dtype)
    errors = (predicted - targets).square().mean(-1)
    return (errors * hidden).sum(1) / hidden.sum(1)


class MaskedAutoencoder(nn.Module):  # type: ignore[misc]
    """Encoder of the seen units, and a light decoder that predicts the pixels of the hidden ones.

    After MAE (He et al., CVPR 2022) as Hiera does it (Ryali et al., ICML 2023): all four stages of each seen
    unit are fused, tokens that stand for hidden units are put at their places with fixed sine positions, and
    transformer blocks predict normalised pixels. Ours is the finer grid: four tokens a unit instead of one,
    since one token of 32 px says little of nerves 1 to 3 px wide.

    Parameters
    ----------
    encoder : HmsvitEncoder
        What is kept after pretraining.
    width, depth : int
        Channels and blocks of the decoder; it is thrown away.
    """

    def __init__(self, encoder: HmsvitEncoder, width: int = 128, depth: int = 2) -> None:
        super().__init__()
        self.encoder = encoder
        self.norms = nn.ModuleList(nn.LayerNorm(c) for c in encoder.channels)
        strides = [4, 2, 1, 1]
        self.gather = nn.ModuleList(
            nn.Conv2d(c, width, stride, stride) for c, stride in zip(encoder.channels, strides, strict=True)
        )
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        nn.init.normal_(self.mask_token, std=0.02)
        across = encoder.side_px // PATCH_PX
        self.register_buffer("positions", sine_positions(across, width), persistent=False)
        heads = next(count for count in (4, 2, 1) if width % count == 0)
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio=4.0, qkv_bias=True) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.predict = nn.Linear(width, PATCH_PX**2)

    def fused(self, stages: list[torch.Tensor]) -> torch.Tensor:
        """Fuse the stages of K seen units to (B, K, 2, 2, width)."""
        batch, count = stages[0].shape[:2]
        levels = []
        for norm, gather, stage in zip(self.norms, self.gather, stages, strict=True):
            level = gather(norm(stage).flatten(0, 1).permute(0, 3, 1, 2))
            levels.append(level.expand(-1, -1, _PER_UNIT, _PER_UNIT))
        return sum(levels[1:], levels[0]).permute(0, 2, 3, 1).unflatten(0, (batch, count))

    def forward(self, frames: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        """Predict all patches, (B, P, 256), of frames (B, 1, S, S) of which the units `keep` are seen."""
        seen = self.fused(self.encoder(frames, keep))
        batch, units = keep.shape
        shape = (batch, units, _PER_UNIT, _PER_UNIT, seen.shape[-1])
        placed = self.mask_token.to(seen.dtype).expand(batch, units, -1)[:, :, None, None].expand(shape)
        where = keep[:, :, None, None, None].expand(shape)
        tokens = joined_units(placed.masked_scatter(where, seen)).flatten(1, 2) + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        return self.predict(self.norm(tokens))


def sine_positions(across: int, width: int) -> torch.Tensor:
    """Give fixed position encodings (1, across**2, width): sines and cosines of row and column.

    A quarter of the channels each; wave lengths from 2 pi to 10000 times that (Vaswani et al., 2017).
    """
    quarter = width // 4
    rates = 10_000.0 ** (-torch.arange(quarter, dtype=torch.float64) / max(quarter, 1))
    angles = torch.arange(across, dtype=torch.float64)[:, None] * rates
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows = waves[:, None].expand(-1, across, -1)
    columns = waves[None].expand(across, -1, -1)
    return torch.cat([rows, columns], dim=-1).reshape(1, across * across, 4 * quarter).float()
