"""Networks of a few hundred parameters and toy frames that they can learn; shared by tests of training."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from ccmeval.generation.conditions import Capabilities, Condition, FrameFormat, GeneratorJob
from ccmeval.utility.learning import FramePool, learning_set
from ccmeval_generators.network_generator import NetworkGenerator
from ccmeval_generators.settings import GeneratorNetworkSettings
from ccmeval_generators.training.stage import Batch, Stage, StageOptimiser

SIDE = 16
CLASSES = ("dark", "bright")


class TinySettings(GeneratorNetworkSettings):
    """Steps of the two stages."""

    size_px: int = SIDE
    batch_size: int = 4
    first_steps: int = Field(default=6, ge=0)
    second_steps: int = Field(default=6, ge=0)
    learning_rate: float = 0.01


class CoderStage(Stage):
    """An autoencoder with dropout, by one optimiser."""

    def __init__(self, networks: nn.ModuleDict, settings: Any) -> None:
        self.name, self.steps, self.batch_size = "coder", settings.first_steps, settings.batch_size
        self._networks, self._rate = networks, settings.learning_rate

    def trained(self) -> Mapping[str, nn.Module]:
        return {name: self._networks[name] for name in ("encoder", "decoder")}

    def optimisers(self) -> Sequence[StageOptimiser]:
        parameters = [value for module in self.trained().values() for value in module.parameters()]
        return [
            StageOptimiser("coder", parameters, torch.optim.Adam, lambda step: self._rate / (1 + step / 50))
        ]

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        noise = torch.randn(batch.frames.shape, generator=generator).to(batch.frames)
        code = self._networks["encoder"](batch.frames + 0.01 * noise)
        found = self._networks["decoder"](code)
        batch.log("masked", ((found - batch.frames) * batch.masks).square().mean())
        return (found - batch.frames).square().mean()


class AdversarialStage(Stage):
    """Codes from masks and labels, judged by a critic: two optimisers, on cached codes."""

    caches = True

    def __init__(self, networks: nn.ModuleDict, settings: Any) -> None:
        self.name, self.steps, self.batch_size = "adversarial", settings.second_steps, settings.batch_size
        self._networks, self._rate = networks, settings.learning_rate
        self.begun = 0

    def trained(self) -> Mapping[str, nn.Module]:
        return {name: self._networks[name] for name in ("maker", "critic")}

    def averaged(self) -> Mapping[str, nn.Module]:
        return {"maker": self._networks["maker"]}

    def optimisers(self) -> Sequence[StageOptimiser]:
        make = lambda values: torch.optim.Adam(values, betas=(0.5, 0.999))  # noqa: E731
        return [
            StageOptimiser(name, list(self._networks[part].parameters()), make, lambda step: self._rate)
            for name, part in (("maker", "maker"), ("critic", "critic"))
        ]

    def cached(self, batch: Batch) -> Mapping[str, Tensor]:
        return {"code": self._networks["encoder"](batch.frames)}

    def begin(self, batches: Iterable[Batch]) -> None:
        self.begun += 1
        codes = torch.cat([batch.cached["code"] for batch in batches])
        self._networks["maker"].scale.copy_(codes.std())

    def loss(self, turn: str, batch: Batch, generator: torch.Generator) -> Tensor:
        maker, critic = self._networks["maker"], self._networks["critic"]
        real = batch.cached["code"]
        if turn == "maker":
            noise = torch.randn(batch.masks.shape, generator=generator).to(batch.masks)
            made = maker(batch.masks, batch.labels, noise)
            batch.shared["made"] = made.detach()
            return (made - real).square().mean() - 0.01 * critic(made).mean()
        return (1 - critic(real)).relu().mean() + (1 + critic(batch.shared["made"])).relu().mean()


class Maker(nn.Module):
    """Mask, label and noise to a code; the scale is found before the stage."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.1)
        )
        self.head = nn.Conv2d(6, 2, 3, padding=1)
        self.register_buffer("scale", torch.ones(()))

    def forward(self, masks: Tensor, labels: Tensor, noise: Tensor) -> Tensor:
        plane = labels.to(masks)[:, None, None, None].expand_as(masks)
        return self.head(self.body(torch.cat([masks, plane, noise], dim=1))) * self.scale


class TinyGenerator(NetworkGenerator):
    """Both stages."""

    name = "tiny"
    capabilities = Capabilities("Tiny.", takes=("mask", "diagnosis"), needs=("mask", "diagnosis"))
    settings_model = TinySettings
    only_for_training = ("critic",)

    def build(self, frame_format: FrameFormat, settings: Any) -> nn.ModuleDict:
        def conv(first: int, last: int) -> nn.Module:
            return nn.Sequential(
                nn.Conv2d(first, 6, 3, padding=1),
                nn.ReLU(),
                nn.Dropout(0.05),
                nn.Conv2d(6, last, 3, padding=1),
            )

        decoder = conv(2, 1)
        nn.init.constant_(decoder[-1].bias, 0.4)  # within the range of grey levels from the start
        return nn.ModuleDict(
            {"encoder": conv(1, 2), "decoder": decoder, "maker": Maker(), "critic": conv(2, 1)}
        )

    def stages(self, networks: nn.ModuleDict, job: GeneratorJob, settings: Any) -> Sequence[Stage]:
        found = [CoderStage(networks, settings), AdversarialStage(networks, settings)]
        return [stage for stage in found if stage.steps]

    def notes(self, job: GeneratorJob, settings: Any) -> Sequence[str]:
        return ("Tiny.",)

    def sample(
        self,
        networks: nn.ModuleDict,
        conditions: Sequence[Condition],
        frame_format: FrameFormat,
        settings: Any,
    ) -> list[Any]:
        device = next(networks.parameters()).device
        masks = torch.stack([torch.from_numpy(one.mask.astype(np.float32)) for one in conditions])[:, None]
        noise = torch.stack(
            [
                torch.randn(1, SIDE, SIDE, generator=torch.Generator().manual_seed(one.seed))
                for one in conditions
            ]
        )
        labels = torch.tensor([list(frame_format.diagnoses).index(one.diagnosis) for one in conditions])
        code = networks["maker"](masks.to(device), labels.to(device), noise.to(device))
        return list(networks["decoder"](code)[:, 0].float().cpu().numpy())


def toy_pool(n_frames: int = 10) -> FramePool:
    """Draw an upright nerve in each frame; odd frames are brighter."""
    generator = np.random.default_rng(5)
    masks = np.zeros((n_frames, SIDE, SIDE), np.uint8)
    for mask in masks:
        first = generator.integers(1, SIDE - 4)
        mask[:, first : first + 3] = 255
    ground = np.where(np.arange(n_frames) % 2, 0.5, 0.1)[:, None, None]
    grey = ground + 0.4 * (masks / 255.0) + 0.02 * generator.standard_normal(masks.shape)
    return FramePool(np.clip(grey, 0.0, 1.0).astype(np.float16), 2.0, masks)


def conditions(n: int = 3) -> list[Condition]:
    """Give conditions from the masks of the toy frames."""
    pool = toy_pool()
    return [Condition(seed, CLASSES[seed % 2], pool.masks[seed] > 0) for seed in range(n)]


def toy_job(folder: Path, settings: Mapping[str, Any] | None = None, **more: Any) -> GeneratorJob:
    """Make a job of 10 frames, with samples at every fourth step."""
    job = GeneratorJob(
        train=learning_set(toy_pool(), np.arange(10), np.arange(10) % 2),
        classes=CLASSES,
        settings=dict(settings or {}),
        seed=3,
        folder=folder,
        samples=conditions(2),
        sample_every=4,
    )
    return replace(job, **more)


def kill_at(step: int) -> Any:
    """Make a progress function that kills its own process, as ``kill -9`` does."""

    def progress(stage: str, done: int, total: int) -> None:
        if done >= step and stage.startswith("Training"):
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def main() -> None:
    """Train in the folder given, and die at the step given; or make frames of a saved generator."""
    from ccmeval.plugins import WeightSource
    from ccmeval_generators.training import books

    what, folder, *rest = sys.argv[1:]
    if what == "generate":
        made = TinyGenerator.from_pretrained(Path(folder), WeightSource()).generate(conditions())
        np.save(rest[0], np.stack(made))
        return
    books.SHOW_EVERY_S = 0.0
    settings = {"checkpoint_every_s": float(rest[1]), "average_decay": float(rest[2])}
    TinyGenerator().fit(toy_job(Path(folder), settings, progress=kill_at(int(rest[0]))))


if __name__ == "__main__":
    main()
