"""Put the networks of `sd-translate` together from their base models."""

from __future__ import annotations

import hashlib

import torch
from torch import nn

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.weights import (
    CLIP_IMAGE,
    SD15,
    FoundBase,
    find_base,
    fingerprint,
    load_network,
    load_plain,
)
from ccmeval_generators.sd_translate.networks import (
    FrozenParts,
    LatentDecoder,
    LatentEncoder,
    SourcePicture,
    SourceTokens,
    widen_input,
)
from ccmeval_generators.sd_translate.settings import SdTranslateSettings
from ccmeval_generators.spade.networks import patch_discriminator

PARTS = ("unet", "vae", "scheduler")
"""Of Stable Diffusion; text has no place here."""


def find_bases(settings: SdTranslateSettings, source: WeightSource) -> tuple[FoundBase, FoundBase]:
    """Find Stable Diffusion and CLIP.

    Raises
    ------
    UnavailableError
        If one of them cannot be used, with the cure.
    """
    base = find_base(SD15, settings.base, source, PARTS)
    return base, find_base(CLIP_IMAGE, settings.image_encoder, source)


def bases_sha256(base: FoundBase, clip: FoundBase) -> str:
    """Hash the content of both."""
    return hashlib.sha256(f"{fingerprint(base)} {fingerprint(clip)}".encode()).hexdigest()


def build_networks(n_diagnoses: int, settings: SdTranslateSettings, source: WeightSource) -> nn.ModuleDict:
    """Load both bases and make what is trained.

    Parameters
    ----------
    n_diagnoses : int
    settings : SdTranslateSettings
    source : WeightSource

    Raises
    ------
    UnavailableError
        If a base cannot be used or there is too little memory.
    """
    base, clip = find_bases(settings, source)
    unet = load_network(base, "unet", torch.float32)
    vae = load_network(base, "vae", torch.float32)
    picture = SourcePicture(
        load_network(clip, "image_encoder", torch.float32),
        load_plain(clip, "processor"),
        pooled=settings.embedding == "pooled",
    )
    _check_unet(unet, vae, base)
    if settings.mask_latents:
        widen_input(unet, vae.config.latent_channels)
    if settings.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    scheduler = dict(load_plain(base, "scheduler").config)
    frozen = FrozenParts(LatentEncoder(vae), picture, scheduler).eval()
    return nn.ModuleDict(
        {
            "unet": unet,
            "source": SourceTokens(picture.width, unet.config.cross_attention_dim, n_diagnoses),
            "decoder": LatentDecoder(vae),
            "discriminator": _discriminator(settings),
            "frozen": AdaptedModel(frozen, bases_sha256(base, clip)),
        }
    )


def _check_unet(unet: nn.Module, vae: nn.Module, base: FoundBase) -> None:
    """Refuse a relative that reads more than latents, such as one for inpainting."""
    if unet.config.in_channels != vae.config.latent_channels:
        raise UnavailableError(
            f"The U-Net of {base.told} takes {unet.config.in_channels} channels, not the"
            f" {vae.config.latent_channels} of its latents; set base to a text-to-image Stable Diffusion 1.5."
        )


def _discriminator(settings: SdTranslateSettings) -> nn.Module:
    if not settings.adversarial_weight or not settings.decoder_steps:
        return nn.Identity()
    return patch_discriminator(
        settings.crop_side_px,
        0,
        scales=settings.discriminators,
        layers=settings.discriminator_layers,
        channels=settings.discriminator_channels,
    )
