"""The two ways from noise to latents: denoising diffusion, and rectified flow.

Symbols: ``z`` clean latents, ``e`` standard normal noise of the same shape, ``T`` the number of training
times, ``a[t]`` the share of variance that is signal at time ``t`` (with a bar in the papers).
A time is a float in [0, T]; larger is noisier. Networks are given times, not shares.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ccmeval_generators.maisi.settings import MaisiSettings

BETA_START: Final = 0.0015
BETA_END: Final = 0.0195


class NoisePath(ABC):
    """How noise is mixed in, what the network is to predict, and how one step leads back."""

    def __init__(self, training_times: int) -> None:
        self.training_times = training_times

    @abstractmethod
    def draw_times(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw the times of `n` training frames, float32 (n,)."""

    @abstractmethod
    def noisy(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Mix noise into latents (B, C, h, w) at times (B,)."""

    @abstractmethod
    def target(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Give what the network is to predict, (B, C, h, w)."""

    @abstractmethod
    def times(self, steps: int) -> list[float]:
        """Give the `steps + 1` times from noise to clean, at which sampling stops on its way."""

    @abstractmethod
    def step(self, latents: Tensor, predicted: Tensor, time: float, after: float, noise: Tensor) -> Tensor:
        """Go from one time to the next, cleaner one; `noise` is new and may stay unused."""


class DiffusionPath(NoisePath):
    """Denoising diffusion (DDPM) with the scaled linear schedule of MAISI.

    Parameters
    ----------
    training_times : int
        T.
    eta : float
        Share of the noise that a step puts back: with 1 and all T steps it is DDPM's own sampler, with 0 the
        deterministic DDIM, which needs far fewer steps.

    Examples
    --------
    >>> path = DiffusionPath(1000, eta=0.0)
    >>> path.times(3)
    [999.0, 500.0, 0.0, -1.0]

    References
    ----------
    Ho, Jain, Abbeel. Denoising diffusion probabilistic models. NeurIPS 2020, equations 4 and 14.
    Song, Meng, Ermon. Denoising diffusion implicit models. ICLR 2021, equations 12 and 16.
    """

    def __init__(self, training_times: int, eta: float) -> None:
        super().__init__(training_times)
        self.eta = eta
        betas = np.linspace(math.sqrt(BETA_START), math.sqrt(BETA_END), training_times) ** 2
        self.signal_shares = np.cumprod(1.0 - betas)

    def draw_times(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw whole times below T, all equally likely."""
        return torch.randint(self.training_times, (n,), generator=generator).float()

    def noisy(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Give ``sqrt(a[t]) z + sqrt(1 - a[t]) e``."""
        known = torch.as_tensor(self.signal_shares, device=latents.device)
        shares = known[times.to(latents.device).long()][:, None, None, None]
        return shares.sqrt().to(latents) * latents + (1.0 - shares).sqrt().to(latents) * noise

    def target(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Give the noise."""
        return noise

    def times(self, steps: int) -> list[float]:
        """Spread `steps` whole times evenly from T - 1 to 0; -1 stands for clean."""
        spread = np.linspace(self.training_times - 1, 0, steps).round()
        return [*spread.tolist(), -1.0]

    def step(self, latents: Tensor, predicted: Tensor, time: float, after: float, noise: Tensor) -> Tensor:
        """Apply equation 12 of DDIM between any two times."""
        here, there = self._signal_share(time), self._signal_share(after)
        clean = (latents - math.sqrt(1.0 - here) * predicted) / math.sqrt(here)
        spread = self.eta * math.sqrt((1.0 - there) / (1.0 - here) * (1.0 - here / there))
        onward = math.sqrt(max(1.0 - there - spread**2, 0.0))
        return math.sqrt(there) * clean + onward * predicted + spread * noise

    def _signal_share(self, time: float) -> float:
        return float(self.signal_shares[int(time)]) if time >= 0.0 else 1.0


class FlowPath(NoisePath):
    """Rectified flow: straight lines, run through at constant velocity.

    The velocity points from noise to the clean latents, ``z - e``, as in MONAI's `RFlowScheduler`; other
    libraries have the opposite sign.

    Examples
    --------
    >>> FlowPath(1000).times(4)
    [1000.0, 750.0, 500.0, 250.0, 0.0]

    References
    ----------
    Liu, Gong, Liu. Flow straight and fast: learning to generate and transfer data with rectified flow.
    ICLR 2023, equation 1.
    """

    def draw_times(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw times evenly from [0, T)."""
        return torch.rand(n, generator=generator) * self.training_times

    def noisy(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Give ``(1 - t/T) z + t/T e``."""
        shares = (times / self.training_times).to(latents)[:, None, None, None]
        return (1.0 - shares) * latents + shares * noise

    def target(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Give the velocity towards the clean latents."""
        return latents - noise

    def times(self, steps: int) -> list[float]:
        """Spread times evenly from T to 0."""
        return [float(time) for time in np.linspace(self.training_times, 0.0, steps + 1)]

    def step(self, latents: Tensor, predicted: Tensor, time: float, after: float, noise: Tensor) -> Tensor:
        """Go along the velocity (Euler's step)."""
        return latents + predicted * ((time - after) / self.training_times)


def noise_path(settings: MaisiSettings) -> NoisePath:
    """Give the way that the settings ask for."""
    if settings.path == "rflow":
        return FlowPath(settings.training_times)
    return DiffusionPath(settings.training_times, settings.eta)
