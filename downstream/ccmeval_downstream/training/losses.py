"""Losses of segmentation and diagnosis, one value a frame or crop.

The target of segmentation is how much of a pixel is nerve, not a yes or no, so each loss here takes soft
targets. `SMOOTH`, counted in pixels, gives crops without nerves a defined loss: 0 where nothing is found,
rising with every pixel that is.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ccmeval.utility.learning import Task
from ccmeval_downstream.settings import LossSettings

SMOOTH = 1.0
SKELETON_ITERATIONS = 5
"""Enough for nerves up to about 11 px wide."""


def frame_losses(task: Task, logits: Tensor, targets: Tensor, settings: LossSettings) -> Tensor:
    """Give the loss of every frame or crop.

    Parameters
    ----------
    task : {"diagnosis", "segmentation"}
    logits : float tensor (B, C) or (B, 1, H, W)
    targets : int tensor (B,) or float tensor (B, K, H, W)
        Labels; or coverage in [0, 1], with the tubed skeleton as second channel for Skeleton Recall.
    settings : LossSettings

    Returns
    -------
    float32 tensor (B,)
    """
    logits = logits.float()
    if task == "diagnosis":
        return functional.cross_entropy(
            logits, targets, reduction="none", label_smoothing=settings.label_smoothing
        )
    return _segmentation_losses(logits[:, 0], targets, settings)


def _segmentation_losses(logits: Tensor, targets: Tensor, settings: LossSettings) -> Tensor:
    coverage, probability = targets[:, 0], logits.sigmoid()
    total = logits.new_zeros(logits.shape[0])
    if settings.bce > 0.0:
        total = total + settings.bce * bce_losses(logits, coverage)
    if settings.dice > 0.0:
        total = total + settings.dice * dice_losses(probability, coverage)
    if settings.cldice > 0.0:
        total = total + settings.cldice * cldice_losses(probability, coverage)
    if settings.skeleton_recall > 0.0:
        total = total + settings.skeleton_recall * skeleton_recall_losses(probability, targets[:, 1])
    return total


def bce_losses(logits: Tensor, coverage: Tensor) -> Tensor:
    """Give the mean binary cross-entropy of each crop: (B, H, W) twice -> (B,)."""
    losses = functional.binary_cross_entropy_with_logits(logits, coverage, reduction="none")
    return losses.mean(dim=(1, 2))


def dice_losses(probability: Tensor, coverage: Tensor) -> Tensor:
    """Give ``1 - (2 sum(p t) + s) / (sum(p^2) + sum(t^2) + s)`` of each crop.

    With squares (section 3 of [1]_) the loss is least at ``p = t`` for partly covered pixels as well, which
    it is not without them.

    Parameters
    ----------
    probability, coverage : float tensor (B, H, W), in [0, 1]

    Returns
    -------
    float tensor (B,)

    References
    ----------
    .. [1] Milletari et al. "V-Net." 3DV 2016.

    Examples
    --------
    >>> half = torch.full((1, 4, 4), 0.5)
    >>> dice_losses(half, half).item(), dice_losses(torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)).item()
    (0.0, 0.0)
    """
    shared = (probability * coverage).sum(dim=(1, 2))
    sizes = probability.square().sum(dim=(1, 2)) + coverage.square().sum(dim=(1, 2))
    return 1.0 - (2.0 * shared + SMOOTH) / (sizes + SMOOTH)


def cldice_losses(probability: Tensor, coverage: Tensor, iterations: int = SKELETON_ITERATIONS) -> Tensor:
    """Give ``1 - soft clDice`` of each crop: (B, H, W) twice -> (B,).

    Topology precision is the share of the prediction's soft skeleton that lies on the coverage, topology
    sensitivity that of the coverage's skeleton on the prediction; clDice is their harmonic mean
    (section 3, algorithm 2 of [1]_).

    References
    ----------
    .. [1] Shit et al. "clDice - a Novel Topology-Preserving Loss Function for Tubular Structure
       Segmentation." CVPR 2021.
    """
    predicted, true = soft_skeleton(probability, iterations), soft_skeleton(coverage, iterations)
    precision = _share_on(predicted, coverage)
    sensitivity = _share_on(true, probability)
    return 1.0 - 2.0 * precision * sensitivity / (precision + sensitivity)


def _share_on(line: Tensor, area: Tensor) -> Tensor:
    return ((line * area).sum(dim=(1, 2)) + SMOOTH) / (line.sum(dim=(1, 2)) + SMOOTH)


def soft_skeleton(images: Tensor, iterations: int) -> Tensor:
    """Thin softly: what opening takes away, gathered over repeated erosion (algorithm 1 of Shit et al.).

    Parameters
    ----------
    images : float tensor (B, H, W), in [0, 1]
    iterations : int
        At least half of the greatest width.
    """
    images = images[:, None]
    line = functional.relu(images - _opened(images))
    for _ in range(iterations):
        images = _eroded(images)
        ridge = functional.relu(images - _opened(images))
        line = line + functional.relu(ridge - line * ridge)
    return line[:, 0]


def _eroded(images: Tensor) -> Tensor:
    down = -functional.max_pool2d(-images, (3, 1), 1, (1, 0))
    across = -functional.max_pool2d(-images, (1, 3), 1, (0, 1))
    return torch.minimum(down, across)


def _opened(images: Tensor) -> Tensor:
    return functional.max_pool2d(_eroded(images), 3, 1, 1)


def skeleton_recall_losses(probability: Tensor, tubes: Tensor) -> Tensor:
    """Give one minus the share of the tubed skeleton that is found: (B, H, W) twice -> (B,).

    Section 3.2 of Kirchhoff et al. (ECCV 2024); for :func:`ccmeval_downstream.training.targets.tube`.

    Examples
    --------
    >>> tubes = torch.tensor([[[1.0, 1.0, 1.0, 0.0]]])
    >>> skeleton_recall_losses(torch.tensor([[[1.0, 0.0, 0.0, 1.0]]]), tubes).item()
    0.5
    """
    return 1.0 - _share_on(tubes, probability)
