"""Optimiser and learning rate of the recipes for adapters."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import nn

MakeOptimiser = Callable[[list[nn.Parameter]], torch.optim.Optimizer]

EIGHT_BIT, FULL = "8-bit Adam (bitsandbytes)", "AdamW"


def adam_name() -> str:
    """Name the optimiser that this machine allows: 8-bit Adam with CUDA and bitsandbytes, AdamW elsewhere."""
    return EIGHT_BIT if torch.cuda.is_available() and find_spec("bitsandbytes") else FULL


def adam(betas: tuple[float, float], weight_decay: float) -> MakeOptimiser:
    """Choose the optimiser of :func:`adam_name`.

    Parameters
    ----------
    betas : (float, float)
    weight_decay : float
        Of both; with 0 both are Adam but for the precision of what they remember.

    Returns
    -------
    callable
        Makes the optimiser of a list of parameters.
    """
    if adam_name() == EIGHT_BIT:
        from bitsandbytes.optim import AdamW8bit

        return partial(AdamW8bit, betas=betas, weight_decay=weight_decay)
    return partial(torch.optim.AdamW, betas=betas, weight_decay=weight_decay)


def adam_note() -> str:
    """Tell which optimiser is used, and why."""
    name = adam_name()
    if name == EIGHT_BIT:
        return f"The optimiser is {name}."
    why = "bitsandbytes is not installed" if torch.cuda.is_available() else "there is no CUDA device"
    return f"The optimiser is {name} in full precision, since {why}; the recipe has 8-bit Adam."


def cosine_rate(step: int, steps: int, highest: float, warm_up: int, cycles: float) -> float:
    """Give the learning rate of a step: a straight rise from 0, then a cosine.

    Parameters
    ----------
    step : int
        From 0.
    steps : int
        Of the whole training.
    highest : float
        Reached at step `warm_up`.
    warm_up : int
        Steps of the rise.
    cycles : float
        Periods of the cosine; 0.5 ends at 0.

    Examples
    --------
    >>> [cosine_rate(step, 10, 1.0, warm_up=2, cycles=0.5) for step in (0, 1, 2, 6)]
    [0.0, 0.5, 1.0, 0.5]
    """
    if step < warm_up:
        return highest * step / warm_up
    share = (step - warm_up) / max(1, steps - warm_up)
    return max(0.0, highest * 0.5 * (1.0 + math.cos(2.0 * math.pi * cycles * share)))
