"""WDLoRA layers on top of PEFT's: the same numbers for less work, and norms of columns too."""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora.layer import LoraLayer, LoraVariant
from peft.utils.integrations import dequantize_module_weight
from torch import Tensor, nn
from torch.nn import functional

from ccmeval_generators.foundation.adapters.norms import adapted_norms, squares
from ccmeval_generators.foundation.adapters.scaling import rescaled


class Decomposed(LoraVariant):  # type: ignore[misc]
    """How one of PEFT's linear layers computes ``m (V + s B A) / norm(V + s B A)``.

    Takes the place of PEFT's own variant in a layer with the parameters that PEFT made. The norm follows
    every change of A and B but is no part of the gradient (DoRA, section 4.3), as in PEFT.
    """

    axis = 0
    """Of the weight (out, in), along which the magnitudes lie."""

    def __init__(self) -> None:
        self._known: tuple[Any, Tensor] | None = None
        self._merged: Tensor | None = None

    def begin(self, layer: LoraLayer, name: str) -> None:
        """Give a new adapter the magnitudes of the frozen weight, so that at first it changes nothing."""
        weight = dequantize_module_weight(layer.get_base_layer())
        magnitudes = squares(weight, self.axis).clamp_min(0.0).sqrt()
        layer.lora_magnitude_vector[name].weight = nn.Parameter(magnitudes)
        layer.cast_input_dtype_enabled = False  # autocast and `thin` bring all to one type

    def scale(self, layer: LoraLayer, name: str) -> Tensor:
        """Give magnitudes over norms in float32."""
        base = layer.get_base_layer()
        with torch.no_grad(), torch.autocast(layer.lora_A[name].weight.device.type, enabled=False):
            weight = dequantize_module_weight(base)
            pair = layer.lora_B[name].weight * layer.scaling[name], layer.lora_A[name].weight
            norms = adapted_norms(weight, self._squares(base, weight), pair, self.axis)
        magnitudes: Tensor = layer.lora_magnitude_vector[name].weight
        return magnitudes.float() / norms

    def merge_safe(self, layer: LoraLayer, active_adapter: str, orig_weight: Tensor) -> Tensor:
        """Give the whole weight, in the type of the frozen one."""
        if layer.merged_adapters:
            raise ValueError("Only one weight-decomposed adapter can be merged at a time.")
        self._merged = self.scale(layer, active_adapter).detach()
        whole = orig_weight.float() + self._product(layer, active_adapter)
        return (whole * self._along(self._merged)).to(orig_weight.dtype)

    def merge_unsafe(self, layer: LoraLayer, active_adapter: str, orig_weight: Tensor) -> None:
        """Put the whole weight in the place of the frozen one."""
        orig_weight.data = self.merge_safe(layer, active_adapter, orig_weight.data)

    def unmerge(self, layer: LoraLayer, active_adapter: str, orig_weight: Tensor) -> Tensor:
        """Give the frozen weight back, as far as its type has digits for it."""
        assert self._merged is not None
        whole = orig_weight.detach().float() / self._along(self._merged)
        return (whole - self._product(layer, active_adapter)).to(orig_weight.dtype)

    def _along(self, scale: Tensor) -> Tensor:
        return scale.unsqueeze(1 - self.axis)

    def _product(self, layer: LoraLayer, name: str) -> Tensor:
        pair = layer.lora_B[name].weight.detach().float(), layer.lora_A[name].weight.detach().float()
        return (pair[0] @ pair[1]) * layer.scaling[name]

    def _squares(self, base: nn.Module, weight: Tensor) -> Tensor:
        """Give the frozen weight's squared norms, computed once for each place where it lies."""
        place = base.weight.device, base.weight.data_ptr(), base.weight._version
        if self._known is None or self._known[0] != place:
            self._known = place, squares(weight, self.axis)
        return self._known[1]


class RowDecomposed(Decomposed):
    """A magnitude for each output feature."""

    def forward(
        self, layer: LoraLayer, active_adapter: str, x: Tensor, result: Tensor, **rest: Any
    ) -> Tensor:
        """Scale the frozen layer's result, all but its bias, and add the low-rank part, scaled in B."""
        scale = self.scale(layer, active_adapter)
        added = low_rank(layer, active_adapter, x, scale).to(result.dtype)
        return rescaled(result, scale - 1.0, added, layer.get_base_layer().bias)


class ColumnDecomposed(Decomposed):
    """A magnitude for each input feature: the scale is on what the layer is given."""

    axis = 1

    def begin(self, layer: LoraLayer, name: str) -> None:
        """Begin, and have what the layer is given scaled before the layer sees it."""
        super().begin(layer, name)
        if not any(hook is scale_input for hook in layer._forward_pre_hooks.values()):
            layer.register_forward_pre_hook(scale_input)

    def forward(
        self, layer: LoraLayer, active_adapter: str, x: Tensor, result: Tensor, **rest: Any
    ) -> Tensor:
        """Add the low-rank part; the input is scaled already."""
        return result + low_rank(layer, active_adapter, x)


def scale_input(layer: LoraLayer, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Scale what a layer is given, unless its adapter is switched off or merged."""
    if layer.disable_adapters or layer.merged:
        return None
    active = [name for name in layer.active_adapters if name in layer.lora_A]
    columns = [name for name in active if isinstance(layer.lora_variant.get(name), ColumnDecomposed)]
    if not columns:
        return None
    if len(active) > 1:
        raise ValueError("An adapter with norms of columns cannot be active beside another.")
    scale = layer.lora_variant[columns[0]].scale(layer, columns[0])
    return rescaled(given[0], scale - 1.0), *given[1:]


def low_rank(layer: LoraLayer, name: str, x: Tensor, rows: Tensor | None = None) -> Tensor:
    """Give ``s x A' B'`` in the type of x, or in autocast's; `rows` (out,) are scales of B's rows."""
    down, up = layer.lora_A[name].weight, layer.lora_B[name].weight * layer.scaling[name]
    up = up if rows is None else up * rows[:, None]
    return functional.linear(functional.linear(x, down.to(x.dtype)), up.to(x.dtype))
