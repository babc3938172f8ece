"""The encoder: timm's Hiera on one grey channel, with or without hidden mask units."""

from __future__ import annotations

from typing import Any, Final

import torch
from timm.models.hiera import Hiera
from torch import nn

from ccmeval.errors import UnavailableError
from ccmeval_downstream.hmsvit.sizes import UNIT_PX, NetworkSize

LEAST_SD: Final = 0.01
"""Of grey levels in [0, 1]: what varies less is taken for flat rather than stretched (8 bits: 2.6 levels)."""


def check_side(side_px: int) -> None:
    """Refuse a side that mask units do not fill.

    Raises
    ------
    UnavailableError
        With the two nearest sides that would do.

    Examples
    --------
    >>> check_side(96)
    >>> check_side(100)
    Traceback (most recent call last):
    ccmeval.errors.UnavailableError: hmsvit sees squares of whole units of 32 px, not 100 px; ...
    """
    if side_px < UNIT_PX or side_px % UNIT_PX:
        below = max(side_px // UNIT_PX, 1) * UNIT_PX
        above = below + UNIT_PX
        raise UnavailableError(
            f"hmsvit sees squares of whole units of {UNIT_PX} px, not {side_px} px;"
            f" set size_px to {below} or {above}."
        )


def standardised(frames: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
    """Bring each frame to mean 0 and SD 1 over what is seen of it.

    The publication does not say how frames are normalised. Each by itself is our choice: gain and offset of
    a microscope, or of a generator, then tell nothing. Hidden units do not enter mean and SD, so that
    nothing of them reaches the encoder.

    Parameters
    ----------
    frames : torch.Tensor (B, 1, S, S)
    keep : bool torch.Tensor (B, U), optional
        Units that are seen, row by row; all by default.

    Returns
    -------
    float32 torch.Tensor (B, 1, S, S)
    """
    frames = frames.float()
    seen = torch.ones_like(frames) if keep is None else _pixels_of(keep, frames.shape[-1])
    count = seen.sum((2, 3), keepdim=True)
    mean = (frames * seen).sum((2, 3), keepdim=True) / count
    variance = ((frames - mean).square() * seen).sum((2, 3), keepdim=True) / count
    return (frames - mean) / variance.sqrt().clamp_min(LEAST_SD)


def _pixels_of(keep: torch.Tensor, side_px: int) -> torch.Tensor:
    across = side_px // UNIT_PX
    units = keep.view(len(keep), 1, across, across).float()
    return units.repeat_interleave(UNIT_PX, 2).repeat_interleave(UNIT_PX, 3)


class HmsvitEncoder(nn.Module):  # type: ignore[misc]
    """Four stages: tokens of 4, 8, 16 and 32 px; attention within mask units in the first two, global after.

    Parameters
    ----------
    size : NetworkSize
    side_px : int
        Side of the frames; a multiple of 32.
    drop_path : float
        Stochastic depth at the last block, rising linearly from 0.

    Attributes
    ----------
    channels : list of int
        Of the four stages.
    units : int
        Mask units of a frame.

    References
    ----------
    Ryali et al., Hiera, ICML 2023. Zhang et al., HMSViT, arXiv 2506.19474: a hierarchy by pooling, local and
    global attention and absolute position encoding are published; to take Hiera for them is our reading.
    """

    def __init__(self, size: NetworkSize, side_px: int, drop_path: float = 0.0) -> None:
        super().__init__()
        check_side(side_px)
        self.side_px = side_px
        self.hiera = Hiera(
            img_size=(side_px, side_px),
            in_chans=1,
            num_classes=0,
            embed_dim=size.embed_dim,
            num_heads=size.num_heads,
            stages=size.stages,
            drop_path_rate=drop_path,
        )
        self.hiera.head = nn.Identity()  # its norm would be a weight that nothing trains
        self.channels = [int(stage["num_chs"]) for stage in self.hiera.feature_info]
        self.units = (side_px // UNIT_PX) ** 2

    def forward(self, frames: torch.Tensor, keep: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Encode frames.

        Parameters
        ----------
        frames : torch.Tensor (B, 1, S, S), in [0, 1]
        keep : bool torch.Tensor (B, U), optional
            Units that are seen, equally many in each frame.

        Returns
        -------
        list of four torch.Tensor
            (B, S/4, S/4, C1) to (B, S/32, S/32, C4). With `keep`, K units in their order, each by itself:
            (B, K, 8, 8, C1), (B, K, 4, 4, C2), (B, K, 2, 2, C3) and (B, K, 1, 1, C4).
        """
        seen = standardised(frames, keep)
        _, stages = self.hiera.forward_features(seen, mask=keep, return_intermediates=True)
        return list(stages)


def joined_units(units: torch.Tensor) -> torch.Tensor:
    """Put all units of a stage at their places.

    Parameters
    ----------
    units : torch.Tensor (B, U, s, s, C)
        All mask units of square frames, row by row.

    Returns
    -------
    torch.Tensor (B, sqrt(U) * s, sqrt(U) * s, C)
    """
    batch, count, side, _, channels = units.shape
    across = int(count**0.5)
    rows = units.reshape(batch, across, across, side, side, channels).transpose(2, 3)
    return rows.reshape(batch, across * side, across * side, channels)


def encoder_of(settings: Any, side_px: int) -> HmsvitEncoder:
    """Build the encoder of :class:`~ccmeval_downstream.hmsvit.sizes.HmsvitSettings`, randomly initialised."""
    return HmsvitEncoder(settings.network(), side_px, settings.drop_path)
