"""Train a network for a job of pillar 3: Lightning does the steps, the protocol decides how many."""

from __future__ import annotations

import dataclasses
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from torch import nn

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.training.checkpoints import find_checkpoint, remove_checkpoints
from ccmeval.training.streams import stream_seed
from ccmeval.training.surroundings import (
    fastest_device,
    own_randomness,
    repeatable,
    with_threads,
)
from ccmeval.utility.learning import TrainingJob, TrainingRecord, no_progress
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.checks import check_job
from ccmeval_downstream.training.identity import job_hash
from ccmeval_downstream.training.trained import TrainedNetwork, load_network, read_card

if TYPE_CHECKING:
    from ccmeval_downstream.network_learner import NetworkLearner

FINISHED = "finished"
"""Folder, within the job's, of the model of a job that is done."""


def fit_network(learner: NetworkLearner, job: TrainingJob) -> TrainedNetwork:
    """Train a network, or go on with the training that an interruption ended.

    The batch of a step, its augmentation and the network's own randomness depend on the seed and the
    number of the step only, and a checkpoint holds everything else: on a CPU a run that was killed and
    picked up gives the same weights, bit for bit, as an unbroken one with the same number of threads.

    Parameters
    ----------
    learner : NetworkLearner
        Builds the network.
    job : TrainingJob
        Its `folder` holds ``last.ckpt`` and ``previous.ckpt`` while the job is under way, the model in
        ``finished/`` afterwards, and the logs; it may be deleted once the model is no longer wanted.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    UnavailableError
        If the job cannot be done here.

    Notes
    -----
    AdamW with decay on matrices only; the rate rises linearly and falls as a cosine by step; validation is
    scored ``job.evaluations`` times, and the state of the lowest loss (or the last) is kept.
    """
    settings = learner.settings_model.model_validate(dict(job.settings))
    assert isinstance(settings, NetworkSettings)
    check_job(job, settings, learner.name)
    with ExitStack() as stack:
        stack.enter_context(with_threads(job.threads))
        stack.enter_context(own_randomness(stream_seed(job.seed, "weights")))
        stack.enter_context(repeatable())
        network = learner.build(job, settings)
        label = f"{learner.name} {learner.version}"
        job_id = job_hash(job, settings.model_dump(mode="json"), label, network)
        model = _finished(learner, job, job_id) or _train(learner, network, job, settings, job_id)
    remove_checkpoints(job.folder)
    return model


def _finished(learner: NetworkLearner, job: TrainingJob, job_id: str) -> TrainedNetwork | None:
    """Load the model of a job that was already done, if its folder holds it."""
    folder = job.folder / FINISHED
    try:
        if read_card(folder).get("job") != job_id:
            return None
        return dataclasses.replace(load_network(folder, learner, job.threads), job=job)
    except CcmevalError:  # none, or a damaged one: the job is done anew
        return None


def _train(
    learner: NetworkLearner,
    network: nn.Module,
    job: TrainingJob,
    settings: NetworkSettings,
    job_id: str,
) -> TrainedNetwork:
    from ccmeval_downstream.training.books import Books
    from ccmeval_downstream.training.lightning_run import run_steps
    from ccmeval_downstream.training.lightning_task import SupervisedTask

    started = time.monotonic()
    n_parameters = sum(value.numel() for value in network.parameters() if value.requires_grad)
    if not n_parameters:
        raise UnavailableError(f"{learner.name} has no parameter left to train with these settings.")
    found = find_checkpoint(job.folder, job_id)
    inside = job if settings.devices == 1 else dataclasses.replace(job, progress=no_progress)
    books = Books(inside, settings, job_id, learner.name, started)
    books.note(*found.notes)
    if found.path is None:
        books.note(*learner.before_training(network, job, settings))
    if not found.state.get("finished", False):
        task = SupervisedTask(network, inside, settings, found.state.get("step", 0))
        run_steps(task, books, job, settings, found.path)
    device = fastest_device()
    kept = find_checkpoint(job.folder, job_id).state
    network.load_state_dict(kept["best"])
    model = TrainedNetwork(
        network.to(device), device, _record(kept, n_parameters), learner.name, learner.version, job
    )
    model.keep(job.folder / FINISHED, job_id)
    return model


def _record(state: dict[str, Any], n_parameters: int) -> TrainingRecord:
    return TrainingRecord(
        steps=state["step"],
        best_step=state["best_step"],
        n_parameters=n_parameters,
        seconds=state["seconds"],
        validation_loss=state["best_loss"],
        history=tuple(tuple(row) for row in state["history"]),
        device=state["device"],
        notes=tuple(state["notes"]),
    )
