"""The network: a small U-Net at half resolution with a dilated bottom.

Torch is imported only when a network is built, so that everything else of the toolkit does without.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ccmeval.nerves.net.inputs import CHANNELS
from ccmeval.nerves.net.scenes import CUT_OFFS
from ccmeval.nerves.net.settings import ModelSettings

OUTPUTS = len(CUT_OFFS) + 1
"""Logits of nerve, one for each visibility, and the logarithm of the width in pixels."""


def build_network(settings: ModelSettings) -> Any:
    """Build the network with random weights from torch's generator.

    Parameters
    ----------
    settings : ModelSettings

    Returns
    -------
    torch.nn.Module
        From float (N, 2, H, W) to (N, 6, H, W), sides multiples of 8.
    """
    return _classes()["Network"](settings)


def parameters(network: Any) -> int:
    """Count the weights of a network."""
    return sum(int(weights.numel()) for weights in network.parameters())


@lru_cache(maxsize=1)
def _classes() -> dict[str, Any]:
    from torch import nn
    from torch.nn import functional as F  # noqa: N812 - torch's own name for it

    def convolution(given: int, made: int, side: int = 3, stride: int = 1, dilation: int = 1) -> Any:
        padding = dilation * (side - stride) // 2 if stride > 1 else dilation * (side // 2)
        return nn.Sequential(nn.Conv2d(given, made, side, stride, padding, dilation), nn.BatchNorm2d(made))

    class Block(nn.Module):  # type: ignore[misc]
        """Two convolutions beside a short cut."""

        def __init__(self, channels: int, dilation: int = 1) -> None:
            super().__init__()
            self.first = convolution(channels, channels, dilation=dilation)
            self.second = convolution(channels, channels, dilation=dilation)

        def forward(self, x: Any) -> Any:
            return F.relu(x + self.second(F.relu(self.first(x))))

    class Network(nn.Module):  # type: ignore[misc]
        """Half, quarter and eighth of the resolution, and back."""

        def __init__(self, settings: ModelSettings) -> None:
            super().__init__()
            half, quarter, eighth = settings.channels
            self.stem = convolution(CHANNELS, half, side=6, stride=2)
            self.at_half = nn.Sequential(*[Block(half) for _ in range(settings.blocks[0])])
            self.down1 = convolution(half, quarter, side=4, stride=2)
            self.at_quarter = nn.Sequential(*[Block(quarter) for _ in range(settings.blocks[1])])
            self.down2 = convolution(quarter, eighth, side=4, stride=2)
            self.at_eighth = nn.Sequential(*[Block(eighth, d) for d in settings.dilations])
            self.up2 = convolution(eighth, quarter, side=1)
            self.back_quarter = Block(quarter)
            self.up1 = convolution(quarter, half, side=1)
            self.back_half = Block(half)
            self.head = nn.Conv2d(half, 4 * OUTPUTS, 3, padding=1)
            nn.init.constant_(self.head.bias, -2.0)

        def forward(self, x: Any) -> Any:
            half = self.at_half(F.relu(self.stem(x)))
            quarter = self.at_quarter(F.relu(self.down1(half)))
            x = self.at_eighth(F.relu(self.down2(quarter)))
            x = self.back_quarter(F.relu(quarter + F.interpolate(self.up2(x), scale_factor=2)))
            x = self.back_half(F.relu(half + F.interpolate(self.up1(x), scale_factor=2)))
            return F.pixel_shuffle(self.head(x), 2)

    return {"Network": Network}
