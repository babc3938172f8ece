"""An adapter in a folder as PEFT lays it out: ``adapter_model.safetensors``, ``adapter_config.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import nn

from ccmeval.errors import UnavailableError
from ccmeval.report.files import replacing
from ccmeval_generators.foundation.adapters.attach import DEFAULT, adapter_state, peft_config
from ccmeval_generators.foundation.adapters.files import (
    HEADER,
    check_base,
    damaged,
    described,
    put_in,
    read_tensors,
    spec_in,
    write_tensors,
)
from ccmeval_generators.foundation.adapters.spec import AdapterSpec

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
_PREFIX = "base_model.model."
_OTHER_TYPE = "CCMEVAL_WDLORA_INPUT"
"""For norms of columns, which PEFT does not have and would take for norms of rows: it refuses this type."""

_PLAIN: dict[str, tuple[Any, ...]] = {
    "bias": ("none",),
    "lora_bias": (None, False),
    "fan_in_fan_out": (None, False),
    "modules_to_save": (None, []),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
}
"""What settings of PEFT that this package does not have must be."""


def save_adapter(
    folder: Path, model: nn.Module, spec: AdapterSpec, base_sha256: str, name: str = DEFAULT
) -> None:
    """Keep an adapter in a folder that PEFT reads as well.

    Parameters
    ----------
    folder : pathlib.Path
    model : torch.nn.Module
        With the adapter in it.
    spec : AdapterSpec
    base_sha256 : str
        Identity of the frozen weights; empty if unknown.
    name : str
        Of the adapter in the model.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    state = {_PREFIX + key: value for key, value in adapter_state(model, name).items()}
    write_tensors(folder / WEIGHTS, state, {HEADER: described(spec, base_sha256)})
    with replacing(folder / CONFIG) as partial:
        partial.write_text(json.dumps(config_document(spec), indent=2, sort_keys=True) + "\n", "utf-8")


def load_adapter(folder: Path, model: nn.Module, base_sha256: str = "", name: str = DEFAULT) -> AdapterSpec:
    """Put an adapter of a folder into a model, and see that every tensor arrived.

    Parameters
    ----------
    folder : pathlib.Path
        Of :func:`save_adapter`, or of PEFT's `save_pretrained`.
    model : torch.nn.Module
        Changed in place.
    base_sha256 : str
        Identity of the model's weights.
    name : str
        For the adapter; the model must have none of it yet.

    Raises
    ------
    UnavailableError
        If it is missing, damaged, of another base, or cannot be had in this model.
    """
    file = read_tensors(folder / WEIGHTS)
    state = {key.removeprefix(_PREFIX): value for key, value in file.tensors.items()}
    if file.own() is None:
        spec = spec_of_config(folder / CONFIG, state)
    else:
        spec, kept = spec_in(file.own(), file.path)
        check_base(file.path, kept, base_sha256)
    put_in(model, spec, state, name)
    return spec


def config_document(spec: AdapterSpec) -> dict[str, Any]:
    """Give the content of ``adapter_config.json``, where PEFT knows such adapters."""
    content = {key: _listed(value) for key, value in peft_config(spec).to_dict().items()}
    content["inference_mode"] = True
    if spec.kind == "wdlora" and spec.norm_axis == "input":
        content["peft_type"] = _OTHER_TYPE
    return content


def spec_of_config(path: Path, names: Iterable[str]) -> AdapterSpec:
    """Read how an adapter is that PEFT saved.

    Raises
    ------
    UnavailableError
        If it is missing or damaged, or has what this package does not.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rank, alpha = int(content["r"]), float(content["lora_alpha"])
        kind = content["peft_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, "missing or no description of a LoRA") from error
    odd = [key for key, plain in _PLAIN.items() if content.get(key, plain[0]) not in plain]
    if kind != "LORA" or odd:
        raise UnavailableError(
            f"The adapter {path} is of a kind that is not supported ({odd[0] if odd else kind}); give a plain"
            " LoRA or DoRA."
        )
    if content.get("use_rslora"):
        alpha *= math.sqrt(rank)  # whose scale is alpha / sqrt(rank)
    layers = sorted({key.split(".lora_")[0] for key in names})
    return AdapterSpec("wdlora" if content.get("use_dora") else "lora", rank, alpha, tuple(layers))


def _listed(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else value
