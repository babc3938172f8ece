"""A learner made of a network: what each network of this wing adds to the common training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ccmeval.errors import UnavailableError
from ccmeval.extras import require
from ccmeval_downstream.settings import NetworkSettings

if TYPE_CHECKING:
    from torch import nn

    from ccmeval.plugins import TrainedModel, WeightSource
    from ccmeval.utility.learning import Task, TrainingJob


class NetworkLearner(ABC):
    """Base of the learners that train a network; see :class:`ccmeval.plugins.Learner` for the contract.

    Attributes
    ----------
    name, version, tasks, licence, settings_model
        As in the contract; `settings_model` is a :class:`NetworkSettings`.
    libraries : tuple of str
        Import names of what it needs beside torch, Lightning and safetensors.
    """

    name: str
    version: str = "1"
    tasks: tuple[Task, ...]
    licence: str = ""
    libraries: tuple[str, ...] = ()
    settings_model: type[BaseModel] = NetworkSettings

    def prepare(self, weights: WeightSource) -> str:
        """Give the learner's identity; networks with pretrained weights add their hash."""
        require("learn", "torch", "lightning", "safetensors", *self.libraries)
        return f"{self.name} {self.version}"

    @abstractmethod
    def build(self, job: TrainingJob, settings: NetworkSettings) -> nn.Module:
        """Make the network with its initial weights (seeds are set by the caller).

        Returns
        -------
        torch.nn.Module
            Takes float32 (B, 1, H, W) in [0, 1], H = W = ``job.size_px``, and gives logits: (B, C) for
            diagnosis, (B, 1, H, W) for segmentation.
        """

    def before_training(self, module: nn.Module, job: TrainingJob, settings: NetworkSettings) -> list[str]:
        """Do what comes before supervised training, such as masked pretraining on ``job.train``'s frames.

        Must itself go on after an interruption from what it keeps in ``job.folder``.

        Returns
        -------
        list of str
            Notes for the record.
        """
        return []

    def fit(self, job: TrainingJob) -> TrainedModel:
        """Train the network; see :meth:`ccmeval.plugins.Learner.fit`.

        Raises
        ------
        UnavailableError
            If it is not made for the task, or the job cannot be done here.
        """
        if job.task not in self.tasks:
            raise UnavailableError(
                f"The learner {self.name!r} cannot learn {job.task}, only {' and '.join(self.tasks)}."
            )
        from ccmeval_downstream.training.fit import fit_network

        return fit_network(self, job)
