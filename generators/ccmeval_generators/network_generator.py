"""A generator made of networks: what each adds to the common training, and what all have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval.generation.conditions import (
    Capabilities,
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
    TrainingPlan,
)
from ccmeval.weight_source import WeightSource
from ccmeval_generators.conditions_checked import check_conditions
from ccmeval_generators.settings import GeneratorNetworkSettings

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Self

    from ccmeval.arrays import FloatArray
    from ccmeval_generators.training.stage import Stage


class NetworkGenerator(ABC):
    """Base of the generators that train networks; see :class:`ccmeval.plugins.Generator` for the contract.

    Attributes
    ----------
    name, version, capabilities, settings_model
        As in the contract; `settings_model` is a :class:`GeneratorNetworkSettings`.
    only_for_training : tuple of str
        Networks, such as a discriminator, that are not kept with the trained generator.
    record : GeneratorRecord or None
        Of its training; None before.
    """

    name: str
    version: str = "1"
    capabilities: Capabilities
    settings_model: type[BaseModel] = GeneratorNetworkSettings
    only_for_training: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.record: GeneratorRecord | None = None
        self._networks: nn.ModuleDict | None = None
        self._format: FrameFormat | None = None
        self._settings: Any = self.settings_model()
        self._weights_hash = ""
        self._weights = WeightSource()

    @abstractmethod
    def build(self, frame_format: FrameFormat, settings: Any) -> nn.ModuleDict:
        """Make all networks with their initial weights (seeds are set by the caller); also used to load.

        Where pretrained weights may come from stands in ``self._weights`` by then.
        """

    @abstractmethod
    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: Any) -> Sequence[Stage]:
        """Give the stages of a training in their order."""

    @abstractmethod
    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: Any,
    ) -> list[FloatArray]:
        """Make one float32 frame (H, W) a condition, on the device where the networks lie.

        The networks are in evaluation mode and no gradients are kept. All randomness of a frame comes from
        the seed of its condition.
        """

    def notes(self, job: GeneratorJob, settings: Any) -> Sequence[str]:
        """Give what a reader of results should know of such a training; nothing by default."""
        return ()

    @property
    def format(self) -> FrameFormat | None:
        """What its frames are like; None until it is trained or loaded."""
        return self._format

    @property
    def identity(self) -> str:
        """Name, version and a hash of weights, settings and format."""
        if self._networks is None or self._format is None:
            return f"{self.name} {self.version} untrained"
        from ccmeval_generators.training.saved import content_hash

        return f"{self.name} {self.version} {content_hash(self._weights_hash, self._settings, self._format)}"

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        """Tell what a training would take; see :meth:`ccmeval.plugins.Generator.plan`.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, with the cure.
        """
        self._require("torch", "lightning", "safetensors")
        self._weights = job.weights
        from ccmeval_generators.training.plan import plan_training

        return plan_training(self, job)

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        """Train, or go on with an interrupted training; see :meth:`ccmeval.plugins.Generator.fit`.

        Raises
        ------
        UnavailableError
            If it cannot be trained here, with the reason.
        """
        self._require("torch", "lightning", "safetensors")
        self._weights = job.weights
        from ccmeval_generators.training.fit import fit_networks

        fitted = fit_networks(self, job)
        self._take(fitted.networks, fitted.frame_format, fitted.settings, fitted.record)
        return fitted.record

    def generate(self, conditions: Sequence[Condition]) -> list[FloatArray]:
        """Make one frame a condition; see :meth:`ccmeval.plugins.Generator.generate`.

        Raises
        ------
        UnavailableError
            If it is not trained, or a condition is missing or does not fit.
        """
        if self._networks is None or self._format is None:
            raise UnavailableError(
                f"The generator {self.name!r} is not trained; train it with ccmeval train, or name the"
                " folder of a trained one."
            )
        check_conditions(self.name, self.capabilities, conditions, self._format)
        from ccmeval_generators.training.sampling import sample_frames

        return sample_frames(self, self._networks, conditions, self._format, self._settings)

    def save_pretrained(self, folder: Path) -> None:
        """Keep the generator in a folder: ``networks.safetensors``, and ``generator.json`` that describes it.

        Raises
        ------
        UnavailableError
            If it is not trained.
        """
        if self._networks is None or self._format is None or self.record is None:
            raise UnavailableError(
                f"The generator {self.name!r} is not trained, so there is nothing to keep."
            )
        from ccmeval_generators.training.saved import save_generator

        save_generator(
            Path(folder),
            self.name,
            self.version,
            self._networks,
            self._format,
            self._settings,
            self.record,
        )

    @classmethod
    def from_pretrained(cls, folder: Path, weights: WeightSource) -> Self:
        """Load what :meth:`save_pretrained` kept; see :meth:`ccmeval.plugins.Generator.from_pretrained`.

        Raises
        ------
        UnavailableError
            If files are missing or damaged, or of another generator or version.
        """
        generator = cls()
        generator._require("torch", "safetensors")
        generator._weights = weights
        from ccmeval_generators.training.saved import load_generator

        found = load_generator(Path(folder), generator)
        generator._take(found.networks, found.frame_format, found.settings, found.record)
        return generator

    def _require(self, *libraries: str) -> None:
        """Refuse what cannot be done without libraries that are not installed."""
        require(self.capabilities.extra or "generate", *libraries)

    def _take(
        self, networks: nn.ModuleDict, frame_format: FrameFormat, settings: Any, record: GeneratorRecord
    ) -> None:
        from ccmeval.training.surroundings import fastest_device
        from ccmeval_generators.training.saved import kept, weights_hash

        networks = kept(self, networks)
        self._weights_hash = weights_hash(networks)
        self._networks = networks.to(fastest_device()).eval()
        self._format, self._settings, self.record = frame_format, settings, record
