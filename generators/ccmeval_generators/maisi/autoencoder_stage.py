"""Stage one: an autoencoder whose latents are nearly normal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ccmeval_generators.maisi.networks import decoded, encoded
from ccmeval_generators.maisi.settings import MaisiSettings
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


def divergence(mean: Tensor, deviation: Tensor) -> Tensor:
    """Compute the Kullback-Leibler divergence of latents from the standard normal, summed over each frame.

    Parameters
    ----------
    mean, deviation : float tensor (B, C, h, w)

    Returns
    -------
    float tensor ()
        Mean over the batch.

    References
    ----------
    Kingma and Welling. Auto-encoding variational Bayes. ICLR 2014, appendix B.

    Examples
    --------
    >>> divergence(torch.full((1, 1, 1, 2), 2.0), torch.ones(1, 1, 1, 2)).item()
    4.0
    """
    variance = deviation.square()
    parts = 0.5 * (mean.square() + variance - variance.log() - 1.0)
    return parts.sum(dim=(1, 2, 3)).mean()


def mean_square_to(scores: Tensor, wanted: float) -> Tensor:
    """Compute how far a discriminator's scores are from what is wanted (least-squares GAN)."""
    return (scores - wanted).square().mean()


class AutoencoderStage(Stage):
    """Learns to rebuild frames by L1, divergence, patch discriminator and, where given, a perceptual loss.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
    settings : MaisiSettings
    steps : int
    perceptual : torch.nn.Module or None
        Takes frames made and wanted in [-1, 1], gives a scalar.
    """

    name = "autoencoder"

    def __init__(
        self,
        networks: nn.ModuleDict,
        settings: MaisiSettings,
        steps: int,
        perceptual: nn.Module | None = None,
    ) -> None:
        self.steps = steps
        self.batch_size = settings.batch_size
        self._networks = networks
        self._settings = settings
        self._perceptual = perceptual

    def trained(self) -> Mapping[str, nn.Module]:
        """Give autoencoder and discriminator."""
        names = ["autoencoder", *(["discriminator"] if self._is_adversarial else [])]
        return {name: self._networks[name] for name in names}

    def averaged(self) -> Mapping[str, nn.Module]:
        """Give the autoencoder; a discriminator makes no frames."""
        return {"autoencoder": self._networks["autoencoder"]}

    def helpers(self) -> Mapping[str, nn.Module]:
        """Give the perceptual loss, where there is one."""
        return {} if self._perceptual is None else {"perceptual": self._perceptual}

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give Adam for each of the two, at the same constant rate."""
        return [
            StageOptimiser(name, list(module.parameters()), torch.optim.Adam, self._rate)
            for name, module in self.trained().items()
        ]

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the loss of the autoencoder, then that of the discriminator on the same frames."""
        if turn == "discriminator":
            return self._loss_of_discriminator(batch)
        frames = self._cropped(batch.frames, generator)
        mean, deviation = encoded(self._networks["autoencoder"], frames)
        latents = mean + deviation * torch.randn(mean.shape, generator=generator).to(mean)
        rebuilt = decoded(self._networks["autoencoder"], latents).float()
        batch.shared.update(frames=frames, rebuilt=rebuilt.detach())
        return self._loss_of_autoencoder(batch, rebuilt, divergence(mean.float(), deviation.float()))

    @property
    def _is_adversarial(self) -> bool:
        return self._settings.adversarial_weight > 0.0

    def _rate(self, step: int) -> float:
        return self._settings.autoencoder_rate

    def _cropped(self, frames: Tensor, generator: torch.Generator) -> Tensor:
        """Cut the same random square out of all frames of a batch."""
        side, size = frames.shape[-1], self._settings.autoencoder_crop_px
        if size in (0, side):
            return frames
        row, column = torch.randint(side - size + 1, (2,), generator=generator).tolist()
        return frames[..., row : row + size, column : column + size]

    def _loss_of_autoencoder(self, batch: Batch, rebuilt: Tensor, apart: Tensor) -> Tensor:
        frames, settings = batch.shared["frames"], self._settings
        difference = functional.l1_loss(rebuilt, frames)
        batch.log("difference", difference)
        batch.log("divergence", apart)
        loss = difference + settings.kl_weight * apart
        if self._is_adversarial and batch.step >= self.steps * settings.adversarial_from:
            fooled = mean_square_to(self._scores(rebuilt), 1.0)
            batch.log("adversarial", fooled)
            loss = loss + settings.adversarial_weight * fooled
        if self._perceptual is not None:
            unlike = self._perceptual(2.0 * rebuilt - 1.0, 2.0 * frames - 1.0)
            batch.log("perceptual", unlike)
            loss = loss + settings.perceptual_weight * unlike
        return loss

    def _loss_of_discriminator(self, batch: Batch) -> Tensor:
        real = mean_square_to(self._scores(batch.shared["frames"]), 1.0)
        rebuilt = mean_square_to(self._scores(batch.shared["rebuilt"]), 0.0)
        return (real + rebuilt) / 2.0

    def _scores(self, frames: Tensor) -> Tensor:
        scores: Tensor = self._networks["discriminator"](2.0 * frames - 1.0)[-1]
        return scores.float()
