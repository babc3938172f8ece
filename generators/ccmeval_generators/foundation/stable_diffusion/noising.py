"""Noise of a training as a pipeline's scheduler has it: how much is mixed in, and what is to be predicted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from ccmeval.errors import UnavailableError

PREDICTIONS: Final = ("epsilon", "v_prediction", "sample")


class Noising:
    """Mixes noise into latents and tells what the U-Net should make of them.

    Symbols as in the papers: ``z`` clean latents, ``e`` standard normal noise, ``a[t]`` the share of
    variance at time ``t`` that is signal. Beta schedule, kind of prediction and, where it is asked for, the
    schedule's rescaling to no signal at the last time are the scheduler's own.

    Parameters
    ----------
    config : mapping
        Of the pipeline's scheduler, whatever its class.

    Raises
    ------
    UnavailableError
        If it predicts something that is not known here.

    Examples
    --------
    >>> path = Noising({"num_train_timesteps": 10, "prediction_type": "epsilon"})
    >>> path.times(3, torch.Generator().manual_seed(0)).max().item() < 10
    True

    References
    ----------
    Ho, Jain, Abbeel. Denoising diffusion probabilistic models. NeurIPS 2020, equations 4 and 14.
    Salimans, Ho. Progressive distillation for fast sampling of diffusion models. ICLR 2022, appendix D
    (velocity).
    Lin et al. Common diffusion noise schedules and sample steps are flawed. WACV 2024, algorithm 1.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        from diffusers import DDPMScheduler

        from ccmeval_generators.foundation.weights.quiet import quiet_libraries

        # DDPM's scheduler has the methods of training, and takes what it needs of another's configuration.
        with quiet_libraries():
            self._scheduler = DDPMScheduler.from_config({**config, "_class_name": "DDPMScheduler"})
        self.prediction = str(self._scheduler.config.prediction_type)
        if self.prediction not in PREDICTIONS:
            raise UnavailableError(
                f"The base's scheduler predicts {self.prediction!r}, which is not known here; use a base that"
                f" predicts one of {', '.join(PREDICTIONS)}."
            )

    def times(self, number: int, generator: torch.Generator) -> Tensor:
        """Draw so many whole times, all equally likely: int64 (number,), on the CPU."""
        return torch.randint(int(self._scheduler.config.num_train_timesteps), (number,), generator=generator)

    def noisy(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Give ``sqrt(a[t]) z + sqrt(1 - a[t]) e``, all (B, C, h, w) but the times (B,)."""
        mixed: Tensor = self._scheduler.add_noise(latents, noise, times)
        return mixed

    def target(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Give noise, velocity ``sqrt(a[t]) e - sqrt(1 - a[t]) z``, or latents: what the base predicts."""
        if self.prediction == "epsilon":
            return noise
        if self.prediction == "sample":
            return latents
        velocity: Tensor = self._scheduler.get_velocity(latents, noise, times)
        return velocity

    def loss(self, predicted: Tensor, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Give the mean squared distance of a prediction from its target, in full precision."""
        return functional.mse_loss(predicted.float(), self.target(latents, noise, times).float())
