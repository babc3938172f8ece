"""What a reader of results should know of a training on Qwen-Image-Edit."""

from __future__ import annotations

import numpy as np
import torch

from ccmeval.generation.conditions import GeneratorJob
from ccmeval_generators.foundation.optimising import adam_note
from ccmeval_generators.qwen.flow import effective_foreground, loss_weights, pooled_mask
from ccmeval_generators.qwen.settings import QwenSettings

_FRAMES = 64
"""At most, whose masks are looked at."""

_HALF = 128


def base_notes(settings: QwenSettings, plus: bool) -> list[str]:
    """Tell where a base is used otherwise than it was made for."""
    if not settings.reference or plus:
        return []
    return [
        "The base is made for one image: its language model sees the mask only, and the reference goes in"
        " beside the mask's latents; the Plus variant (2509 and later) is made for several images."
    ]


def training_notes(job: GeneratorJob, settings: QwenSettings) -> list[str]:
    """Tell optimiser, effective weight of nerves, ablation, references and guidance."""
    notes = [adam_note(), *_weight_note(job, settings)]
    if settings.condition == "mask":
        notes.append("An ablation: the prompt names no diagnosis, and the model is told the mask alone.")
    if settings.condition == "prompt":
        notes.append("An ablation: the mask shown to the model is empty, and it is told the prompt alone.")
    if settings.reference:
        notes.append(
            "The reference of a training frame was always the same other frame of its diagnosis, whoever's"
            " it was."
        )
    if not settings.has_guidance:
        notes.append("Frames are made without guidance (guidance_scale 1).")
    return notes


def _weight_note(job: GeneratorJob, settings: QwenSettings) -> list[str]:
    """Tell the weight that nerves have in truth, by the masks of the first frames."""
    pool = job.train.pool
    if pool.masks is None or settings.foreground_weight == settings.background_weight:
        return []
    rows = np.unique(job.train.rows)[:_FRAMES]
    masks = torch.from_numpy((np.stack([pool.masks[row] for row in rows]) >= _HALF).astype(np.float32))
    masks = masks[:, None]
    if not masks.any():
        return ["No mask of the first frames has nerve, so that the loss weighs nothing more."]
    pooled = pooled_mask(masks, settings.model_side_px // 8, settings.mask_pooling)
    weights = loss_weights(pooled, settings.foreground_weight, settings.background_weight)
    found = float(effective_foreground(masks, weights))
    return [
        f"With masks pooled by their {_WORDS[settings.mask_pooling]}, the loss weighs nerve pixels"
        f" {found:.3g} on average (asked for: {settings.foreground_weight:g}), and"
        f" {float(pooled.mean()):.1%} of the latents' grid counts as nerve."
    ]


_WORDS = {"max": "maximum", "mean": "mean"}
