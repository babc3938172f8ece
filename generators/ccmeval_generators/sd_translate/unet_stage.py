"""Stage one: the U-Net learns to make latents of frames, told the embeddings of their masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from ccmeval_generators.foundation.optimising import cosine_rate
from ccmeval_generators.foundation.stable_diffusion.noising import Noising
from ccmeval_generators.sd_translate.crops import cropped
from ccmeval_generators.sd_translate.settings import SdTranslateSettings
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser


def offset_noise(shape: torch.Size, strength: float, generator: torch.Generator) -> Tensor:
    """Draw noise that also shifts whole channels, so that a frame's mean brightness is learnt too.

    Parameters
    ----------
    shape : torch.Size
        (B, C, h, w).
    strength : float
        Standard deviation of the shift.
    generator : torch.Generator
        On the CPU.

    References
    ----------
    Guttenberg. Diffusion with offset noise. CrossLabs, 2023.

    Examples
    --------
    >>> draw = torch.Generator().manual_seed(0)
    >>> shifted = offset_noise(torch.Size((500, 1, 8, 8)), 0.5, draw)
    >>> round(shifted.mean(dim=(1, 2, 3)).std().item(), 1)  # sqrt(0.5 ** 2 + 1 / 64)
    0.5
    """
    noise = torch.randn(shape, generator=generator)
    return noise + strength * torch.randn((*shape[:2], 1, 1), generator=generator)


class UnetStage(Stage):
    """All of the U-Net, the projection of embeddings and those of diagnoses; the rest is frozen.

    Latents are cached where crops cover the whole frame; else every step encodes its own crops.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
        See :func:`ccmeval_generators.sd_translate.building.build_networks`.
    settings : SdTranslateSettings
    n_diagnoses : int
    """

    name = "unet"

    def __init__(self, networks: nn.ModuleDict, settings: SdTranslateSettings, n_diagnoses: int) -> None:
        self.steps, self.batch_size = settings.unet_steps, settings.batch_size
        self.caches = settings.crop_side_px == settings.size_px
        self._networks, self._settings, self._n_diagnoses = networks, settings, n_diagnoses
        self._frozen = networks["frozen"].base
        self._noising = Noising(self._frozen.scheduler)

    def trained(self) -> Mapping[str, nn.Module]:
        """Give U-Net and tokens."""
        return {name: self._networks[name] for name in ("unet", "source")}

    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give AdamW for both, at a rate that rises and then falls as half a cosine."""
        settings = self._settings
        values = [value for module in self.trained().values() for value in module.parameters()]
        make = partial(torch.optim.AdamW, lr=settings.unet_rate, weight_decay=settings.weight_decay)
        return [StageOptimiser("unet", values, make, self._rate)]

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        """Give mean and deviation of latents and, where the U-Net reads them, the mask's latents."""
        return self._encoded(batch.frames, batch.masks)

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the mean square between what the U-Net predicts and its target."""
        known, masks = batch.cached, batch.masks
        if not self.caches:
            side = self._settings.crop_side_px
            frames, masks = cropped(torch.cat([batch.frames, masks], 1), side, generator).chunk(2, dim=1)
            with torch.no_grad():
                known = self._encoded(frames, masks)
        latents = known["mean"] + known["deviation"] * _normal(known["mean"], generator)
        noise = offset_noise(latents.shape, self._settings.offset_noise, generator).to(latents)
        times = self._noising.times(len(latents), generator).to(latents.device)
        noisy = self._noising.noisy(latents, noise, times)
        shown = self._drawn(len(latents), self._settings.condition_dropout, generator).to(latents.device)
        inputs = [noisy]
        if "mask" in known:
            inputs.append(known["mask"] * shown.to(noisy)[:, None, None, None])
        tokens = self._tokens(masks, batch.labels, shown, generator)
        predicted = self._networks["unet"](torch.cat(inputs, 1), times, tokens, return_dict=False)[0]
        return self._noising.loss(predicted, latents, noise, times)

    def _tokens(self, masks: Tensor, labels: Tensor, shown: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            embeddings = self._frozen.picture(masks)
        told = self._drawn(len(labels), self._settings.label_dropout, generator).to(labels.device)
        labels = torch.where(told, labels, torch.full_like(labels, -1))
        tokens: Tensor = self._networks["source"](embeddings, labels, shown)
        return tokens

    def _encoded(self, frames: Tensor, masks: Tensor) -> dict[str, Tensor]:
        mean, deviation = self._frozen.encoder(frames)
        found = {"mean": mean, "deviation": deviation}
        if self._settings.mask_latents:
            found["mask"] = self._frozen.encoder(masks)[0]
        return found

    def _drawn(self, number: int, chance: float, generator: torch.Generator) -> Tensor:
        """Draw which are shown, bool (number,): each is hidden by this chance."""
        return torch.rand(number, generator=generator) >= chance

    def _rate(self, step: int) -> float:
        settings = self._settings
        return cosine_rate(step, self.steps, settings.unet_rate, settings.warmup_steps, cycles=0.5)


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw on the CPU, so that every device has the same numbers."""
    return torch.randn(like.shape, generator=generator).to(like)
