"""A stage of a training: which networks learn, by which optimisers, from which loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ccmeval.utility.learning import LearningSet


@dataclass
class Batch:
    """What a step learns from; frame and mask are mirrored and turned alike.

    Attributes
    ----------
    frames : float32 tensor (B, 1, S, S), in [0, 1]
    masks : float32 tensor (B, 1, S, S), 0 or 1
        1 where at least half of the pixel is nerve, as in the masks that frames are later made from.
    labels : int64 tensor (B,)
        Index of the diagnosis; -1 where there is none.
    rows : int64 tensor (B,)
        Of the pool.
    step : int
        Of the stage, from 0.
    cached : mapping of str to tensor (B, ...)
        What :meth:`Stage.cached` gave for these frames as they are turned now.
    shared : dict
        For what a later turn of the same step can use again, such as the frames that were made.
    parts : dict
        Parts of the loss that were logged.
    """

    frames: Tensor
    masks: Tensor
    labels: Tensor
    rows: Tensor
    step: int
    cached: Mapping[str, Tensor] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Tensor] = field(default_factory=dict)

    def log(self, name: str, value: Tensor) -> None:
        """Have a part of the loss logged, as a mean over steps."""
        self.parts[name] = value.detach()


@dataclass(frozen=True)
class StageOptimiser:
    """One optimiser of a stage.

    Attributes
    ----------
    name : str
        The turn of :meth:`Stage.loss` that it steps after.
    parameters : sequence of parameters
        Only these have gradients in its turn.
    make : callable
        Makes the torch optimiser of a list of parameters.
    rate : callable
        Learning rate by the step of the stage, from 0; a pure function.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    make: Callable[[list[nn.Parameter]], torch.optim.Optimizer]
    rate: Callable[[int], float]


class Stage(ABC):
    """A part of a training with its own loss; the others' networks are frozen meanwhile.

    All that a stage remembers from step to step lies in the networks (parameters or buffers) or in its
    optimisers, since checkpoints keep nothing else.

    Attributes
    ----------
    name : str
        Such as ``"autoencoder"``.
    steps : int
    batch_size : int
    caches : bool
        Whether :meth:`cached` gives anything.
    cache_name : str
        Stages of one name share a cache: what they read is the same. Empty: the stage's own.
    """

    name: str
    steps: int
    batch_size: int
    caches: bool = False
    cache_name: str = ""

    @abstractmethod
    def trained(self) -> Mapping[str, nn.Module]:
        """Give the modules that this stage trains; all others are frozen and in evaluation mode."""

    def averaged(self) -> Mapping[str, nn.Module]:
        """Give those of them whose weights are averaged where the settings ask for it; all by default."""
        return self.trained()

    def helpers(self) -> Mapping[str, nn.Module]:
        """Give frozen modules beside the generator's networks, such as a perceptual loss.

        They are moved to the device and kept in evaluation mode, and lie in no checkpoint.
        """
        return {}

    @abstractmethod
    def optimisers(self) -> Sequence[StageOptimiser]:
        """Give the optimisers in the order of their turns."""

    @abstractmethod
    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        """Give the loss of one optimiser's turn, a scalar.

        Parameters
        ----------
        turn : str
            Name of the optimiser.
        batch : Batch
        generator : torch.Generator
            On the CPU and decided by seed, stage, step and turn, as is torch's global one on every device:
            draw there and move, or let networks draw for themselves.
        """

    def frames(self, train: LearningSet) -> LearningSet:
        """Give those of the training frames that this stage learns from; all by default.

        A pure function that gives the same again of what it gave.
        """
        return train

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        """Give tensors (B, ...) of what is frozen, such as latents; called without gradients.

        Computed once before the stage for every frame in all the ways it may be turned, and kept in a
        memory-mapped file. Only asked for where `caches` is true.
        """
        return {}

    def cache_reads(self) -> Mapping[str, nn.Module] | None:
        """Give the networks that :meth:`cached` reads; None, the default, for all that are frozen."""
        return None

    def begin(self, batches: Iterable[Batch]) -> None:  # noqa: B027 - most stages just begin
        """Do what comes before the first step, such as measuring the scale of latents.

        Called once, without gradients, networks in evaluation mode; not again when the stage is picked up
        later, so what it finds must lie in buffers of the networks.

        Parameters
        ----------
        batches : iterable of Batch
            Those of the first epoch, made when asked for.
        """
