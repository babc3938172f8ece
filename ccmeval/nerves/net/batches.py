"""Batches for training: what step needs which scenes depends on the seed and the step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.net.augment import augmented
from ccmeval.nerves.net.inputs import network_input
from ccmeval.nerves.net.loss import targets
from ccmeval.nerves.net.scenes import Scene
from ccmeval.nerves.net.settings import TrainSettings


@dataclass(frozen=True)
class Batch:
    """One step's worth.

    Attributes
    ----------
    inputs : float32 array (N, 2, H, W)
    nerve : float32 array (N, C, H, W)
    log_width : float32 array (N, H, W)
    known : bool array (N, H, W)
    """

    inputs: FloatArray
    nerve: FloatArray
    log_width: FloatArray
    known: BoolArray


_FIRST, _PER_STEP = 336, 0.84
"""Scenes drawn on at first and those added a step: training can begin while most are still being drawn."""


def make_batch(scenes: Sequence[Scene], own: Sequence[Scene], settings: TrainSettings, step: int) -> Batch:
    """Draw, augment and stack the scenes of one step.

    Parameters
    ----------
    scenes : sequence of Scene
        Phantoms.
    own : sequence of Scene
        A user's own frames; may be empty, as `scenes` may.
    settings : TrainSettings
    step : int
        With the seed it fixes the choice.

    Returns
    -------
    Batch
    """
    rng = np.random.default_rng([settings.seed, 7, step])
    drawn = min(len(scenes), int(_FIRST + _PER_STEP * step))
    parts = []
    for _ in range(settings.batch):
        from_own = bool(own) and (not scenes or rng.random() < settings.own_share)
        pool, count = (own, len(own)) if from_own else (scenes, drawn)
        first, second = rng.integers(count, size=2)
        parts.append(_cropped(rng, *_seen(rng, pool[int(first)], pool[int(second)]), settings.crop_px))
    return Batch(*(np.stack(part) for part in zip(*parts, strict=True)))


def _seen(rng: np.random.Generator, scene: Scene, other: Scene) -> tuple[FloatArray, Scene]:
    frame, scene, imaged = augmented(rng, scene, other)
    return network_input(frame, imaged), scene


def _cropped(
    rng: np.random.Generator, inputs: FloatArray, scene: Scene, side: int
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Cut the same square out of everything; smaller frames are continued as not imaged."""
    short = [(0, max(side - size, 0)) for size in scene.frame.shape]
    if any(more for _, more in short):
        inputs = np.pad(inputs, ((0, 0), *short))
        distance = np.pad(scene.distance, ((0, 0), *short), constant_values=255)
        scene = Scene(np.pad(scene.frame, short), distance, np.pad(scene.width, short))
    top, left = (int(rng.integers(size - side + 1)) for size in scene.frame.shape)
    window = (slice(top, top + side), slice(left, left + side))
    return (
        inputs[(slice(None), *window)],
        *targets(scene.distance[(slice(None), *window)], scene.width[window]),
    )


def batches(
    scenes: Sequence[Scene], own: Sequence[Scene], settings: TrainSettings, steps: range
) -> Iterator[Batch]:
    """Give the batches of some steps, each made while the one before is learned from."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(make_batch, scenes, own, settings, step) for step in steps[:2]]
        for step in steps:
            ready = coming.pop(0).result()
            if step + 2 < steps.stop:
                coming.append(pool.submit(make_batch, scenes, own, settings, step + 2))
            yield ready
