"""The exponential moving average of weights that makes a generator's frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Follows the weights of modules; buffers are taken as they are.

    Early on the average is short, ``min(decay, (1 + t) / (10 + t))`` after step t, so that it is not
    dominated by where training began.

    Parameters
    ----------
    modules : mapping of str to torch.nn.Module
    decay : float
    """

    def __init__(self, modules: Mapping[str, nn.Module], decay: float) -> None:
        self._modules = dict(modules)
        self._decay = decay
        self.values = {name: value.detach().clone() for name, value in self._tensors().items()}

    def update(self, step: int) -> None:
        """Follow the weights after a step of the stage, from 0."""
        share = 1.0 - min(self._decay, (1.0 + step) / (10.0 + step))
        tensors = self._tensors()
        averaged = self._names_of_parameters()
        with torch.no_grad():
            torch._foreach_lerp_(
                [self.values[name] for name in averaged], [tensors[name] for name in averaged], share
            )
            for name in tensors.keys() - set(averaged):
                self.values[name].copy_(tensors[name])

    def move(self, device: torch.device) -> None:
        """Bring the average to the device of the weights.

        It is always copied: processes that were spawned share the tensors that they were sent.
        """
        self.values = {name: value.to(device, copy=True) for name, value in self.values.items()}

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Go on from the average of a checkpoint."""
        if values.keys() != self.values.keys():
            raise ValueError("The average of a checkpoint is of other weights.")
        self.values = {name: values[name].detach().clone() for name in self.values}

    def put(self) -> None:
        """Give the modules their averages."""
        self._give(self.values)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the modules their averages inside, and their own weights back."""
        own = {name: value.detach().clone() for name, value in self._tensors().items()}
        self.put()
        try:
            yield
        finally:
            self._give(own)

    def _give(self, values: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(values[name])

    def _tensors(self) -> dict[str, Tensor]:
        return {
            f"{part}.{name}": value
            for part, module in self._modules.items()
            for name, value in module.state_dict(keep_vars=True).items()
        }

    def _names_of_parameters(self) -> list[str]:
        return [
            f"{part}.{name}"
            for part, module in self._modules.items()
            for name, _ in module.named_parameters(remove_duplicate=False)
        ]
