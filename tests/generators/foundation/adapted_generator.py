"""A generator on frozen bases: one that is adapted, one that is trained in part, one that is only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat, GeneratorJob
from ccmeval_generators.foundation.adapted import AdaptedModel
from ccmeval_generators.foundation.adapters.attach import attach
from ccmeval_generators.foundation.adapters.fuse import fused
from ccmeval_generators.network_generator import NetworkGenerator
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser
from tests.generators.foundation.models import BASE, block, spec
from tests.generators.tiny import TinySettings


class Pixels(nn.Module):
    """A block that looks at single pixels, with a head."""

    def __init__(self) -> None:
        super().__init__()
        self.block = block(seed=2)
        self.head = nn.Linear(4, 1)

    def forward(self, planes: Tensor) -> Tensor:
        return self.head(self.block(planes.movedim(1, -1))).movedim(-1, 1)


class PixelStage(Stage):
    """Frames from masks and what a frozen base makes of them."""

    name, caches = "pixels", True

    def __init__(self, networks: nn.ModuleDict, settings: Any) -> None:
        self.steps, self.batch_size = settings.first_steps, settings.batch_size
        self._networks, self._rate = networks, settings.learning_rate

    def trained(self) -> Mapping[str, nn.Module]:
        return {"model": self._networks["model"]}

    def optimisers(self) -> Sequence[StageOptimiser]:
        parameters = list(self._networks["model"].parameters())
        return [StageOptimiser("pixels", parameters, torch.optim.AdamW, lambda step: self._rate)]

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        return {"planes": self._networks["reader"](batch.masks)}

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        return (self._networks["model"](batch.cached["planes"]) - batch.frames).square().mean()


class PixelGenerator(NetworkGenerator):
    """One stage."""

    name = "pixels"
    capabilities = Capabilities("Pixels.", takes=("mask",), needs=("mask",))
    settings_model = TinySettings
    base_sha256 = BASE
    """Of the base that is at hand."""

    def build(self, frame_format: FrameFormat, settings: Any) -> nn.ModuleDict:
        drawn = torch.random.get_rng_state()
        torch.manual_seed(7)
        pixels, reader = Pixels(), nn.Conv2d(1, 6, 3, padding=1)
        torch.random.set_rng_state(drawn)
        attach(pixels, spec())
        model = AdaptedModel(pixels, self.base_sha256, whole=("head",))
        return nn.ModuleDict({"model": model, "reader": AdaptedModel(reader, BASE)})

    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: Any) -> Sequence[Stage]:
        return [PixelStage(networks, settings)]

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: Any,
    ) -> list[Any]:
        masks = torch.stack([torch.from_numpy(one.mask.astype(np.float32)) for one in conditions])[:, None]
        with fused(networks["model"]):
            frames = networks["model"](networks["reader"](masks))
        return list(frames[:, 0].clamp(0, 1).numpy())
