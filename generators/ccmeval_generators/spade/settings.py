"""Settings of the SPADE VAE-GAN."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator
from typing_extensions import Self

from ccmeval_generators.settings import GeneratorNetworkSettings, PerceptualNetwork


class SpadeSettings(GeneratorNetworkSettings):
    """Networks, losses and rates; the defaults are those of the published recipe.

    Sizes of the networks, epochs and batch size are those of MONAI's tutorial of this network, the weights of
    the losses those of Park et al. (the tutorial's weight of the divergence, 1e-5, leaves styles so far from
    a normal distribution that none can be drawn from it), Adam's are 1e-4 and 2e-4 with betas 0.5 and 0.999.
    """

    epochs: float = Field(default=100.0, gt=0, description="How often each frame is seen.")
    channels: tuple[int, ...] = Field(
        default=(16, 32, 64),
        min_length=1,
        description="Of the encoder, each halving the side; the decoder has them in reverse.",
    )
    style_dims: int = Field(default=8, ge=1, description="Length of a style.")
    spade_channels: int = Field(default=128, ge=1, description="Between planes and gamma and beta.")
    modulation_norm: bool = Field(
        default=False,
        description="Normalise gamma and beta over each frame, as MONAI does; diagnoses then hardly show.",
    )
    detail_channels: int = Field(
        default=0, ge=0, description="Of a further block at the whole side; 0: none, as in MONAI."
    )
    noise_channels: int = Field(
        default=0, ge=0, description="Planes of noise for the decoder, of which speckle can be made."
    )
    discriminators: int = Field(default=2, ge=1, description="Scales at which patches are judged.")
    discriminator_layers: int = Field(
        default=3, ge=1, description="Of the first; number k has k times as many."
    )
    discriminator_channels: int = Field(default=8, ge=1, description="Of its first layer.")
    generator_rate: float = Field(default=1e-4, gt=0, description="Adam's, of the generator.")
    discriminator_rate: float = Field(default=2e-4, gt=0, description="Adam's, of the discriminator.")
    betas: tuple[float, float] = Field(default=(0.5, 0.999), description="Adam's, of both.")
    adversarial_weight: float = Field(default=1.0, ge=0, description="Of the generator's hinge loss.")
    feature_weight: float = Field(default=10.0, ge=0, description="Of feature matching.")
    style_weight: float = Field(
        default=0.05, ge=0, description="Of the divergence of styles, in nats a frame."
    )
    perceptual_weight: float = Field(default=10.0, ge=0, description="Of the perceptual loss; 0: off.")
    reconstruction_weight: float = Field(default=0.0, ge=0, description="Of L1 between frames in [-1, 1].")
    perceptual_network: PerceptualNetwork = Field(
        default="vgg19", description="Whose weights --weights perceptual=FILE gives."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        halvings = 2 ** len(self.channels)
        if self.size_px % halvings or self.size_px < 2 * halvings:
            raise ValueError(
                f"with {len(self.channels)} channels size_px must be a multiple of {halvings}, and"
                f" {2 * halvings} at least, not {self.size_px}"
            )
        least = 2 ** (self.discriminators * self.discriminator_layers)
        if self.size_px <= least:
            raise ValueError(
                f"{self.discriminators} discriminators of {self.discriminator_layers} layers need more than"
                f" {least} px, not {self.size_px}; take fewer discriminator_layers"
            )
        return self

    @classmethod
    def small(cls, size_px: int = 96, **more: Any) -> Self:
        """Give settings with which two processor cores learn phantoms in half an hour.

        Small networks with a block at the whole side and a plane of noise, for some hundred frames, at
        higher rates than published.

        Parameters
        ----------
        size_px : int
        **more
            Further settings, which come before those of this preset.

        Examples
        --------
        >>> SpadeSettings.small(epochs=3).channels
        (8, 16, 32)
        """
        preset: dict[str, Any] = {
            "epochs": 20.0,
            "batch_size": 2,
            "channels": (8, 16, 32),
            "spade_channels": 16,
            "detail_channels": 8,
            "noise_channels": 1,
            "discriminator_layers": 2,
            "generator_rate": 1e-3,
            "discriminator_rate": 1e-3,
        }
        return cls(**{**preset, "size_px": size_px, **more})
