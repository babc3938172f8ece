"""Networks of `sd-translate` against diffusers' own pipelines and answers by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
diffusers = pytest.importorskip("diffusers")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.generation.conditions import Condition  # noqa: E402
from ccmeval.plugins import WeightSource  # noqa: E402
from ccmeval_generators.sd_translate.building import build_networks  # noqa: E402
from ccmeval_generators.sd_translate.networks import SourceTokens, widen_input  # noqa: E402
from ccmeval_generators.sd_translate.sampling import ddim, sampled_frames  # noqa: E402
from ccmeval_generators.sd_translate.settings import SdTranslateSettings  # noqa: E402
from tests.generators.sd_translate.tiny_translate import CLASSES, conditions, tiny_settings  # noqa: E402


def built(bases: Path, n_diagnoses: int = 2, **more: Any) -> tuple[Any, SdTranslateSettings]:
    settings = SdTranslateSettings(**tiny_settings(bases, **more))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_networks(n_diagnoses, settings, WeightSource()).eval(), settings


@pytest.fixture(scope="module")
def frames() -> Any:
    return torch.rand((2, 1, 32, 32), generator=torch.Generator().manual_seed(1))


def test_latents_are_those_of_diffusers(bases: Path, frames: Any) -> None:
    networks, _ = built(bases)
    vae = diffusers.AutoencoderKL.from_pretrained(bases / "sd15", subfolder="vae")
    with torch.no_grad():
        mean, deviation = networks["frozen"].base.encoder(frames)
        known = vae.encode((2 * frames - 1).expand(-1, 3, -1, -1)).latent_dist
        decoded = networks["decoder"](mean)
        torch.testing.assert_close(mean, known.mean * vae.config.scaling_factor)
        torch.testing.assert_close(deviation, known.std * vae.config.scaling_factor)
        torch.testing.assert_close(decoded, vae.decode(mean / vae.config.scaling_factor).sample)


def test_embeddings_are_those_of_clips_own_processor(bases: Path) -> None:
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    networks, _ = built(bases, embedding="pooled")
    clip = CLIPVisionModelWithProjection.from_pretrained(bases / "clip").eval()
    masks = (torch.rand((2, 1, 32, 32), generator=torch.Generator().manual_seed(1)) > 0.8).float()
    pictures = [np.repeat(np.uint8(255 * mask[0].numpy())[..., None], 3, axis=2) for mask in masks]
    with torch.no_grad():
        wanted = clip(**CLIPImageProcessor.from_pretrained(bases / "clip")(pictures, return_tensors="pt"))
        found = networks["frozen"].base.picture(masks)
    assert found.shape == (2, 1, 32)
    torch.testing.assert_close(found[:, 0], wanted.image_embeds, atol=1e-5, rtol=1e-4)


def test_first_patch_embedding_is_the_pooled_one(bases: Path) -> None:
    masks = (torch.rand((2, 1, 48, 48), generator=torch.Generator().manual_seed(1)) > 0.8).float()
    with torch.no_grad():
        patches = built(bases)[0]["frozen"].base.picture(masks)
        pooled = built(bases, embedding="pooled")[0]["frozen"].base.picture(masks)
    assert patches.shape == (2, 17, 32)  # 4 x 4 patches behind the class token
    torch.testing.assert_close(patches[:, :1], pooled)


def test_sampling_is_the_image_variation_of_diffusers(bases: Path) -> None:
    """With one pooled token and no diagnosis, frames are those of the pipeline that does just that."""
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    networks, settings = built(
        bases, 0, embedding="pooled", condition_dropout=0.1, guidance_scale=3.0, inference_steps=4
    )
    folder = bases / "sd15"
    pipeline = diffusers.StableDiffusionImageVariationPipeline(
        vae=diffusers.AutoencoderKL.from_pretrained(folder, subfolder="vae"),
        image_encoder=CLIPVisionModelWithProjection.from_pretrained(bases / "clip"),
        unet=diffusers.UNet2DConditionModel.from_pretrained(folder, subfolder="unet"),
        scheduler=ddim(networks["frozen"].base.scheduler),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor.from_pretrained(bases / "clip"),
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    condition = conditions(1)[0]
    noise = torch.randn((4, 4, 4), generator=torch.Generator().manual_seed(condition.seed))[None]
    picture = torch.from_numpy(condition.mask.astype(np.float32))[None, None].expand(-1, 3, -1, -1)
    pixels = (picture - networks["frozen"].base.picture.mean) / networks["frozen"].base.picture.std
    latents = pipeline(
        pixels,
        height=32,
        width=32,
        num_inference_steps=4,
        guidance_scale=3.0,
        latents=noise,
        output_type="latent",
    ).images
    alone = Condition(condition.seed, None, condition.mask)
    with torch.no_grad():
        colours = networks["decoder"](latents)[0].mean(dim=0)  # averaged before they are clipped
        found = sampled_frames(networks, [alone], (), settings)[0]
    np.testing.assert_allclose(found, (colours / 2 + 0.5).clamp(0, 1).numpy(), atol=1e-4)


def test_ddim_does_not_cut_latents_off(bases: Path) -> None:
    scheduler = ddim(built(bases)[0]["frozen"].base.scheduler)
    assert scheduler.config.clip_sample is False
    assert scheduler.config.steps_offset == 1
    assert scheduler.config.beta_schedule == "scaled_linear"


def test_widened_unet_is_the_same_at_first(bases: Path) -> None:
    unet = diffusers.UNet2DConditionModel.from_pretrained(bases / "sd15", subfolder="unet").eval()
    draw = torch.Generator().manual_seed(2)
    latents, tokens = torch.randn((1, 4, 8, 8), generator=draw), torch.randn((1, 3, 32), generator=draw)
    with torch.no_grad():
        before = unet(latents, 5, tokens).sample
        widen_input(unet, 4)
        after = unet(torch.cat([latents, torch.randn((1, 4, 8, 8), generator=draw)], 1), 5, tokens).sample
    torch.testing.assert_close(before, after)
    assert unet.config.in_channels == 8


def test_tokens_by_hand() -> None:
    tokens = SourceTokens(3, 3, 2)
    embeddings = torch.arange(12.0).reshape(2, 2, 3)
    rows = tokens.diagnosis.weight
    found = tokens(embeddings, torch.tensor([1, -1]), torch.tensor([True, False]))
    assert found.shape == (2, 3, 3)
    torch.testing.assert_close(found[0, :2], embeddings[0])
    torch.testing.assert_close(found[1, :2], torch.zeros(2, 3))
    torch.testing.assert_close(found[:, 2], rows[[1, 2]])
    assert SourceTokens(3, 5, 0)(embeddings, torch.tensor([-1, -1])).shape == (2, 2, 5)


def test_projection_is_trained_where_widths_differ(bases: Path, tmp_path: Path) -> None:
    from ccmeval_generators.foundation.tiny import write_tiny_clip_image_encoder

    other = write_tiny_clip_image_encoder(tmp_path / "wide", projection_dim=48)
    networks, _ = built(bases, image_encoder=str(other))
    assert networks["source"].projection.weight.shape == (32, 48)
    assert isinstance(built(bases)[0]["source"].projection, torch.nn.Identity)


def test_saved_state_is_whole_and_holds_nothing_frozen(bases: Path) -> None:
    networks, _ = built(bases)
    unet = diffusers.UNet2DConditionModel.from_pretrained(bases / "sd15", subfolder="unet")
    state = networks.state_dict()
    assert {f"unet.{name}" for name in unet.state_dict()} <= set(state)
    assert [name for name in state if name.startswith("frozen.")] == ["frozen.base_sha256"]
    assert not any("encoder" in name for name in state)


def test_unet_of_a_relative_is_refused(bases: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(bases / "sd15", tmp_path / "inpainting"))
    unet = diffusers.UNet2DConditionModel.from_pretrained(folder, subfolder="unet")
    widen_input(unet, 5)
    unet.save_pretrained(folder / "unet")
    with pytest.raises(UnavailableError, match="takes 9 channels, not the 4 of its latents"):
        built(bases, base=str(folder))


def test_every_part_of_a_condition_counts(bases: Path) -> None:
    networks, settings = built(bases)
    with torch.no_grad():
        first, second, third = sampled_frames(networks, conditions(3), CLASSES, settings)
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)
