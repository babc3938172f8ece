"""Pretraining of a learner on unlabelled frames of any folder, subjects held out to measure it on."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ccmeval.cohort import Record, load_cohort
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.plugins import WeightSource, load
from ccmeval.utility.learning import FramePool, LearningSet, StepProgress, learning_set, no_progress
from ccmeval.utility.pretraining_frames import UNUSABLE, Squares, hold_out, read_squares, write_parts

if TYPE_CHECKING:
    from pydantic import BaseModel

DEFAULT_STEPS = 2_000
"""Where neither the command line nor a file says."""

FRAMES_FILE = "frames.csv"
"""What each frame served for. Whoever tests a model that began with these weights needs it."""


@runtime_checkable
class PretrainingLearner(Protocol):
    """A learner that can also learn from frames without labels; optional in ``ccmeval.learners``.

    Its settings have `pretrain_steps`, `pretrain_batch_size` and `size`.
    """

    settings_model: type[BaseModel]

    def prepare(self, weights: WeightSource) -> str:
        """See :meth:`ccmeval.plugins.Learner.prepare`."""
        ...

    def pretrain(
        self,
        frames: LearningSet,
        held_out: LearningSet,
        out: Path,
        *,
        size_px: int,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        threads: int = 1,
        progress: StepProgress = no_progress,
    ) -> Mapping[str, Any]:
        """Learn from frames, write weights to `out` that ``--weights NAME=OUT`` takes up, and tell about it.

        Returns
        -------
        mapping
            At least `sentence`, which tells how well, and `weights`, the name of the file.
        """
        ...


@dataclass(frozen=True)
class Pretrained:
    """What came of a pretraining.

    Attributes
    ----------
    told : mapping
        The learner's own account.
    n_train, n_held_out, n_unusable : int
        Frames.
    notes : tuple of str
        What a user should know.
    """

    told: Mapping[str, Any]
    n_train: int
    n_held_out: int
    n_unusable: int
    notes: tuple[str, ...]


def load_pretrainer(name: str) -> PretrainingLearner:
    """Load a learner that can be pretrained.

    Raises
    ------
    UnavailableError
        If there is none of that name, or it cannot.
    """
    learner = load("ccmeval.learners", name)
    if not isinstance(learner, PretrainingLearner):
        raise UnavailableError(
            f"The learner {name!r} has no pretraining on unlabelled frames; choose another, such as hmsvit."
        )
    return learner


def pretrain_on(
    frames: Path,
    out: Path,
    *,
    learner: str = "hmsvit",
    size_px: int = 96,
    frame_px: int | None = None,
    held_out_share: float = 0.1,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    weights: Mapping[str, str] | None = None,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    subject_pattern: str | None = None,
    threads: int = 1,
    progress: StepProgress = no_progress,
) -> Pretrained:
    """Pretrain a learner on the frames of a folder or manifest; run again, it goes on where it stopped.

    Of each frame the largest square in its middle is brought to `frame_px`. Frames of one subject are all
    learnt from or all held out.

    Parameters
    ----------
    frames : pathlib.Path
        As for :func:`ccmeval.cohort.load_cohort`.
    out : pathlib.Path
    learner : str
    size_px : int
        Side of what the network sees.
    frame_px : int, optional
        Side that frames are brought to, out of which `size_px` are cut at random; `size_px` by default.
    held_out_share : float
        Of the subjects; the error is measured on their frames.
    seed : int
    settings : mapping, optional
        The learner's own.
    weights : mapping of str to str, optional
        To begin with, by learner.
    pixel_size_um, field_of_view_um, subject_pattern
        As everywhere, for frames of which nothing else tells.
    threads : int
    progress : callable

    Returns
    -------
    Pretrained

    Raises
    ------
    CcmevalError
        If no frame can be used, or there are too few subjects to hold one out.
    UnavailableError
        If the learner cannot be pretrained, or not here.
    """
    model = load_pretrainer(learner)
    model.prepare(WeightSource(dict(weights or {})))
    side = size_px if frame_px is None else frame_px
    if side < size_px:
        raise CcmevalError(f"--frame-px {side} is smaller than --size-px {size_px}, which is cut from it.")
    cohort = load_cohort(frames, subject_pattern=subject_pattern)
    records = tuple(cohort.records)
    scale = {"pixel_size_um": pixel_size_um, "field_of_view_um": field_of_view_um}
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out) as file:
        found = read_squares(records, side, file, progress, **scale)
        parts = _parts_of(records, found, held_out_share, seed)
        pool = FramePool(found.frames, float(np.nanmedian(found.pixel_sizes_um)))
        train, held_out = (
            learning_set(pool, np.flatnonzero(parts == part)) for part in ("train", "held-out")
        )
        told = model.pretrain(
            train,
            held_out,
            out,
            size_px=size_px,
            seed=seed,
            settings=settings,
            threads=threads,
            progress=progress,
        )
    write_parts(out / FRAMES_FILE, records, parts, found)
    n_unusable = int(np.sum(parts == UNUSABLE))
    return Pretrained(told, len(train), len(held_out), n_unusable, (*cohort.notes, *found.notes(records)))


def _parts_of(
    records: Sequence[Record], found: Squares, held_out_share: float, seed: int
) -> npt.NDArray[np.str_]:
    """Say of each frame what it serves for."""
    usable = [index for index, reason in enumerate(found.reasons) if not reason]
    if not usable:
        raise CcmevalError(f"None of the {len(records)} frames can be used; the first: {found.reasons[0]}")
    parts = np.full(len(records), UNUSABLE)
    is_held_out = hold_out([records[index] for index in usable], held_out_share, seed)
    parts[usable] = np.where(is_held_out, "held-out", "train")
    return parts
