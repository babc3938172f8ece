"""The one stage of SPADE: generator and discriminator take turns in every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from ccmeval_generators.perceptual import PerceptualLoss
from ccmeval_generators.spade.losses import (
    Scores,
    discriminator_hinge,
    feature_distance,
    generator_hinge,
    style_divergence,
)
from ccmeval_generators.spade.networks import SpadeNetwork
from ccmeval_generators.spade.planes import condition_planes
from ccmeval_generators.spade.settings import SpadeSettings
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


class SpadeStage(Stage):
    """Adversarial training with reconstruction from a frame's own style.

    Parameters
    ----------
    generator : SpadeNetwork
    discriminator : torch.nn.Module
        See :func:`ccmeval_generators.spade.networks.patch_discriminator`.
    n_diagnoses, steps : int
    settings : SpadeSettings
    perceptual : PerceptualLoss, optional
    """

    name = "gan"

    def __init__(
        self,
        generator: SpadeNetwork,
        discriminator: nn.Module,
        n_diagnoses: int,
        steps: int,
        settings: SpadeSettings,
        perceptual: PerceptualLoss | None = None,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.n_diagnoses, self.steps, self.settings = n_diagnoses, steps, settings
        self.batch_size = settings.batch_size
        self.perceptual = perceptual

    def trained(self) -> Mapping[str, nn.Module]:
        """Give both networks."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    def averaged(self) -> Mapping[str, nn.Module]:
        """Give the generator only."""
        return {"generator": self.generator}

    def helpers(self) -> Mapping[str, nn.Module]:
        """Give the perceptual loss, where there is one."""
        return {} if self.perceptual is None else {"perceptual": self.perceptual}

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give Adam for each; the generator's turn comes first."""
        return [
            self._adam("generator", self.generator, self.settings.generator_rate),
            self._adam("discriminator", self.discriminator, self.settings.discriminator_rate),
        ]

    def _adam(self, turn: str, network: nn.Module, rate: float) -> StageOptimiser:
        make = partial(torch.optim.Adam, lr=rate, betas=self.settings.betas)
        return StageOptimiser(turn, list(network.parameters()), make, lambda step: rate)

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the loss of a turn; the discriminator judges the frames that its opponent made before."""
        real = batch.frames * 2 - 1
        planes = condition_planes(batch.masks, batch.labels, self.n_diagnoses)
        if turn == "generator":
            return self._generator_loss(real, planes, batch, generator)
        made = batch.shared.pop("made")
        found = discriminator_hinge(self._scores(real, planes), self._scores(made, planes))
        batch.log("discriminator", found)
        return found

    def _generator_loss(self, real: Tensor, planes: Tensor, batch: Batch, draws: torch.Generator) -> Tensor:
        mean, log_variance = self.generator.encode(real)
        style = mean + (log_variance / 2).exp() * _normal(mean.shape, draws).to(mean)
        made = self.generator.decode(planes, style, self._noise(real, draws))
        batch.shared["made"] = made.detach()
        parts = self._parts(made, real, planes)
        parts["style"] = style_divergence(mean, log_variance)
        for name, value in parts.items():
            batch.log(name, value)
        weights = self.settings.model_dump(include={f"{name}_weight" for name in parts})
        return torch.stack([weights[f"{name}_weight"] * value for name, value in parts.items()]).sum()

    def _parts(self, made: Tensor, real: Tensor, planes: Tensor) -> dict[str, Tensor]:
        scores, features = self.discriminator(torch.cat([made, planes], dim=1))
        with torch.no_grad():
            _, wanted = self.discriminator(torch.cat([real, planes], dim=1))
        parts = {
            "adversarial": generator_hinge(scores),
            "feature": feature_distance(features, wanted),
            "reconstruction": functional.l1_loss(made, real),
        }
        if self.perceptual is not None:
            parts["perceptual"] = self.perceptual(made, real)
        return parts

    def _noise(self, frames: Tensor, draws: torch.Generator) -> Tensor | None:
        channels = self.generator.noise_channels
        if not channels:
            return None
        return _normal(torch.Size((len(frames), channels, *frames.shape[-2:])), draws).to(frames)

    def _scores(self, frames: Tensor, planes: Tensor) -> Scores:
        scores: Scores = self.discriminator(torch.cat([frames, planes], dim=1))[0]
        return scores


def _normal(shape: torch.Size, draws: torch.Generator) -> Tensor:
    """Draw on the CPU, so that every device has the same numbers."""
    return torch.randn(shape, generator=draws)
