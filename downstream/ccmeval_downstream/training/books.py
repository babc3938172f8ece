"""The callback that keeps a run's books: evaluations, the state to keep, checkpoints, progress."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from lightning.pytorch import Callback

from ccmeval.training.checkpoints import LAST, STATE_KEY
from ccmeval.training.lightning_run import STOPPED
from ccmeval.training.schedule import evaluation_steps
from ccmeval.training.surroundings import device_name
from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.prediction import validation_loss
from ccmeval_downstream.training.targets import SegmentationTargets

SHOW_EVERY_S = 0.2


class Books(Callback):  # type: ignore[misc]
    """Scores validation, keeps the state that the job selects, and writes checkpoints.

    All that it knows of the run is in its state, which lies in every checkpoint.
    """

    def __init__(
        self, job: TrainingJob, settings: NetworkSettings, job_hash: str, name: str, started: float
    ) -> None:
        self._job, self._settings, self._name = job, settings, name
        self._due = frozenset(evaluation_steps(job.steps, job.evaluations))
        tubes = settings.loss.skeleton_recall > 0.0
        whole = job.task == "segmentation" and len(job.validation) > 0
        self._targets = SegmentationTargets(job.validation, tubes) if whole else None
        self._started, self._saved, self._shown = started, time.monotonic(), -math.inf
        self._loss_sum: Any = 0.0
        self._state: dict[str, Any] = {
            "job": job_hash,
            "step": 0,
            "loss_count": 0,
            "best_step": 0,
            "best_loss": math.nan,
            "best": {},
            "lowest": math.inf,
            "stale": 0,
            "history": [],
            "seconds_before": 0.0,
            "device": "cpu",
            "notes": [],
            "finished": False,
        }

    @property
    def state_key(self) -> str:
        """Name the state in checkpoints."""
        return STATE_KEY

    def note(self, *sentences: str) -> None:
        """Add sentences to the record."""
        self._state["notes"] = [*self._state["notes"], *sentences]

    def state_dict(self) -> dict[str, Any]:
        """Give everything that a resumed run must know."""
        return {**self._state, "loss_sum": torch.as_tensor(self._loss_sum).cpu(), "seconds": self._seconds()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the books of an interrupted run."""
        notes = [*state_dict["notes"], *self._state["notes"]]
        self._state = {name: state_dict[name] for name in self._state}
        self._state.update(notes=notes, seconds_before=state_dict["seconds"])
        self._loss_sum = state_dict["loss_sum"]

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin the logs anew, with what an interrupted run had written up to its checkpoint."""
        self._state["device"] = device_name(trainer.strategy.root_device)
        self._loss_sum = torch.as_tensor(self._loss_sum, dtype=torch.float32).to(pl_module.device)
        for step, training, validation in self._state["history"]:
            self._log(trainer, step, training, validation)

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Book the step; score validation and write a checkpoint when it is time."""
        step = trainer.global_step
        self._state["step"] = step
        self._loss_sum = self._loss_sum + outputs["loss"].detach()
        self._state["loss_count"] += 1
        if trainer.is_global_zero:
            self._show(step)
        if step in self._due:
            self._evaluate(trainer, pl_module, step)
        stopped = trainer.received_sigterm
        if step in self._due or stopped or self._time_to_save(trainer):
            trainer.save_checkpoint(self._job.folder / LAST, weights_only=False)
            self._saved = time.monotonic()
        if stopped:
            raise SystemExit(STOPPED)

    def _evaluate(self, trainer: Any, pl_module: Any, step: int) -> None:
        job, state = self._job, self._state
        found = validation_loss(
            pl_module.network,
            job.task,
            job.validation,
            self._targets,
            job.size_px,
            self._settings.loss,
            pl_module.device,
        )
        found = trainer.strategy.broadcast(found)
        training = float(trainer.strategy.reduce(self._loss_sum, reduce_op="mean")) / max(
            state["loss_count"], 1
        )
        self._loss_sum, state["loss_count"] = torch.zeros_like(self._loss_sum), 0
        state["history"] = [*state["history"], (step, training, found)]
        self._log(trainer, step, training, found)
        self._choose(pl_module.network, step, found)
        stopping = 0 < self._settings.patience <= state["stale"]
        if stopping and step < job.steps:
            self.note(f"Stopped early after step {step} of {job.steps}.")
        trainer.should_stop = stopping
        state["finished"] = stopping or step >= job.steps

    def _choose(self, network: Any, step: int, found: float) -> None:
        """Keep this state if it is the one to keep so far; without any defined loss the last is kept."""
        state = self._state
        lower = found < state["lowest"]
        state["lowest"] = min(state["lowest"], found) if lower else state["lowest"]
        state["stale"] = 0 if lower else state["stale"] + 1
        none_yet = not math.isfinite(state["lowest"])
        if lower or none_yet or self._job.selection == "last":
            state["best_step"], state["best_loss"] = step, found
            state["best"] = {
                name: value.detach().cpu().clone() for name, value in network.state_dict().items()
            }

    def _time_to_save(self, trainer: Any) -> bool:
        due = time.monotonic() - self._saved >= self._settings.checkpoint_every_s
        return bool(trainer.strategy.broadcast(due)) if trainer.world_size > 1 else due

    def _show(self, step: int) -> None:
        now = time.monotonic()
        if now - self._shown >= SHOW_EVERY_S or step == self._job.steps:
            self._shown = now
            self._job.progress(f"Training {self._name}", step, self._job.steps)

    def _log(self, trainer: Any, step: int, training: float, validation: float) -> None:
        for logger in trainer.loggers:
            logger.log_metrics({"training_loss": training, "validation_loss": validation}, step)
            logger.save()

    def _seconds(self) -> float:
        return float(self._state["seconds_before"] + time.monotonic() - self._started)
