"""Frames of a trained `sd-translate`: from noise, told the mask, by DDIM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.arrays import FloatArray
from ccmeval.generation.conditions import Condition
from ccmeval_generators.foundation.weights.quiet import quiet_libraries
from ccmeval_generators.sd_translate.settings import SdTranslateSettings


def sampled_frames(
    networks: nn.ModuleDict,
    conditions: Sequence[Condition],
    diagnoses: Sequence[str],
    settings: SdTranslateSettings,
) -> list[FloatArray]:
    """Make a frame a condition, all in one batch, on the device where the networks lie.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
        In evaluation mode; no gradients are kept.
    conditions : sequence of Condition
        Each with a mask, all of one shape.
    diagnoses : sequence of str
        In the order of the labels.
    settings : SdTranslateSettings

    Returns
    -------
    list of float32 arrays (H, W), in [0, 1]
    """
    device = next(networks["unet"].parameters()).device
    masks = torch.from_numpy(np.stack([np.asarray(one.mask, dtype=np.float32) for one in conditions]))
    labels = [-1 if one.diagnosis is None else list(diagnoses).index(one.diagnosis) for one in conditions]
    told = _Told(networks, masks[:, None].to(device), torch.tensor(labels).to(device), settings)
    noise = torch.stack([_noise(one.seed, told.latent_shape) for one in conditions]).to(device)
    latents = _denoised(told, noise, settings.inference_steps)
    colours = networks["decoder"](latents).float()
    frames: FloatArray = ((colours.mean(dim=1) + 1) / 2).clamp(0, 1).cpu().numpy()
    return list(frames)


class _Told:
    """What the U-Net is told of a batch, and its predictions."""

    def __init__(
        self, networks: nn.ModuleDict, masks: Tensor, labels: Tensor, settings: SdTranslateSettings
    ) -> None:
        self._unet, self._scale = networks["unet"], settings.guidance_scale
        self.frozen = networks["frozen"].base
        embeddings, source = self.frozen.picture(masks), networks["source"]
        self._tokens = source(embeddings, labels)
        self._untold = source(
            torch.zeros_like(embeddings), labels, torch.zeros_like(labels, dtype=torch.bool)
        )
        self._beside = self.frozen.encoder(masks)[0] if settings.mask_latents else None
        channels = networks["decoder"].decoder.conv_in.in_channels
        self.latent_shape = (channels, masks.shape[-2] // 8, masks.shape[-1] // 8)

    def predicted(self, latents: Tensor, time: Tensor) -> Tensor:
        """Predict once, or twice where there is guidance."""
        told = self._once(latents, time, self._tokens, self._beside)
        if self._scale == 1.0:
            return told
        hidden = None if self._beside is None else torch.zeros_like(self._beside)
        without = self._once(latents, time, self._untold, hidden)
        return without + self._scale * (told - without)

    def _once(self, latents: Tensor, time: Tensor, tokens: Tensor, beside: Tensor | None) -> Tensor:
        inputs = latents if beside is None else torch.cat([latents, beside], dim=1)
        found: Tensor = self._unet(inputs, time, tokens, return_dict=False)[0]
        return found


def ddim(config: Mapping[str, Any]) -> Any:
    """Make DDIM's scheduler from the base's, whichever that is.

    Other schedulers do not say that latents may leave [-1, 1], where DDIM would cut them off by default.
    """
    from diffusers import DDIMScheduler

    with quiet_libraries():
        # By name: what a configuration lists as left at its defaults is not taken from it.
        return DDIMScheduler.from_config(dict(config), clip_sample=False, thresholding=False)


def _denoised(told: _Told, noise: Tensor, steps: int) -> Tensor:
    scheduler = ddim(told.frozen.scheduler)
    scheduler.set_timesteps(steps, device=noise.device)
    latents = noise * scheduler.init_noise_sigma
    for time in scheduler.timesteps:
        predicted = told.predicted(scheduler.scale_model_input(latents, time), time)
        latents = scheduler.step(predicted, time, latents, return_dict=False)[0]
    return latents


def _noise(seed: int, shape: tuple[int, int, int]) -> Tensor:
    """Draw on the CPU, so that every device has the same noise."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed % 2**63))
