"""Settings that the generators made of Stable Diffusion and low-rank adapters share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from ccmeval_generators.foundation.prompts import prompt_templates
from ccmeval_generators.settings import GeneratorNetworkSettings


def _templates() -> dict[str, str]:
    return prompt_templates("describe")


class StableDiffusionSettings(GeneratorNetworkSettings):
    """How adapters of Stable Diffusion are made, trained and used; each generator adds its recipe.

    Examples
    --------
    >>> StableDiffusionSettings(rank=8).scale
    1.0
    """

    size_px: int = Field(default=512, ge=8, description="Side of the frames that are learnt and made.")
    base: str = Field(
        default="stable-diffusion-v1-5/stable-diffusion-v1-5",
        min_length=1,
        description="Folder of the saved pipeline, or its name on the hub, which needs --download;"
        " --weights stable-diffusion-1.5=FOLDER goes before it.",
    )
    base_precision: Literal["32", "bf16"] = Field(
        default="32",
        description="Of the frozen U-Net and text encoder in memory; adapters always have 32 bits.",
    )
    rank: int = Field(default=16, ge=1, description="Of the adapters' matrices.")
    alpha: float | None = Field(
        default=None, gt=0.0, description="Adapters are scaled by alpha / rank; by default alpha is the rank."
    )
    learning_rate: float = Field(default=1e-4, gt=0.0, le=1.0, description="Highest, after the warm-up.")
    warm_up_steps: int = Field(
        default=0, ge=0, description="Steps in which the rate rises, before it falls as half a cosine."
    )
    weight_decay: float = Field(default=0.01, ge=0.0, description="Of AdamW.")
    gradient_clip: float = Field(
        default=1.0, ge=0.0, description="Largest norm of an optimiser's gradient; 0: no limit."
    )
    gradient_checkpointing: bool = Field(
        default=False,
        description="Compute the U-Net's steps twice, which saves memory and costs a third of the time.",
    )
    latents: Literal["sample", "mean"] = Field(
        default="sample",
        description="sample: in every step latents are drawn anew from what the autoencoder gives, as its"
        " diffusion model was trained; mean: the middle of it.",
    )
    prompts: dict[str, str] = Field(
        default_factory=_templates,
        description="Prompt template by diagnosis, or 'other' and 'none', laid over those of the package; or"
        " the name of a YAML file with such. {diagnosis} and {words} (--prompt) are filled in.",
    )
    guidance_scale: float = Field(
        default=7.5, ge=0.0, description="Above 1 exaggerates the prompt (classifier-free guidance)."
    )
    inference_steps: int = Field(default=50, ge=1, le=1000, description="Steps from noise to a frame.")

    @field_validator("prompts", mode="before")
    @classmethod
    def _complete_prompts(cls, value: Any) -> dict[str, str]:
        if value is not None and not isinstance(value, (dict, str)):
            raise ValueError("give templates by diagnosis, or the name of a YAML file with such")
        return prompt_templates("describe", value)

    @model_validator(mode="after")
    def _check_side(self) -> Self:
        if self.size_px % 8:
            raise ValueError("size_px must be a multiple of 8")
        return self

    @property
    def scale(self) -> float:
        """What an adapter's product of matrices is multiplied by."""
        return (self.rank if self.alpha is None else self.alpha) / self.rank
