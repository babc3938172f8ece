"""The callback that keeps a training's books: losses, log, samples, checkpoints, progress."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback

from ccmeval.errors import CcmevalError
from ccmeval.training.checkpoints import STATE_KEY
from ccmeval.training.lightning_run import STOPPED
from ccmeval.training.surroundings import device_name
from ccmeval.utility.learning import StepProgress
from ccmeval_generators.training.checkpoint_files import checkpoint_path, keep_last
from ccmeval_generators.training.log import write_log
from ccmeval_generators.training.samples import Samples
from ccmeval_generators.training.state import State

SHOW_EVERY_S = 0.2
ROWS_A_STAGE = 100
"""Of the log, about."""


class Books(Callback):  # type: ignore[misc]
    """Books every step; all that it knows of the training is its state, which lies in every checkpoint.

    Parameters
    ----------
    state : dict
        As of :func:`ccmeval_generators.training.state.new_state`; of the stage that is trained.
    samples : Samples
    steps : int
        Of the whole training.
    checkpoint_every_s : float
    progress : callable
    started : float
        ``time.monotonic()`` of this part of the training, less the seconds of the parts before.
    """

    def __init__(
        self,
        state: State,
        samples: Samples,
        steps: int,
        checkpoint_every_s: float,
        progress: StepProgress,
        started: float,
    ) -> None:
        self._state, self._samples, self._steps = state, samples, steps
        self._save_every_s, self._progress, self._started = checkpoint_every_s, progress, started
        self._folder = Path(samples.job.folder)
        self._saved, self._shown = time.monotonic(), -math.inf

    @property
    def state_key(self) -> str:
        """Name the state in checkpoints."""
        return STATE_KEY

    def state_dict(self) -> State:
        """Give everything that a resumed training must know."""
        sums = {name: value.cpu() for name, value in self._state["sums"].items()}
        return {**self._state, "sums": sums, "seconds": self._seconds()}

    def load_state_dict(self, state_dict: State) -> None:
        """Go on with the books of a checkpoint, keeping notes that were made since."""
        notes = dict.fromkeys([*state_dict["notes"], *self._state["notes"]])
        self._state = {**state_dict, "notes": list(notes)}

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Bring the log to where the checkpoint was."""
        self._state["device"] = device_name(trainer.strategy.root_device)
        sums = self._state["sums"]
        self._state["sums"] = {name: value.to(pl_module.device) for name, value in sums.items()}
        if trainer.is_global_zero:
            write_log(self._folder, self._state["log"])

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Book the step; make samples and write a checkpoint when it is time."""
        state, stage = self._state, pl_module.stage
        state.update(stage_step=outputs["step"] + 1, step=state["step"] + 1, count=state["count"] + 1)
        self._add(outputs["losses"])
        last = state["stage_step"] >= stage.steps
        self._show(trainer, stage.name, next(iter(outputs["losses"].values())))
        if last or state["stage_step"] % max(1, -(-stage.steps // ROWS_A_STAGE)) == 0:
            self._enter(trainer, pl_module)
        self._sample(trainer, pl_module)
        stopped = trainer.received_sigterm
        if last or stopped or self._time_to_save(trainer):
            self._save(trainer, stage.name)
        if stopped:
            raise SystemExit(STOPPED)
        trainer.should_stop = last

    def _add(self, losses: dict[str, torch.Tensor]) -> None:
        sums = self._state["sums"]
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value.detach().float()

    def _enter(self, trainer: Any, task: Any) -> None:
        """Enter the mean losses since the last entry into history and log."""
        state, name = self._state, task.stage.name
        means = {
            part: float(trainer.strategy.reduce(value, reduce_op="mean")) / state["count"]
            for part, value in state["sums"].items()
        }
        self._check(means, name)
        state["sums"], state["count"] = {}, 0
        row = {"stage": name, "step": state["step"], "seconds": round(self._seconds(), 3), "rate": task.rate}
        state["history"] = [*state["history"], [name, state["step"], next(iter(means.values()))]]
        state["log"] = [*state["log"], {**row, **means}]
        if trainer.is_global_zero:
            write_log(self._folder, state["log"])
        for logger in trainer.loggers:
            logger.log_metrics({f"{name}/{part}": value for part, value in means.items()}, state["step"])

    def _check(self, losses: dict[str, float], stage: str) -> None:
        """Stop a training that has gone astray, before a checkpoint is made of it."""
        for part, value in losses.items():
            if not math.isfinite(value):
                raise CcmevalError(
                    f"The loss ({part}) of stage {stage} is no number any more by step {self._state['step']};"
                    " train again at a lower learning rate, with gradient_clip, or with precision 32."
                )

    def _sample(self, trainer: Any, task: Any) -> None:
        """Make sample frames where they are due, by the averaged weights if there are such."""
        step = self._state["step"]
        if not trainer.is_global_zero or not self._samples.due(step, self._steps):
            return
        with nullcontext() if task.average is None else task.average.in_place():
            self._samples.make(task.networks, step)

    def _save(self, trainer: Any, stage: str) -> None:
        sums, state = self._state["sums"], self._state
        self._check({part: float(value) for part, value in sums.items()}, stage)
        path = checkpoint_path(self._folder, state["job"], state["step"])
        trainer.save_checkpoint(path, weights_only=False)
        if trainer.is_global_zero:
            keep_last(self._folder, state["job"], self._samples.job.keep_checkpoints)
        self._saved = time.monotonic()

    def _time_to_save(self, trainer: Any) -> bool:
        due = time.monotonic() - self._saved >= self._save_every_s
        return bool(trainer.strategy.broadcast(due)) if trainer.world_size > 1 else due

    def _show(self, trainer: Any, stage: str, loss: torch.Tensor) -> None:
        now, step = time.monotonic(), self._state["step"]
        if trainer.is_global_zero and (now - self._shown >= SHOW_EVERY_S or step == self._steps):
            self._shown = now
            words = f"Training {self._samples.generator.name}, {stage} (loss {float(loss):.3f})"
            self._progress(words, step, self._steps)

    def _seconds(self) -> float:
        return time.monotonic() - self._started
