"""Tiny pipelines of Qwen-Image-Edit: some 210,000 parameters instead of 28 billion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ccmeval.training.surroundings import own_randomness
from ccmeval_generators.foundation.tiny.scaling import channel_moments, make_certain, probe_frames
from ccmeval_generators.foundation.tiny.tokenizers import QWEN_SPECIAL, tiny_qwen_tokenizer
from ccmeval_generators.foundation.weights.quiet import quiet_libraries

_WIDTH, _LATENTS = 32, 4


def write_tiny_qwen_edit(
    folder: Path, *, plus: bool = False, seed: int = 0, layers: int = 2, shard_size: str = "10GB"
) -> Path:
    """Write a `QwenImageEditPipeline`, or its Plus variant, with random weights.

    The autoencoder reduces sides by 8 and the transformer by a further 2, as the real ones do; latents have
    4 channels. The processor reduces images to 56 x 56 px at most, which are 4 tokens.

    Parameters
    ----------
    folder : pathlib.Path
        Made if need be.
    plus : bool
        Whether the class is `QwenImageEditPlusPipeline`.
    seed : int
    layers : int
        Of the transformer.
    shard_size : str
        Weights above it are split over several files with an index, as the real ones are: ``"100KB"``.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline

    tokenizer = tiny_qwen_tokenizer()
    with own_randomness(seed), quiet_libraries():
        kind = QwenImageEditPlusPipeline if plus else QwenImageEditPipeline
        pipeline = kind(
            scheduler=_scheduler(),
            vae=_autoencoder(),
            text_encoder=_text_encoder(tokenizer),
            tokenizer=tokenizer,
            processor=_processor(tokenizer),
            transformer=tiny_qwen_transformer(layers),
        )
        pipeline.save_pretrained(folder, max_shard_size=shard_size)
    return folder


def tiny_qwen_transformer(layers: int = 2) -> Any:
    """Make a `QwenImageTransformer2DModel` of two heads of 16 channels."""
    from diffusers import QwenImageTransformer2DModel

    return QwenImageTransformer2DModel(
        in_channels=4 * _LATENTS,
        out_channels=_LATENTS,
        num_layers=layers,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_WIDTH,
        axes_dims_rope=(8, 4, 4),
    ).eval()


def _scheduler() -> Any:
    """Make the scheduler with the published configuration."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(
        base_image_seq_len=256,
        base_shift=0.5,
        max_image_seq_len=8192,
        max_shift=0.9,
        shift=1.0,
        shift_terminal=0.02,
        time_shift_type="exponential",
        use_dynamic_shifting=True,
    )


def _autoencoder() -> Any:
    from diffusers import AutoencoderKLQwenImage

    vae = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=_LATENTS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        latents_mean=[0.0] * _LATENTS,
        latents_std=[1.0] * _LATENTS,
    ).eval()
    make_certain(vae.quant_conv)
    with torch.no_grad():
        latents = vae.encode(probe_frames()[:, :, None]).latent_dist.mode()
    mean, deviation = channel_moments(latents)
    vae.register_to_config(latents_mean=mean, latents_std=deviation)
    return vae


def _text_encoder(tokenizer: Any) -> Any:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    numbers = dict(zip(QWEN_SPECIAL, tokenizer.convert_tokens_to_ids(list(QWEN_SPECIAL)), strict=True))
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": _WIDTH,
        "intermediate_size": _WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e6},
        "bos_token_id": numbers["<|endoftext|>"],
        "eos_token_id": numbers["<|im_end|>"],
        "pad_token_id": numbers["<|endoftext|>"],
    }
    vision = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": _WIDTH,
        "window_size": 56,
        "fullatt_block_indexes": [1],
    }
    tokens = {
        f"{name}_token_id": numbers[f"<|{token}|>"]
        for name, token in (
            ("image", "image_pad"),
            ("video", "video_pad"),
            ("vision_start", "vision_start"),
            ("vision_end", "vision_end"),
        )
    }
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, **tokens)
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def _processor(tokenizer: Any) -> Any:
    from transformers import Qwen2VLImageProcessor, Qwen2VLProcessor, Qwen2VLVideoProcessor

    sides = {"shortest_edge": 28 * 28, "longest_edge": 56 * 56}
    return Qwen2VLProcessor(Qwen2VLImageProcessor(size=sides), tokenizer, Qwen2VLVideoProcessor())
