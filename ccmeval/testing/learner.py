"""Whether a learner keeps its contract."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.errors import UnavailableError
from ccmeval.plugins import Learner, WeightSource, load
from ccmeval.testing.description import check_attributes, check_light, checked_settings
from ccmeval.testing.model import (
    ask,
    check_blindness,
    check_learnt,
    check_predictions,
    check_record,
    check_saved,
)
from ccmeval.testing.toy import toy_job, toy_test
from ccmeval.utility.learning import Task, TrainingJob

TASKS: tuple[Task, ...] = ("diagnosis", "segmentation")


def check_learner(
    learner: str | Learner,
    *,
    settings: Mapping[str, Any] | None = None,
    weights: WeightSource | None = None,
    size_px: int = 32,
    steps: int = 2,
    must_learn: bool = False,
) -> None:
    """Check that a learner keeps the contract :class:`ccmeval.plugins.Learner`, by training it on toy frames.

    Checked are its attributes and settings; that making one imports no heavy library; that it refuses tasks
    which it does not name; that predictions have the right shape and range, and depend on neither labels nor
    masks nor the other frames of a call; that the same job gives the same model whatever the state of the
    global random generators; that the job's frames stay as they were, and that no pickle is saved. Each task
    is trained twice.

    Parameters
    ----------
    learner : str or Learner
        The name of an entry point of the group ``ccmeval.learners``, or a learner.
    settings : mapping, optional
        Of the learner, to keep the test small; its defaults otherwise.
    weights : WeightSource, optional
        For a learner that cannot do without.
    size_px : int
        Side of the frames for diagnosis and of the crops for segmentation, whose frames are twice as large.
    steps : int
        Of each training run.
    must_learn : bool
        Also ask that, after `steps` steps, it tells the toy frames apart better than chance: a balanced
        accuracy of 0.5 for three diagnoses, an area under the ROC curve of 0.7 for nerve pixels.

    Raises
    ------
    AssertionError
        At the first breach, with a sentence.
    UnavailableError
        If the learner, a library or its weights are missing.

    Examples
    --------
    >>> check_learner("biomarker", must_learn=True)
    """
    made: Learner = load("ccmeval.learners", learner) if isinstance(learner, str) else learner
    check_attributes(made)
    check_light(made)
    complete = checked_settings(made, settings or {})
    identity = made.prepare(weights or WeightSource())
    ask(isinstance(identity, str) and bool(identity), "prepare() must give its identity as a text")
    again = made.prepare(weights or WeightSource())
    ask(identity == again, f"prepare() must give the same identity twice, not {identity!r} and {again!r}")
    for task in TASKS:
        with tempfile.TemporaryDirectory() as folder:
            job = toy_job(task, Path(folder) / "first", size_px=size_px, steps=steps, settings=complete)
            if task in made.tasks:
                _check_task(made, job, must_learn)
            else:
                _check_refusal(made, job)


def _check_refusal(learner: Learner, job: TrainingJob) -> None:
    try:
        learner.fit(job)
    except UnavailableError:
        return
    except Exception as error:
        raise AssertionError(
            f"A job of the task {job.task}, which it does not name, must be refused by UnavailableError, not"
            f" {type(error).__name__}: {error}."
        ) from error
    raise AssertionError(
        f"It does not name the task {job.task}, but trains for it; name it, or refuse the job."
    )


def _check_task(learner: Learner, job: TrainingJob, must_learn: bool) -> None:
    pool = job.train.pool
    before = pool.frames.copy()
    test = toy_test(pool)
    model = learner.fit(job)
    found = model.predict(test)
    check_predictions(found, job, test)
    check_blindness(model, found, test)
    check_record(model, job)
    check_saved(model, job.folder.parent / "saved")
    _disturb_randomness()
    again = learner.fit(replace(job, folder=job.folder.parent / "second")).predict(test)
    ask(
        np.array_equal(found, again),
        f"The same job ({job.task}) must give the same model, but predictions differ by up to"
        f" {np.abs(found - again).max():.2g}",
    )
    ask(np.array_equal(before, pool.frames), "fit() and predict() must not change the frames")
    if must_learn:
        check_learnt(found, job, test)


def _disturb_randomness() -> None:
    """Move the global generators on; a model may not hang on them."""
    random.random()  # noqa: S311
    np.random.random()  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.rand(1)
