"""Training of one diagnosis's adapters, in U-Net and text encoder."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.utility.learning import LearningSet
from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.stable_diffusion.lora_stage import LoraStage
from ccmeval_generators.foundation.stable_diffusion.texts import embedded, token_rows
from ccmeval_generators.sd_datadream.adapters import adapter_name, use_adapter
from ccmeval_generators.sd_datadream.few_shot import part_of
from ccmeval_generators.sd_datadream.settings import SdDatadreamSettings
from ccmeval_generators.settings import steps_of_epochs
from ccmeval_generators.training.stage import Batch


class DatadreamStage(LoraStage):
    """Learns one diagnosis from its few frames; the other diagnoses' adapters stay as they are.

    Parameters
    ----------
    model : AdaptedModel
        Of Stable Diffusion's parts, with the diagnosis's adapters.
    settings : SdDatadreamSettings
    train : LearningSet
        Frames of all diagnoses.
    label : int
        Of the diagnosis.
    prompt : str
    """

    def __init__(
        self, model: AdaptedModel, settings: SdDatadreamSettings, train: LearningSet, label: int, prompt: str
    ) -> None:
        self._model, self._label = model, label
        n_frames = len(self.frames(train))
        batch_size = _batch_size(n_frames, settings)
        steps = steps_of_epochs(settings.epochs, n_frames, batch_size)
        super().__init__(adapter_name(label), model.base, settings, steps, batch_size)
        self._tokens = token_rows(self._parts.tokenizer, [prompt])

    def frames(self, train: LearningSet) -> LearningSet:
        """Give the frames of the diagnosis."""
        return part_of(train, np.flatnonzero(train.labels == self._label))

    def trained(self) -> Mapping[str, nn.Module]:
        """Give the diagnosis's adapters."""
        return {adapter_name(self._label): self._model}

    def embeddings(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give what the adapted text encoder makes of the one prompt, as often as there are frames."""
        told = embedded(self._parts.text_encoder, self._tokens)
        return told.expand(len(batch.labels), -1, -1)

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the loss with this diagnosis's adapters, which samples may have changed for others."""
        use_adapter(self._parts, self._label)
        return super().loss(turn, batch, generator)


def _batch_size(n_frames: int, settings: SdDatadreamSettings) -> int:
    """Give the settings' batch, or all frames where they are fewer, as many as devices can share evenly."""
    devices = settings.devices
    return min(settings.batch_size, -(-n_frames // devices) * devices)
