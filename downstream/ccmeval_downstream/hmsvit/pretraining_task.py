"""Masked pretraining as Lightning runs it: the step, the optimiser, and what goes into a checkpoint."""

from __future__ import annotations

import time
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from ccmeval.training.checkpoints import LAST, STATE_KEY
from ccmeval.training.schedule import learning_rate_at
from ccmeval.training.steps import StepsFrom
from ccmeval.training.streams import stream_seed
from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.hmsvit.masked import MaskedAutoencoder, masked_error, targets_of
from ccmeval_downstream.hmsvit.samples import MaskedBatches
from ccmeval_downstream.hmsvit.sizes import HmsvitSettings
from ccmeval_downstream.training.augment import mirrored, turned

BOOKED_LOSSES = 20
"""Points of the curve of the training error that is kept."""

_SHOW_EVERY_S = 0.2


class PretrainingTask(LightningModule):  # type: ignore[misc]
    """A step: mirror and turn the frames, hide units, predict their pixels.

    Grey levels are not changed: standardising takes gain and offset away, and noise is what nobody can
    predict.
    """

    def __init__(
        self, network: MaskedAutoencoder, job: TrainingJob, settings: HmsvitSettings, first_step: int = 0
    ) -> None:
        super().__init__()
        self.network = network
        self._job, self._settings, self._first_step = job, settings, first_step

    def train_dataloader(self) -> Any:
        """Give the batches that are still to come, or this device's share of each."""
        rank, devices = self.trainer.global_rank, self.trainer.world_size
        batches = MaskedBatches(self._job, self._settings.mask_ratio, rank, devices)
        steps = StepsFrom(self._first_step, self._job.steps)
        return DataLoader(batches, batch_size=None, sampler=steps, generator=torch.Generator())

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> torch.Tensor:
        """Give the mean error of a batch; randomness comes from the seed and the step alone."""
        step, rank, seed = batch["step"], self.trainer.global_rank, self._job.seed
        generator = torch.Generator().manual_seed(stream_seed(seed, "augmentation", step, rank))
        torch.manual_seed(stream_seed(seed, "network", step, rank))
        augmentation = self._settings.augmentation
        frames = turned(mirrored(batch["frames"], augmentation, generator), augmentation, generator)
        predicted = self.network(frames, batch["keep"]).float()
        return masked_error(predicted, targets_of(frames), batch["keep"]).mean()

    def configure_optimizers(self) -> Any:
        """Make AdamW with MAE's momenta (He et al., table 8); vectors and positions do not decay."""
        settings, steps = self._settings, self._job.steps
        named = list(self.network.named_parameters())
        spared = {name for name, value in named if value.ndim < 2 or "pos_embed" in name or "token" in name}
        groups = [
            {
                "params": [value for name, value in named if name not in spared],
                "weight_decay": settings.weight_decay,
            },
            {"params": [value for name, value in named if name in spared], "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.95))
        rate = LambdaLR(
            optimiser,
            lambda step: learning_rate_at(
                min(step, steps - 1),
                steps,
                settings.pretrain_learning_rate,
                0.0,
                settings.pretrain_warmup_share,
            ),
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rate, "interval": "step"}}


class PretrainingBooks(Callback):  # type: ignore[misc]
    """Books the training error, shows progress and writes checkpoints; its state lies in each of them."""

    state_key = STATE_KEY

    def __init__(self, job: TrainingJob, settings: HmsvitSettings, job_hash: str) -> None:
        self._job, self._settings = job, settings
        self._every = max(-(-job.steps // BOOKED_LOSSES), 1)
        self._saved, self._shown = time.monotonic(), 0.0
        self.state: dict[str, Any] = {"job": job_hash, "step": 0, "sum": 0.0, "count": 0, "curve": []}

    def state_dict(self) -> dict[str, Any]:
        """Give what a resumed run must know."""
        return dict(self.state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the books of an interrupted run."""
        self.state = {name: state_dict[name] for name in self.state}

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Book a step; write a checkpoint when it is time."""
        step = trainer.global_step
        self._book(trainer, step, float(outputs["loss"].detach()))
        self._show(step)
        due = time.monotonic() - self._saved >= self._settings.checkpoint_every_s
        due = bool(trainer.strategy.broadcast(due)) if trainer.world_size > 1 else due
        if due or step >= self._job.steps:
            trainer.save_checkpoint(self._job.folder / LAST)
            self._saved = time.monotonic()
        if trainer.received_sigterm:
            raise SystemExit(143)

    def _book(self, trainer: Any, step: int, loss: float) -> None:
        state = self.state
        state.update(step=step, sum=state["sum"] + loss, count=state["count"] + 1)
        if step % self._every and step < self._job.steps:
            return
        mean = state["sum"] / state["count"]
        state.update(sum=0.0, count=0, curve=[*state["curve"], [step, mean]])
        for logger in trainer.loggers:
            logger.log_metrics({"training_error": mean}, step)
            logger.save()

    def _show(self, step: int) -> None:
        now = time.monotonic()
        if now - self._shown >= _SHOW_EVERY_S or step == self._job.steps:
            self._shown = now
            self._job.progress("Pretraining hmsvit", step, self._job.steps)
