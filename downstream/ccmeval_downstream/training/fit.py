"""Train a network for a job of pillar 3: Lightning does the steps, the protocol decides how many."""

from __future__ import annotations

import dataclasses
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.utility.learning import TrainingJob, TrainingRecord
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.checks import check_job
from ccmeval_downstream.training.identity import job_hash
from ccmeval_downstream.training.streams import stream_seed
from ccmeval_downstream.training.surroundings import own_randomness, quiet, repeatable, with_threads
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
    started = time.monotonic()
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
        done = _finished(learner, job, job_id)
        return done or _train(learner, network, job, settings, job_id, started)


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
    started: float,
) -> TrainedNetwork:
    from ccmeval_downstream.training.books import STATE_KEY, Books
    from ccmeval_downstream.training.checkpoints import find_checkpoint, remove_checkpoints
    from ccmeval_downstream.training.lightning_task import SupervisedTask

    n_parameters = sum(value.numel() for value in network.parameters() if value.requires_grad)
    if not n_parameters:
        raise UnavailableError(f"{learner.name} has no parameter left to train with these settings.")
    found = find_checkpoint(job.folder, job_id, STATE_KEY)
    books = Books(job, settings, job_id, learner.name, started)
    books.note(*found.notes)
    if found.path is None:
        books.note(*learner.before_training(network, job, settings))
    device = torch.device("cpu")
    if not found.state.get("finished", False):
        task = SupervisedTask(network, job, settings, found.state.get("step", 0))
        device = _run(task, books, job, settings, found.path)
    kept = find_checkpoint(job.folder, job_id, STATE_KEY).state
    network.load_state_dict(kept["best"])
    model = TrainedNetwork(
        network.to(device), device, _record(kept, n_parameters), learner.name, learner.version, job
    )
    model.keep(job.folder / FINISHED, job_id)
    remove_checkpoints(job.folder)
    return model


def _run(
    task: Any, books: Any, job: TrainingJob, settings: NetworkSettings, checkpoint: Path | None
) -> torch.device:
    """Let Lightning do the steps; hand on what would have ended the process."""
    try:
        with quiet():
            trainer = _trainer(books, job, settings)
            trainer.fit(task, ckpt_path=checkpoint, weights_only=True)
    except SystemExit:
        if trainer.received_sigterm:
            signal.raise_signal(signal.SIGTERM)
        if trainer.interrupted:  # Lightning turns Ctrl+C into an exit
            raise KeyboardInterrupt from None
        raise
    device: torch.device = trainer.strategy.root_device
    return device


def _trainer(books: Any, job: TrainingJob, settings: NetworkSettings) -> Any:
    from lightning.pytorch import Trainer
    from lightning.pytorch.plugins.environments import LightningEnvironment

    from ccmeval_downstream.training.checkpoints import SafeCheckpointIO

    return Trainer(
        accelerator="auto",
        devices=settings.devices,
        # Spawned, not started by the command line again: the command shares out units of work itself.
        strategy="ddp_spawn" if settings.devices > 1 else "auto",
        # A job of a cluster is not taken for one process of a run over several: each does its own units.
        plugins=[LightningEnvironment(), SafeCheckpointIO()],
        precision=_precision(settings),
        max_steps=job.steps,
        max_epochs=-1,
        gradient_clip_val=settings.gradient_clip or None,
        logger=_loggers(job, settings),
        callbacks=[books],
        default_root_dir=job.folder,
        num_sanity_val_steps=0,
        log_every_n_steps=job.steps + 1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        benchmark=False,
    )


def _precision(settings: NetworkSettings) -> str:
    if settings.precision != "auto":
        return {"32": "32-true"}.get(settings.precision, settings.precision)
    able = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if able else "32-true"


def _loggers(job: TrainingJob, settings: NetworkSettings) -> list[Any]:
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    job.folder.mkdir(parents=True, exist_ok=True)
    loggers: list[Any] = [CSVLogger(job.folder, name="logs", version="csv")]
    if settings.tensorboard:
        loggers.append(TensorBoardLogger(job.folder, name="logs", version="tensorboard"))
    return loggers


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
