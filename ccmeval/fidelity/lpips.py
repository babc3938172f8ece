"""LPIPS: how different two frames look to a network, calibrated on people's judgement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval.fidelity.extractors.network import grey_tensor
from ccmeval.fidelity.extractors.torchvision_nets import ALEXNET, SQUEEZENET, convolutions
from ccmeval.fidelity.paired import UnequalFramesError
from ccmeval.fidelity.weight_files import file_sha256, load_state
from ccmeval.fidelity.weights import OfficialWeights, find_weights
from ccmeval.plugins import WeightSource

Backbone = Literal["alex", "squeeze"]


@dataclass(frozen=True)
class _Kind:
    weights: OfficialWeights
    architecture: str
    taps: tuple[int, ...]
    """Layers of the convolutional part after which activations are compared."""


_KINDS: dict[str, _Kind] = {
    "alex": _Kind(ALEXNET, "alexnet", (1, 4, 7, 9, 11)),
    "squeeze": _Kind(SQUEEZENET, "squeezenet1_1", (1, 4, 7, 9, 10, 11, 12)),
}

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_TINY = 1e-8
LEAST_SIDE_PX = 32
"""With less, AlexNet's and SqueezeNet's pooling leaves nothing."""


class Lpips:
    """LPIPS version 0.1 with the backbone's weights from this machine.

    The linear heads are those that torchmetrics ships (Zhang et al., BSD-2-Clause); the backbone is
    torchvision's, by the same weight file as the extractor of its name, ``alexnet`` or ``squeezenet``.

    Parameters
    ----------
    backbone : {"alex", "squeeze"}
    weights : WeightSource

    Attributes
    ----------
    identity : str
        Backbone and hashes of both weight files.

    Raises
    ------
    UnavailableError
        If weights, torch or torchmetrics are missing, with the cure.

    References
    ----------
    Zhang et al., The unreasonable effectiveness of deep features as a perceptual metric, CVPR 2018,
    equation 1.
    """

    def __init__(self, backbone: Backbone, weights: WeightSource) -> None:
        require("deep", "torch", "torchvision", "torchmetrics")
        kind = _KINDS[backbone]
        found, heads = find_weights(kind.weights, weights), _heads_file(backbone)
        self.backbone = backbone
        self.identity = f"LPIPS 0.1 {backbone}; weights {found.sha256}; heads {file_sha256(heads)}"
        self._taps = kind.taps
        self._layers = convolutions(kind.architecture, load_state(found.path), found.path)
        state = load_state(heads)
        self._heads = [state[f"lin{i}.model.1.weight"] for i in range(len(kind.taps))]

    def score(self, real: FloatArray, synth: FloatArray) -> float:
        """Compare two grey frames of one shape; the grey level goes into all three channels.

        Parameters
        ----------
        real, synth : float arrays (H, W), in [0, 1]

        Returns
        -------
        float
            0 for equal frames; NaN below 32 px a side.

        Raises
        ------
        UnequalFramesError
            If the shapes differ.
        """
        if real.shape != synth.shape:
            raise UnequalFramesError(
                f"A pair's frames have the shapes {real.shape} and {synth.shape}; bring both to one size."
            )
        if min(real.shape) < LEAST_SIDE_PX:
            return float("nan")
        pair = [grey_tensor(frame).expand(1, 3, -1, -1) * 2 - 1 for frame in (real, synth)]
        return float(self.compare(*pair)[0])

    def compare(self, first: Any, second: Any) -> npt.NDArray[np.float64]:
        """Compare batches of pictures.

        Parameters
        ----------
        first, second : torch.Tensor (N, 3, H, W), float32 in [-1, 1]

        Returns
        -------
        float64 array (N,)
        """
        import torch

        with torch.inference_mode():
            found = torch.zeros(len(first))
            shift, scale = (torch.tensor(it).view(1, 3, 1, 1) for it in (_SHIFT, _SCALE))
            ones, others = (self._activations((batch - shift) / scale) for batch in (first, second))
            for one, other, head in zip(ones, others, self._heads, strict=True):
                difference = (_unit(one) - _unit(other)) ** 2
                found += (difference * head).sum(dim=1).mean(dim=(1, 2))
            scores: npt.NDArray[np.float64] = found.double().numpy()
            return scores

    def _activations(self, batch: Any) -> list[Any]:
        found = []
        for index, layer in enumerate(self._layers[: self._taps[-1] + 1]):
            batch = layer(batch)
            if index in self._taps:
                found.append(batch)
        return found


def _unit(activation: Any) -> Any:
    """Divide the channels of each place by their length."""
    return activation / (activation.square().sum(dim=1, keepdim=True) + _TINY).sqrt()


def _heads_file(backbone: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec("torchmetrics")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        path = Path(folder) / "functional" / "image" / "lpips_models" / f"{backbone}.pth"
        if path.is_file():
            return path
    raise UnavailableError("torchmetrics came without the heads of LPIPS; reinstall torchmetrics >= 1.4.")
