"""Frames by the adapters of their diagnoses."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ccmeval.arrays import FloatArray
from ccmeval.generation.conditions import Condition, FrameFormat
from ccmeval_generators.foundation.prompts import prompt_of
from ccmeval_generators.foundation.stable_diffusion.parts import StableDiffusionParts
from ccmeval_generators.foundation.stable_diffusion.sampling import sampled_frames
from ccmeval_generators.foundation.stable_diffusion.texts import embedded, token_rows
from ccmeval_generators.sd_datadream.adapters import adapter_name, use_adapter
from ccmeval_generators.sd_datadream.settings import SdDatadreamSettings


def sampled_by_class(
    networks: nn.ModuleDict,
    conditions: Sequence[Condition],
    frame_format: FrameFormat,
    settings: SdDatadreamSettings,
) -> list[FloatArray]:
    """Make one frame a condition, a diagnosis at a time.

    Each diagnosis's batch is filled up to the number of all conditions, since a GPU may round otherwise for
    another number of frames.
    """
    labels = [list(frame_format.diagnoses).index(one.diagnosis or "") for one in conditions]
    made: dict[int, FloatArray] = {}
    for label in dict.fromkeys(labels):
        places = [place for place, other in enumerate(labels) if other == label]
        filled = places + [places[-1]] * (len(labels) - len(places))
        parts = networks[adapter_name(label)].base
        use_adapter(parts, label)
        frames = _sampled(parts, [conditions[place] for place in filled], frame_format, settings)
        made.update(zip(places, frames, strict=False))
    return [made[place] for place in range(len(labels))]


def _sampled(
    parts: StableDiffusionParts,
    conditions: Sequence[Condition],
    frame_format: FrameFormat,
    settings: SdDatadreamSettings,
) -> list[FloatArray]:
    prompts = [prompt_of(settings.prompts, one.diagnosis, one.prompt) for one in conditions]
    return sampled_frames(
        parts,
        _told(parts, prompts),
        _told(parts, [""] * len(prompts)),
        [one.seed for one in conditions],
        frame_format.shape_px[0],
        settings.inference_steps,
        settings.guidance_scale,
    )


def _told(parts: StableDiffusionParts, prompts: Sequence[str]) -> Tensor:
    """Embed prompts by the adapters in effect, each different one once and by itself."""
    known = {
        prompt: embedded(parts.text_encoder, token_rows(parts.tokenizer, [prompt]))[0]
        for prompt in dict.fromkeys(prompts)
    }
    return torch.stack([known[prompt] for prompt in prompts])
