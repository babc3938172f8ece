"""One stage of a training: its cache, its beginning, and Lightning's trainer for its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.plugins.environments import LightningEnvironment
from torch import nn

from ccmeval.generation.conditions import GeneratorJob
from ccmeval.training.checkpoint_io import SafeCheckpointIO
from ccmeval.training.lightning_run import precision_name, run_trainer
from ccmeval.training.surroundings import fastest_device, quiet
from ccmeval_generators.settings import GeneratorNetworkSettings
from ccmeval_generators.training.batches import FrameSource, first_epoch
from ccmeval_generators.training.cache import build_cache, cache_key
from ccmeval_generators.training.modes import looking_on
from ccmeval_generators.training.orientation import orientations
from ccmeval_generators.training.stage import Stage
from ccmeval_generators.training.state import State
from ccmeval_generators.training.task import StageTask


@dataclass(frozen=True)
class StageRun:
    """A stage with all that its run needs.

    Attributes
    ----------
    stage : Stage
    number : int
    networks : torch.nn.ModuleDict
        As they were at the checkpoint, if there is one.
    job : GeneratorJob
    settings : GeneratorNetworkSettings
    state : dict
        Books of the training; its stage is this one.
    """

    stage: Stage
    number: int
    networks: nn.ModuleDict
    job: GeneratorJob
    settings: GeneratorNetworkSettings
    state: State

    def prepared(self) -> FrameSource:
        """Cache what is frozen and let the stage begin; gives the frames that it learns from."""
        settings, stage, device = self.settings, self.stage, fastest_device()
        in_use = orientations(settings.flip, settings.rotate)
        source = FrameSource(stage.frames(self.job.train), self.job.seed, self.number, in_use)
        first = self.state["stage_step"] == 0
        if not stage.caches and not first:
            return source
        self._move(device)
        with looking_on(self.networks):
            if stage.caches:
                source = replace(source, caches=self._caches(source, device))
            if first:
                stage.begin(first_epoch(source, stage.batch_size, device))
        self._move(torch.device("cpu"))
        return source

    def run(self, source: FrameSource, books: Callback, checkpoint: Path | None, last_step: int) -> None:
        """Do the steps that are left, up to `last_step`."""
        task = StageTask(
            self.networks, self.stage, source, self.settings, self.state["stage_step"], last_step
        )
        with quiet():
            trainer = _trainer(books, self.job, self.settings)
            run_trainer(trainer, task, checkpoint)

    def _caches(self, source: FrameSource, device: torch.device) -> Mapping[str, Any]:
        key = self.state["cache_key"] or cache_key(self.state["job"], self.networks, self.stage)
        self.state["cache_key"] = key
        words = f"Caching what stage {self.stage.name} reads"
        name = self.stage.cache_name or f"{self.number}-{self.stage.name}"
        folder = self.job.folder / "caches" / name
        return build_cache(
            folder, key, self.stage, source, device, lambda done, of: self.job.progress(words, done, of)
        )

    def _move(self, device: torch.device) -> None:
        self.networks.to(device)
        for helper in self.stage.helpers().values():
            helper.to(device)


def _trainer(books: Callback, job: GeneratorJob, settings: GeneratorNetworkSettings) -> Trainer:
    return Trainer(
        accelerator="auto",
        devices=settings.devices,
        # Spawned, not started by the command line again, which would do its work once a device.
        strategy="ddp_spawn" if settings.devices > 1 else "auto",
        plugins=[LightningEnvironment(), SafeCheckpointIO(previous=None)],
        precision=precision_name(settings.precision),
        max_epochs=-1,  # the books stop the trainer after the last step
        logger=_loggers(job, settings),
        callbacks=[books],
        default_root_dir=job.folder,
        num_sanity_val_steps=0,
        log_every_n_steps=np.iinfo(np.int32).max,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        sync_batchnorm=settings.devices > 1 and fastest_device().type == "cuda",
        benchmark=False,
    )


def _loggers(job: GeneratorJob, settings: GeneratorNetworkSettings) -> Any:
    if not settings.tensorboard:
        return False
    from lightning.pytorch.loggers import TensorBoardLogger

    return [TensorBoardLogger(job.folder, name="logs", version="tensorboard")]
