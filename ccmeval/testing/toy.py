"""Frames on which plug-ins are tried: bright lines, more of them for one diagnosis than for another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import BoolArray
from ccmeval.generation.conditions import GeneratorJob
from ccmeval.utility.learning import FramePool, LearningSet, Task, TrainingJob, learning_set

TOY_CLASSES = ("few", "some", "many")

_N_TRAIN, _N_VALIDATION, _N_TEST = 24, 6, 12


def toy_job(
    task: Task, folder: Path, *, size_px: int = 32, steps: int = 2, settings: Mapping[str, Any] | None = None
) -> TrainingJob:
    """Make a small job that can be learnt: bright lines, of which a diagnosis has more than another.

    Parameters
    ----------
    task : {"diagnosis", "segmentation"}
    folder : pathlib.Path
        Of the job.
    size_px, steps, settings
        As in :func:`check_learner`.

    Returns
    -------
    TrainingJob
        Its pool also holds 12 frames, the last, that belong to no set: for testing.

    Examples
    --------
    >>> job = toy_job("segmentation", Path("nowhere"))
    >>> job.train.pool.frames.shape, len(job.train), len(job.validation)
    ((42, 64, 64), 24, 6)
    """
    pool, labels = _toy_pool(size_px if task == "diagnosis" else 2 * size_px)
    train, validation = np.arange(_N_TRAIN), np.arange(_N_TRAIN, _N_TRAIN + _N_VALIDATION)
    if task == "segmentation":
        labels = np.full_like(labels, -1)
    return TrainingJob(
        task=task,
        classes=TOY_CLASSES if task == "diagnosis" else (),
        train=learning_set(pool, train, labels[train], 1.0 + (train % 2)),
        validation=learning_set(pool, validation, labels[validation]),
        steps=steps,
        batch_size=6,
        size_px=size_px,
        seed=1,
        folder=folder,
        evaluations=min(2, steps),
        settings=settings or {},
    )


def toy_test(pool: FramePool) -> LearningSet:
    """Give the frames of a toy pool that belong to no set of its job, without labels."""
    return learning_set(pool, np.arange(_N_TRAIN + _N_VALIDATION, len(pool.frames)))


def _toy_pool(side: int) -> tuple[FramePool, Any]:
    rng = np.random.default_rng(0)
    n = _N_TRAIN + _N_VALIDATION + _N_TEST
    labels = np.arange(n) % len(TOY_CLASSES)
    lines = np.zeros((n, side, side), bool)
    for frame, label in zip(lines, labels, strict=True):
        for row in rng.choice(side // 4, 1 + 2 * label, replace=False):
            frame[4 * row + 1 : 4 * row + 3] = True
    frames = np.clip(0.3 + 0.4 * lines + 0.05 * rng.standard_normal(lines.shape), 0, 1).astype(np.float16)
    masks = np.where(lines, 255, 0).astype(np.uint8)
    biomarkers = np.column_stack([lines.mean(axis=(1, 2)), rng.standard_normal(n)])
    biomarkers[::7, 1] = np.nan
    for array in (frames, masks, biomarkers):
        array.flags.writeable = False  # as a file mapped into memory is
    names = [f"toy-{i}" for i in range(n)]
    return FramePool(frames, 4.0, masks, biomarkers, ("density", "noise"), names), labels


TOY_DIAGNOSES = ("few", "many")
"""Diagnoses of the toy job of a generator."""

_N_GENERATOR = 8


def toy_generator_job(
    folder: Path, *, size_px: int = 64, settings: Mapping[str, Any] | None = None, seed: int = 1
) -> GeneratorJob:
    """Make a small job for a generator: eight frames of bright lines with their masks.

    Parameters
    ----------
    folder : pathlib.Path
        Of the job; not made.
    size_px : int
        Side of the frames.
    settings : mapping, optional
        The generator's own, complete.
    seed : int

    Returns
    -------
    GeneratorJob
        Without samples. The last frame has no diagnosis, the last but one no mask.

    Examples
    --------
    >>> job = toy_generator_job(Path("nowhere"), size_px=32)
    >>> job.train.pool.frames.shape, job.train.labels.tolist()
    ((8, 32, 32), [0, 1, 0, 1, 0, 1, 0, -1])
    """
    rng = np.random.default_rng(2)
    labels = np.arange(_N_GENERATOR) % len(TOY_DIAGNOSES)
    lines = np.stack([toy_lines(rng, size_px, 1 + 2 * int(label)) for label in labels])
    noise = 0.05 * rng.standard_normal(lines.shape)
    frames = np.clip(0.3 + 0.4 * lines + noise, 0, 1).astype(np.float16)
    masks = np.where(lines, 255, 0).astype(np.uint8)
    masks[-2] = 0
    for array in (frames, masks):
        array.flags.writeable = False  # as a file mapped into memory is
    pool = FramePool(frames, 4.0, masks, names=[f"toy-{i}" for i in range(_N_GENERATOR)])
    labels[-1] = -1
    train = learning_set(pool, np.arange(_N_GENERATOR), labels)
    return GeneratorJob(train, TOY_DIAGNOSES, settings or {}, seed, folder)


def toy_lines(rng: np.random.Generator, size_px: int, count: int) -> BoolArray:
    """Draw level lines two pixels wide, as a mask (size_px, size_px)."""
    lines = np.zeros((size_px, size_px), bool)
    for row in rng.choice(size_px // 4, count, replace=False):
        lines[4 * row + 1 : 4 * row + 3] = True
    return lines
