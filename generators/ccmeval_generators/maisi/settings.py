"""Settings of MAISI in two dimensions."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from ccmeval_generators.settings import GeneratorNetworkSettings


class MaisiSettings(GeneratorNetworkSettings):
    """How MAISI's three stages are built, trained and sampled; defaults are the published ones.

    References
    ----------
    Guo et al. MAISI: medical AI for synthetic imaging. WACV 2025, with the configuration files of its code.
    """

    autoencoder_channels: tuple[int, ...] = Field(
        default=(64, 128, 256), min_length=2, description="By level; each further level halves the sides."
    )
    autoencoder_blocks: int = Field(default=2, ge=1, description="Residual blocks a level.")
    latent_channels: int = Field(default=4, ge=1, description="Channels of the latents.")
    norm_groups: int = Field(default=32, ge=1, description="Groups of every group normalisation.")
    discriminator_channels: int = Field(default=32, ge=1, description="Of its first layer.")
    discriminator_layers: int = Field(default=3, ge=1, description="Each doubles channels.")
    kl_weight: float = Field(default=1e-7, ge=0.0, description="Of the divergence, summed over a frame.")
    adversarial_weight: float = Field(default=0.1, ge=0.0, description="Of the patch discriminator; 0: none.")
    perceptual_weight: float = Field(
        default=0.3, ge=0.0, description="Of the perceptual loss, by --weights perceptual=FILE of SqueezeNet."
    )
    adversarial_from: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="Share of the first stage without the discriminator."
    )
    autoencoder_crop_px: int = Field(
        default=0, ge=0, description="Side of the crops on which the autoencoder learns; 0: whole frames."
    )

    unet_channels: tuple[int, ...] = Field(
        default=(64, 128, 256, 512), min_length=1, description="By level, also of the ControlNet."
    )
    unet_blocks: int = Field(default=2, ge=1, description="Residual blocks a level.")
    unet_head_channels: tuple[int, ...] = Field(
        default=(0, 0, 32, 32), description="Channels of an attention head, by level; 0: no attention there."
    )
    mask_channels: tuple[int, ...] = Field(
        default=(8, 32, 64), description="Of the ControlNet's embedding of masks, one a level."
    )

    path: Literal["ddpm", "rflow"] = Field(
        default="ddpm", description="ddpm: denoising diffusion; rflow: rectified flow."
    )
    training_times: int = Field(default=1000, ge=2, description="Noise levels that are trained.")
    inference_steps: int = Field(default=1000, ge=1, description="Steps from noise to a frame.")
    eta: float = Field(
        default=1.0, ge=0.0, le=1.0, description="ddpm: share of noise put back a step; 0 is DDIM."
    )
    guidance_scale: float = Field(
        default=1.0, ge=0.0, description="Above 1 exaggerates the diagnosis (classifier-free guidance)."
    )
    label_dropout: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="Share of frames whose diagnosis is hidden in training."
    )
    noise_loss: Literal["l1", "l2"] = Field(
        default="l1",
        description="Distance to the noise, or velocity. l1, MAISI's, learns medians, so that what is rare"
        " and bright, as a thin nerve is, comes out faint; l2 learns means, which both paths ask for.",
    )
    nerve_weight: float = Field(
        default=1.0, ge=1.0, description="Weight of the ControlNet's loss where the mask has nerve."
    )

    autoencoder_epochs: float = Field(default=200.0, gt=0.0, description="Times each frame is seen.")
    diffusion_epochs: float = Field(default=200.0, gt=0.0, description="As above, second stage.")
    controlnet_epochs: float = Field(default=200.0, gt=0.0, description="As above, third stage.")
    autoencoder_rate: float = Field(default=2.5e-5, gt=0.0, le=1.0, description="Adam's learning rate.")
    diffusion_rate: float = Field(default=2.5e-5, gt=0.0, le=1.0, description="At the first step.")
    controlnet_rate: float = Field(default=2.5e-5, gt=0.0, le=1.0, description="At the first step.")
    rate_power: float = Field(
        default=2.0,
        ge=0.0,
        description="Rates of the second and third stage fall as (1 - step / steps) to this power.",
    )

    @model_validator(mode="after")
    def _check_networks(self) -> Self:
        if len(self.unet_head_channels) != len(self.unet_channels) or self.unet_head_channels[-1] < 1:
            raise ValueError(
                "unet_head_channels must have one number for each of unet_channels, the last above 0"
            )
        if len(self.mask_channels) != len(self.autoencoder_channels):
            raise ValueError("mask_channels must have as many numbers as autoencoder_channels")
        if any(channels % self.norm_groups for channels in (*self.autoencoder_channels, *self.unet_channels)):
            raise ValueError("autoencoder_channels and unet_channels must be multiples of norm_groups")
        pairs = zip(self.unet_channels, self.unet_head_channels, strict=True)
        if any(heads and channels % heads for channels, heads in pairs):
            raise ValueError("each of unet_channels must be a multiple of its unet_head_channels")
        return self

    @model_validator(mode="after")
    def _check_sides(self) -> Self:
        smallest = self.reduction * 2 ** (len(self.unet_channels) - 1)
        if self.size_px % smallest:
            raise ValueError(f"size_px must be a multiple of {smallest} with networks of so many levels")
        if self.autoencoder_crop_px % self.reduction or self.autoencoder_crop_px > self.size_px:
            raise ValueError(
                f"autoencoder_crop_px must be a multiple of {self.reduction} and no more than size_px"
            )
        if self.inference_steps > self.training_times:
            raise ValueError("inference_steps must not exceed training_times")
        return self

    @property
    def reduction(self) -> int:
        """How many times shorter the sides of latents are than those of frames."""
        return int(2 ** (len(self.autoencoder_channels) - 1))

    @classmethod
    def small(cls, size_px: int = 96, **more: Any) -> Self:
        """Give settings with which a processor core learns phantoms in about half an hour.

        Small networks at higher rates than published, and rectified flow, which needs fewer steps. Latents
        have half the side of frames, not a quarter, so that they hold the speckle: an autoencoder that
        cannot keep it, and is trained for so short a time, gives smooth frames, or worms where a
        discriminator asks for texture.

        Parameters
        ----------
        size_px : int
        **more
            Further settings, which come before those of this preset.

        Examples
        --------
        >>> MaisiSettings.small(inference_steps=10).path
        'rflow'
        """
        preset: dict[str, Any] = {
            "batch_size": 8,
            "autoencoder_channels": (16, 32),
            "autoencoder_blocks": 1,
            "autoencoder_crop_px": min(64, size_px),
            "norm_groups": 8,
            "adversarial_weight": 0.0,
            "kl_weight": 1e-6,
            "unet_channels": (16, 32, 64, 128),
            "unet_blocks": 1,
            "unet_head_channels": (0, 0, 0, 32),
            "mask_channels": (8, 16),
            "noise_loss": "l2",
            "nerve_weight": 3.0,
            "path": "rflow",
            "inference_steps": 25,
            "autoencoder_epochs": 10.0,
            "diffusion_epochs": 40.0,
            "controlnet_epochs": 40.0,
            "autoencoder_rate": 2e-3,
            "diffusion_rate": 1e-3,
            "controlnet_rate": 1e-3,
            "rate_power": 1.0,
            "average_decay": 0.99,
            "gradient_clip": 1.0,
        }
        return cls(**{**preset, "size_px": size_px, **more})
