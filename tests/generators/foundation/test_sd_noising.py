"""Noise and its targets against the equations, for every kind of prediction."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval_generators.foundation.stable_diffusion.noising import Noising  # noqa: E402

SD = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
    "_class_name": "PNDMScheduler",
}
TIMES = torch.tensor([0, 400, 999])


def signal_shares(**more: object) -> np.ndarray:
    """Compute a[t] of Stable Diffusion's schedule by hand."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    shares = np.cumprod(1 - betas)
    if more.get("rescale_betas_zero_snr"):  # algorithm 1 of Lin et al.
        roots = np.sqrt(shares)
        first, last = roots[0], roots[-1]
        shares = ((roots - last) * first / (first - last)) ** 2
    return shares[TIMES.numpy()]


def tensors() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, 4, 2, 2, generator=generator), torch.randn(3, 4, 2, 2, generator=generator)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("zero_snr", [False, True])
def test_noisy_latents_and_targets_are_those_of_the_equations(prediction: str, zero_snr: bool) -> None:
    more = {"rescale_betas_zero_snr": zero_snr}
    path = Noising({**SD, "prediction_type": prediction, **more})
    latents, noise = tensors()
    shares = torch.from_numpy(signal_shares(**more)).float()[:, None, None, None]
    root, rest = shares.clamp(min=0).sqrt(), (1 - shares).sqrt()
    torch.testing.assert_close(
        path.noisy(latents, noise, TIMES), root * latents + rest * noise, atol=3e-5, rtol=0
    )
    wanted = {"epsilon": noise, "v_prediction": root * noise - rest * latents, "sample": latents}[prediction]
    torch.testing.assert_close(path.target(latents, noise, TIMES), wanted, atol=3e-5, rtol=0)
    if zero_snr:
        torch.testing.assert_close(path.noisy(latents, noise, TIMES)[2], noise[2], atol=1e-6, rtol=0)
    made = torch.zeros_like(noise)
    torch.testing.assert_close(
        path.loss(made, latents, noise, TIMES), wanted.square().mean(), atol=1e-4, rtol=0
    )


def test_times_are_all_equally_likely() -> None:
    times = Noising({**SD, "num_train_timesteps": 4}).times(4000, torch.Generator().manual_seed(0))
    assert times.bincount().tolist() == pytest.approx([1000] * 4, abs=120)


def test_an_unknown_prediction_is_refused() -> None:
    with pytest.raises(UnavailableError, match="predicts 'flow'"):
        Noising({**SD, "prediction_type": "flow"})
