"""AlexNet and SqueezeNet of torchvision: small networks whose features weigh a few megabytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccmeval.arrays import FloatArray
from ccmeval.fidelity.extractors.network import NetworkExtractor, load_exactly, normalised, squared
from ccmeval.fidelity.weights import OfficialWeights

ALEXNET = OfficialWeights(
    key="alexnet",
    what="AlexNet's weights",
    file_name="alexnet-owt-7be5be79.pth",
    url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    sha256="7be5be79",
    megabytes=244,
    licence="BSD-3-Clause",
)
SQUEEZENET = OfficialWeights(
    key="squeezenet",
    what="SqueezeNet's weights",
    file_name="squeezenet1_1-b8a52dc0.pth",
    url="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
    sha256="b8a52dc0",
    megabytes=5,
    licence="BSD-3-Clause",
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
SIDE_PX = 224


def convolutions(architecture: str, state: dict[str, Any], path: Any) -> Any:
    """Build the convolutional part of a torchvision network from a whole checkpoint or only that part.

    Parameters
    ----------
    architecture : {"alexnet", "squeezenet1_1"}
    state : dict of str to torch.Tensor
        With names ``features.N.*`` or ``N.*``; those of a classifier are left out.
    path : pathlib.Path or None
        For the sentence of an error.

    Returns
    -------
    torch.nn.Sequential
        For evaluation.

    Raises
    ------
    UnavailableError
        If the weights are of another network.
    """
    import torchvision

    network = getattr(torchvision.models, architecture)(weights=None).features
    kept = {name.removeprefix("features."): value for name, value in state.items()}
    load_exactly(network, kept, path, may_be_extra=("classifier.",))
    return network.eval().requires_grad_(False)


class _PooledConvolutions(NetworkExtractor):
    """The last convolutional features, averaged over the picture."""

    architecture = ""
    weights: OfficialWeights
    resizer = f"whole frame to {SIDE_PX} x {SIDE_PX} px, bilinear with antialiasing; ImageNet normalisation"

    def _wanted(self) -> OfficialWeights:
        return self.weights

    def _build(self, state: dict[str, Any]) -> Any:
        from torch.nn import AdaptiveAvgPool2d, Flatten, Sequential

        features = convolutions(self.architecture, state, self._found.path if self._found else None)
        return Sequential(features, AdaptiveAvgPool2d(1), Flatten())

    def _inputs(self, frames: Sequence[FloatArray]) -> Any:
        return normalised(squared(frames, SIDE_PX, "bilinear"), IMAGENET_MEAN, IMAGENET_STD)


class AlexNetExtractor(_PooledConvolutions):
    """AlexNet's 256 last convolutional features, averaged over the picture.

    References
    ----------
    Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv 1404.5997, 2014.
    """

    name = "alexnet"
    label = "FD-alexnet"
    dimension = 256
    licence = ALEXNET.licence
    architecture = "alexnet"
    weights = ALEXNET


class SqueezeNetExtractor(_PooledConvolutions):
    """SqueezeNet 1.1's 512 last convolutional features, averaged over the picture.

    References
    ----------
    Iandola et al., SqueezeNet, arXiv 1602.07360, 2016.
    """

    name = "squeezenet"
    label = "FD-squeezenet"
    dimension = 512
    licence = SQUEEZENET.licence
    architecture = "squeezenet1_1"
    weights = SQUEEZENET
