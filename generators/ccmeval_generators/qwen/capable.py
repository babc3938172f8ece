"""What the generators on Qwen-Image-Edit can, by their settings."""

from __future__ import annotations

from dataclasses import replace

from ccmeval.generation.conditions import Capabilities, ConditionName
from ccmeval_generators.qwen.settings import QwenSettings


def capabilities_before(summary: str) -> Capabilities:
    """Give what one can that is not trained yet, with the default settings."""
    return Capabilities(
        summary=summary,
        takes=("mask", "diagnosis", "prompt"),
        needs=("mask",),
        side_multiple_px=8,
        training_memory_gib=60.0,
        generation_memory_gib=62.0,
        weights_licence="Apache-2.0 (Qwen-Image-Edit)",
        extra="foundation",
        source="Wu et al., Qwen-Image technical report, 2025, arXiv:2508.02324; Liu et al., DoRA, ICML 2024",
    )


def capabilities_trained(before: Capabilities, settings: QwenSettings) -> Capabilities:
    """Give what one can that was trained by such settings: an ablation follows less.

    Examples
    --------
    >>> chosen = QwenSettings(condition="mask", reference=True)
    >>> can = capabilities_trained(capabilities_before("Edits."), chosen)
    >>> can.takes, can.needs
    (('mask', 'reference'), ('mask',))
    """
    mask: tuple[ConditionName, ...] = () if settings.condition == "prompt" else ("mask",)
    prompt: tuple[ConditionName, ...] = () if settings.condition == "mask" else ("diagnosis", "prompt")
    reference: tuple[ConditionName, ...] = ("reference",) if settings.reference else ()
    return replace(before, takes=(*mask, *prompt, *reference), needs=mask)
