"""Settings of the adapters on Qwen-Image-Edit, alike for LoRA and WDLoRA."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator
from typing_extensions import Self

from ccmeval_generators.foundation.prompts import prompt_templates
from ccmeval_generators.settings import GeneratorNetworkSettings

SIDE_STEP_PX = 32
"""Sides that the pipelines choose for images are multiples of it."""


class QwenSettings(GeneratorNetworkSettings):
    """How an adapter of Qwen-Image-Edit is made, trained and sampled; defaults are the published recipe's.

    Turning and mirroring is off: what is cached of a frame on disk, some 12 MB with a base of bf16 and images
    of 1 MP, nearly all of it the embedded prompt, would be computed and kept up to eight times.
    """

    base: str = Field(
        default="Qwen/Qwen-Image-Edit",
        min_length=1,
        description="Base model: local folder, or hub id, fetched with --download only. Its model_index.json"
        " tells whether it is the Plus variant (2509 and later).",
    )
    base_precision: Literal["auto", "32", "bf16", "nf4"] = Field(
        default="auto",
        description="Of the frozen base. auto: bf16 on a GPU, 32 elsewhere; nf4: four bits, with CUDA and"
        " bitsandbytes.",
    )
    rank: Literal[8, 16, 32] = Field(default=16, description="Rank of the adapter.")
    alpha: float | None = Field(
        default=None, gt=0.0, description="The adapter is scaled by alpha / rank; as the rank if not given."
    )
    target: Literal["attention", "attention+mlp", "attention+mlp+projections"] = Field(
        default="attention",
        description="Linear layers that are adapted: to_q, to_k, to_v and to_out.0 of every block; also its"
        " MLPs; also the mappings into and out of the blocks.",
    )
    norm_axis: Literal["output", "input"] = Field(
        default="output",
        description="WDLoRA's magnitudes: one an output row (as PEFT's DoRA), or one an input column; LoRA"
        " has none.",
    )
    gradient_checkpointing: bool = Field(
        default=True, description="Compute activations again instead of keeping them: less memory, slower."
    )

    condition: Literal["both", "mask", "prompt"] = Field(
        default="both",
        description="What the model is told: mask and prompt; the mask, with a prompt that names no"
        " diagnosis; or the prompt, with an empty mask.",
    )
    reference: bool = Field(
        default=False,
        description="Also a reference frame: in training another frame of the same diagnosis; then one may be"
        " given when frames are made.",
    )
    prompts: dict[str, str] = Field(
        default_factory=lambda: prompt_templates("edit"),
        validate_default=True,
        description="Templates by diagnosis, with 'other', 'none' and 'neutral'; those given, or a YAML file"
        " of such, are laid over the package's.",
    )
    negative_prompt: str = Field(
        default=" ", description="From which guidance leads away; a space will do, but it must not be empty."
    )
    model_side_px: int = Field(
        default=1024,
        ge=SIDE_STEP_PX,
        multiple_of=SIDE_STEP_PX,
        description="Side to which frames and masks are brought for the model, which knows about 1 MP best;"
        " frames are brought back to size_px. Time and memory grow with its square.",
    )
    vision_side_px: int | None = Field(
        default=None,
        ge=SIDE_STEP_PX,
        multiple_of=SIDE_STEP_PX,
        description="Side of what the language model sees of mask and reference; as the pipeline has it if"
        " not given: 1024, or 384 of the Plus variant.",
    )

    flip: bool = Field(
        default=False, description="Mirror frame and mask; each way is cached anew, up to 12 MB a frame."
    )
    rotate: bool = Field(
        default=False, description="Turn frame and mask; each way is cached anew, up to 12 MB a frame."
    )
    steps: int = Field(default=4000, ge=1, description="Optimiser steps.")
    batch_size: int = Field(default=1, ge=1, description="Frames a step.")
    devices: int = Field(default=1, ge=1, le=1, description="Adapters are trained on one device.")
    learning_rate: float = Field(default=1e-4, gt=0.0, le=1.0, description="Highest.")
    betas: tuple[float, float] = Field(default=(0.9, 0.999), description="Of Adam.")
    weight_decay: float = Field(default=0.0, ge=0.0, description="Of Adam.")
    warm_up_steps: int = Field(default=50, ge=0, description="In which the rate rises from 0.")
    cosine_cycles: float = Field(default=0.5, ge=0.0, description="Periods of the cosine after that.")
    foreground_weight: float = Field(default=2.0, gt=0.0, description="Of the loss where there is nerve.")
    background_weight: float = Field(default=1.0, ge=0.0, description="Of the loss elsewhere.")
    mask_pooling: Literal["max", "mean"] = Field(
        default="max",
        description="How the mask is brought to the grid of latents. By its mean, a nerve of 3 px gets weight"
        " 1.4 instead of 2.0.",
    )

    guidance_scale: float = Field(
        default=4.0,
        ge=1.0,
        description="The pipelines' true_cfg_scale: above 1 the prompt counts for more, at twice the time.",
    )
    inference_steps: int = Field(
        default=50,
        ge=2,
        description="Steps from noise to a frame; the scheduler allows no single one.",
    )
    fuse: bool = Field(
        default=True,
        description="Merge the adapter into the weights while frames are made: quicker, but the adapted"
        " layers' weights are held twice. Weights of four bits are left as they are.",
    )
    generation_batch_size: int = Field(
        default=1, ge=1, le=1, description="Frames are made singly, as by the Plus pipeline."
    )

    @field_validator("prompts", mode="before")
    @classmethod
    def _complete(cls, given: Any) -> dict[str, str]:
        return prompt_templates("edit", given)

    @field_validator("negative_prompt")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value:
            raise ValueError('must not be empty, or there is no guidance; give a space, " "')
        return value

    @field_validator("betas")
    @classmethod
    def _below_one(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not all(0.0 <= beta < 1.0 for beta in value):
            raise ValueError("must lie in [0, 1)")
        return value

    @property
    def scaling_alpha(self) -> float:
        """Alpha, the rank where none is given."""
        return float(self.rank if self.alpha is None else self.alpha)

    @property
    def has_guidance(self) -> bool:
        """Whether a second pass with the negative prompt is made."""
        return self.guidance_scale > 1.0

    @classmethod
    def small(cls, **more: Any) -> Self:
        """Give settings for trying things out: frames of 64 px, few steps.

        Examples
        --------
        >>> QwenSettings.small(steps=3).model_side_px
        64
        """
        preset: dict[str, Any] = {
            "size_px": 64,
            "model_side_px": 64,
            "vision_side_px": 64,
            "rank": 8,
            "steps": 100,
            "batch_size": 4,
            "warm_up_steps": 2,
            "inference_steps": 4,
        }
        return cls(**{**preset, **more})
