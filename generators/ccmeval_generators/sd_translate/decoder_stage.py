"""Stage two: the autoencoder's decoder learns what frames look like; all else is frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from ccmeval_generators.sd_translate.crops import cropped
from ccmeval_generators.sd_translate.settings import SdTranslateSettings
from ccmeval_generators.spade.losses import Scores, discriminator_hinge, generator_hinge
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


class DecoderStage(Stage):
    """Rebuilds frames from their latents by L1, a perceptual loss and, after a while, a discriminator.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
        See :func:`ccmeval_generators.sd_translate.building.build_networks`.
    settings : SdTranslateSettings
    perceptual : torch.nn.Module, optional
        Takes frames made and wanted in [-1, 1], gives a scalar.
    """

    name = "decoder"

    def __init__(
        self, networks: nn.ModuleDict, settings: SdTranslateSettings, perceptual: nn.Module | None = None
    ) -> None:
        self.steps, self.batch_size = settings.decoder_steps, settings.batch_size
        self.caches = settings.crop_side_px == settings.size_px
        self._networks, self._settings, self._perceptual = networks, settings, perceptual
        self._frozen = networks["frozen"].base

    @property
    def is_adversarial(self) -> bool:
        """Whether there is a discriminator."""
        return self._settings.adversarial_weight > 0

    def trained(self) -> Mapping[str, nn.Module]:
        """Give the decoder and, where there is one, the discriminator."""
        names = ["decoder", *(["discriminator"] if self.is_adversarial else [])]
        return {name: self._networks[name] for name in names}

    def averaged(self) -> Mapping[str, nn.Module]:
        """Give the decoder; a discriminator makes no frames."""
        return {"decoder": self._networks["decoder"]}

    def helpers(self) -> Mapping[str, nn.Module]:
        """Give the perceptual loss, where there is one."""
        return {} if self._perceptual is None else {"perceptual": self._perceptual}

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give Adam for each, at constant rates."""
        settings = self._settings
        rates = {"decoder": settings.decoder_rate, "discriminator": settings.discriminator_rate}
        return [
            StageOptimiser(
                name,
                list(module.parameters()),
                partial(torch.optim.Adam, lr=rates[name], betas=(0.5, 0.9)),
                partial(_constant, rates[name]),
            )
            for name, module in self.trained().items()
        ]

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        """Give mean and deviation of latents."""
        mean, deviation = self._frozen.encoder(batch.frames)
        return {"mean": mean, "deviation": deviation}

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the decoder's loss, then the discriminator's on the same frames."""
        if turn == "discriminator":
            found = discriminator_hinge(
                self._scores(batch.shared["wanted"]), self._scores(batch.shared["made"])
            )
            batch.log("discriminator", found)
            return found
        frames = cropped(batch.frames, self._settings.crop_side_px, generator)
        colours = self._networks["decoder"](self._latents(frames, batch, generator)).float()
        wanted, made = 2 * frames - 1, colours.mean(dim=1, keepdim=True)
        batch.shared.update(wanted=wanted, made=made.detach())
        parts = {"reconstruction": functional.l1_loss(colours, wanted.expand_as(colours))}
        if self._perceptual is not None:
            parts["perceptual"] = self._perceptual(made, wanted)
        if self.is_adversarial and batch.step >= self.steps * self._settings.adversarial_from:
            parts["adversarial"] = generator_hinge(self._scores(made))
        return self._weighted(parts, batch)

    def _latents(self, frames: Tensor, batch: Batch, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            known = batch.cached
            mean, deviation = (
                (known["mean"], known["deviation"]) if self.caches else self._frozen.encoder(frames)
            )
            return mean + deviation * torch.randn(mean.shape, generator=generator).to(mean)

    def _weighted(self, parts: Mapping[str, Tensor], batch: Batch) -> Tensor:
        weights = self._settings.model_dump(include={f"{name}_weight" for name in parts})
        for name, value in parts.items():
            batch.log(name, value)
        return torch.stack([weights[f"{name}_weight"] * value for name, value in parts.items()]).sum()

    def _scores(self, frames: Tensor) -> Scores:
        scores: Scores = self._networks["discriminator"](frames)[0]
        return [score.float() for score in scores]


def _constant(rate: float, step: int) -> float:
    return rate
