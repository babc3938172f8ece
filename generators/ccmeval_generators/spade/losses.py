"""Losses of the SPADE VAE-GAN, but for the perceptual one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

Scores = Sequence[Tensor]
"""Of one batch, a tensor of scores of patches a scale."""

Features = Sequence[Sequence[Tensor]]
"""Of one batch, the activations of each layer a scale."""


def discriminator_hinge(real: Scores, synthetic: Scores) -> Tensor:
    """Compute the hinge loss of the discriminator, a mean over scales.

    The scores are taken as they are; MONAI's `PatchAdversarialLoss` bounds them by a tanh first, so that
    its hinge never rests.

    Parameters
    ----------
    real, synthetic : sequence of float tensors
        Scores of patches, one tensor a scale.

    Returns
    -------
    float tensor ()

    References
    ----------
    Lim and Ye, Geometric GAN, arXiv 1705.02894, 2017; Park et al., Semantic image synthesis with
    spatially-adaptive normalization, CVPR 2019, section 3.

    Examples
    --------
    >>> discriminator_hinge([torch.tensor([2.0, 0.5])], [torch.tensor([-3.0, 0.0])]).item()
    0.75
    """
    parts = [
        functional.relu(1 - one).mean() + functional.relu(1 + other).mean()
        for one, other in zip(real, synthetic, strict=True)
    ]
    return torch.stack(parts).mean()


def generator_hinge(synthetic: Scores) -> Tensor:
    """Compute the loss of the generator against its discriminator, a mean over scales.

    Examples
    --------
    >>> generator_hinge([torch.tensor([1.0, 2.0]), torch.tensor([0.5])]).item()
    -1.0
    """
    return -torch.stack([scores.mean() for scores in synthetic]).mean()


def feature_distance(synthetic: Features, real: Features) -> Tensor:
    """Compare what the discriminator sees in two batches: L1 of activations, summed over layers.

    Parameters
    ----------
    synthetic, real : sequence (scales) of sequences (layers) of float tensors
        Gradients flow into `synthetic` only.

    Returns
    -------
    float tensor ()
        A mean over scales.

    References
    ----------
    Wang et al., High-resolution image synthesis and semantic manipulation with conditional GANs, CVPR
    2018, equation 4.

    Examples
    --------
    >>> ones, threes = torch.ones(2), torch.full((2,), 3.0)
    >>> feature_distance([[ones, ones], [ones]], [[threes, ones], [threes]]).item()
    2.0
    """
    scales = []
    for ours, theirs in zip(synthetic, real, strict=True):
        layers = [functional.l1_loss(one, other.detach()) for one, other in zip(ours, theirs, strict=True)]
        scales.append(torch.stack(layers).sum())
    return torch.stack(scales).mean()


def style_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Compute the Kullback-Leibler divergence of styles from the standard normal distribution.

    Parameters
    ----------
    mean, log_variance : float tensors (B, Z)

    Returns
    -------
    float tensor ()
        Nats, summed over the dimensions and averaged over the frames, so that no batch size changes it.

    References
    ----------
    Kingma and Welling, Auto-encoding variational Bayes, ICLR 2014, appendix B.

    Examples
    --------
    >>> style_divergence(torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2)).item()
    2.5
    """
    each = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return each.sum(dim=1).mean()
