"""Training of one adapter of the U-Net, the text encoder frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.prompts import prompt_of
from ccmeval_generators.foundation.stable_diffusion.lora_stage import LoraStage
from ccmeval_generators.sd_lora.settings import SdLoraSettings
from ccmeval_generators.training.stage import Batch


class SdLoraStage(LoraStage):
    """Learns from frames with the prompts of their diagnoses.

    Parameters
    ----------
    model : AdaptedModel
        Of Stable Diffusion's parts.
    settings : SdLoraSettings
    diagnoses : sequence of str
        In the order of the labels.
    """

    def __init__(self, model: AdaptedModel, settings: SdLoraSettings, diagnoses: Sequence[str]) -> None:
        super().__init__("adapter", model.base, settings, settings.steps, settings.batch_size)
        self._model, self._dropout = model, settings.prompt_dropout
        # The last is of frames without a diagnosis, whose label is -1.
        self._prompts = [prompt_of(settings.prompts, name) for name in (*diagnoses, None)]

    def trained(self) -> Mapping[str, nn.Module]:
        """Give the adapter."""
        return {"adapter": self._model}

    def embeddings(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give those of the prompts, each computed once; some hidden where the settings say so."""
        prompts = [self._prompts[label] for label in batch.labels.tolist()]
        if self._dropout:
            hidden = (torch.rand(len(prompts), generator=generator) < self._dropout).tolist()
            prompts = ["" if hide else prompt for prompt, hide in zip(prompts, hidden, strict=True)]
        return self._parts.texts.embeddings(prompts)
