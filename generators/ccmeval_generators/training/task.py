"""A stage as Lightning trains it: each optimiser has its turn in every step."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from ccmeval.training.streams import stream_seed
from ccmeval.training.surroundings import seed_device
from ccmeval_generators.settings import GeneratorNetworkSettings
from ccmeval_generators.training.average import WeightAverage
from ccmeval_generators.training.batches import FrameSource, StageBatches, batch_on
from ccmeval_generators.training.devices import average_gradients, leave_gradients_alone
from ccmeval_generators.training.modes import learn_alone, set_modes
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser

AVERAGE = "average"
"""Under which a checkpoint has the average of weights."""


class StageTask(LightningModule):  # type: ignore[misc]
    """Steps of one stage; randomness comes from seed, stage and step alone.

    Parameters
    ----------
    networks : torch.nn.ModuleDict
        All of the generator's, since a checkpoint holds them all.
    stage : Stage
    source : FrameSource
    settings : GeneratorNetworkSettings
    first_step : int
        Of the stage, from which it goes on.
    last_step : int
        At which the loader ends; the stage's number of steps, or fewer for a trial.
    """

    automatic_optimization = False

    def __init__(
        self,
        networks: nn.ModuleDict,
        stage: Stage,
        source: FrameSource,
        settings: GeneratorNetworkSettings,
        first_step: int,
        last_step: int,
    ) -> None:
        super().__init__()
        self.networks = networks
        self.stage = stage
        self._source, self._settings = source, settings
        self._span = first_step, last_step
        set_modes(networks, stage)
        self._parts: tuple[StageOptimiser, ...] = ()
        self._learning: list[nn.Parameter] = []
        self._done_step = first_step
        decay = settings.average_decay
        self.average = WeightAverage(stage.averaged(), decay) if decay else None

    @property
    def rate(self) -> float:
        """Learning rate of the first optimiser in the step that was last done."""
        return float(self._parts[0].rate(self._done_step))

    def train_dataloader(self) -> Any:
        """Give the batches that are still to come, or this device's share of each."""
        first, last = self._span
        rank, devices = self.trainer.global_rank, self.trainer.world_size
        return StageBatches(self._source, self.stage.batch_size, last, rank, devices).loader(first)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Make the stage's optimisers, in the order of their turns.

        Asked for here, in the process that trains: functions within them could not be sent to it.
        """
        self._parts = tuple(self.stage.optimisers())
        self._learning = [value for part in self._parts for value in part.parameters]
        return [part.make(list(part.parameters)) for part in self._parts]

    def on_fit_start(self) -> None:
        """Bring what is no part of the networks to the device, once a checkpoint was read."""
        for helper in self.stage.helpers().values():
            helper.to(self.device)

    def on_train_start(self) -> None:
        """Let the stage's networks learn, whatever Lightning thinks of their modes."""
        set_modes(self.networks, self.stage)
        if self.average is not None:
            self.average.move(self.device)

    def training_step(self, values: dict[str, Any], batch_idx: int) -> dict[str, Any]:
        """Do one step of every optimiser."""
        leave_gradients_alone(self.trainer.model)  # in every step: Lightning takes it back after each
        batch = batch_on(values, self.device)
        optimisers = self.optimizers(use_pl_optimizer=True)
        optimisers = optimisers if isinstance(optimisers, list) else [optimisers]
        losses: dict[str, Tensor] = {}
        for turn, (part, optimiser) in enumerate(zip(self._parts, optimisers, strict=True)):
            losses[part.name] = self._turn(turn, part, optimiser, batch)
        self._done_step = batch.step
        if self.average is not None:
            self.average.update(batch.step)
        return {"losses": {**losses, **batch.parts}, "step": batch.step}

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Limit the gradient, which is not scaled any more here."""
        if self._settings.gradient_clip:
            values = [value for group in optimizer.param_groups for value in group["params"]]
            torch.nn.utils.clip_grad_norm_(values, self._settings.gradient_clip)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the average of weights beside the weights."""
        if self.average is not None:
            checkpoint[AVERAGE] = {name: value.cpu() for name, value in self.average.values.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the average of weights."""
        if self.average is not None:
            self.average.load(checkpoint[AVERAGE])

    def _turn(self, turn: int, part: StageOptimiser, optimiser: Any, batch: Batch) -> Tensor:
        generator = self._randomness(batch.step, turn)
        learn_alone(self._learning, part.parameters)
        optimiser.zero_grad(set_to_none=True)
        loss = self.stage.loss(part.name, batch, generator)
        self.manual_backward(loss)
        average_gradients(part.parameters, self.trainer.world_size)
        for group in optimiser.param_groups:
            group["lr"] = part.rate(batch.step)
        optimiser.step()
        return loss.detach()

    def _randomness(self, step: int, turn: int) -> torch.Generator:
        """Seed what a turn draws from: a generator of its own, and torch's for networks that draw."""
        counters = self._source.stage, step, turn, self.trainer.global_rank
        seed_device(self.device, stream_seed(self._source.seed, "network", *counters))
        return torch.Generator().manual_seed(stream_seed(self._source.seed, "noise", *counters))
