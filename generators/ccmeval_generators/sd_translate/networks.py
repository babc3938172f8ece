"""The networks of `sd-translate`: what is trained, and what stays as the base has it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class LatentEncoder(nn.Module):  # type: ignore[misc]
    """The autoencoder's way to latents, at the scale of the U-Net.

    Parameters
    ----------
    vae : AutoencoderKL
    """

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.encoder, self.quant_conv = vae.encoder, vae.quant_conv
        self.scale = float(vae.config.scaling_factor)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and standard deviation (B, C, h, w) of grey frames (B, 1, H, W) in [0, 1]."""
        # In full precision, within a training in half of it too: what is cached is so as well.
        with torch.autocast(frames.device.type, enabled=False):
            moments = self.encoder((2 * frames - 1).expand(-1, 3, -1, -1))
            moments = moments if self.quant_conv is None else self.quant_conv(moments)
        mean, log_variance = moments.chunk(2, dim=1)
        # Bounds as diffusers has them in its distribution of latents.
        deviation = (log_variance.clamp(-30.0, 20.0) / 2).exp()
        return self.scale * mean, self.scale * deviation


class LatentDecoder(nn.Module):  # type: ignore[misc]
    """The autoencoder's way back.

    Parameters
    ----------
    vae : AutoencoderKL
    """

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder
        self.scale = float(vae.config.scaling_factor)

    def forward(self, latents: Tensor) -> Tensor:
        """Give colours (B, 3, H, W), about [-1, 1], of latents at the scale of the U-Net."""
        latents = latents / self.scale
        latents = latents if self.post_quant_conv is None else self.post_quant_conv(latents)
        colours: Tensor = self.decoder(latents)
        return colours


class SourcePicture(nn.Module):  # type: ignore[misc]
    """CLIP's embeddings of the picture of a mask.

    Parameters
    ----------
    encoder : CLIPVisionModelWithProjection
    processor : CLIPImageProcessor
        Its mean and standard deviation are taken.
    pooled : bool
        Whether there is one embedding of the whole picture, or one of every patch.
    """

    def __init__(self, encoder: Any, processor: Any, *, pooled: bool) -> None:
        super().__init__()
        self.encoder, self.pooled = encoder, pooled
        self.side_px = int(encoder.config.image_size)
        for name, values in (("mean", processor.image_mean), ("std", processor.image_std)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    @property
    def width(self) -> int:
        """Length of an embedding."""
        return int(self.encoder.visual_projection.out_features)

    def forward(self, masks: Tensor) -> Tensor:
        """Give embeddings (B, T, D) of masks (B, 1, H, W) in [0, 1]; one for the whole, one a patch."""
        side = (self.side_px, self.side_px)
        picture = functional.interpolate(masks, size=side, mode="bicubic", antialias=True).clamp(0, 1)
        told = self.encoder(pixel_values=(picture.expand(-1, 3, -1, -1) - self.mean) / self.std)
        if self.pooled:
            pooled: Tensor = told.image_embeds
            return pooled[:, None]
        # As CLIP does with the class token: a norm, then the projection to the width of its embeddings.
        normed = self.encoder.vision_model.post_layernorm(told.last_hidden_state)
        patches: Tensor = self.encoder.visual_projection(normed)
        return patches


class FrozenParts(nn.Module):  # type: ignore[misc]
    """What stays as the base models have it.

    Parameters
    ----------
    encoder : LatentEncoder
    picture : SourcePicture
    scheduler : dict
        Configuration of the base's scheduler.
    """

    def __init__(self, encoder: LatentEncoder, picture: SourcePicture, scheduler: dict[str, Any]) -> None:
        super().__init__()
        self.encoder, self.picture, self.scheduler = encoder, picture, scheduler


class SourceTokens(nn.Module):  # type: ignore[misc]
    """Brings embeddings to the width of cross-attention, and adds the token of the diagnosis.

    Parameters
    ----------
    width : int
        Of the embeddings.
    wanted : int
        Of cross-attention; where it is the same nothing is changed.
    n_diagnoses : int
        Without any there is no such token.
    """

    def __init__(self, width: int, wanted: int, n_diagnoses: int) -> None:
        super().__init__()
        self.n_diagnoses = n_diagnoses
        self.projection = nn.Identity() if width == wanted else nn.Linear(width, wanted)
        # The last row is that of no diagnosis.
        self.diagnosis = nn.Embedding(n_diagnoses + 1, wanted) if n_diagnoses else None

    def forward(self, embeddings: Tensor, labels: Tensor, shown: Tensor | None = None) -> Tensor:
        """Give tokens (B, T, W) or (B, T + 1, W).

        Parameters
        ----------
        embeddings : float tensor (B, T, D)
        labels : int tensor (B,)
            -1 for no diagnosis.
        shown : bool tensor (B,), optional
            Where false, the source is hidden: its tokens are zero.
        """
        tokens: Tensor = self.projection(embeddings)
        if shown is not None:
            tokens = tokens * shown.to(tokens)[:, None, None]
        if self.diagnosis is None:
            return tokens
        rows = torch.where(labels < 0, torch.full_like(labels, self.n_diagnoses), labels)
        return torch.cat([tokens, self.diagnosis(rows)[:, None].to(tokens)], dim=1)


def widen_input(unet: Any, further: int) -> None:
    """Let a U-Net take further channels, on weights of zero, so that its output is the same at first.

    Parameters
    ----------
    unet : UNet2DConditionModel
        Changed.
    further : int
        Channels.
    """
    old = unet.conv_in
    new = nn.Conv2d(old.in_channels + further, old.out_channels, old.kernel_size, padding=old.padding)
    with torch.no_grad():
        new.weight.zero_()
        new.weight[:, : old.in_channels] = old.weight
        new.bias.copy_(old.bias)
    unet.conv_in = new
    unet.register_to_config(in_channels=old.in_channels + further)
