"""The two noise paths against MONAI's schedulers and answers by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
schedulers = pytest.importorskip("monai.networks.schedulers")

from ccmeval_generators.maisi.noise_paths import (  # noqa: E402
    BETA_END,
    BETA_START,
    DiffusionPath,
    FlowPath,
    noise_path,
)
from ccmeval_generators.maisi.settings import MaisiSettings  # noqa: E402

SCHEDULE = {
    "num_train_timesteps": 1000,
    "schedule": "scaled_linear_beta",
    "beta_start": BETA_START,
    "beta_end": BETA_END,
    "clip_sample": False,
}


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_the_noise_of_diffusion_by_hand() -> None:
    path = DiffusionPath(2, eta=1.0)
    first, second = 1.0 - BETA_START, (1.0 - BETA_START) * (1.0 - BETA_END)
    assert path.signal_shares.tolist() == pytest.approx([first, second])
    ones = torch.ones(2, 1, 1, 1)
    noisy = path.noisy(2.0 * ones, -ones, torch.tensor([0.0, 1.0]))
    wanted = [2.0 * math.sqrt(share) - math.sqrt(1.0 - share) for share in (first, second)]
    assert noisy.flatten().tolist() == pytest.approx(wanted)


def test_the_noise_of_diffusion_is_monais() -> None:
    scheduler = schedulers.DDPMScheduler(**SCHEDULE)
    latents, noise = drawn(5, 4, 3, 3), drawn(5, 4, 3, 3).flip(0)
    times = torch.tensor([0, 1, 250, 998, 999])
    found = DiffusionPath(1000, eta=1.0).noisy(latents, noise, times.float())
    torch.testing.assert_close(found, scheduler.add_noise(latents, noise, times), rtol=1e-4, atol=1e-5)
    assert torch.equal(DiffusionPath(1000, eta=1.0).target(latents, noise), noise)


@pytest.mark.parametrize("time", [999, 500, 1, 0])
def test_a_step_with_all_noise_is_that_of_ddpm(time: int) -> None:
    scheduler = schedulers.DDPMScheduler(**SCHEDULE)
    latents, given_noise = drawn(2, 4, 3, 3), drawn(2, 4, 3, 3).flip(1)
    wanted, _ = scheduler.step(given_noise, time, latents, generator=torch.Generator().manual_seed(7))
    fresh = torch.randn(latents.shape, generator=torch.Generator().manual_seed(7))
    found = DiffusionPath(1000, eta=1.0).step(latents, given_noise, float(time), float(time - 1), fresh)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("time", [980, 40, 0])
def test_a_step_without_noise_is_that_of_ddim(time: int) -> None:
    scheduler = schedulers.DDIMScheduler(**SCHEDULE)
    scheduler.set_timesteps(50)  # MONAI then steps by 20
    latents, given_noise = drawn(2, 4, 3, 3), drawn(2, 4, 3, 3).flip(1)
    wanted, _ = scheduler.step(given_noise, time, latents)
    after = float(time - 20) if time >= 20 else -1.0
    found = DiffusionPath(1000, eta=0.0).step(latents, given_noise, float(time), after, drawn(2, 4, 3, 3))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_flow_by_hand() -> None:
    path, ones = FlowPath(1000), torch.ones(1, 1, 1, 1)
    latents, noise = 3.0 * ones, -1.0 * ones
    assert path.noisy(latents, noise, torch.tensor([250.0])).item() == pytest.approx(0.75 * 3.0 - 0.25)
    assert path.target(latents, noise).item() == 4.0  # towards the latents, not towards the noise
    assert path.step(noise, path.target(latents, noise), 1000.0, 750.0, noise).item() == pytest.approx(0.0)


def test_flow_has_the_sign_of_monais_scheduler() -> None:
    scheduler, path = schedulers.RFlowScheduler(num_train_timesteps=1000), FlowPath(1000)
    scheduler.set_timesteps(4)
    latents, noise = drawn(2, 4, 3, 3), drawn(2, 4, 3, 3).flip(1)
    times = torch.tensor([100, 900])
    torch.testing.assert_close(path.noisy(latents, noise, times), scheduler.add_noise(latents, noise, times))
    found = path.step(noise, path.target(latents, noise), 1000.0, 600.0, noise)
    wanted, clean = scheduler.step(latents - noise, 1000, noise, 600)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(clean, latents)


@settings(max_examples=20, deadline=None)
@given(steps=st.integers(1, 30), eta=st.sampled_from([0.0, 0.5, 1.0]), flow=st.booleans())
def test_a_perfect_prediction_leads_back_to_the_latents(steps: int, eta: float, flow: bool) -> None:
    path = FlowPath(1000) if flow else DiffusionPath(1000, eta)
    latents, generator = drawn(1, 2, 4, 4).double(), torch.Generator().manual_seed(steps)
    times = path.times(steps)
    assert len(times) == steps + 1
    assert sorted(times, reverse=True) == times
    assert times[-1] == (0.0 if flow else -1.0)
    noise = drawn(1, 2, 4, 4).flip(-1).double()
    now = path.noisy(latents, noise, torch.tensor(times[:1])).double()
    for time, after in pairwise(times):
        if flow:
            truth = (latents - now) / (time / 1000.0)
        else:
            share = path.signal_shares[int(time)]
            truth = (now - math.sqrt(share) * latents) / math.sqrt(1.0 - share)
        fresh = torch.randn(latents.shape, generator=generator, dtype=torch.float64)
        now = path.step(now, truth, time, after, fresh)
    torch.testing.assert_close(now, latents, rtol=1e-6, atol=1e-6)


def test_times_are_drawn_over_the_whole_range() -> None:
    generator = torch.Generator().manual_seed(0)
    whole = DiffusionPath(10, eta=1.0).draw_times(500, generator)
    assert sorted(set(whole.tolist())) == list(range(10))
    flowing = FlowPath(10).draw_times(500, generator)
    assert 0.0 <= flowing.min() < 0.5
    assert 9.5 < flowing.max() < 10.0


def test_settings_choose_the_path() -> None:
    assert isinstance(noise_path(MaisiSettings(path="rflow")), FlowPath)
    chosen = noise_path(MaisiSettings(eta=0.25, training_times=500, inference_steps=20))
    assert isinstance(chosen, DiffusionPath)
    assert (chosen.eta, chosen.training_times) == (0.25, 500)
