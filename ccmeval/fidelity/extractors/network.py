"""What all extractors that are neural networks share: weights, batches, precision, resizing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval.fidelity.weight_files import load_state
from ccmeval.fidelity.weights import FoundWeights, OfficialWeights, find_weights
from ccmeval.plugins import WeightSource

BATCH = 32
"""Frames that go through a network at a time."""


class NetworkExtractor(ABC):
    """A network with weights from a file; the contract is :class:`ccmeval.plugins.FeatureExtractor`.

    :meth:`prepare` finds and hashes the weights. The network itself is built at the first
    :meth:`extract`, so that a run whose features all lie in the cache never imports torch's models.

    Parameters
    ----------
    autocast : bool
        Compute in bfloat16 where the processor is faster with it; off by default, since the features
        then differ. The identity tells, so that the cache never mixes the two.

    Attributes
    ----------
    name, label, dimension, resizer, licence
        As in the contract.
    version : str
        Changes whenever the same frame and weights may give another vector.
    """

    name: str = ""
    label: str = ""
    dimension: int = 0
    resizer: str = ""
    licence: str = ""
    version: str = "1"

    def __init__(self, *, autocast: bool = False) -> None:
        self.autocast = autocast
        self._found: FoundWeights | None = None
        self._network: Any = None

    @property
    def weights_sha256(self) -> str:
        """Hash of the weight file; empty before :meth:`prepare`."""
        return self._found.sha256 if self._found else ""

    @abstractmethod
    def _wanted(self) -> OfficialWeights:
        """Say which weights it is meant to have."""

    @abstractmethod
    def _build(self, state: dict[str, Any]) -> Any:
        """Make the network, without its weights' file, for evaluation."""

    @abstractmethod
    def _inputs(self, frames: Sequence[FloatArray]) -> Any:
        """Bring frames of any size to one float32 tensor (N, C, S, S)."""

    def prepare(self, weights: WeightSource) -> str:
        """Find the weights and give the identity.

        Parameters
        ----------
        weights : WeightSource

        Returns
        -------
        str

        Raises
        ------
        UnavailableError
            If the weights, or torch, are missing.
        """
        require("deep", "torch", "torchvision")
        self._found = find_weights(self._wanted(), weights)
        self._network = None
        self._learn(self._found)
        precision = "bfloat16 autocast" if self.autocast else "float32"
        parts = [self.name, self.version, f"weights {self._found.sha256}", self.resizer, precision]
        return "; ".join([*parts, *self._further_identity()])

    def _learn(self, found: FoundWeights) -> None:
        """Take note of which weights were found, e.g. in the label."""
        self.licence = self._wanted().licence if found.is_official else "of the given weights; unknown"

    def _further_identity(self) -> list[str]:
        return []

    def extract(self, frames: Sequence[FloatArray], pixel_sizes_um: Sequence[float]) -> FloatArray:
        """Give the features of frames.

        Parameters
        ----------
        frames : sequence of float32 arrays, each (H, W), in [0, 1]
            Sizes may differ; each is brought to the network's input by itself.
        pixel_sizes_um : sequence of float
            Not used: these networks know no physical scale.

        Returns
        -------
        float32 array (N, D)

        Raises
        ------
        UnavailableError
            If the weights do not fit the network.
        RuntimeError
            If :meth:`prepare` was not called.
        """
        import torch

        network, device = self._ready(), _device()
        found = []
        with torch.inference_mode(), _exact_convolutions():
            for start in range(0, len(frames), BATCH):
                batch = self._inputs(frames[start : start + BATCH]).to(device)
                batch = batch.contiguous(memory_format=torch.channels_last)
                with torch.autocast(device, dtype=torch.bfloat16, enabled=self.autocast):
                    found.append(network(batch).float().cpu().numpy())
        values = np.concatenate(found) if found else np.zeros((0, self.dimension), np.float32)
        self.dimension = values.shape[1]
        return values

    def _ready(self) -> Any:
        if self._found is None:
            raise RuntimeError(f"Call prepare() of the extractor {self.name!r} before extract().")
        if self._network is None:
            import torch

            network = self._build(load_state(self._found.path)).eval().requires_grad_(False)
            self._network = network.to(_device(), memory_format=torch.channels_last)
        return self._network


def load_exactly(
    network: Any, state: Mapping[str, Any], path: Path | None, may_be_extra: tuple[str, ...] = ()
) -> None:
    """Put weights into a network, all of them and no other.

    Parameters
    ----------
    network : torch.nn.Module
    state : mapping of str to torch.Tensor
    path : pathlib.Path or None
        For the sentence.
    may_be_extra : tuple of str
        Beginnings of names that the file may hold and the network does not need, as a classifier's.

    Raises
    ------
    UnavailableError
        If a weight is missing, unknown or of another shape.
    """
    try:
        missing, extra = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise UnavailableError(
            f"The weights {path} have other shapes than this network; give weights of its architecture."
        ) from error
    extra = [name for name in extra if not name.startswith(may_be_extra)] if may_be_extra else extra
    wrong = [f"without {name}" for name in missing] + [f"with unknown {name}" for name in extra]
    if wrong:
        raise UnavailableError(
            f"The weights {path} are of another network ({len(wrong)} names differ, e.g. {wrong[0]}); give"
            " weights of its architecture."
        )


def grey_tensor(frame: FloatArray) -> Any:
    """Make a float32 tensor (1, 1, H, W) of a frame."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(frame, dtype=np.float32))[None, None]


def squared(frames: Sequence[FloatArray], side_px: int, mode: str) -> Any:
    """Resize whole frames to squares with antialiasing; the aspect ratio is not kept.

    Parameters
    ----------
    frames : sequence of float32 arrays, each (H, W), in [0, 1]
    side_px : int
    mode : {"bilinear", "bicubic"}
        Of :func:`torch.nn.functional.interpolate`; what bicubic overshoots is cut to [0, 1].

    Returns
    -------
    torch.Tensor (N, 1, side_px, side_px)
    """
    import torch
    from torch.nn.functional import interpolate

    size = (side_px, side_px)
    return torch.cat(
        [
            interpolate(grey_tensor(frame), size, mode=mode, antialias=True, align_corners=False).clamp_(0, 1)
            for frame in frames
        ]
    )


def normalised(grey: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    """Make three equal channels of one, and normalise each as the network was trained.

    Parameters
    ----------
    grey : torch.Tensor (N, 1, H, W), in [0, 1]
    mean, std : three floats each

    Returns
    -------
    torch.Tensor (N, 3, H, W)
    """
    import torch

    return (grey - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def _exact_convolutions() -> Iterator[None]:
    """Keep a GPU from computing convolutions and products in TF32, whose 10 bits would show in FID."""
    import torch

    matmul = torch.backends.cuda.matmul.allow_tf32
    convolution = torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = matmul
        torch.backends.cudnn.allow_tf32 = convolution
