"""From settings to an adapted transformer with the parts beside it."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from ccmeval.training.surroundings import fastest_device
from ccmeval.weight_source import WeightSource
from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.adapters.attach import attach
from ccmeval_generators.foundation.adapters.spec import AdapterKind, AdapterSpec
from ccmeval_generators.foundation.adapters.targets import targets_of
from ccmeval_generators.foundation.weights.finding import find_base
from ccmeval_generators.foundation.weights.fingerprints import fingerprint
from ccmeval_generators.foundation.weights.found import FoundBase
from ccmeval_generators.foundation.weights.kinds import QWEN_EDIT
from ccmeval_generators.foundation.weights.loading import load_network, load_plain, require_nf4
from ccmeval_generators.foundation.weights.memory import require_memory, storage_of, weights_memory_bytes
from ccmeval_generators.qwen.parts import QwenParts
from ccmeval_generators.qwen.settings import QwenSettings

_PLUS = "QwenImageEditPlusPipeline"


def spec_of(kind: AdapterKind, settings: QwenSettings) -> AdapterSpec:
    """Give what the adapter of such settings is like."""
    targets = targets_of("qwen", settings.target)
    axis = settings.norm_axis if kind == "wdlora" else "output"
    return AdapterSpec(kind, settings.rank, settings.scaling_alpha, targets, axis)


def build_adapted(
    kind: AdapterKind, settings: QwenSettings, source: WeightSource
) -> tuple[nn.ModuleDict, QwenParts]:
    """Find the base, see that it fits into memory, load its transformer and put a new adapter into it.

    Parameters
    ----------
    kind : {"lora", "wdlora"}
    settings : QwenSettings
    source : WeightSource

    Returns
    -------
    networks : torch.nn.ModuleDict
        With the one entry ``adapter``.
    parts : QwenParts
        Loads the rest when it is needed.

    Raises
    ------
    UnavailableError
        If there is no such base, it cannot be used, or memory does not suffice.
    """
    free_unused()
    base = find_base(QWEN_EDIT, settings.base, source)
    dtype, nf4 = _storage(settings)
    memory = _memory(base, dtype, nf4)
    _require_room(base, memory, dtype, nf4)
    transformer = load_network(base, "transformer", dtype, nf4=nf4)
    attach(transformer, spec_of(kind, settings))
    adapted = AdaptedModel(transformer, fingerprint(base))
    if settings.gradient_checkpointing:
        adapted.checkpoint_gradients()
    load = partial(_part, base, dtype, nf4)
    parts = QwenParts(load, base.pipeline == _PLUS, _told(base, memory, dtype, nf4))
    return nn.ModuleDict({"adapter": adapted}), parts


def _storage(settings: QwenSettings) -> tuple[torch.dtype, bool]:
    """Choose the numbers' type of the frozen parts, and whether they are held in four bits."""
    asked = settings.base_precision
    if asked == "nf4":
        require_nf4()
    if asked == "auto":
        asked = "bf16" if fastest_device().type == "cuda" else "32"
    return (torch.float32 if asked == "32" else torch.bfloat16), asked == "nf4"


def _part(base: FoundBase, dtype: torch.dtype, nf4: bool, name: str, wanted: torch.dtype | None) -> Any:
    if not base.kind.parts[name].has_weights:
        return load_plain(base, name)
    if wanted is not None:
        return load_network(base, name, wanted)
    return load_network(base, name, dtype, nf4=nf4)


def free_unused() -> None:
    """Give back memory that nothing uses any more, such as a dry run's, before asking what is free."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _memory(base: FoundBase, dtype: torch.dtype, nf4: bool) -> dict[str, int]:
    """Estimate the bytes of each part's weights in memory."""
    storage = storage_of(dtype, nf4)
    found = {part: weights_memory_bytes(base, part, storage) for part in ("transformer", "text_encoder")}
    return {**found, "vae": weights_memory_bytes(base, "vae", "float32")}


def _require_room(base: FoundBase, memory: Mapping[str, int], dtype: torch.dtype, nf4: bool) -> None:
    """Refuse a base whose parts do not fit together where they work, before any of them is loaded."""
    narrower = "" if nf4 else ", or set base_precision to " + ("nf4" if dtype == torch.bfloat16 else "bf16")
    require_memory(
        sum(memory.values()),
        f"{base.kind.what} with weights as {storage_of(dtype, nf4)}",
        f"take a larger machine{narrower}",
        device=fastest_device().type,
    )


def _told(base: FoundBase, memory: Mapping[str, int], dtype: torch.dtype, nf4: bool) -> str:
    """Tell the base, its pipeline and the memory of its weights."""
    sizes = ", ".join(f"{part} {size / 2**30:.3g} GiB" for part, size in memory.items())
    return (
        f"The frozen base is a {base.pipeline} with weights as {storage_of(dtype, nf4)} ({sizes}); text"
        " encoder and autoencoder are in memory only while they are needed."
    )
