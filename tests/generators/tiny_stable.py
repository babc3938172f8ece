"""Tiny Stable Diffusion generators, frames that they learn a little of, and a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ccmeval.generation.conditions import Condition, GeneratorJob
from ccmeval.utility.learning import FramePool, learning_set

ROOT = Path(__file__).parents[2]
SIDE, N = 32, 8
CLASSES = ("Control", "T1DPN")
PROMPTS = {
    "Control": "healthy {words}",
    "T1DPN": "few nerves {words}",
    "other": "{diagnosis}",
    "none": "cornea",
}
"""Short: the tiny tokenizer reads 75 letters."""

_LORA: dict[str, Any] = {"steps": 6}
_DATADREAM: dict[str, Any] = {"shots": 2, "epochs": 3.0}


def settings_of(name: str, base: Path, **more: Any) -> dict[str, Any]:
    """Give complete settings that train in a second or two."""
    from ccmeval_generators.sd_datadream import SdDatadreamGenerator
    from ccmeval_generators.sd_lora import SdLoraGenerator

    model, own = {
        "sd-lora": (SdLoraGenerator.settings_model, _LORA),
        "sd-datadream": (SdDatadreamGenerator.settings_model, _DATADREAM),
    }[name]
    chosen: dict[str, Any] = {
        "base": str(base),
        "size_px": SIDE,
        "batch_size": 2,
        "rank": 4,
        "warm_up_steps": 1,
        "learning_rate": 0.01,
        "inference_steps": 2,
        "prompts": PROMPTS,
        **own,
    }
    found: dict[str, Any] = model(**{**chosen, **more}).model_dump()
    return found


@lru_cache(maxsize=1)
def pool() -> FramePool:
    """Draw upright nerves; odd frames have fewer, and frames become smoother with their number."""
    from scipy import ndimage

    generator = np.random.default_rng(5)
    frames = np.zeros((N, SIDE, SIDE))
    for number, frame in enumerate(frames):
        for column in generator.choice(SIDE // 4, 1 if number % 2 else 4, replace=False):
            frame[:, 4 * column : 4 * column + 2] = 0.5
        frame += 0.25 + 0.01 * generator.standard_normal(frame.shape)
        frame[:] = ndimage.gaussian_filter(frame, 0.2 * number)
    names = [f"frame-{number}.png" for number in range(N)]
    return FramePool(np.clip(frames, 0.0, 1.0).astype(np.float16), 2.0, names=names)


def job_of(folder: Path, settings: dict[str, Any], rows: Any = range(N), **more: Any) -> GeneratorJob:
    """Make a job of the frames of these rows, their diagnoses in turn."""
    chosen = np.asarray(list(rows))
    folder.mkdir(parents=True, exist_ok=True)
    train = learning_set(pool(), chosen, chosen % 2)
    return GeneratorJob(train=train, classes=CLASSES, settings=settings, seed=3, folder=folder, **more)


def conditions(n: int = 2, **more: Any) -> list[Condition]:
    """Give conditions of both diagnoses in turn."""
    return [Condition(seed, CLASSES[seed % 2], **more) for seed in range(n)]


def kill_at(step: int) -> Any:
    """Make a progress function that kills its own process, as ``kill -9`` does."""

    def progress(stage: str, done: int, total: int) -> None:
        if done >= step and stage.startswith("Training"):
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def in_process(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run this file's :func:`main` in a process of its own."""
    folders = [ROOT, ROOT / "generators", os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.generators.tiny_stable", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, timeout=300)


def main() -> None:
    """Make frames of a saved generator with its base somewhere else; or train, and die at a step."""
    import torch

    from ccmeval.plugins import WeightSource, load
    from ccmeval_generators.training import books

    torch.set_num_threads(1)
    what, name, folder, base, *rest = sys.argv[1:]
    generator = load("ccmeval.generators", name)
    if what == "generate":
        key = {"sd-lora": "stable-diffusion-1.5", "sd-datadream": "stable-diffusion-2.1"}[name]
        made = type(generator).from_pretrained(Path(folder), WeightSource({key: base}))
        np.save(rest[0], np.stack(made.generate(conditions())))
        return
    books.SHOW_EVERY_S = 0.0
    settings = settings_of(name, Path(base), checkpoint_every_s=1e-9)
    generator.fit(job_of(Path(folder), settings, progress=kill_at(int(rest[0]))))


if __name__ == "__main__":
    main()


def trained_once(kind: type[Any], base: Path, folders: pytest.TempPathFactory) -> Callable[..., Any]:
    """Give a function that trains a generator, saves it in ``model`` and remembers both."""
    import torch

    known: dict[Any, Any] = {}

    def give(**more: Any) -> Any:
        key = tuple(sorted(more.items()))
        if key not in known:
            torch.set_num_threads(1)
            folder, generator = folders.mktemp("job"), kind()
            generator.fit(job_of(folder / "work", settings_of(kind.name, base, **more)))
            generator.save_pretrained(folder / "model")
            known[key] = generator, folder / "model"
        return known[key]

    return give
