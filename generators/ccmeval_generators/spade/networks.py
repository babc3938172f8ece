"""The networks of the SPADE VAE-GAN: MONAI's, with the few corrections that the method needs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.networks.blocks import SPADE, Convolution
from monai.networks.nets import MultiScalePatchDiscriminator, SPADENet
from monai.networks.nets.spade_network import SPADENetResBlock
from torch import Tensor, nn
from torch.nn import functional

_LEAKY = ("LEAKYRELU", {"negative_slope": 0.2})


class SpadeNetwork(nn.Module):  # type: ignore[misc]
    """Encoder of styles and decoder of planes, for frames in [-1, 1].

    MONAI's last activation is a leaky ReLU; here it is tanh, as frames have two ends. MONAI normalises
    gamma and beta over each frame, so that what a mask says of one nerve depends on how many others there
    are, and takes away their mean, by which a plane of a diagnosis tells itself; unless `modulation_norm`,
    they are left as they come, which is the paper's equation 1.

    Parameters
    ----------
    side_px : int
        Of a frame; a multiple of 2 to the number of `channels`.
    planes : int
        Of what the decoder is told.
    channels : sequence of int
        Of the encoder, from the frame on; the decoder has them in reverse.
    style_dims : int
        Length of a style.
    spade_channels : int
        Between the planes and gamma and beta.
    modulation_norm : bool
        Normalise gamma and beta as MONAI does.
    detail_channels : int
        With 0, the decoder is MONAI's: its last block has one channel and half the side, and a convolution
        of 3 x 3 px is all that sees the whole side. Else it ends in so many channels, and a further block
        with the planes at their whole side follows.
    noise_channels : int
        Further planes of noise for the decoder, of which speckle can be made.

    References
    ----------
    Park et al., Semantic image synthesis with spatially-adaptive normalization, CVPR 2019.
    """

    def __init__(
        self,
        side_px: int,
        planes: int,
        *,
        channels: Sequence[int],
        style_dims: int,
        spade_channels: int,
        modulation_norm: bool = False,
        detail_channels: int = 0,
        noise_channels: int = 0,
    ) -> None:
        super().__init__()
        self.style_dims, self.noise_channels = style_dims, noise_channels
        told = planes + noise_channels
        self.net = SPADENet(
            spatial_dims=2,
            in_channels=1,
            out_channels=detail_channels or 1,
            label_nc=told,
            input_shape=[side_px, side_px],
            channels=list(channels),  # MONAI reverses and extends the list that it is given
            z_dim=style_dims,
            is_vae=True,
            spade_intermediate_channels=spade_channels,
            last_act=_LEAKY if detail_channels else "tanh",
        )
        self.detail = _Detail(detail_channels, told, spade_channels) if detail_channels else None
        if not modulation_norm:
            _leave_modulation(self)

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Give the mean and log variance (B, Z) of the styles of frames (B, 1, H, W) in [-1, 1]."""
        mean, log_variance = self.net.encoder(frames)
        return mean, log_variance

    def decode(self, planes: Tensor, styles: Tensor, noise: Tensor | None = None) -> Tensor:
        """Make frames (B, 1, H, W) in [-1, 1].

        Parameters
        ----------
        planes : float tensor (B, P, H, W)
        styles : float tensor (B, Z)
        noise : float tensor (B, noise_channels, H, W), optional
            Standard normal; needed unless `noise_channels` is 0.
        """
        told = planes if noise is None else torch.cat([planes, noise], dim=1)
        found: Tensor = self.net.decoder(told, styles)
        return found if self.detail is None else self.detail(found, told)


class _Detail(nn.Module):  # type: ignore[misc]
    """A block of SPADE at the whole side, and a convolution to grey levels."""

    def __init__(self, channels: int, planes: int, spade_channels: int) -> None:
        super().__init__()
        self.block = SPADENetResBlock(
            spatial_dims=2,
            in_channels=channels,
            out_channels=channels,
            label_nc=planes,
            spade_intermediate_channels=spade_channels,
        )
        self.last = nn.Conv2d(channels, 1, kernel_size=3, padding=1)

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        found = functional.leaky_relu(self.block(features, planes), 0.2)
        return torch.tanh(self.last(found))


def _leave_modulation(network: nn.Module) -> None:
    """Take the norm from behind gamma and beta; their convolutions and biases stay."""
    for module in network.modules():
        if isinstance(module, SPADE):
            for modulation in (module.mlp_gamma, module.mlp_beta):
                _without_norm(modulation)


def _without_norm(convolution: Convolution) -> None:
    if hasattr(convolution, "adn"):
        convolution.adn = nn.Identity()


def patch_discriminator(
    side_px: int, planes: int, *, scales: int, layers: int, channels: int
) -> MultiScalePatchDiscriminator:
    """Build discriminators of patches that see a frame with its planes, each twice as deep as the first.

    Parameters
    ----------
    side_px : int
    planes : int
        Of the condition, without noise.
    scales : int
        How many discriminators; number k has `layers` * k layers.
    layers : int
        Of the first.
    channels : int
        Of the first layer; each further one doubles them.

    Returns
    -------
    torch.nn.Module
        Gives scores and features, a tensor and a list of tensors a scale.
    """
    return MultiScalePatchDiscriminator(
        num_d=scales,
        num_layers_d=layers,
        spatial_dims=2,
        channels=channels,
        in_channels=1 + planes,
        out_channels=1,
        kernel_size=3,
        norm="INSTANCE",
        minimum_size_im=side_px,
    )


def deepest_patch_side(side_px: int, scales: int, layers: int) -> int:
    """Give the side of the deepest discriminator's scores; instance norm needs 2 or more.

    Its first convolution and all further layers but the last halve the side, rounding up.

    Examples
    --------
    >>> deepest_patch_side(96, 2, 3), deepest_patch_side(64, 2, 3)
    (2, 1)
    """
    side = side_px
    for _ in range(scales * layers):
        side = (side + 1) // 2
    return side
