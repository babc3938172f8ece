"""Which layers of a foundation model are adapted: presets by name."""

from __future__ import annotations

from typing import Literal

from ccmeval.errors import UnavailableError

TargetPreset = Literal["attention", "attention+mlp", "attention+mlp+projections"]
Family = Literal["qwen", "sd-unet", "clip-text"]

_PARTS: dict[Family, dict[str, tuple[str, ...]]] = {
    "qwen": {
        "attention": ("attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0"),
        "mlp": ("img_mlp.net.0.proj", "img_mlp.net.2", "txt_mlp.net.0.proj", "txt_mlp.net.2"),
        "projections": ("img_in", "txt_in", "proj_out"),
    },
    "sd-unet": {
        "attention": ("to_q", "to_k", "to_v", "to_out.0"),
        "mlp": ("ff.net.0.proj", "ff.net.2"),
        "projections": ("proj_in", "proj_out"),
    },
    "clip-text": {
        "attention": ("q_proj", "k_proj", "v_proj", "out_proj"),
        "mlp": ("fc1", "fc2"),
    },
}


def targets_of(family: Family, preset: TargetPreset) -> tuple[str, ...]:
    """Give the ends of the names of a preset's layers.

    For Qwen-Image ``attention`` is the four projections of the image stream, which the published parameter
    counts belong to; ``mlp`` adds the feed-forward layers of both streams, and ``projections`` the layers
    that map dimensions: latents and text into the transformer, and out of it.

    Raises
    ------
    UnavailableError
        If the model has no such layers.

    Examples
    --------
    >>> targets_of("clip-text", "attention+mlp")
    ('q_proj', 'k_proj', 'v_proj', 'out_proj', 'fc1', 'fc2')
    """
    parts = _PARTS[family]
    found: list[str] = []
    for part in preset.split("+"):
        if part not in parts:
            raise UnavailableError(
                f"The targets {preset!r} are not to be had in {family}, which has no {part}; choose one of"
                f" {', '.join(_presets(family))}."
            )
        found += parts[part]
    return tuple(found)


def _presets(family: Family) -> list[str]:
    names = list(_PARTS[family])
    return ["+".join(names[: number + 1]) for number in range(len(names))]
