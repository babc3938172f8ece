"""Each generator of ours keeps the contract that a third party's is held to."""

from __future__ import annotations

from typing import Any

import pytest

from ccmeval.plugins import load
from ccmeval.testing import check_generator

TINY: dict[str, dict[str, Any]] = {
    "spade": {
        "size_px": 32,
        "batch_size": 4,
        "epochs": 1.0,
        "channels": (4, 8),
        "style_dims": 2,
        "spade_channels": 8,
        "discriminator_layers": 2,
        "discriminator_channels": 2,
    },
    "maisi": {
        "size_px": 32,
        "batch_size": 4,
        "autoencoder_epochs": 1.0,
        "diffusion_epochs": 1.0,
        "controlnet_epochs": 1.0,
        "autoencoder_channels": (8, 16),
        "autoencoder_blocks": 1,
        "norm_groups": 4,
        "discriminator_channels": 4,
        "discriminator_layers": 1,
        "unet_channels": (8, 16),
        "unet_blocks": 1,
        "unet_head_channels": (0, 8),
        "mask_channels": (4, 8),
        "path": "rflow",
        "inference_steps": 2,
        "perceptual_weight": 0.0,
        # ControlNet begins at zero: at the published rate a few steps change no grey level.
        "autoencoder_rate": 0.01,
        "diffusion_rate": 0.01,
        "controlnet_rate": 0.01,
    },
}
"""Settings under which one of networks trains in seconds; `phantom` and `folder` have tests of their own."""


@pytest.mark.parametrize("name", TINY)
def test_it_keeps_the_contract(name: str) -> None:
    for library in ("torch", "lightning", "monai", "safetensors"):
        pytest.importorskip(library)
    if name == "maisi":
        pytest.importorskip("einops")
    check_generator(load("ccmeval.generators", name), settings=TINY[name], size_px=32)
