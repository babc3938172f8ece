"""A tiny Qwen-Image-Edit, frames that its adapters learn a little of, and a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.generation.conditions import Condition, GeneratorJob
from ccmeval.utility.learning import FramePool, learning_set
from ccmeval_generators.qwen.settings import QwenSettings

SIDE = 32
CLASSES = ("Control", "T1DPN")
N = 6


def tiny_settings(base: Path, **more: Any) -> QwenSettings:
    """Give settings that train in a second or two."""
    chosen: dict[str, Any] = {
        "base": str(base),
        "size_px": SIDE,
        "model_side_px": SIDE,
        "vision_side_px": SIDE,
        "rank": 8,
        "steps": 4,
        "batch_size": 2,
        "warm_up_steps": 1,
        "learning_rate": 0.01,
        "inference_steps": 2,
        "gradient_checkpointing": False,
    }
    return QwenSettings(**{**chosen, **more})


@lru_cache(maxsize=1)
def pool() -> FramePool:
    """Draw an upright nerve in each frame; odd frames are brighter."""
    generator = np.random.default_rng(5)
    masks = np.zeros((N, SIDE, SIDE), np.uint8)
    for mask in masks:
        first = generator.integers(1, SIDE - 4)
        mask[:, first : first + 3] = 255
    ground = np.where(np.arange(N) % 2, 0.5, 0.1)[:, None, None]
    grey = ground + 0.4 * (masks / 255.0) + 0.02 * generator.standard_normal(masks.shape)
    return FramePool(np.clip(grey, 0.0, 1.0).astype(np.float16), 2.0, masks)


def conditions(n: int = 2, **more: Any) -> list[Condition]:
    """Give conditions from the masks of the frames."""
    masks = pool().masks
    assert masks is not None
    return [Condition(seed, CLASSES[seed % 2], masks[seed] > 0, **more) for seed in range(n)]


def tiny_job(folder: Path, settings: QwenSettings, rows: Any = range(N), **more: Any) -> GeneratorJob:
    """Make a job of six frames."""
    chosen = np.asarray(list(rows))
    return GeneratorJob(
        train=learning_set(pool(), chosen, chosen % 2),
        classes=CLASSES,
        settings=settings.model_dump(),
        seed=3,
        folder=folder,
        **more,
    )


def kill_at(step: int) -> Any:
    """Make a progress function that kills its own process, as ``kill -9`` does."""

    def progress(stage: str, done: int, total: int) -> None:
        if done >= step and stage.startswith("Training"):
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def main() -> None:
    """Make frames of a saved generator, with its base somewhere else; or train and die at a step."""
    import torch

    from ccmeval.plugins import WeightSource
    from ccmeval_generators.qwen import QwenLoraGenerator, QwenWdloraGenerator
    from ccmeval_generators.training import books

    torch.set_num_threads(1)
    what, kind, folder, base, *rest = sys.argv[1:]
    generator = {"lora": QwenLoraGenerator, "wdlora": QwenWdloraGenerator}[kind]
    if what == "generate":
        weights = WeightSource({"qwen-image-edit": base})
        made = generator.from_pretrained(Path(folder), weights).generate(conditions())
        np.save(rest[0], np.stack(made))
        return
    books.SHOW_EVERY_S = 0.0
    settings = tiny_settings(Path(base), checkpoint_every_s=1e-9)
    generator().fit(tiny_job(Path(folder), settings, progress=kill_at(int(rest[0])), samples=conditions(1)))


if __name__ == "__main__":
    main()
