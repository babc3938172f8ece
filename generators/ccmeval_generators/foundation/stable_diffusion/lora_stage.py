"""Training of adapters on cached latents, by the loss that the base was trained with."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ccmeval_generators.foundation.optimising import cosine_rate
from ccmeval_generators.foundation.stable_diffusion.latents import drawn, latent_moments
from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts
from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


class LoraStage(Stage):
    """What the stages of all generators here have in common.

    Parameters
    ----------
    name : str
    parts : StableDiffusionParts
        With adapters in them.
    settings : StableDiffusionSettings
    steps : int
    batch_size : int
    """

    caches = True

    def __init__(
        self,
        name: str,
        parts: StableDiffusionParts,
        settings: StableDiffusionSettings,
        steps: int,
        batch_size: int,
    ) -> None:
        self.name, self.steps, self.batch_size = name, steps, batch_size
        self._parts, self._settings = parts, settings

    @abstractmethod
    def trained(self) -> Mapping[str, nn.Module]:
        """Give the adapters that this stage trains."""

    @abstractmethod
    def embeddings(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give what the U-Net is told of each frame of a batch, (B, T, D)."""

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give AdamW, its rate warmed up and falling as half a cosine."""
        chosen = self._settings

        def made(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
            return torch.optim.AdamW(parameters, lr=chosen.learning_rate, weight_decay=chosen.weight_decay)

        def rate(step: int) -> float:
            return cosine_rate(step, self.steps, chosen.learning_rate, chosen.warm_up_steps, cycles=0.5)

        parameters = [value for module in self.trained().values() for value in module.parameters()]
        return [StageOptimiser(self.name, parameters, made, rate)]

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        """Give what the frozen autoencoder makes of frames."""
        mean, deviation = latent_moments(self._parts.vae, batch.frames)
        return {"mean": mean} if self._settings.latents == "mean" else {"mean": mean, "deviation": deviation}

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the mean squared distance between what the U-Net predicts and what it should."""
        latents = self._latents(batch, generator)
        noising = self._parts.noising
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        times = noising.times(len(latents), generator).to(latents.device)
        told = self.embeddings(batch, generator)
        unet = self._parts.unet
        noisy = noising.noisy(latents, noise, times).to(unet.dtype)
        predicted = unet(noisy, times, encoder_hidden_states=told.to(unet.dtype), return_dict=False)[0]
        return noising.loss(predicted, latents, noise, times)

    def _latents(self, batch: Batch, generator: torch.Generator) -> Tensor:
        mean = batch.cached["mean"]
        if self._settings.latents == "mean":
            return mean
        return drawn(mean, batch.cached["deviation"], generator)
