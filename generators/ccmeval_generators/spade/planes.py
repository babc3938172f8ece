"""What SPADE is told of a frame: planes of background, of nerve and of the diagnosis."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

NERVE_FROM = 0.5
"""A pixel that is nerve by this much of its area counts as nerve: plans are of one kind, drawn or reduced."""


def condition_planes(masks: Tensor, labels: Tensor, n_diagnoses: int) -> Tensor:
    """Make the label map of SPADE: one plane a class of pixels, and one a diagnosis.

    MONAI's `SPADENet` takes no class of the whole frame, so that each diagnosis has a plane of its own,
    which is one everywhere or nowhere.

    Parameters
    ----------
    masks : float tensor (B, 1, H, W), in [0, 1]
        How much of each pixel is nerve.
    labels : int tensor (B,)
        Index of the diagnosis; -1 for none, which gives no plane a one.
    n_diagnoses : int
        May be 0.

    Returns
    -------
    float tensor (B, 2 + n_diagnoses, H, W)
        Background, nerve, and the diagnoses in their order; each value 0 or 1.

    Examples
    --------
    >>> masks = torch.tensor([[[[0.2, 1.0]]], [[[0.5, 0.0]]]])
    >>> condition_planes(masks, torch.tensor([1, -1]), 2)[:, :, 0].tolist()
    [[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]
    """
    nerve = (masks >= NERVE_FROM).to(masks.dtype)
    # One more class for "none", whose plane is dropped.
    known = functional.one_hot(labels % (n_diagnoses + 1), n_diagnoses + 1)[:, :n_diagnoses]
    height, width = masks.shape[-2:]
    diagnosis = known.to(masks.dtype)[:, :, None, None].expand(-1, -1, height, width)
    return torch.cat([1 - nerve, nerve, diagnosis], dim=1)


def n_planes(n_diagnoses: int) -> int:
    """Count the planes of :func:`condition_planes`.

    Examples
    --------
    >>> n_planes(3)
    5
    """
    return 2 + n_diagnoses
