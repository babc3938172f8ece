"""Settings of `sd-lora`."""

from __future__ import annotations

from pydantic import Field

from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings


class SdLoraSettings(StableDiffusionSettings):
    """How one adapter of the U-Net is learnt from frames with prompts.

    Defaults are those of diffusers' own recipe for text-to-image with LoRA: rank 4, AdamW at 1e-4 falling as
    a cosine, 15,000 steps of 4 frames, gradients up to 1, mirrored frames.

    References
    ----------
    Hu et al. LoRA: low-rank adaptation of large language models. ICLR 2022.
    Rombach et al. High-resolution image synthesis with latent diffusion models. CVPR 2022.
    Diffusers, documentation, training, LoRA: text-to-image.

    Examples
    --------
    >>> SdLoraSettings(rank=8, alpha=4).scale
    0.5
    """

    rank: int = Field(default=4, ge=1, description="Of the adapter's matrices.")
    steps: int = Field(default=15_000, ge=1, description="Of the training.")
    rotate: bool = Field(default=False, description="Turn frames by a quarter, a half or three.")
    prompt_dropout: float = Field(
        default=0.0,
        ge=0.0,
        lt=1.0,
        description="Share of frames whose prompt is hidden in training, so that the empty prompt, from which"
        " guidance leads away, is learnt too.",
    )
