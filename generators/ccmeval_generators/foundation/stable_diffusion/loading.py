"""A base from its folder, with adapters put into it."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from ccmeval.weight_source import WeightSource
from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.adapters.attach import attach
from ccmeval_generators.foundation.adapters.spec import AdapterSpec
from ccmeval_generators.foundation.adapters.targets import Family, targets_of
from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts
from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings
from ccmeval_generators.foundation.weights import (
    BaseKind,
    FoundBase,
    find_base,
    fingerprint,
    load_network,
    load_plain,
)
from ccmeval_generators.foundation.weights.files import read_json


def load_parts(
    kind: BaseKind, settings: StableDiffusionSettings, source: WeightSource
) -> tuple[StableDiffusionParts, str]:
    """Load the parts of a base, frozen, on the CPU; the autoencoder always in 32 bits.

    Returns
    -------
    parts : StableDiffusionParts
    sha256 : str
        Identity of all the parts' content.

    Raises
    ------
    UnavailableError
        If the base cannot be found or used, with the cure.
    """
    base = find_base(kind, settings.base, source)
    dtype = torch.bfloat16 if settings.base_precision == "bf16" else torch.float32
    parts = StableDiffusionParts(
        unet=load_network(base, "unet", dtype),
        vae=load_network(base, "vae", torch.float32),
        text_encoder=load_network(base, "text_encoder", dtype),
        tokenizer=load_plain(base, "tokenizer"),
        scheduler=_scheduler(base),
    )
    if settings.gradient_checkpointing:
        parts.unet.enable_gradient_checkpointing()
    return parts, fingerprint(base)


def adapter_spec(family: Family, settings: StableDiffusionSettings) -> AdapterSpec:
    """Describe the adapter of a model's attention layers."""
    rank = settings.rank
    return AdapterSpec("lora", rank, rank * settings.scale, targets_of(family, "attention"))


def attached(
    parts: StableDiffusionParts, sha256: str, settings: StableDiffusionSettings, name: str, *, texts: bool
) -> AdaptedModel:
    """Put an adapter into the U-Net, and one into the text encoder where `texts` says so.

    Returns
    -------
    AdaptedModel
        Of the parts, whose weights are those of the adapters of this name.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")  # as it is meant
        attach(parts.unet, adapter_spec("sd-unet", settings), name)
        if texts:
            attach(parts.text_encoder, adapter_spec("clip-text", settings), name)
    return AdaptedModel(parts, sha256, adapter=name)


def _scheduler(base: FoundBase) -> Any:
    """Load the scheduler as what the pipeline would: every class reads the others' files without a word."""
    told = read_json(base.part_folder("scheduler") / "scheduler_config.json")
    return load_plain(base, "scheduler", str(told.get("_class_name") or "DDIMScheduler"))
