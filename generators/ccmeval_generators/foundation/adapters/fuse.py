"""Adapters merged into the weights while frames are made, and taken out again to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from peft.tuners.lora.layer import LoraLayer
from torch import Tensor, nn

from ccmeval_generators.foundation.adapted import AdaptedModel


@contextmanager
def fused(*models: nn.Module) -> Iterator[None]:
    """Merge the active adapters of models inside, where their weights are not quantised.

    A merged layer costs what the frozen one does. The frozen weights are kept aside meanwhile and put back
    as they were: taking an adapter out by arithmetic would leave rounding errors, in bfloat16 large ones.
    The merged weights have the type of the frozen ones, so in bfloat16 their outputs agree with those of
    unmerged layers to about a hundredth. Layers on quantised weights stay as they are, since merging would
    quantise again.

    Parameters
    ----------
    models : torch.nn.Module
        Not to be trained inside; adapted models, or their bases.
    """
    kept: list[tuple[LoraLayer, Tensor]] = []
    try:
        with torch.no_grad():
            for layer in _mergeable(models):
                kept.append((layer, layer.get_base_layer().weight.data))
                layer.get_base_layer().weight.data = kept[-1][1].clone()
                layer.merge()
        yield
    finally:
        for layer, weight in kept:
            layer.merged_adapters.clear()
            layer.get_base_layer().weight.data = weight


def _mergeable(models: tuple[nn.Module, ...]) -> list[LoraLayer]:
    bases = [model.base if isinstance(model, AdaptedModel) else model for model in models]
    layers = [part for base in bases for part in base.modules() if isinstance(part, LoraLayer)]
    plain = [layer for layer in layers if layer.get_base_layer().weight.is_floating_point()]
    return [layer for layer in plain if not layer.merged and not layer.disable_adapters]
