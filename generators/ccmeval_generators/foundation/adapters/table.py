"""How many parameters adapters train, counted on the full-size model without its weights."""

from __future__ import annotations

from torch import nn

from ccmeval.generation.parameters import ParameterRow, ParameterTable
from ccmeval_generators.foundation.adapters.spec import AdapterKind, AdapterSpec
from ccmeval_generators.foundation.adapters.targets import TargetPreset, targets_of

RANKS = (8, 16, 32)
PRESETS: tuple[TargetPreset, ...] = ("attention", "attention+mlp", "attention+mlp+projections")

PUBLISHED_MILLIONS: dict[AdapterKind, dict[int, float]] = {
    "lora": {8: 11.80, 16: 23.59, 32: 47.19},
    "wdlora": {8: 11.81, 16: 23.61, 32: 47.21},
}
"""Of the study that WDLoRA for CCM frames is from: trainable parameters by adapter and rank."""


_WORDS: dict[AdapterKind, str] = {"lora": "LoRA", "wdlora": "WDLoRA"}


def count_adapter(model: nn.Module, spec: AdapterSpec) -> int:
    """Count what an adapter would train of a model, which may be on the meta device.

    Examples
    --------
    >>> count_adapter(nn.Sequential(nn.Linear(6, 4)), AdapterSpec("wdlora", 2, 2.0, ("0",)))
    24
    """
    ends = tuple(f".{target}" for target in spec.targets)
    layers = [part for path, part in model.named_modules() if f".{path}".endswith(ends) and path]
    return sum(_of_layer(layer, spec) for layer in layers)


def qwen_table(kind: AdapterKind) -> ParameterTable:
    """Count what LoRA or WDLoRA trains of Qwen-Image-Edit's transformer, by preset and rank, alpha = rank."""
    model = qwen_on_meta()
    rows = [
        ParameterRow(
            preset,
            rank,
            count_adapter(model, AdapterSpec(kind, rank, float(rank), targets_of("qwen", preset))),
            PUBLISHED_MILLIONS[kind].get(rank) if preset == "attention" else None,
        )
        for preset in PRESETS
        for rank in RANKS
    ]
    n_frozen = sum(value.numel() for value in model.parameters())
    return ParameterTable(type(model).__name__, n_frozen, _WORDS[kind], rows, _notes(kind))


def qwen_on_meta() -> nn.Module:
    """Make the full-size transformer without memory for its weights; its defaults are the released ones."""
    import torch
    from diffusers import QwenImageTransformer2DModel

    with torch.device("meta"):
        model: nn.Module = QwenImageTransformer2DModel()
    return model


def _notes(kind: AdapterKind) -> tuple[str, ...]:
    if kind == "lora":
        return ()
    return (
        "Every adapted layer has a magnitude for each row of its weight: 737,280 in all for 'attention', of"
        " which the published numbers hold only a small part.",
    )


def _of_layer(layer: nn.Module, spec: AdapterSpec) -> int:
    """Count A, B and the magnitudes; the kernel of a convolution belongs to A."""
    rows, columns = layer.weight.shape[:2]
    kernel = layer.weight[0, 0].numel()
    magnitudes = columns if spec.norm_axis == "input" else rows
    low_rank: int = spec.rank * (rows + columns * kernel)
    return low_rank + (magnitudes if spec.kind == "wdlora" else 0)
