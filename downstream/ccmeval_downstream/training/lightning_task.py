"""The network with its loss and optimiser, as Lightning trains it."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from ccmeval.training.schedule import learning_rate_at
from ccmeval.training.streams import stream_seed
from ccmeval.training.surroundings import seed_device
from ccmeval.utility.learning import TrainingJob
from ccmeval_downstream.settings import NetworkSettings
from ccmeval_downstream.training.augment import augmented
from ccmeval_downstream.training.batches import Batch, TrainingBatches, batch_loader
from ccmeval_downstream.training.losses import frame_losses


class SupervisedTask(LightningModule):  # type: ignore[misc]
    """A step: augment, predict, weigh the losses of the frames.

    The loss is ``mean(weight * loss)`` over the batch, not divided by the batch's own sum of weights: a
    frame counts as much in whichever batch it falls.
    """

    def __init__(
        self, network: nn.Module, job: TrainingJob, settings: NetworkSettings, first_step: int = 0
    ) -> None:
        super().__init__()
        self.network = network
        self._job = job
        self._settings = settings
        self._first_step = first_step

    def train_dataloader(self) -> Any:
        """Give the batches that are still to come, or this device's share of each."""
        rank, devices = self.trainer.global_rank, self.trainer.world_size
        tubes = self._settings.loss.skeleton_recall > 0.0
        return batch_loader(TrainingBatches(self._job, tubes, rank, devices), self._first_step)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Give the loss of a batch; randomness comes from the seed and the number of the step alone."""
        step, rank = batch["step"], self.trainer.global_rank
        generator = torch.Generator().manual_seed(stream_seed(self._job.seed, "augmentation", step, rank))
        seed_device(self.device, stream_seed(self._job.seed, "network", step, rank))
        masked = self._job.task == "segmentation"
        masks = batch["targets"].float() / 255.0 if masked else None
        frames, masks = augmented(batch["frames"].float(), masks, self._settings.augmentation, generator)
        targets = batch["targets"] if masks is None else masks
        losses = frame_losses(self._job.task, self.network(frames), targets, self._settings.loss)
        return (losses * batch["weights"]).mean()

    def configure_optimizers(self) -> Any:
        """Make AdamW and its rate by step."""
        settings, steps = self._settings, self._job.steps
        groups = decay_groups(self.network, settings.weight_decay)
        optimiser = torch.optim.AdamW(groups, lr=1.0)
        rate = LambdaLR(
            optimiser,
            lambda step: learning_rate_at(
                min(step, steps - 1),
                steps,
                settings.learning_rate,
                settings.final_learning_rate,
                settings.warmup_share,
            ),
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rate, "interval": "step"}}


def decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Sort the trainable parameters by their weight decay.

    Spared are biases, norms and other vectors, and what a part of the network names in `no_weight_decay`,
    as timm's networks do with position embeddings.
    """
    spared = {
        f"{prefix}.{name}".lstrip(".")
        for prefix, part in network.named_modules()
        if hasattr(part, "no_weight_decay")
        for name in part.no_weight_decay()
    }
    decayed: list[Any] = []
    kept: list[Any] = []
    for name, value in network.named_parameters():
        if value.requires_grad:
            (kept if value.ndim < 2 or name in spared else decayed).append(value)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": kept, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
