"""The training loop: resumes after any interruption, and gives the same weights for the same seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError
from ccmeval.nerves.net.batches import Batch, batches
from ccmeval.nerves.net.loss import loss
from ccmeval.nerves.net.model import build_network
from ccmeval.nerves.net.scenes import Scene
from ccmeval.nerves.net.settings import TrainSettings

CHECKPOINT = "checkpoint.pt"
_KEEP_EVERY = 250
_WARM_UP, _COOL_DOWN = 140, 600
_GRADIENT = 1.0


class Trainer:
    """Network, optimiser and running mean of weights.

    Parameters
    ----------
    settings : TrainSettings
    start : mapping of str to tensor, optional
        Weights to begin with, for fine-tuning; batch statistics then stay as they are.
    """

    def __init__(self, settings: TrainSettings, start: Any | None = None) -> None:
        import torch

        self.settings, self.frozen_statistics, self.step = settings, start is not None, 0
        torch.manual_seed(settings.seed)
        self.network = build_network(settings.model)
        if start is not None:
            self.network.load_state_dict(start)
        self.network = self.network.to(memory_format=torch.channels_last)
        self.mean = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )

    def learn(self, batch: Batch) -> tuple[float, float]:
        """Make one step; the loss and the error of the log-width."""
        import torch

        self.network.train(not self.frozen_statistics)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * rate(self.step, self.settings.steps)
        inputs, nerve, log_width, known = (
            torch.from_numpy(part) for part in (batch.inputs, batch.nerve, batch.log_width, batch.known)
        )
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_has_fast_bfloat16()):
            given = self.network(inputs.to(memory_format=torch.channels_last))
        total, width_error = loss(given, nerve, log_width, known, self.settings.width_weight)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT)
        self.optimiser.step()
        self.step += 1
        self._average()
        return float(total.detach()), float(width_error.detach())

    def _average(self) -> None:
        decay = min(self.settings.averaging, (1 + self.step) / (10 + self.step))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.mean[name].lerp_(value, 1 - decay)
            else:
                self.mean[name].copy_(value)

    def averaged(self) -> Any:
        """Give a network with the mean weights, ready for use."""
        network = build_network(self.settings.model)
        network.load_state_dict(self.mean)
        return network.eval()

    def save(self, path: Path) -> None:
        """Write all that is needed to go on; what was there stays until the new file is whole."""
        import torch

        state = {
            "settings": self.settings.model_dump_json(),
            "step": self.step,
            "network": self.network.state_dict(),
            "mean": self.mean,
            "optimiser": self.optimiser.state_dict(),
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        CcmevalError
            If it is of another recipe.
        """
        import torch

        state = torch.load(path, weights_only=True)
        if json.loads(state["settings"]) != json.loads(self.settings.model_dump_json()):
            raise CcmevalError(f"{path} is of another recipe; give another folder or delete it.")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.mean, self.step = state["mean"], int(state["step"])


def rate(step: int, steps: int) -> float:
    """Learning rate over the highest: a warm-up, a plateau, and a linear fall over the last steps.

    What happens before the fall does not depend on the number of steps.

    Parameters
    ----------
    step, steps : int
        Steps done, and of all.

    Returns
    -------
    float

    Examples
    --------
    >>> rate(70, 2800), rate(1400, 2800), rate(2800, 2800)
    (0.5, 1.0, 0.01)
    """
    fall = min(_COOL_DOWN, steps // 2)
    rising = max(step / min(_WARM_UP, max(steps // 4, 1)), 0.02)
    falling = 0.01 + 0.99 * max(steps - step, 0) / max(fall, 1)
    return min(rising, 1.0, falling)


def train(
    settings: TrainSettings,
    scenes: Sequence[Scene],
    folder: Path,
    *,
    own: Sequence[Scene] = (),
    start: Any | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Trainer:
    """Train, or go on where an interrupted training in the folder stopped.

    Parameters
    ----------
    settings : TrainSettings
    scenes : sequence of Scene
        Phantoms.
    folder : Path
        Where the checkpoint is kept.
    own : sequence of Scene, optional
        A user's own frames.
    start : mapping of str to tensor, optional
        Weights to begin with.
    progress : callable, optional
        Called with the step, the number of steps and the loss.

    Returns
    -------
    Trainer
    """
    trainer = Trainer(settings, start)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        trainer.load(checkpoint)
    steps = range(trainer.step, settings.steps)
    for batch in batches(scenes, own, settings, steps):
        total, _ = trainer.learn(batch)
        if progress is not None:
            progress(trainer.step, settings.steps, total)
        if trainer.step % _KEEP_EVERY == 0 or trainer.step == settings.steps:
            trainer.save(checkpoint)
    return trainer


def _has_fast_bfloat16() -> bool:
    """Whether half the precision is quicker here: on processors with matrix units it is by far."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported())
