"""From embeddings of prompts to frames, by the very pipeline of diffusers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ccmeval.arrays import FloatArray
from ccmeval_generators.foundation.adapters.fuse import fused
from ccmeval_generators.foundation.stable_diffusion.latents import decoded, grey_levels

if TYPE_CHECKING:
    from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts


def sampled_frames(
    parts: StableDiffusionParts,
    told: Tensor,
    untold: Tensor,
    seeds: Sequence[int],
    side_px: int,
    steps: int,
    guidance_scale: float,
) -> list[FloatArray]:
    """Make one frame a seed, all in one batch, on the device where the parts lie.

    The sampler is the one that the base's folder names. No safety checker looks at the frames: it was
    trained on photographs, and blackens what it takes for something else.

    Parameters
    ----------
    parts : StableDiffusionParts
    told, untold : float tensors (B, T, D)
        Embeddings of the prompts, and of the empty prompt, from which guidance leads away.
    seeds : sequence of int
        All the noise of a frame comes from its own.
    side_px : int
        Of the frames.
    steps : int
    guidance_scale : float
        Up to 1 there is no guidance.

    Returns
    -------
    list of float32 arrays (side_px, side_px), in [0, 1]
    """
    with _merged(parts):
        latents = _pipeline(parts)(
            prompt_embeds=told,
            negative_prompt_embeds=untold if guidance_scale > 1.0 else None,
            height=side_px,
            width=side_px,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            generator=[torch.Generator().manual_seed(seed % 2**63) for seed in seeds],
            output_type="latent",
        ).images
    return list(grey_levels(decoded(parts.vae, latents)).cpu().numpy())


def _merged(parts: StableDiffusionParts) -> AbstractContextManager[None]:
    """Merge the U-Net's adapter into its weights, where that costs no digits."""
    return fused(parts.unet) if parts.unet.dtype == torch.float32 else nullcontext()


def _pipeline(parts: StableDiffusionParts) -> Any:
    """Put a pipeline together with a scheduler of its own, which remembers steps of a sampling."""
    from diffusers import StableDiffusionPipeline

    from ccmeval_generators.foundation.weights.quiet import quiet_libraries

    with quiet_libraries():
        pipeline = StableDiffusionPipeline(
            vae=parts.vae,
            text_encoder=parts.text_encoder,
            tokenizer=parts.tokenizer,
            unet=parts.unet,
            scheduler=parts.new_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
