"""Frames of a trained SPADE, each decided by its own condition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.generation.conditions import Condition
from ccmeval_generators.spade.networks import SpadeNetwork
from ccmeval_generators.spade.planes import condition_planes


def sample_spade(
    network: SpadeNetwork, conditions: Sequence[Condition], diagnoses: Sequence[str]
) -> list[FloatArray]:
    """Make a frame a condition, in its mask's shape.

    The style is drawn from the standard normal distribution by the condition's seed; where the condition has
    a reference, the seed draws from the distribution that the encoder gives of it.

    Parameters
    ----------
    network : SpadeNetwork
        In evaluation mode.
    conditions : sequence of Condition
        Each with a mask, all of one shape.
    diagnoses : sequence of str
        In the order of the labels.

    Returns
    -------
    list of float32 arrays (H, W), in [0, 1]
    """
    device = next(network.parameters()).device
    labels = [-1 if it.diagnosis is None else list(diagnoses).index(it.diagnosis) for it in conditions]
    masks = torch.cat([_plane(it.mask) for it in conditions])
    planes = condition_planes(masks, torch.tensor(labels), len(diagnoses)).to(device)
    with torch.no_grad():
        draws = [_draws(network, condition, masks.shape[-2:], device) for condition in conditions]
        styles = torch.cat([style for style, _ in draws])
        noise = torch.cat([noise for _, noise in draws]) if network.noise_channels else None
        made = network.decode(planes, styles, noise).float()
    frames = ((made[:, 0] + 1) / 2).clamp(0, 1).cpu().numpy()
    return list(frames)


def _draws(
    network: SpadeNetwork, condition: Condition, sides: torch.Size, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Give a condition's style (1, Z) and its planes of noise (1, N, H, W), drawn on the CPU."""
    generator = torch.Generator().manual_seed(condition.seed % 2**63)
    style = torch.randn((1, network.style_dims), generator=generator).to(device)
    noise = torch.randn((1, network.noise_channels, *sides), generator=generator).to(device)
    if condition.reference is not None:
        mean, log_variance = network.encode(_plane(condition.reference).to(device) * 2 - 1)
        style = mean + (log_variance / 2).exp() * style
    return style, noise


def _plane(values: FloatArray | BoolArray | None) -> Tensor:
    assert values is not None  # the base class refuses conditions without a mask
    return torch.from_numpy(np.array(values, dtype=np.float32))[None, None]
