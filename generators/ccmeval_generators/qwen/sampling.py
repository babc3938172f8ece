"""Frames from conditions: the pipelines' own sampling, with the sides that the settings say."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from ccmeval.arrays import FloatArray
from ccmeval.generation.conditions import Condition, FrameFormat
from ccmeval_generators.foundation.adapters.fuse import fused
from ccmeval_generators.qwen.flow import packed, set_steps, unpacked
from ccmeval_generators.qwen.parts import QwenParts
from ccmeval_generators.qwen.pictures import frames_out
from ccmeval_generators.qwen.settings import QwenSettings
from ccmeval_generators.qwen.telling import Wanted, wanted_of
from ccmeval_generators.qwen.velocity import Told, guided, velocity

_REMEMBERED = 64
"""Embedded prompts that are kept: those of samples in training need the text encoder but once."""


class Sampler:
    """Makes frames with a base's parts and an adapted transformer.

    Parameters
    ----------
    parts : QwenParts
    settings : QwenSettings
    """

    def __init__(self, parts: QwenParts, settings: QwenSettings) -> None:
        self.parts, self._settings = parts, settings
        self._embedded: OrderedDict[str, Tensor] = OrderedDict()

    def frames(
        self, networks: nn.ModuleDict, conditions: Sequence[Condition], frame_format: FrameFormat
    ) -> list[FloatArray]:
        """Make one frame a condition, one after the other, on the device where the adapter lies."""
        model = networks["adapter"]
        # Samples in training are merged too, so that they are made as frames are afterwards.
        with fused(model.base) if self._settings.fuse else nullcontext():
            return [self._frame(model, one, frame_format) for one in conditions]

    def _frame(self, model: Any, condition: Condition, frame_format: FrameFormat) -> FloatArray:
        settings, device = self._settings, model.base_sha256.device
        wanted = wanted_of(condition, frame_format.shape_px, settings)
        # The text encoder first: what it needs of memory is free again if it is dropped.
        words = [self._words(wanted, prompt, device) for prompt in self._prompts(wanted)]
        control = torch.cat([packed(self.parts.encoded(it.to(device))) for it in wanted.controls()], dim=1)
        latents = self._sampled(model, [Told(control, it) for it in words], condition.seed)
        frame: FloatArray = frames_out(self.parts.decoded(latents), frame_format.shape_px)[0]
        return frame

    def _prompts(self, wanted: Wanted) -> list[str]:
        return [wanted.prompt, *([self._settings.negative_prompt] if self._settings.has_guidance else [])]

    def _words(self, wanted: Wanted, prompt: str, device: torch.device) -> Tensor:
        images = wanted.seen(self.parts.plus)
        digest = hashlib.sha256(prompt.encode())
        for image in images:
            digest.update(image.tobytes())
        key = digest.hexdigest()
        if key not in self._embedded:
            self._embedded[key] = self.parts.embedded(prompt, images, device).cpu()
            if len(self._embedded) > _REMEMBERED:
                self._embedded.popitem(last=False)
        self._embedded.move_to_end(key)
        return self._embedded[key].to(device)[None]

    def _sampled(self, model: Any, told: Sequence[Told], seed: int) -> Tensor:
        """Go from noise to latents (1, C, h, w) by the scheduler's steps."""
        side = self._settings.model_side_px // 8
        cells, channels = (side // 2, side // 2), told[0].control.shape[-1] // 4
        device = told[0].control.device
        stream = torch.Generator().manual_seed(seed % 2**63)
        latents = packed(torch.randn((1, channels, side, side), generator=stream).to(device))
        scheduler = self.parts.scheduler()
        times = set_steps(scheduler, self._settings.inference_steps, latents.shape[1], device)
        scheduler.set_begin_index(0)
        for time in times:
            at = time.expand(1) / 1000
            found = velocity(model, latents, at, told[0], cells)
            if len(told) > 1:
                without = velocity(model, latents, at, told[1], cells)
                found = guided(found, without, self._settings.guidance_scale)
            latents = scheduler.step(found, time, latents, return_dict=False)[0]
        return unpacked(latents, side, side)
