"""Which networks learn and which are frozen while something is done with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from ccmeval.training.surroundings import own_randomness
from ccmeval_generators.training.stage import Stage


def set_modes(networks: nn.Module, stage: Stage) -> None:
    """Let the stage's modules learn, and freeze all others."""
    networks.eval().requires_grad_(False)
    for helper in stage.helpers().values():
        helper.eval().requires_grad_(False)
    for module in stage.trained().values():
        module.train().requires_grad_(True)


def learn_alone(everything: Sequence[nn.Parameter], alone: Sequence[nn.Parameter]) -> None:
    """Let only some parameters have gradients."""
    chosen = {id(value) for value in alone}
    for value in everything:
        value.requires_grad_(id(value) in chosen)


@contextmanager
def looking_on(networks: nn.Module, seed: int = 0) -> Iterator[None]:
    """Put networks into evaluation mode, without gradients and with randomness of their own, inside."""
    modes = [(part, part.training) for part in networks.modules()]
    networks.eval()
    try:
        with torch.no_grad(), own_randomness(seed):
            yield
    finally:
        for part, training in modes:
            part.training = training
