"""Adapters in one file as diffusers saves them, ``pytorch_lora_weights.safetensors``, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ccmeval.errors import UnavailableError
from ccmeval_generators.foundation.adapters.attach import DEFAULT, adapter_state
from ccmeval_generators.foundation.adapters.files import (
    HEADER,
    AdapterFile,
    check_base,
    damaged,
    described,
    put_in,
    read_tensors,
    spec_in,
    write_tensors,
)
from ccmeval_generators.foundation.adapters.spec import AdapterKind, AdapterSpec

WEIGHTS = "pytorch_lora_weights.safetensors"
METADATA = "lora_adapter_metadata"
"""Entry of the header by which diffusers knows alpha; without it, it takes alpha to be the rank."""


@dataclass(frozen=True)
class Adapted:
    """A part of a pipeline with its adapter."""

    model: nn.Module
    spec: AdapterSpec
    base_sha256: str = ""


def save_diffusers(folder: Path, parts: Mapping[str, Adapted], name: str = DEFAULT) -> Path:
    """Write the adapters of a pipeline's parts into a file that `load_lora_weights` of diffusers reads.

    Parameters
    ----------
    folder : pathlib.Path
    parts : mapping of str to Adapted
        By diffusers' names: ``transformer``, ``unet``, ``text_encoder``.
    name : str
        Of the adapter in the models.

    Raises
    ------
    UnavailableError
        If an adapter has norms of columns, which diffusers does not know.
    OutputError
        If the file system refuses.
    """
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, Any] = {}
    for part, adapted in parts.items():
        if adapted.spec.kind == "wdlora" and adapted.spec.norm_axis == "input":
            raise UnavailableError(
                f"The adapter of {part} has norms of columns (norm_axis 'input'), which diffusers does not"
                " know; keep it in PEFT's layout, or train with norm_axis 'output'."
            )
        state = adapter_state(adapted.model, name)
        tensors |= {f"{part}.{key}": value for key, value in state.items()}
        metadata |= {f"{part}.{key}": value for key, value in _config(adapted.spec, state).items()}
    own = {part: described(adapted.spec, adapted.base_sha256) for part, adapted in parts.items()}
    write_tensors(folder / WEIGHTS, tensors, {HEADER: own, METADATA: metadata, "format": "pt"})
    return folder / WEIGHTS


def load_diffusers(
    path: Path,
    models: Mapping[str, nn.Module],
    base_sha256: Mapping[str, str] | None = None,
    name: str = DEFAULT,
) -> dict[str, AdapterSpec]:
    """Put the adapters of a file into a pipeline's parts, and see that every tensor arrived.

    Parameters
    ----------
    path : pathlib.Path
        The file, or its folder.
    models : mapping of str to torch.nn.Module
        By diffusers' names; changed in place.
    base_sha256 : mapping of str to str, optional
        Identity of the models' weights.
    name : str
        For the adapters; the models must have none of it yet.

    Raises
    ------
    UnavailableError
        If it is missing, damaged, of other bases, does not tell alpha, or is for other parts.
    """
    file = read_tensors(path / WEIGHTS if path.is_dir() else path)
    states = _by_part(file)
    if states.keys() != models.keys():
        raise UnavailableError(
            f"The adapter {file.path} is for {', '.join(sorted(states)) or 'nothing'}, not for"
            f" {', '.join(sorted(models))}; give a file in diffusers' format of such a pipeline."
        )
    specs = {part: _spec(file, part, state) for part, state in states.items()}
    for part, (_, kept) in specs.items():
        check_base(file.path, kept, (base_sha256 or {}).get(part, ""))
    for part, (spec, _) in specs.items():
        put_in(models[part], spec, states[part], name)
    return {part: spec for part, (spec, _) in specs.items()}


def _by_part(file: AdapterFile) -> dict[str, dict[str, Tensor]]:
    states: dict[str, dict[str, Tensor]] = {}
    for key, value in file.tensors.items():
        part, _, rest = key.partition(".")
        states.setdefault(part, {})[rest] = value
    return states


def _spec(file: AdapterFile, part: str, state: Mapping[str, Tensor]) -> tuple[AdapterSpec, str]:
    own = file.own()
    if own is not None:
        return spec_in(own.get(part) if isinstance(own, dict) else None, file.path)
    known = file.entry(METADATA)
    if known is None:
        raise UnavailableError(
            f"The adapter {file.path} does not tell its alpha (its header has no {METADATA}); save it again"
            " with the metadata of the adapter."
        )
    try:
        rank, alpha = int(known[f"{part}.r"]), float(known[f"{part}.lora_alpha"])
        varied = known.get(f"{part}.rank_pattern") or known.get(f"{part}.alpha_pattern")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(file.path, f"{METADATA} in its header") from error
    if varied or known.get(f"{part}.use_rslora"):
        raise UnavailableError(
            f"The adapter {file.path} has ranks or scales of their own for some layers, which is not"
            " supported; give one with one rank and alpha."
        )
    kind: AdapterKind = "wdlora" if any("lora_magnitude" in key for key in state) else "lora"
    return AdapterSpec(kind, rank, alpha, tuple(_layers(state))), ""


def _config(spec: AdapterSpec, state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Give the arguments of PEFT's `LoraConfig` that diffusers makes of its metadata."""
    return {
        "r": spec.rank,
        "lora_alpha": spec.alpha,
        "target_modules": _layers(state),
        "use_dora": spec.kind == "wdlora",
        "lora_dropout": 0.0,
        "bias": "none",
    }


def _layers(state: Mapping[str, Tensor]) -> list[str]:
    return sorted({key.split(".lora_")[0] for key in state})
