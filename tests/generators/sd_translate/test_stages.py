"""Stages of `sd-translate`: what they learn, from which noise and crops, and that held-out frames gain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("diffusers")

from ccmeval.plugins import WeightSource  # noqa: E402
from ccmeval_generators.sd_translate import SdTranslateGenerator  # noqa: E402
from ccmeval_generators.sd_translate.building import build_networks  # noqa: E402
from ccmeval_generators.sd_translate.crops import cropped  # noqa: E402
from ccmeval_generators.sd_translate.decoder_stage import DecoderStage  # noqa: E402
from ccmeval_generators.sd_translate.settings import SdTranslateSettings  # noqa: E402
from ccmeval_generators.sd_translate.unet_stage import UnetStage, offset_noise  # noqa: E402
from ccmeval_generators.training.stage import Batch  # noqa: E402
from tests.generators.sd_translate.tiny_translate import SIDE, job, pool, tiny_settings  # noqa: E402

UNET, DECODER = {"unet", "source"}, {"decoder"}


def held_out(stage: Any, n_frames: int = 8, others_masks: bool = False) -> Batch:
    """Give frames that no training of these tests saw."""
    frames = pool(n_frames, seed=99)
    masks = torch.from_numpy((frames.masks > 0).astype(np.float32))[:, None]
    batch = Batch(
        frames=torch.from_numpy(frames.frames.astype(np.float32))[:, None],
        masks=masks.roll(1, dims=0) if others_masks else masks,
        labels=torch.arange(n_frames) % 2,
        rows=torch.arange(n_frames),
        step=0,
    )
    if stage.caches:
        with torch.no_grad():
            batch.cached = stage.cached(batch)
    return batch


def loss_of(stage: Any, draws: int = 6, others_masks: bool = False) -> float:
    batch = held_out(stage, others_masks=others_masks)
    with torch.no_grad():
        losses = [
            float(stage.loss(stage.name, batch, torch.Generator().manual_seed(seed))) for seed in range(draws)
        ]
    return float(np.mean(losses))


def untrained(settings: SdTranslateSettings) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_networks(2, settings, WeightSource()).eval()


@pytest.mark.parametrize("more", [{}, {"mask_latents": True, "crop_px": 24}], ids=["published", "latents"])
def test_loss_falls_on_held_out_frames(bases: Path, tmp_path: Path, more: dict[str, Any]) -> None:
    told = tiny_settings(
        bases, unet_steps=60, unet_rate=4e-3, decoder_steps=30, decoder_rate=5e-3, batch_size=4, **more
    )
    settings, generator = SdTranslateSettings(**told), SdTranslateGenerator()
    generator.fit(job(tmp_path, told))
    before, after = untrained(settings), generator._networks
    for make in (lambda networks: UnetStage(networks, settings, 2), lambda it: DecoderStage(it, settings)):
        assert loss_of(make(after)) < 0.9 * loss_of(make(before))


def test_masks_latents_tell_where_nerves_are(bases: Path, tmp_path: Path) -> None:
    """Told another frame's mask, the U-Net predicts held-out frames worse."""
    told = tiny_settings(
        bases, unet_steps=60, unet_rate=4e-3, decoder_steps=0, batch_size=4, mask_latents=True
    )
    settings, generator = (
        SdTranslateSettings(**{**told, "flip": False, "rotate": False}),
        SdTranslateGenerator(),
    )
    generator.fit(job(tmp_path, settings.model_dump()))
    stage = UnetStage(generator._networks, settings, 2)
    assert loss_of(stage) < 0.97 * loss_of(stage, others_masks=True)


@pytest.mark.parametrize(("stages", "changes"), [((3, 0), UNET), ((1, 3), UNET | DECODER)])
def test_each_stage_trains_its_own(
    bases: Path, tmp_path: Path, stages: tuple[int, int], changes: set[str]
) -> None:
    told = tiny_settings(bases, unet_steps=stages[0], decoder_steps=stages[1])
    generator, start = SdTranslateGenerator(), untrained(SdTranslateSettings(**told))
    generator.fit(job(tmp_path, told))
    for name in ("unet", "decoder"):
        known = start[name].state_dict()
        same = all(
            torch.equal(value, known[key]) for key, value in generator._networks[name].state_dict().items()
        )
        assert same == (name not in changes)
    assert "discriminator" not in generator._networks


def test_gradients_stay_within_the_stage(bases: Path) -> None:
    settings = SdTranslateSettings(**tiny_settings(bases))
    networks = untrained(settings)
    stage = UnetStage(networks, settings, 2)
    networks.requires_grad_(False)
    for module in stage.trained().values():
        module.requires_grad_(True)
    stage.loss("unet", held_out(stage, 2), torch.Generator().manual_seed(0)).backward()
    without = [name for name, value in networks["unet"].named_parameters() if value.grad is None]
    assert without == []
    assert float(networks["source"].diagnosis.weight.grad.abs().sum()) > 0
    frozen = networks["frozen"].base
    assert all(value.grad is None for value in frozen.parameters())


def test_offset_noise_is_white_without_strength() -> None:
    shape = torch.Size((3, 4, 8, 8))
    plain = torch.randn(shape, generator=torch.Generator().manual_seed(5))
    assert torch.equal(offset_noise(shape, 0.0, torch.Generator().manual_seed(5)), plain)
    shifted = offset_noise(shape, 0.3, torch.Generator().manual_seed(5)) - plain
    torch.testing.assert_close(shifted, shifted[..., :1, :1].expand(shape), atol=1e-6, rtol=0)
    assert float(shifted.std()) > 0.1


def test_crops_of_frame_and_mask_are_the_same_square() -> None:
    generator = torch.Generator().manual_seed(0)
    frames = torch.arange(2 * SIDE * SIDE, dtype=torch.float32).reshape(2, 1, SIDE, SIDE)
    pair = cropped(torch.cat([frames, frames + 0.5], 1), 8, generator)
    assert torch.equal(pair[:, 1] - pair[:, 0], torch.full((2, 8, 8), 0.5))
    assert torch.equal(pair[:, 0, 1:] - pair[:, 0, :-1], torch.full((2, 7, 8), float(SIDE)))
    assert not torch.equal(pair[0, 0] % 1024, pair[1, 0] % 1024)  # each frame has its own
    assert cropped(frames, SIDE, generator) is frames


def test_latents_are_cached_only_where_crops_are_whole_frames(bases: Path) -> None:
    for crop, cached in ((SIDE, True), (16, False), (768, True)):
        settings = SdTranslateSettings(**tiny_settings(bases, crop_px=crop))
        assert UnetStage(untrained(settings), settings, 2).caches is cached


def test_cached_and_uncached_losses_agree(bases: Path) -> None:
    settings = SdTranslateSettings(**tiny_settings(bases))
    networks = untrained(settings)
    for stage in (UnetStage(networks, settings, 2), DecoderStage(networks, settings)):
        with torch.no_grad():
            cached = stage.loss(stage.name, held_out(stage), torch.Generator().manual_seed(1))
            stage.caches = False
            fresh = stage.loss(stage.name, held_out(stage), torch.Generator().manual_seed(1))
        torch.testing.assert_close(cached, fresh)


def test_notes_tell_bases_and_how_the_mask_steers(bases: Path, tmp_path: Path) -> None:
    notes = " ".join(SdTranslateGenerator().fit(job(tmp_path, tiny_settings(bases))).notes)
    assert "SHA-256" in notes
    assert "4 x 4 patches, each of 8 px" in notes
    assert "perceptual loss was off" in notes
