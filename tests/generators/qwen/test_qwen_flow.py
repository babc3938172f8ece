"""Flow matching: packing, shift, noise levels and the weighted loss, against diffusers and by hand."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from ccmeval_generators.foundation.optimising import adam_note, cosine_rate  # noqa: E402
from ccmeval_generators.qwen.flow import (  # noqa: E402
    LEVELS,
    effective_foreground,
    loss_weights,
    noise_levels,
    noisy_and_target,
    packed,
    pooled_mask,
    set_steps,
    shift_of,
    unpacked,
    weighted_loss,
)

PUBLISHED = {
    "base_image_seq_len": 256,
    "base_shift": 0.5,
    "max_image_seq_len": 8192,
    "max_shift": 0.9,
    "shift": 1.0,
    "shift_terminal": 0.02,
    "time_shift_type": "exponential",
    "use_dynamic_shifting": True,
}


def scheduler():
    return diffusers.FlowMatchEulerDiscreteScheduler(**PUBLISHED)


def test_packing_is_the_pipelines() -> None:
    pipeline = diffusers.QwenImageEditPipeline
    planes = torch.randn(2, 16, 6, 8)
    theirs = pipeline._pack_latents(planes, 2, 16, 6, 8)
    assert torch.equal(packed(planes), theirs)
    assert torch.equal(unpacked(theirs, 6, 8), pipeline._unpack_latents(theirs, 48, 64, 8)[:, :, 0])


def test_shift_and_steps_are_the_pipelines() -> None:
    from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit import calculate_shift, retrieve_timesteps

    ours, theirs = scheduler(), scheduler()
    mu = calculate_shift(4096, 256, 8192, 0.5, 0.9)
    assert shift_of(4096, ours.config) == pytest.approx(mu, abs=1e-12)
    times, _ = retrieve_timesteps(theirs, 50, "cpu", sigmas=np.linspace(1.0, 1 / 50, 50), mu=mu)
    assert torch.equal(set_steps(ours, 50, 4096), times)
    assert shift_of(256, {}) == 0.5


def test_noise_levels_are_spread_as_the_steps_of_sampling() -> None:
    levels = noise_levels(scheduler(), 4096)
    assert (len(levels), levels[0].item()) == (LEVELS, 1.0)
    assert levels[-1].item() == pytest.approx(0.02, abs=1e-6)
    assert (levels.diff() < 0).all()
    mu = shift_of(4096, PUBLISHED)
    middle = np.exp(mu) / (np.exp(mu) + 1.0)  # where half of the steps lie, before the end is stretched
    shortest = np.exp(mu) / (np.exp(mu) + (1 / (1 / LEVELS) - 1))
    by_hand = 1 - (1 - middle) * 0.98 / (1 - shortest)
    assert levels[LEVELS // 2].item() == pytest.approx(by_hand, abs=1e-4)


def test_the_target_leads_from_frame_to_noise() -> None:
    latents, noise = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    levels = torch.tensor([0.25, 1.0])
    noisy, target = noisy_and_target(latents, noise, levels)
    assert torch.allclose(noisy - levels.view(-1, 1, 1) * target, latents, atol=1e-6)
    assert torch.equal(noisy[1], noise[1])
    stepped = scheduler()
    stepped.set_timesteps(sigmas=[0.25], mu=0.5)
    stepped.sigmas = torch.tensor([0.25, 0.0])
    found = stepped.step(target[:1], stepped.timesteps[0], noisy[:1]).prev_sample
    assert torch.allclose(found, latents[:1], atol=1e-6)


def test_a_nerve_of_3_px_keeps_its_weight_by_the_maximum_and_loses_it_by_the_mean() -> None:
    masks = torch.zeros(1, 1, 64, 64)
    masks[..., 18:21] = 1.0
    found = {}
    for pooling in ("max", "mean"):
        weights = loss_weights(pooled_mask(masks, 8, pooling), 2.0, 1.0)
        found[pooling] = effective_foreground(masks, weights).item()
    assert found == {"max": 2.0, "mean": 1.375}


@pytest.mark.parametrize(("side", "grid"), [(100, 32), (33, 8), (8, 16), (384, 128)])
def test_by_the_maximum_every_nerve_pixel_has_the_whole_weight(side: int, grid: int) -> None:
    masks = (torch.rand(2, 1, side, side, generator=torch.Generator().manual_seed(side)) < 0.02).float()
    weights = loss_weights(pooled_mask(masks, grid, "max"), 3.0, 0.5)
    assert effective_foreground(masks, weights).item() == 3.0


def test_without_nerves_all_weighs_as_background() -> None:
    weights = loss_weights(pooled_mask(torch.zeros(1, 1, 16, 16), 2, "max"), 2.0, 1.0)
    assert effective_foreground(torch.zeros(1, 1, 16, 16), weights).item() == 1.0


def test_the_loss_is_the_mean_over_pixels_and_channels() -> None:
    generator = torch.Generator().manual_seed(1)
    predicted, target = (torch.randn(2, 5, 4, 6, generator=generator) for _ in range(2))
    weights = torch.rand(2, 1, 4, 6, generator=generator)
    by_hand = 0.0
    for frame in range(2):
        for channel in range(5):
            errors = (predicted[frame, channel] - target[frame, channel]) ** 2 * weights[frame, 0]
            by_hand += errors.sum().item()
    found = weighted_loss(packed(predicted), packed(target), weights).item()
    assert found == pytest.approx(by_hand / (2 * 5 * 4 * 6), rel=1e-5)


def test_the_rate_is_the_libraries_cosine() -> None:
    from diffusers.optimization import get_cosine_schedule_with_warmup

    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    schedule = get_cosine_schedule_with_warmup(optimiser, 50, 400, num_cycles=0.5)
    for step in range(400):
        expected = schedule.get_last_lr()[0]
        assert cosine_rate(step, 400, 1e-4, 50, 0.5) == pytest.approx(expected, abs=1e-12)
        optimiser.step()
        schedule.step()


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU may have 8-bit Adam")
def test_the_optimiser_is_named() -> None:
    assert adam_note().startswith("The optimiser is AdamW in full precision, since there is no CUDA device")


def test_with_cuda_and_bitsandbytes_it_is_adam_of_8_bits(monkeypatch) -> None:
    import sys
    from types import SimpleNamespace

    from ccmeval_generators.foundation import optimising

    told = {}
    optim = SimpleNamespace(AdamW8bit=lambda parameters, **more: told.update(more))
    monkeypatch.setitem(sys.modules, "bitsandbytes", SimpleNamespace(optim=optim))
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", optim)
    monkeypatch.setattr(optimising, "find_spec", lambda name: object())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    optimising.adam((0.9, 0.999), 0.0)([])
    assert told == {"betas": (0.9, 0.999), "weight_decay": 0.0}
    assert optimising.adam_note() == "The optimiser is 8-bit Adam (bitsandbytes)."


def test_the_full_size_transformer_takes_what_it_is_told() -> None:
    from ccmeval_generators.foundation.adapters.table import qwen_on_meta
    from ccmeval_generators.qwen.velocity import Told, velocity

    with torch.device("meta"):
        noisy, control = torch.empty(1, 4096, 64), torch.empty(1, 2 * 4096, 64)
        told = Told(control, torch.empty(1, 1400, 3584), torch.ones(1, 1400, dtype=torch.bool))
        found = velocity(qwen_on_meta(), noisy, torch.empty(1), told, (64, 64))
    assert found.shape == noisy.shape
