"""Tiny pipelines of Stable Diffusion 1.5 and 2.1: some 200,000 parameters instead of a billion."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

from ccmeval.training.surroundings import own_randomness
from ccmeval_generators.foundation.tiny.scaling import channel_moments, make_certain, probe_frames
from ccmeval_generators.foundation.tiny.tokenizers import tiny_clip_tokenizer
from ccmeval_generators.foundation.weights.quiet import quiet_libraries

WIDTH = 32
"""Of the texts' embeddings, and so of the U-Net's cross-attention."""

_NOISE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
"""Published configuration of the schedulers of both."""


def write_tiny_sd15(folder: Path, *, seed: int = 0, shard_size: str = "10GB") -> Path:
    """Write a `StableDiffusionPipeline` laid out as Stable Diffusion 1.5, with random weights.

    The autoencoder reduces sides by 8, the U-Net's deepest level by a further 2.

    Parameters
    ----------
    folder : pathlib.Path
        Made if need be.
    seed : int
    shard_size : str
        Weights above it are split over several files with an index: ``"100KB"``.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    from diffusers import PNDMScheduler

    noise = {name: value for name, value in _NOISE.items() if name != "clip_sample"}
    scheduler = PNDMScheduler(**noise, skip_prk_steps=True)
    return _write(folder, seed, shard_size, scheduler, hidden_act="quick_gelu", heads=2, linear=False)


def write_tiny_sd21(
    folder: Path,
    *,
    prediction: Literal["v_prediction", "epsilon"] = "v_prediction",
    seed: int = 0,
    shard_size: str = "10GB",
) -> Path:
    """Write a `StableDiffusionPipeline` laid out as Stable Diffusion 2.1; see :func:`write_tiny_sd15`.

    Parameters
    ----------
    folder : pathlib.Path
    prediction : {"v_prediction", "epsilon"}
        What the U-Net predicts: the former in 2.1, the latter in 2.1-base.
    seed : int
    shard_size : str
    """
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(**_NOISE, prediction_type=prediction)
    return _write(folder, seed, shard_size, scheduler, hidden_act="gelu", heads=[2, 4], linear=True)


def _write(
    folder: Path, seed: int, shard_size: str, scheduler: Any, *, hidden_act: str, heads: Any, linear: bool
) -> Path:
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPImageProcessor

    tokenizer = tiny_clip_tokenizer()
    with own_randomness(seed), quiet_libraries():
        pipeline = StableDiffusionPipeline(
            vae=_autoencoder(),
            text_encoder=_text_encoder(tokenizer, hidden_act),
            tokenizer=tokenizer,
            unet=_unet(heads, linear),
            scheduler=scheduler,
            safety_checker=None,
            feature_extractor=CLIPImageProcessor(),
            requires_safety_checker=False,
        )
        pipeline.save_pretrained(folder, max_shard_size=shard_size)
    return folder


def _autoencoder() -> Any:
    from diffusers import AutoencoderKL

    vae = AutoencoderKL(
        block_out_channels=(4, 4, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        sample_size=64,
    ).eval()
    make_certain(vae.quant_conv)
    with torch.no_grad():
        latents = vae.encode(probe_frames()).latent_dist.mode()
        means, deviations = channel_moments(latents)
        vae.quant_conv.bias[: len(means)] -= torch.tensor(means)
    vae.register_to_config(scaling_factor=len(deviations) / sum(deviations))
    return vae


def _text_encoder(tokenizer: Any, hidden_act: str) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        hidden_act=hidden_act,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config).eval()


def _unet(heads: Any, linear: bool) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=heads,
        use_linear_projection=linear,
        norm_num_groups=8,
    ).eval()
