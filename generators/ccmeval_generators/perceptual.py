"""The perceptual loss: how different two frames look to a network that has seen photographs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.extractors.torchvision_nets import (
    ALEXNET,
    IMAGENET_MEAN,
    IMAGENET_STD,
    SQUEEZENET,
    convolutions,
)
from ccmeval.fidelity.weight_files import load_state
from ccmeval.fidelity.weights import OfficialWeights, find_weights, variable_name
from ccmeval.plugins import WeightSource
from ccmeval_generators.settings import PerceptualNetwork

KEY = "perceptual"
"""NAME in ``--weights NAME=FILE``."""


@dataclass(frozen=True)
class _Kind:
    architecture: str
    official: OfficialWeights
    taps: tuple[int, ...]
    """Layers of the convolutional part after which activations are compared."""
    weights: tuple[float, ...]


def _named(official: OfficialWeights) -> OfficialWeights:
    """Give the same official file under the name of the loss."""
    return replace(official, key=KEY, what=f"{official.what} for the perceptual loss")


VGG19 = OfficialWeights(
    key=KEY,
    what="VGG-19's weights",
    file_name="vgg19-dcbb9e9d.pth",
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    sha256="dcbb9e9d",
    megabytes=548,
    licence="BSD-3-Clause",
)

_KINDS: dict[PerceptualNetwork, _Kind] = {
    # After the first ReLU of each of the five parts; weights of pix2pixHD, which SPADE took over.
    "vgg19": _Kind("vgg19", _named(VGG19), (1, 6, 11, 20, 29), (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)),
    "alexnet": _Kind("alexnet", _named(ALEXNET), (1, 4, 7, 9, 11), (0.2,) * 5),
    "squeezenet": _Kind("squeezenet1_1", _named(SQUEEZENET), (1, 4, 7, 9, 10, 11, 12), (1 / 7,) * 7),
}


class PerceptualLoss(nn.Module):  # type: ignore[misc]
    """L1 between activations of a pretrained network, summed over layers with their weights.

    Parameters
    ----------
    layers : torch.nn.Sequential
        The convolutional part.
    taps : tuple of int
        Layers after which activations are compared.
    weights : tuple of float
        One a tap.

    References
    ----------
    Johnson et al., Perceptual losses for real-time style transfer and super-resolution, ECCV 2016; Wang et
    al., High-resolution image synthesis and semantic manipulation with conditional GANs, CVPR 2018.
    """

    def __init__(self, layers: nn.Sequential, taps: tuple[int, ...], weights: tuple[float, ...]) -> None:
        super().__init__()
        self.layers = layers[: taps[-1] + 1]
        for layer in self.layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # else it would change an activation that is compared
        self.taps, self.weights = taps, weights
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Compare frames (B, 1, H, W) in [-1, 1]; a scalar, whose gradients flow into `made` only."""
        with torch.no_grad():
            wanted = self._activations(real)
        parts = [
            weight * functional.l1_loss(one, other)
            for weight, one, other in zip(self.weights, self._activations(made), wanted, strict=True)
        ]
        return torch.stack(parts).sum()

    def _activations(self, frames: Tensor) -> list[Tensor]:
        values = ((frames + 1) / 2).expand(-1, 3, -1, -1)
        values = (values - self.mean) / self.std
        found = []
        for index, layer in enumerate(self.layers):
            values = layer(values)
            if index in self.taps:
                found.append(values)
        return found


def find_perceptual(network: PerceptualNetwork, source: WeightSource) -> tuple[Any, str]:
    """Find the weights of the loss, without loading them.

    Parameters
    ----------
    network : {"vgg19", "alexnet", "squeezenet"}
    source : WeightSource

    Returns
    -------
    FoundWeights or None
        None where there are none and the user asked for none.
    str
        A sentence for the record: which weights, or why there is no such loss.

    Raises
    ------
    UnavailableError
        If the user named a file, or allowed a download, and that failed.
    """
    try:
        found = find_weights(_KINDS[network].official, source)
    except UnavailableError as error:
        if source.paths.get(KEY) or os.environ.get(variable_name(KEY)) or source.download:
            raise
        return None, f"The perceptual loss was off: {error}"
    return found, f"The perceptual loss used {network} with weights of sha256 {found.sha256}."


def load_perceptual(network: PerceptualNetwork, found: Any) -> PerceptualLoss:
    """Load what :func:`find_perceptual` found.

    Raises
    ------
    UnavailableError
        If the file holds weights of another network.
    """
    kind = _KINDS[network]
    layers = convolutions(kind.architecture, load_state(found.path), found.path)
    loss = PerceptualLoss(layers, kind.taps, kind.weights)
    loss.eval().requires_grad_(False)
    return loss
