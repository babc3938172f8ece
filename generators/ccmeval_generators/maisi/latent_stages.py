"""Stages two and three: the U-Net on latents, then the ControlNet that makes it follow masks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ccmeval_generators.maisi.networks import copy_unet, encoded, predicted
from ccmeval_generators.maisi.noise_paths import noise_path
from ccmeval_generators.maisi.settings import MaisiSettings
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


def hidden(labels: Tensor, n_diagnoses: int, share: float, generator: torch.Generator) -> Tensor | None:
    """Hide the diagnosis of some frames.

    Parameters
    ----------
    labels : int tensor (B,)
        -1 for none.
    n_diagnoses : int
    share : float
        Chance that a diagnosis is hidden.
    generator : torch.Generator

    Returns
    -------
    int tensor (B,) or None
        Rows of the embedding, `n_diagnoses` for none or hidden; None where no diagnosis is known.

    Examples
    --------
    >>> hidden(torch.tensor([1, -1]), 2, 0.0, torch.Generator()).tolist()
    [1, 2]
    """
    if n_diagnoses == 0:
        return None
    chosen = (torch.rand(labels.shape, generator=generator) < share).to(labels.device)
    return torch.where(chosen | (labels < 0), torch.full_like(labels, n_diagnoses), labels)


class LatentStage(Stage):
    """What the two have in common: latents of the frozen autoencoder, noise, and the distance to the target.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
    settings : MaisiSettings
    steps : int
    first_rate : float
        Learning rate of the first step.
    n_diagnoses : int
    """

    caches = True
    cache_name = "latents"
    network: str

    def __init__(
        self,
        networks: nn.ModuleDict,
        settings: MaisiSettings,
        steps: int,
        first_rate: float,
        n_diagnoses: int,
    ) -> None:
        self.steps = steps
        self._first_rate = first_rate
        self.batch_size = settings.batch_size
        self._networks = networks
        self._settings = settings
        self._n_diagnoses = n_diagnoses
        self._path = noise_path(settings)

    def trained(self) -> Mapping[str, nn.Module]:
        """Give the network of this stage."""
        return {self.network: self._networks[self.network]}

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give Adam, its rate falling by a power of the steps left."""
        parameters = list(self._networks[self.network].parameters())
        return [StageOptimiser(self.name, parameters, torch.optim.Adam, self._rate)]

    def cache_reads(self) -> Mapping[str, nn.Module]:
        """Give the autoencoder: both stages read its latents."""
        return {"autoencoder": self._networks["autoencoder"]}

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        """Give the means of the latents, whose own deviation is left out."""
        mean, _ = encoded(self._networks["autoencoder"], batch.frames)
        return {"latents": mean}

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the distance between what is predicted and noise, or velocity."""
        latents = batch.cached["latents"].float() / self._networks["scale"].deviation
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        times = self._path.draw_times(len(latents), generator).to(latents)
        labels = hidden(batch.labels, self._n_diagnoses, self._settings.label_dropout, generator)
        noisy = self._path.noisy(latents, noise, times)
        given = predicted(self._networks, noisy, times, labels, self._masks(batch))
        distance = functional.l1_loss if self._settings.noise_loss == "l1" else functional.mse_loss
        distances = distance(given.float(), self._path.target(latents, noise), reduction="none")
        return self._mean(distances, batch)

    def _masks(self, batch: Batch) -> Tensor | None:
        return None

    def _mean(self, distances: Tensor, batch: Batch) -> Tensor:
        return distances.mean()

    def _rate(self, step: int) -> float:
        left = max(0.0, 1.0 - step / self.steps)
        return float(self._first_rate * left**self._settings.rate_power)


class DiffusionStage(LatentStage):
    """Trains the U-Net on scaled latents, with the diagnosis and without masks."""

    name = "diffusion"
    network = "unet"

    def begin(self, batches: Iterable[Batch]) -> None:
        """Measure the deviation of the training latents."""
        self._networks["scale"].deviation.fill_(deviation_of(b.cached["latents"] for b in batches))


class ControlNetStage(LatentStage):
    """Trains the ControlNet, from a copy of the U-Net's way down, while the U-Net stays as it is."""

    name = "controlnet"
    network = "controlnet"

    def begin(self, batches: Iterable[Batch]) -> None:
        """Copy the U-Net; from here on masks are followed."""
        copy_unet(self._networks["unet"], self._networks["controlnet"])
        self._networks["scale"].follows_masks.fill_(True)

    def _masks(self, batch: Batch) -> Tensor:
        return batch.masks

    def _mean(self, distances: Tensor, batch: Batch) -> Tensor:
        """Weigh latents whose pixels have nerve more, where the settings ask for it."""
        extra = self._settings.nerve_weight - 1.0
        if extra == 0.0:
            return distances.mean()
        nerve = functional.max_pool2d(batch.masks, self._settings.reduction)
        weights = (1.0 + extra * nerve).expand_as(distances)
        return (weights * distances).sum() / weights.sum()


def deviation_of(parts: Iterable[Tensor]) -> float:
    """Compute the standard deviation of all numbers of several tensors.

    Raises
    ------
    ValueError
        If it is not above 0, so that nothing could be divided by it.

    Examples
    --------
    >>> deviation_of([torch.tensor([1.0, 3.0]), torch.tensor([1.0, 3.0])])
    1.0
    """
    n, total, squares = 0, 0.0, 0.0
    for part in parts:
        numbers = part.double()
        n += numbers.numel()
        total += float(numbers.sum())
        squares += float(numbers.square().sum())
    variance = squares / n - (total / n) ** 2 if n else 0.0
    if not variance > 0.0:
        raise ValueError("All latents are the same; the autoencoder has learnt nothing.")
    return math.sqrt(variance)
