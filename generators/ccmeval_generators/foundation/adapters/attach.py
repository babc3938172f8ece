"""Put an adapter into a foundation model, switch between several, and read and set its tensors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.lora.layer import LoraLayer
from torch import Tensor, nn

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.adapters.decomposed import ColumnDecomposed, Decomposed, RowDecomposed
from ccmeval_generators.foundation.adapters.spec import AdapterSpec

DEFAULT = "default"


def attach(model: nn.Module, spec: AdapterSpec, name: str = DEFAULT) -> tuple[str, ...]:
    """Put a new adapter into a model, in float32; A is drawn from torch's global generator, B is zero.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place and frozen but for the adapter; its output stays what it was, to the bit where
        only linear layers are adapted. Convolutions get PEFT's own layers.
    spec : AdapterSpec
    name : str
        Of the adapter; a model may have several, of which one is active.

    Returns
    -------
    tuple of str
        Names of the layers that it adapts.

    Raises
    ------
    UnavailableError
        If one of the targets is no layer of the model, or has no norm along the axis.
    """
    _check_targets(model, spec)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")  # several are meant
        inject_adapter_in_model(peft_config(spec), model, adapter_name=name)
    layers = adapted_layers(model, name)
    for layer in layers.values():
        _begin(layer, spec, name)
    activate(model, name)
    return tuple(layers)


def peft_config(spec: AdapterSpec) -> LoraConfig:
    """Give PEFT's own description of an adapter."""
    return LoraConfig(
        r=spec.rank,
        lora_alpha=spec.alpha,
        target_modules=list(spec.targets),
        use_dora=spec.kind == "wdlora",
        lora_dropout=0.0,
        bias="none",
    )


def adapted_layers(model: nn.Module, name: str = DEFAULT) -> dict[str, LoraLayer]:
    """Give the layers that have an adapter of this name."""
    return {
        path: part
        for path, part in model.named_modules()
        if isinstance(part, LoraLayer) and name in part.lora_A
    }


def activate(model: nn.Module, name: str) -> None:
    """Let one adapter, of those that a model has, be in effect and be trained.

    Raises
    ------
    UnavailableError
        If the model has none of that name.
    """
    layers = [part for part in model.modules() if isinstance(part, LoraLayer)]
    if not any(name in layer.lora_A for layer in layers):
        known = sorted({known for layer in layers for known in layer.lora_A}) or ["none"]
        raise UnavailableError(f"The model has no adapter {name!r}; known: {', '.join(known)}.")
    for layer in layers:
        layer.set_adapter(name)


def adapter_parameters(model: nn.Module, name: str = DEFAULT) -> list[nn.Parameter]:
    """Give what one adapter trains."""
    return [value for path, value in model.named_parameters() if _is_of(path, name)]


def adapter_state(model: nn.Module, name: str = DEFAULT) -> dict[str, Tensor]:
    """Give an adapter's tensors under PEFT's names, which do not tell the adapter's."""
    state = get_peft_model_state_dict(model, adapter_name=name)
    return {key: value.detach() for key, value in sorted(state.items())}


def set_adapter_state(model: nn.Module, state: Mapping[str, Tensor], name: str = DEFAULT) -> None:
    """Give an adapter its tensors, and see that every one arrived.

    Raises
    ------
    UnavailableError
        If the tensors are not exactly those of the adapter.
    """
    there = adapter_state(model, name)
    check_names(there, state)
    wrong = [key for key, value in state.items() if value.shape != there[key].shape]
    if wrong:
        raise UnavailableError(
            f"The adapter does not fit the model: {wrong[0]} is {tuple(state[wrong[0]].shape)} in the file"
            f" and {tuple(there[wrong[0]].shape)} in the model; give the base model it was trained on."
        )
    set_peft_model_state_dict(model, dict(state), adapter_name=name)
    found = adapter_state(model, name)
    lost = [key for key, value in state.items() if not _same(found[key], value)]
    if lost:
        raise UnavailableError(
            f"{len(lost)} of {len(state)} tensors of the adapter did not arrive in the model, such as"
            f" {lost[0]}; the installed versions of peft and this package do not fit."
        )


def check_names(there: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Refuse tensors that are not those of an adapter.

    Raises
    ------
    UnavailableError
        With one of the names that are missing or unknown.
    """
    missing, unknown = sorted(there.keys() - state.keys()), sorted(state.keys() - there.keys())
    if missing or unknown:
        raise UnavailableError(
            f"The adapter does not fit the model: {len(missing)} tensors are missing and {len(unknown)} are"
            f" unknown, such as {(missing or unknown)[0]}; give the base model it was trained on."
        )


def _is_of(path: str, name: str) -> bool:
    parts = path.split(".")
    return any(part.startswith("lora_") and name == after for part, after in pairwise(parts))


def _begin(layer: LoraLayer, spec: AdapterSpec, name: str) -> None:
    if spec.kind == "wdlora" and isinstance(layer.get_base_layer(), nn.Linear):
        variant: Decomposed = RowDecomposed() if spec.norm_axis == "output" else ColumnDecomposed()
        layer.lora_variant[name] = variant
        variant.begin(layer, name)
    for parts in (layer.lora_A, layer.lora_B, layer.lora_magnitude_vector):
        if name in parts:
            parts[name].to(torch.float32)


def _check_targets(model: nn.Module, spec: AdapterSpec) -> None:
    names = dict(model.named_modules())
    for target in spec.targets:
        found = [part for path, part in names.items() if path == target or path.endswith(f".{target}")]
        if not found:
            raise UnavailableError(
                f"The model {type(model).__name__} has no layer {target!r} to adapt; choose other targets."
            )
        plain = [part.get_base_layer() if isinstance(part, LoraLayer) else part for part in found]
        others = [part for part in plain if not isinstance(part, nn.Linear)]
        if others and spec.kind == "wdlora" and spec.norm_axis == "input":
            raise UnavailableError(
                f"{target!r} of {type(model).__name__} is a {type(others[0]).__name__}, and norms of columns"
                " are only had of linear layers; choose norm_axis 'output' or other targets."
            )


def _same(one: Tensor, other: Tensor) -> bool:
    return bool(torch.equal(one.cpu().float(), other.detach().cpu().float()))
