"""A tiny Stable Diffusion and CLIP for `sd-translate`, and frames for it; shared by its tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.generation.conditions import Condition, GeneratorJob
from ccmeval.utility.learning import FramePool, learning_set

SIDE = 32
CLASSES = ("dark", "bright")


def write_bases(folder: Path, clip_width: int = 32) -> None:
    """Write both bases, for :func:`tiny_settings`."""
    from ccmeval_generators.foundation import tiny

    tiny.write_tiny_sd15(folder / "sd15")
    tiny.write_tiny_clip_image_encoder(folder / "clip", projection_dim=clip_width)


def tiny_settings(folder: Path, **more: Any) -> dict[str, Any]:
    """Give settings that train in a second."""
    chosen: dict[str, Any] = {
        "base": str(folder / "sd15"),
        "image_encoder": str(folder / "clip"),
        "size_px": SIDE,
        "batch_size": 2,
        "unet_steps": 4,
        "unet_rate": 1e-3,
        "warmup_steps": 0,
        "decoder_steps": 4,
        "decoder_rate": 1e-3,
        "discriminator_layers": 2,
        "discriminator_channels": 4,
        "perceptual_weight": 0.0,
        "inference_steps": 2,
    }
    return {**chosen, **more}


def pool(n_frames: int = 8, side: int = SIDE, seed: int = 5) -> FramePool:
    """Draw an upright nerve in each frame; odd frames are brighter."""
    generator = np.random.default_rng(seed)
    masks = np.zeros((n_frames, side, side), np.uint8)
    for mask in masks:
        first = generator.integers(1, side - 4)
        mask[:, first : first + 3] = 255
    ground = np.where(np.arange(n_frames) % 2, 0.5, 0.1)[:, None, None]
    grey = ground + 0.4 * (masks / 255.0) + 0.02 * generator.standard_normal(masks.shape)
    return FramePool(np.clip(grey, 0.0, 1.0).astype(np.float16), 2.0, masks)


def conditions(n: int = 3, side: int = SIDE) -> list[Condition]:
    """Give conditions from the masks of the frames."""
    masks = pool(side=side).masks
    assert masks is not None
    return [Condition(seed, CLASSES[seed % 2], masks[seed] > 0) for seed in range(n)]


def job(folder: Path, settings: Mapping[str, Any], **more: Any) -> GeneratorJob:
    """Make a job of eight frames."""
    frames = pool(side=int(settings["size_px"]))
    made = GeneratorJob(
        train=learning_set(frames, np.arange(8), np.arange(8) % 2),
        classes=CLASSES,
        settings=dict(settings),
        seed=3,
        folder=folder,
    )
    folder.mkdir(parents=True, exist_ok=True)
    return replace(made, **more)


def kill_at(step: int) -> Any:
    """Make a progress function that kills its own process, as ``kill -9`` does."""

    def progress(stage: str, done: int, total: int) -> None:
        if done >= step and stage.startswith("Training"):
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def main() -> None:
    """Train in the folder given and die at the step given."""
    from ccmeval_generators.sd_translate import SdTranslateGenerator
    from ccmeval_generators.training import books

    bases, folder, step = sys.argv[1:]
    books.SHOW_EVERY_S = 0.0
    settings = tiny_settings(Path(bases), checkpoint_every_s=1e-6, average_decay=0.5)
    SdTranslateGenerator().fit(job(Path(folder), settings, progress=kill_at(int(step))))


if __name__ == "__main__":
    main()
