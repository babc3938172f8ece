"""Adapters of the diagnoses: one each in U-Net and text encoder, of which one pair is in effect."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ccmeval_generators.foundation.adapters.attach import activate
from ccmeval_generators.foundation.stable_diffusion.loading import attached
from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts
from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings


def adapter_name(label: int) -> str:
    """Name the adapters of a diagnosis; its own name may hold what torch allows in no name.

    Examples
    --------
    >>> adapter_name(2)
    'diagnosis-2'
    """
    return f"diagnosis-{label}"


def class_adapters(
    parts: StableDiffusionParts, sha256: str, settings: StableDiffusionSettings, diagnoses: Sequence[str]
) -> nn.ModuleDict:
    """Put the adapters of all diagnoses into one base."""
    names = [adapter_name(label) for label in range(len(diagnoses))]
    return nn.ModuleDict({name: attached(parts, sha256, settings, name, texts=True) for name in names})


def use_adapter(parts: StableDiffusionParts, label: int) -> None:
    """Let the adapters of one diagnosis be in effect, in U-Net and text encoder."""
    activate(parts.unet, adapter_name(label))
    activate(parts.text_encoder, adapter_name(label))
