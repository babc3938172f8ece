"""What a learner is given and what it gives back: the data types of the contract `Learner`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import FloatArray

Task = Literal["diagnosis", "segmentation"]
Selection = Literal["validation-loss", "last"]

StepProgress = Callable[[str, int, int], None]
"""Called with the words of a stage, steps done, and of how many."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class FramePool:
    """All frames of a task at one shape and scale; may lie in a file, mapped into memory.

    Attributes
    ----------
    frames : float array (M, S, S), in [0, 1]
        float16 as a rule: a learner converts the few that it needs.
    pixel_size_um : float
        Side of a pixel of `frames`.
    masks : uint8 array (M, S, S) or None
        How much of each pixel is nerve, 255 for all of it; rows without a mask are zero.
    biomarkers : float array (M, K)
        NaN where one is undefined; K may be 0.
    biomarker_names : sequence of str
        Of the K columns.
    names : sequence of str
        Of the M frames, for messages.
    """

    frames: npt.NDArray[Any]
    pixel_size_um: float
    masks: npt.NDArray[np.uint8] | None = None
    biomarkers: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    biomarker_names: Sequence[str] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True)
class LearningSet:
    """Frames to train on or to predict: rows of a pool, of which some may repeat.

    Attributes
    ----------
    pool : FramePool
    rows : int array (N,)
        Indices into the pool; a repeated frame stands several times.
    labels : int array (N,)
        Index of each frame's diagnosis among the job's classes; -1 where it has none.
    weights : float array (N,)
        Weight of each frame's loss; their mean is 1.
    """

    pool: FramePool
    rows: npt.NDArray[np.intp]
    labels: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.rows.size)

    def frame(self, index: int) -> FloatArray:
        """Give frame `index` of the set as float32 (S, S)."""
        return np.asarray(self.pool.frames[self.rows[index]], dtype=np.float32)

    def coverage(self, index: int) -> FloatArray:
        """Give how much of each pixel of frame `index` is nerve, as float32 (S, S) in [0, 1].

        Raises
        ------
        ValueError
            If the pool has no masks.
        """
        if self.pool.masks is None:
            raise ValueError("These frames have no masks.")
        return np.asarray(self.pool.masks[self.rows[index]], dtype=np.float32) / np.float32(255.0)

    def biomarkers(self) -> npt.NDArray[np.float64]:
        """Give the biomarkers of the set's frames, (N, K)."""
        return np.asarray(self.pool.biomarkers[self.rows], dtype=np.float64)


def learning_set(
    pool: FramePool,
    rows: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> LearningSet:
    """Make a set of rows of a pool.

    Parameters
    ----------
    pool : FramePool
    rows : array-like of int (N,)
    labels : array-like of int (N,), optional
        Of the rows; -1 each by default.
    weights : array-like of float (N,), optional
        Of the rows; scaled to a mean of 1. Equal by default.

    Examples
    --------
    >>> pool = FramePool(np.zeros((3, 8, 8), np.float16), 2.0)
    >>> found = learning_set(pool, [0, 2, 2], [0, 1, 1], [1, 2, 3])
    >>> len(found), found.weights.tolist(), found.frame(1).dtype.name
    (3, [0.5, 1.0, 1.5], 'float32')
    """
    chosen = np.asarray(rows, dtype=np.intp).ravel()
    known = np.full(chosen.size, -1) if labels is None else np.asarray(labels).ravel()
    given = np.ones(chosen.size) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if not chosen.size == known.size == given.size:
        raise ValueError("Rows, labels and weights must be equally many.")
    if chosen.size and given.sum() > 0:
        given = given / given.mean()
    return LearningSet(pool, chosen, known.astype(np.intp), given)


@dataclass(frozen=True)
class TrainingJob:
    """One training run: what to learn from, for how long, and where its checkpoints lie.

    Attributes
    ----------
    task : {"diagnosis", "segmentation"}
    classes : sequence of str
        Diagnoses in the order of the labels; empty for segmentation.
    train, validation : LearningSet
        The validation frames are real ones in every group, and serve only to choose among the
        `evaluations` states of the model that are looked at.
    steps : int
        Optimiser steps, no more and no fewer unless the learner's settings ask for early stopping.
    batch_size : int
        Frames (or crops) a step.
    size_px : int
        Side of what the network sees: for diagnosis the side of the pool's frames, for segmentation that
        of a crop; prediction covers the whole frame in both.
    seed : int
        Of weights, order and augmentation; the same job gives the same model.
    evaluations : int
        How often, evenly spread, the validation frames are scored; the last time after the last step.
    selection : {"validation-loss", "last"}
        Which of those states is kept.
    folder : pathlib.Path
        For checkpoints and logs. A job that finds its own checkpoint there goes on from it.
    settings : mapping
        The learner's own, complete and checked by its `settings_model`.
    threads : int
        Threads that this job may use on a CPU.
    progress : callable
    """

    task: Task
    classes: Sequence[str]
    train: LearningSet
    validation: LearningSet
    steps: int
    batch_size: int
    size_px: int
    seed: int
    folder: Path
    evaluations: int = 8
    selection: Selection = "validation-loss"
    settings: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    progress: StepProgress = no_progress


@dataclass(frozen=True)
class TrainingRecord:
    """What is known of a finished training run.

    Attributes
    ----------
    steps : int
        Done.
    best_step : int
        After which the kept state was reached.
    n_parameters : int
        Trainable ones; 0 where the word means nothing.
    seconds : float
        Of training, over all parts of an interrupted run.
    validation_loss : float
        Of the kept state; NaN where there was none.
    history : sequence of (int, float, float)
        Step, mean training loss since the last evaluation, validation loss.
    device : str
        On which it ran, e.g. "cpu" or the name of a GPU.
    notes : sequence of str
    """

    steps: int
    best_step: int
    n_parameters: int
    seconds: float
    validation_loss: float = float("nan")
    history: Sequence[tuple[int, float, float]] = ()
    device: str = "cpu"
    notes: Sequence[str] = ()
