"""What a generator is asked for, what it can, and what training it is given: types of its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.utility.learning import LearningSet, StepProgress, no_progress
from ccmeval.weight_source import WeightSource

ConditionName = Literal["mask", "diagnosis", "prompt", "reference"]


@dataclass(frozen=True)
class Capabilities:
    """What a generator can, readable without importing its heavy libraries.

    Attributes
    ----------
    summary : str
        What it is, in one sentence.
    takes : tuple of str
        Conditions that it follows.
    needs : tuple of str
        Those of them that it cannot do without.
    trainable : bool
        Whether it has a :meth:`ccmeval.plugins.Generator.fit`.
    needs_training : bool
        Whether it gives frames only once it was trained (or loaded).
    side_multiple_px : int
        A frame's sides are multiples of this.
    training_memory_gib, generation_memory_gib : float
        About, with the default settings; 0 where it is next to nothing.
    weights_licence : str
        Of pretrained weights that it starts from; empty without any.
    extra : str
        Extra of this package whose libraries it needs, as in ``pip install ccmeval[EXTRA]``; may be empty.
    source : str
        Publication of the method and of the default settings.
    """

    summary: str
    takes: tuple[ConditionName, ...]
    needs: tuple[ConditionName, ...] = ()
    trainable: bool = True
    needs_training: bool = True
    side_multiple_px: int = 1
    training_memory_gib: float = 0.0
    generation_memory_gib: float = 0.0
    weights_licence: str = ""
    extra: str = ""
    source: str = ""


@dataclass(frozen=True)
class Condition:
    """What one frame is to show.

    Attributes
    ----------
    seed : int
        Of this frame alone: the same condition gives the same frame, in whichever batch.
    diagnosis : str or None
    mask : bool array (H, W) or None
        Nerve pixels.
    prompt : str
        Free words, for generators that take them.
    reference : float array (H, W) or None
        A frame whose look is to be followed, in [0, 1].
    """

    seed: int
    diagnosis: str | None = None
    mask: BoolArray | None = None
    prompt: str = ""
    reference: FloatArray | None = None


@dataclass(frozen=True)
class FrameFormat:
    """What frames of a trained generator are like.

    Attributes
    ----------
    shape_px : (int, int)
        Height and width.
    pixel_size_um : float
    diagnoses : sequence of str
        Those that it was trained on, in the order of its labels; empty where it takes none.
    """

    shape_px: tuple[int, int]
    pixel_size_um: float
    diagnoses: Sequence[str] = ()


SampleSink = Callable[[int, Sequence[FloatArray]], None]
"""Takes the number of steps done and the frames made from the job's sample conditions."""


def no_samples(step: int, frames: Sequence[FloatArray]) -> None:
    """Keep nothing."""


@dataclass(frozen=True)
class GeneratorJob:
    """One training of a generator.

    Attributes
    ----------
    train : LearningSet
        Frames with masks (rows without one are zero) and labels.
    classes : sequence of str
        Diagnoses in the order of the labels; -1 in the labels is none.
    settings : mapping
        The generator's own, complete and checked by its `settings_model`; they hold steps and batch size.
    seed : int
    folder : pathlib.Path
        For checkpoints, logs and caches; it exists when `fit` is called. A job that finds its own checkpoint
        there goes on from it, and then gives the same model as an unbroken one.
    samples : sequence of Condition
        Fixed conditions, from which frames are made before the first step and every `sample_every` steps.
    sample_every : int
        Steps; 0 for only before the first and after the last.
    on_samples : callable
    keep_checkpoints : int
        The last so many are kept.
    threads : int
        On a CPU.
    weights : WeightSource
    progress : callable
        Stage, done, of how much; the stage tells the loss.
    """

    train: LearningSet
    classes: Sequence[str]
    settings: Mapping[str, Any]
    seed: int
    folder: Path
    samples: Sequence[Condition] = ()
    sample_every: int = 0
    on_samples: SampleSink = no_samples
    keep_checkpoints: int = 2
    threads: int = 1
    weights: WeightSource = field(default_factory=WeightSource)
    progress: StepProgress = no_progress


@dataclass(frozen=True)
class TrainingPlan:
    """What a dry run tells before anything is trained.

    Attributes
    ----------
    n_parameters, n_trained : int
        All, and those that are trained.
    steps : int
        Optimiser steps, over all stages.
    batch_size : int
    memory_gib : float
        Estimated peak.
    seconds_a_step : float
        Measured over a few steps on this machine, weighted over stages.
    device : str
    stages : sequence of str
        In words, in order.
    notes : sequence of str
    """

    n_parameters: int
    n_trained: int
    steps: int
    batch_size: int
    memory_gib: float
    seconds_a_step: float
    device: str = "cpu"
    stages: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class GeneratorRecord:
    """What is known of a finished training.

    Attributes
    ----------
    steps : int
    n_parameters, n_trained : int
    seconds : float
        Over all parts of an interrupted training.
    history : sequence of (str, int, float)
        Stage, step, mean loss since the last entry.
    device : str
    notes : sequence of str
        What a reader of results should know, e.g. that a perceptual loss was off for want of weights.
    """

    steps: int
    n_parameters: int
    n_trained: int
    seconds: float
    history: Sequence[tuple[str, int, float]] = ()
    device: str = "cpu"
    notes: Sequence[str] = ()
