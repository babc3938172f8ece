"""Random squares of frames and masks."""

from __future__ import annotations

import torch
from torch import Tensor


def cropped(planes: Tensor, side_px: int, generator: torch.Generator) -> Tensor:
    """Cut a random square out of each frame, the same out of all its planes.

    Parameters
    ----------
    planes : tensor (B, C, S, S)
    side_px : int
        At most S; where it is S nothing is cut and nothing drawn.
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    tensor (B, C, side_px, side_px)

    Examples
    --------
    >>> planes = torch.arange(32.0).reshape(2, 1, 4, 4)
    >>> cropped(planes, 2, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 2, 2])
    """
    spare = planes.shape[-1] - side_px
    if spare == 0:
        return planes
    corners = torch.randint(spare + 1, (len(planes), 2), generator=generator).tolist()
    cut = [
        plane[:, row : row + side_px, column : column + side_px]
        for plane, (row, column) in zip(planes, corners, strict=True)
    ]
    return torch.stack(cut)
