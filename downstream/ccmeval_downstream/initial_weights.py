"""Networks that may begin with weights learnt on ImageNet: finding, checking and naming them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval.fidelity.weight_files import load_state
from ccmeval.fidelity.weights import FoundWeights, OfficialWeights, find_weights, variable_name
from ccmeval_downstream.network_learner import NetworkLearner

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.plugins import WeightSource
    from ccmeval.utility.learning import TrainingJob
    from ccmeval_downstream.settings import NetworkSettings

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class ImageNetLearner(NetworkLearner):
    """A network that begins with ImageNet's weights where the user gave or allowed them, else at random.

    A file that merely lies in a cache is not taken: whether a network is pretrained must follow from the
    command, not from the machine.

    Attributes
    ----------
    official : OfficialWeights
        What ``--download`` fetches; its key is the learner's name.
    official_network : str
        Name, among the settings, of the network that `official` belongs to.
    """

    official: ClassVar[OfficialWeights]
    official_network: ClassVar[str]

    def __init__(self) -> None:
        self._found: FoundWeights | None = None

    def prepare(self, weights: WeightSource) -> str:
        """Find the weights, if any are given or allowed.

        Returns
        -------
        str
            Name, version, libraries, and the sha256 of the initial weights.

        Raises
        ------
        UnavailableError
            If a library is missing, or weights that were asked for are absent or damaged.
        """
        from importlib.metadata import version

        require("learn", "torch", "lightning", *self.libraries)
        key = self.official.key
        asked = weights.download or key in weights.paths or os.environ.get(variable_name(key))
        self._found = find_weights(self.official, weights) if asked else None
        self.licence = self.official.licence if self._found and self._found.is_official else ""
        start = f"initial weights {self._found.sha256}" if self._found else "no initial weights"
        libraries = [f"{name} {version(name.replace('_', '-'))}" for name in self.libraries]
        return "; ".join([f"{self.name} {self.version}", *libraries, start])

    def initial_state(self, network: str, pretrained: bool) -> dict[str, Any] | None:
        """Read the weights that a network begins with; None for a random beginning.

        Parameters
        ----------
        network : str
            As the settings name it.
        pretrained : bool
            Whether the settings want weights where there are any.

        Raises
        ------
        UnavailableError
            If the fetched weights are of another network, or the file cannot be read.
        """
        if self._found is None or not pretrained:
            return None
        if self._found.is_official and network != self.official_network:
            raise UnavailableError(
                f"The fetched weights are of {self.official_network}, not of {network}; give"
                f" --weights {self.name}=FILE with its own, or set pretrained to false."
            )
        return load_state(self._found.path)

    def before_training(self, module: nn.Module, job: TrainingJob, settings: NetworkSettings) -> list[str]:
        """Say where the network began."""
        if self._found is None:
            return [f"Trained from random weights: no --weights {self.name}=FILE and no --download."]
        if not getattr(settings, "pretrained", True):
            return ["Trained from random weights, as its settings say."]
        official = "ImageNet weights of torchvision" if self._found.is_official else "Given weights"
        return [f"{official} at the start, sha256 {self._found.sha256[:12]}."]
