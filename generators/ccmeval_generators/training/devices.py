"""Gradients over several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def leave_gradients_alone(model: Any) -> None:
    """Keep torch's wrapper, if there is one, from averaging gradients itself.

    It expects one backward pass a step; where several optimisers have their turns in one it averages not
    all of them, without a word.
    """
    if isinstance(model, DistributedDataParallel):
        model.require_backward_grad_sync = False


def average_gradients(parameters: Sequence[nn.Parameter], devices: int) -> None:
    """Give every device the mean of all devices' gradients."""
    if devices == 1:
        return
    gradients = [value.grad for value in parameters if value.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    torch.distributed.all_reduce(flat)
    flat /= devices
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
