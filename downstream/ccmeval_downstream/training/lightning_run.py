"""Lightning's part of a training run: its trainer, made to the protocol's measure."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment

from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.books import Books
from ccmeval_downstream.training.checkpoint_io import SafeCheckpointIO
from ccmeval_downstream.training.lightning_task import SupervisedTask
from ccmeval_downstream.training.surroundings import fastest_device, quiet


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
        trainer = _trainer(books, job, settings)
        try:
            trainer.fit(task, ckpt_path=checkpoint, weights_only=True)
        except SystemExit:
            if trainer.received_sigterm:
                signal.raise_signal(signal.SIGTERM)
            if trainer.interrupted:  # Lightning turns Ctrl+C into an exit
                raise KeyboardInterrupt from None
            raise


def _trainer(books: Books, job: TrainingJob, settings: NetworkSettings) -> Trainer:
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
        sync_batchnorm=settings.devices > 1 and fastest_device().type == "cuda",
        benchmark=False,
    )


def _precision(settings: NetworkSettings) -> str:
    if settings.precision != "auto":
        return {"32": "32-true"}.get(settings.precision, settings.precision)
    able = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if able else "32-true"


def _loggers(job: TrainingJob, settings: NetworkSettings) -> list[Any]:
    job.folder.mkdir(parents=True, exist_ok=True)
    loggers: list[Any] = [CSVLogger(job.folder, name="logs", version="csv")]
    if settings.tensorboard:
        loggers.append(TensorBoardLogger(job.folder, name="logs", version="tensorboard"))
    return loggers
