"""Settings of the two stages of `sd-translate`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from ccmeval_generators.settings import GeneratorNetworkSettings, PerceptualNetwork


class SdTranslateSettings(GeneratorNetworkSettings):
    """Base models, the U-Net's stage, the decoder's stage and sampling.

    Known of the published recipe are its two stages, the base, the embeddings of the source by
    cross-attention, offset noise, the losses of the decoder and crops of 768 px. Its rates, steps, weights
    of losses, strength of the offset and guidance are not known to us: those below are usual ones for tuning
    Stable Diffusion 1.5 as a whole.
    """

    base: str = Field(
        default="stable-diffusion-v1-5/stable-diffusion-v1-5",
        description="Folder of Stable Diffusion 1.5, or its name on the hub, which needs --download;"
        " --weights stable-diffusion-1.5=FOLDER goes before it.",
    )
    image_encoder: str = Field(
        default="openai/clip-vit-large-patch14",
        description="Folder of CLIP's image encoder, or its name on the hub, which needs --download;"
        " --weights clip-image-encoder=FOLDER goes before it.",
    )
    crop_px: int = Field(
        default=768, ge=8, description="Side of the random squares that are learnt, at most a frame's."
    )
    embedding: Literal["patches", "pooled"] = Field(
        default="patches",
        description="What the U-Net is told of the mask's picture: an embedding of every patch, by which it"
        " learns where nerves are, or the one of the whole picture, which hardly says where.",
    )
    mask_latents: bool = Field(
        default=False,
        description="Give the U-Net the mask's latents beside the noise too, for nerves at their very"
        " pixels; not in the published recipe.",
    )
    gradient_clip: float = Field(
        default=1.0, ge=0.0, description="Largest norm of an optimiser's gradient; 0: no limit."
    )
    unet_steps: int = Field(default=10_000, ge=1, description="Of the U-Net's stage.")
    unet_rate: float = Field(default=1e-5, gt=0.0, description="AdamW's highest, falling as a cosine.")
    warmup_steps: int = Field(default=500, ge=0, description="In which the U-Net's rate rises.")
    weight_decay: float = Field(default=0.01, ge=0.0, description="AdamW's, of the U-Net.")
    offset_noise: float = Field(
        default=0.1, ge=0.0, description="Strength of the noise that is one for a whole channel."
    )
    condition_dropout: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="Chance that a mask is hidden, which guidance needs."
    )
    label_dropout: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Chance that a diagnosis is hidden; frames without need it."
    )
    gradient_checkpointing: bool = Field(
        default=False, description="Compute the U-Net's activations twice, for less memory."
    )
    decoder_steps: int = Field(default=5_000, ge=0, description="Of the decoder's stage; 0 leaves it out.")
    decoder_rate: float = Field(default=1e-5, gt=0.0, description="Adam's, of the decoder.")
    discriminator_rate: float = Field(default=1e-4, gt=0.0, description="Adam's, of the discriminator.")
    reconstruction_weight: float = Field(default=1.0, ge=0.0, description="Of L1 between levels in [-1, 1].")
    perceptual_weight: float = Field(default=1.0, ge=0.0, description="Of the perceptual loss; 0: off.")
    adversarial_weight: float = Field(default=0.1, ge=0.0, description="Of the hinge loss; 0: off.")
    adversarial_from: float = Field(
        default=0.1, ge=0.0, le=1.0, description="Share of the decoder's steps before it counts."
    )
    perceptual_network: PerceptualNetwork = Field(
        default="vgg19", description="Whose weights --weights perceptual=FILE gives."
    )
    discriminators: int = Field(default=1, ge=1, description="Scales at which patches are judged.")
    discriminator_layers: int = Field(default=3, ge=1, description="Of the first.")
    discriminator_channels: int = Field(default=64, ge=1, description="Of its first layer.")
    inference_steps: int = Field(default=50, ge=1, description="Of DDIM, from noise to a frame.")
    guidance_scale: float = Field(
        default=1.0, ge=1.0, description="How far to go beyond what is made without the mask; 1: no guidance."
    )

    @property
    def crop_side_px(self) -> int:
        """Side of what is learnt: a crop, or the whole frame where that is smaller."""
        return min(self.crop_px, self.size_px)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.size_px % 8 or self.crop_side_px % 8:
            raise ValueError("size_px and crop_px must be multiples of 8")
        if self.guidance_scale > 1 and not self.condition_dropout:
            raise ValueError("guidance_scale above 1 needs a condition_dropout, such as 0.1")
        least = 2 ** (self.discriminators * self.discriminator_layers)
        if self.adversarial_weight and self.decoder_steps and self.crop_side_px <= least:
            raise ValueError(
                f"{self.discriminators} discriminators of {self.discriminator_layers} layers need more than"
                f" {least} px, not {self.crop_side_px}; take fewer discriminator_layers"
            )
        return self
