"""A few real steps of a stage, to learn their time and memory; nothing of them is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import Callback
from torch import Tensor

from ccmeval_generators.foundation.adapted import frozen_tensors
from ccmeval_generators.training.memory import PeakMemory, tensor_bytes
from ccmeval_generators.training.run import StageRun

STEPS = 4
"""At most, of which the first, which also starts up libraries, is not timed where there are others."""

_LONG_S = 10.0
"""After so long two steps are enough."""


@dataclass(frozen=True)
class TrialResult:
    """What the steps took.

    Attributes
    ----------
    seconds_a_step : float
    caching_seconds : float
        For all frames.
    memory_bytes : int
    """

    seconds_a_step: float
    caching_seconds: float
    memory_bytes: int


class Watch(Callback):  # type: ignore[misc]
    """Takes the time of every step, and notes what optimisers remember."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.kept_bytes = 0
        self._begun = 0.0

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Start the clock."""
        _finish(pl_module.device)
        self._begun = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop the clock, and the trial once it has gone on for long enough."""
        _finish(pl_module.device)
        self.seconds.append(time.perf_counter() - self._begun)
        states = [state for optimiser in trainer.optimizers for state in optimiser.state.values()]
        kept = [value for state in states for value in state.values() if isinstance(value, Tensor)]
        weights = [*pl_module.networks.state_dict().values(), *frozen_tensors(pl_module.networks)]
        learning = {id(value): value for group in _groups(trainer) for value in group["params"]}
        self.kept_bytes = tensor_bytes([*kept, *weights, *learning.values()])
        enough = len(self.seconds) > 1 and sum(self.seconds) > _LONG_S
        trainer.should_stop = enough or outputs["step"] + 1 >= min(STEPS, pl_module.stage.steps)

    def mean_seconds(self) -> float:
        """Give the mean without the first step."""
        timed = self.seconds[1:] or self.seconds
        return sum(timed) / len(timed)


def try_stage(run: StageRun, n_frames: int, device: torch.device) -> TrialResult:
    """Do a few steps of a stage.

    Parameters
    ----------
    run : StageRun
        In a folder and with networks of its own, on a few frames only.
    n_frames : int
        Different ones that the whole training has, for the time of caching.
    device : torch.device
    """
    memory, watch = PeakMemory(device), Watch()
    begun = time.perf_counter()
    source = run.prepared()
    caching = (time.perf_counter() - begun) * n_frames / len(source.rows()) if run.stage.caches else 0.0
    run.run(source, watch, None, min(STEPS, run.stage.steps))
    return TrialResult(watch.mean_seconds(), caching, max(memory.peak_bytes(), watch.kept_bytes))


def _groups(trainer: Any) -> list[Mapping[str, Any]]:
    return [group for optimiser in trainer.optimizers for group in optimiser.param_groups]


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
