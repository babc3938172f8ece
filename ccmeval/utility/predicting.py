"""What a trained model says of frames, checked, and for segmentation turned into counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccmeval.errors import CcmevalError
from ccmeval.utility.learning import FramePool, StepProgress, learning_set
from ccmeval.utility.outcomes import COUNTS

if TYPE_CHECKING:
    from ccmeval.plugins import TrainedModel
    from ccmeval.utility.truths import Truths

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

DIAGNOSIS_CHUNK = 64
SEGMENTATION_CHUNK = 8
"""Frames that are predicted at a time."""

_SUM_TOLERANCE = 1e-3
"""By which probabilities in single precision may miss a sum of 1, or the borders of [0, 1]."""


class RubbishError(CcmevalError):
    """A model's prediction that is none; the unit fails, and its sentence says why."""


def class_probabilities(
    model: TrainedModel, pool: FramePool, rows: Rows, n_classes: int, progress: StepProgress
) -> Floats:
    """Give the probability of each diagnosis.

    Parameters
    ----------
    model : TrainedModel
    pool : FramePool
    rows : int array (N,)
    n_classes : int
        C.
    progress : callable

    Returns
    -------
    float64 array (N, C)

    Raises
    ------
    RubbishError
        If the model gives anything but N distributions over C classes.
    """
    found = np.empty((rows.size, n_classes))
    for part, given in _predictions(model, pool, rows, DIAGNOSIS_CHUNK, progress):
        checked = _checked(given, (part.stop - part.start, n_classes))
        misses = np.abs(checked.sum(axis=1) - 1.0)
        if misses.size and misses.max() > _SUM_TOLERANCE:
            worst = int(misses.argmax())
            raise RubbishError(
                f"The model's probabilities of {_name(pool, int(rows[part][worst]))} sum to"
                f" {checked[worst].sum():.4g} instead of 1."
            )
        found[part] = checked
    return found


def nerve_counts(
    model: TrainedModel,
    pool: FramePool,
    rows: Rows,
    truths: Truths,
    tolerance_um: float,
    progress: StepProgress,
) -> Floats:
    """Count what a segmenter found in frames, against their true masks at the native scale.

    Parameters
    ----------
    model : TrainedModel
    pool : FramePool
    rows : int array (N,)
    truths : Truths
        Of the rows, at their native scale.
    tolerance_um : float
        Within which a centre line counts as found.
    progress : callable

    Returns
    -------
    float64 array (N, K)
        In the order of :data:`ccmeval.utility.outcomes.COUNTS`.

    Raises
    ------
    RubbishError
        If the model gives anything but N maps of probabilities.
    """
    from ccmeval.utility.segmentation_counts import count_prediction, upsample

    found = np.empty((rows.size, len(COUNTS)))
    for part, given in _predictions(model, pool, rows, SEGMENTATION_CHUNK, progress):
        maps = _maps(given, pool, rows[part])
        for index, row, probability in zip(range(part.start, part.stop), rows[part], maps, strict=True):
            truth = truths.masked(int(row), tolerance_um)
            found[index] = count_prediction(upsample(probability, truth.mask.shape), truth)
    return found


def example_maps(model: TrainedModel, pool: FramePool, rows: Rows) -> npt.NDArray[np.uint8]:
    """Give a segmenter's probabilities of a few frames, (N, S, S), 255 for 1."""
    maps = [
        np.rint(_maps(given, pool, rows[part]) * 255.0).astype(np.uint8)
        for part, given in _predictions(model, pool, rows, SEGMENTATION_CHUNK, lambda *_: None)
    ]
    return np.concatenate(maps) if maps else np.empty((0, *pool.frames.shape[1:]), dtype=np.uint8)


def _predictions(
    model: TrainedModel, pool: FramePool, rows: Rows, chunk: int, progress: StepProgress
) -> Iterator[tuple[slice, Any]]:
    """Ask for a few frames at a time, without their labels and masks."""
    blind = FramePool(
        pool.frames, pool.pixel_size_um, None, pool.biomarkers, pool.biomarker_names, pool.names
    )
    for start in range(0, rows.size, chunk):
        part = slice(start, min(start + chunk, rows.size))
        yield part, model.predict(learning_set(blind, rows[part]))
        progress("predicting", part.stop, rows.size)


def _maps(given: Any, pool: FramePool, rows: Rows) -> Floats:
    return _checked(given, (rows.size, *pool.frames.shape[1:]))


def _checked(given: Any, shape: tuple[int, ...]) -> Floats:
    """Give probabilities as float64, those that rounding moved over a border back on it."""
    raw = np.asarray(given)
    if raw.dtype.kind not in "fiub":
        raise RubbishError(f"The model predicts values of type {raw.dtype} instead of numbers.")
    if raw.shape != shape:
        raise RubbishError(f"The model's prediction has the shape {raw.shape} instead of {shape}.")
    values = raw.astype(np.float64)
    if not np.isfinite(values).all():
        raise RubbishError("The model predicts values that are not finite; its training may have diverged.")
    if values.size and not (values.min() >= -_SUM_TOLERANCE and values.max() <= 1.0 + _SUM_TOLERANCE):
        raise RubbishError(
            f"The model's probabilities reach from {values.min():.4g} to {values.max():.4g} instead of"
            " staying between 0 and 1."
        )
    clipped: Floats = np.clip(values, 0.0, 1.0)
    return clipped


def _name(pool: FramePool, row: int) -> str:
    return str(pool.names[row]) if len(pool.names) else f"frame {row}"
