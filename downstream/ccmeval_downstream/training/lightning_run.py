"""Lightning's part of a training run: its trainer, made to the protocol's measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment

from ccmeval.training.checkpoint_io import SafeCheckpointIO
from ccmeval.training.lightning_run import precision_name, run_trainer
from ccmeval.training.surroundings import fastest_device, quiet
from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.books import Books
from ccmeval_downstream.training.lightning_task import SupervisedTask


def run_steps(
    task: SupervisedTask, books: Books, job: TrainingJob, settings: NetworkSettings, checkpoint: Path | None
) -> None:
    """Let Lightning do the steps that are left; what it knows afterwards lies in the last checkpoint.

    Raises
    ------
    KeyboardInterrupt
        If the user stopped it, as without Lightning.
    """
    with quiet():
        run_trainer(_trainer(books, job, settings), task, checkpoint)


def _trainer(books: Books, job: TrainingJob, settings: NetworkSettings) -> Trainer:
    return Trainer(
        accelerator="auto",
        devices=settings.devices,
        # Spawned, not started by the command line again: the command shares out units of work itself.
        strategy="ddp_spawn" if settings.devices > 1 else "auto",
        # A job of a cluster is not taken for one process of a run over several: each does its own units.
        plugins=[LightningEnvironment(), SafeCheckpointIO()],
        precision=precision_name(settings.precision),
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
        sync_batchnorm=settings.devices > 1 and fastest_device().type == "cuda",
        benchmark=False,
    )


def _loggers(job: TrainingJob, settings: NetworkSettings) -> list[Any]:
    job.folder.mkdir(parents=True, exist_ok=True)
    loggers: list[Any] = [CSVLogger(job.folder, name="logs", version="csv")]
    if settings.tensorboard:
        loggers.append(TensorBoardLogger(job.folder, name="logs", version="tensorboard"))
    return loggers
