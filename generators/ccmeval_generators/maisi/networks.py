"""MAISI's networks in two dimensions, made of MONAI's blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ccmeval_generators.maisi.settings import MaisiSettings


class LatentScale(nn.Module):  # type: ignore[misc]
    """What was measured on the way and belongs to the weights.

    Attributes
    ----------
    deviation : float tensor ()
        Standard deviation of the training latents; latents are divided by it before noise is mixed in.
    follows_masks : bool tensor ()
        Whether the ControlNet was trained.
    """

    deviation: Tensor
    follows_masks: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("deviation", torch.ones(()))
        self.register_buffer("follows_masks", torch.zeros((), dtype=torch.bool))


def build_networks(n_diagnoses: int, settings: MaisiSettings) -> nn.ModuleDict:
    """Make all networks with initial weights, drawn from torch's global stream.

    Parameters
    ----------
    n_diagnoses : int
        The embedding of classes has one row more, the last, for no diagnosis; with 0 there is no embedding.
    settings : MaisiSettings

    Returns
    -------
    torch.nn.ModuleDict
        "autoencoder", "discriminator" (where the adversarial loss is on), "unet", "controlnet" and "scale".
    """
    parts = {
        "autoencoder": _autoencoder(settings),
        "unet": _unet(n_diagnoses, settings),
        "controlnet": _controlnet(n_diagnoses, settings),
        "scale": LatentScale(),
    }
    if settings.adversarial_weight > 0.0:
        parts["discriminator"] = _discriminator(settings)
    return nn.ModuleDict(parts)


def _autoencoder(settings: MaisiSettings) -> nn.Module:
    from monai.networks.nets import AutoencoderKL

    levels = len(settings.autoencoder_channels)
    network: nn.Module = AutoencoderKL(
        spatial_dims=2,
        in_channels=1,
        out_channels=1,
        channels=settings.autoencoder_channels,
        num_res_blocks=(settings.autoencoder_blocks,) * levels,
        attention_levels=(False,) * levels,
        latent_channels=settings.latent_channels,
        norm_num_groups=settings.norm_groups,
        with_encoder_nonlocal_attn=False,
        with_decoder_nonlocal_attn=False,
    )
    return network


def _discriminator(settings: MaisiSettings) -> nn.Module:
    from monai.networks.nets import PatchDiscriminator

    network: nn.Module = PatchDiscriminator(
        spatial_dims=2,
        channels=settings.discriminator_channels,
        in_channels=1,
        num_layers_d=settings.discriminator_layers,
        norm="INSTANCE",
    )
    return network


def _shared(n_diagnoses: int, settings: MaisiSettings) -> dict[str, Any]:
    """Give what U-Net and ControlNet must have alike, since the one starts as a copy of the other."""
    attends = tuple(heads > 0 for heads in settings.unet_head_channels)
    return {
        "spatial_dims": 2,
        "in_channels": settings.latent_channels,
        "num_res_blocks": settings.unet_blocks,
        "num_channels": settings.unet_channels,
        "attention_levels": attends,
        "num_head_channels": settings.unet_head_channels,
        "norm_num_groups": settings.norm_groups,
        "num_class_embeds": n_diagnoses + 1 if n_diagnoses else None,
    }


def _unet(n_diagnoses: int, settings: MaisiSettings) -> nn.Module:
    from monai.apps.generation.maisi.networks.diffusion_model_unet_maisi import DiffusionModelUNetMaisi

    network: nn.Module = DiffusionModelUNetMaisi(
        out_channels=settings.latent_channels, **_shared(n_diagnoses, settings)
    )
    return network


def _controlnet(n_diagnoses: int, settings: MaisiSettings) -> nn.Module:
    from monai.apps.generation.maisi.networks.controlnet_maisi import ControlNetMaisi

    network: nn.Module = ControlNetMaisi(
        conditioning_embedding_in_channels=1,
        conditioning_embedding_num_channels=settings.mask_channels,
        use_checkpointing=False,
        **_shared(n_diagnoses, settings),
    )
    return network


def copy_unet(unet: nn.Module, controlnet: nn.Module) -> None:
    """Start a ControlNet as a copy of the trained U-Net's way down.

    What only one of them has is left as it is: the ControlNet's zero convolutions and embedding of masks.
    """
    known, wanted = unet.state_dict(), controlnet.state_dict()
    shared = {name: value for name, value in known.items() if name in wanted}
    controlnet.load_state_dict(shared, strict=False)


def encoded(autoencoder: nn.Module, frames: Tensor) -> tuple[Tensor, Tensor]:
    """Encode frames.

    Parameters
    ----------
    autoencoder : torch.nn.Module
    frames : float tensor (B, 1, H, W), in [0, 1]

    Returns
    -------
    mean, deviation : float tensor (B, C, H / f, W / f)
        Of the latents' normal distribution; f is 2 to the number of levels less one.
    """
    mean, deviation = autoencoder.encode(2.0 * frames - 1.0)
    return mean, deviation


def decoded(autoencoder: nn.Module, latents: Tensor) -> Tensor:
    """Decode latents to frames (B, 1, H, W), about [0, 1] and not clipped."""
    frames: Tensor = (autoencoder.decode(latents) + 1.0) / 2.0
    return frames


def predicted(
    networks: nn.ModuleDict,
    latents: Tensor,
    times: Tensor,
    labels: Tensor | None,
    masks: Tensor | None,
    followed: Tensor | None = None,
) -> Tensor:
    """Let the U-Net predict noise or velocity, guided by the ControlNet where there are masks.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
    latents : float tensor (B, C, h, w)
        Scaled and noisy.
    times : float tensor (B,)
    labels : int tensor (B,) or None
        Rows of the embedding of classes; None where there is none.
    masks : float tensor (B, 1, H, W) or None
        None leaves the ControlNet out.
    followed : bool tensor (B,), optional
        Frames whose mask counts; the others get what the U-Net alone would give. All by default.

    Returns
    -------
    float tensor (B, C, h, w)
    """
    if masks is None:
        result: Tensor = networks["unet"](latents, times, class_labels=labels)
        return result
    ways, middle = networks["controlnet"](latents, times, masks, class_labels=labels)
    if followed is not None:
        kept = followed[:, None, None, None]
        ways, middle = [way * kept for way in ways], middle * kept
    guided: Tensor = networks["unet"](
        latents,
        times,
        class_labels=labels,
        down_block_additional_residuals=tuple(ways),
        mid_block_additional_residual=middle,
    )
    return guided
