"""What generators made of Stable Diffusion with adapters have in common; light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ccmeval.generation.conditions import Condition
from ccmeval_generators.foundation.prompts import prompt_of
from ccmeval_generators.network_generator import NetworkGenerator

if TYPE_CHECKING:
    from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts
    from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings

LIBRARIES = ("diffusers", "peft", "transformers", "safetensors")


class StableDiffusionGenerator(NetworkGenerator):
    """Base of the generators here; each names the kind of base, and makes networks, stages and frames.

    Attributes
    ----------
    base_kind : str
        Name in :mod:`ccmeval_generators.foundation.weights` of the kind of base, ``"SD15"`` or ``"SD21"``.
    """

    base_kind: ClassVar[str]

    @property
    def adapter_sha256(self) -> str:
        """SHA-256 of the adapters, as the file that keeps them has it; empty before there are any."""
        return self._weights_hash

    def provenance(self, conditions: Sequence[Condition]) -> list[dict[str, str]]:
        """Tell the whole prompt of each frame, of which the column `prompt` has the user's words only."""
        return [{"told_prompt": self._prompt(condition)} for condition in conditions]

    def _prompt(self, condition: Condition) -> str:
        return prompt_of(self._settings.prompts, condition.diagnosis, condition.prompt)

    def _load_parts(self, settings: StableDiffusionSettings) -> tuple[StableDiffusionParts, str]:
        """Load the base; see :func:`ccmeval_generators.foundation.stable_diffusion.loading.load_parts`."""
        self._require("torch", *LIBRARIES)
        from ccmeval_generators.foundation import weights
        from ccmeval_generators.foundation.stable_diffusion.loading import load_parts

        kind: Any = getattr(weights, self.base_kind)
        return load_parts(kind, settings, self._weights)
