"""MAISI's networks with a few thousand parameters, and frames for them; shared by its tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.generation.conditions import Condition, GeneratorJob
from ccmeval.utility.learning import FramePool, learning_set
from ccmeval_generators.maisi.settings import MaisiSettings

SIDE = 32
CLASSES = ("dark", "bright")


def tiny_settings(**more: Any) -> MaisiSettings:
    """Give settings that train in a second: two levels each, latents of half the side."""
    chosen: dict[str, Any] = {
        "size_px": SIDE,
        "batch_size": 4,
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
        "inference_steps": 3,
        "perceptual_weight": 0.0,
        "autoencoder_epochs": 2.0,
        "diffusion_epochs": 2.0,
        "controlnet_epochs": 2.0,
        "autoencoder_rate": 0.01,
        "diffusion_rate": 0.01,
        "controlnet_rate": 0.01,
    }
    return MaisiSettings(**{**chosen, **more})


def pool(n_frames: int = 8) -> FramePool:
    """Draw an upright nerve in each frame; odd frames are brighter."""
    generator = np.random.default_rng(5)
    masks = np.zeros((n_frames, SIDE, SIDE), np.uint8)
    for mask in masks:
        first = generator.integers(1, SIDE - 4)
        mask[:, first : first + 3] = 255
    ground = np.where(np.arange(n_frames) % 2, 0.5, 0.1)[:, None, None]
    grey = ground + 0.4 * (masks / 255.0) + 0.02 * generator.standard_normal(masks.shape)
    return FramePool(np.clip(grey, 0.0, 1.0).astype(np.float16), 2.0, masks)


def conditions(n: int = 3) -> list[Condition]:
    """Give conditions from the masks of the frames."""
    masks = pool().masks
    assert masks is not None
    return [Condition(seed, CLASSES[seed % 2], masks[seed] > 0) for seed in range(n)]


def job(folder: Path, settings: MaisiSettings | None = None, masked: bool = True) -> GeneratorJob:
    """Make a job of eight frames."""
    frames = pool() if masked else replace(pool(), masks=None)
    return GeneratorJob(
        train=learning_set(frames, np.arange(8), np.arange(8) % 2),
        classes=CLASSES,
        settings=(settings or tiny_settings()).model_dump(),
        seed=3,
        folder=folder,
    )
