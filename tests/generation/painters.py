"""A generator for tests: paints the mask, brighter or darker by diagnosis, on noise of the seed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

from ccmeval import plugins
from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import (
    Capabilities,
    Condition,
    FrameFormat,
    GeneratorJob,
    GeneratorRecord,
    TrainingPlan,
)
from ccmeval.plugins import WeightSource

SIDE = 96
LEVELS = {"Control": 0.75, "T1DPN": 0.6}


class PainterSettings(BaseModel):
    """Of the painter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    side_px: int = Field(default=SIDE, ge=8, description="Side of a frame.")
    inference_steps: int = 7
    guidance_scale: float = 1.5


class Painter:
    """Follows mask and diagnosis; counts how often it was asked for a seed."""

    name = "painter"
    version = "3"
    capabilities = Capabilities(
        summary="Paints masks.",
        takes=("mask", "diagnosis"),
        needs=("mask",),
        trainable=False,
        needs_training=False,
        weights_licence="",
        source="nowhere",
    )
    settings_model = PainterSettings
    asked: ClassVar[list[int]] = []
    die_after: ClassVar[int | None] = None

    def __init__(self, settings: PainterSettings | None = None) -> None:
        self.settings = settings or PainterSettings()

    @property
    def format(self) -> FrameFormat:
        return FrameFormat((self.settings.side_px, self.settings.side_px), 1.0, tuple(LEVELS))

    @property
    def identity(self) -> str:
        return f"{self.name} {self.version} {self.settings.side_px}"

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        raise UnavailableError("not trained")

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        raise UnavailableError("not trained")

    def generate(self, conditions: Sequence[Condition]) -> list[np.ndarray]:
        kind = type(self)
        if kind.die_after is not None and len(kind.asked) >= kind.die_after:
            raise KeyboardInterrupt
        kind.asked += [condition.seed for condition in conditions]
        return [self.paint(condition) for condition in conditions]

    def paint(self, condition: Condition) -> np.ndarray:
        side = self.settings.side_px
        frame = np.random.default_rng(condition.seed).normal(0.25, 0.03, (side, side))
        if condition.mask is not None:
            assert condition.mask.shape == (side, side)
            frame = frame + condition.mask * (LEVELS.get(condition.diagnosis or "", 0.5) - 0.25)
        return np.clip(frame, 0.0, 1.0).astype(np.float32)

    def save_pretrained(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        content = {"name": self.name, "settings": self.settings.model_dump()}
        (folder / "generator.json").write_text(json.dumps(content))

    @classmethod
    def from_pretrained(cls, folder: Path, weights: WeightSource) -> Painter:
        return cls(PainterSettings(**json.loads((folder / "generator.json").read_text())["settings"]))


class Trained(Painter):
    """One that gives frames only once trained."""

    name = "trained"
    capabilities = Capabilities("Needs training.", takes=("mask", "diagnosis"), extra="deep")


class MaskOnly(Painter):
    """Follows the mask alone."""

    name = "mask-only"
    capabilities = Capabilities("Paints.", takes=("mask",), needs=("mask",), needs_training=False)


class Free(Painter):
    """Needs no mask, and tells the mask and more of what it drew."""

    name = "free"
    capabilities = Capabilities(
        "Draws.", takes=("mask", "diagnosis", "prompt"), trainable=False, needs_training=False
    )

    def own_masks(self, conditions: Sequence[Condition]) -> list[np.ndarray | None]:
        drawn = np.zeros((self.settings.side_px, self.settings.side_px), dtype=bool)
        drawn[:, 40:44] = True
        return [None if it.mask is not None else drawn for it in conditions]

    def provenance(self, conditions: Sequence[Condition]) -> list[dict[str, str]]:
        return [{"drawn": "line", "frame": "ignored", "source_subject": "S9"} for _ in conditions]


class Stocked(Painter):
    """Has three frames of each diagnosis."""

    name = "stocked"
    capabilities = Capabilities("A stock.", takes=("diagnosis",), trainable=False, needs_training=False)

    def seeds_of(self, diagnosis: str | None) -> range:
        return range(3)


class Collapsed(Painter):
    """Gives the same frame for every seed."""

    name = "collapsed"

    def paint(self, condition: Condition) -> np.ndarray:
        return super().paint(Condition(0, condition.diagnosis, condition.mask))


class Liar(Painter):
    """Its capabilities raise."""

    name = "liar"

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        raise RuntimeError("no idea")


class Wild(Painter):
    """Leaves [0, 1]."""

    name = "wild"

    def paint(self, condition: Condition) -> np.ndarray:
        return super().paint(condition) * 3


class Refusing(Painter):
    """Cannot be made."""

    def __init__(self, settings: PainterSettings | None = None) -> None:
        raise UnavailableError("no licence")


class Half:
    """Keeps half of the contract."""

    version = "1"
    capabilities = Painter.capabilities
    settings_model = PainterSettings
    format = None
    identity = "half"


KINDS = {
    "half": "Half",
    "painter": "Painter",
    "trained": "Trained",
    "mask-only": "MaskOnly",
    "free": "Free",
    "stocked": "Stocked",
    "collapsed": "Collapsed",
    "liar": "Liar",
    "wild": "Wild",
    "refusing": "Refusing",
}


@pytest.fixture
def painters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the generators of this module, and two broken entries, be all that are installed."""
    group = "ccmeval.generators"
    found = [EntryPoint(name, f"{__name__}:{kind}", group) for name, kind in KINDS.items()]
    found.append(EntryPoint("gone", "no_such_package_anywhere:Thing", group))
    found.append(EntryPoint("exits", "sys:exit", group))
    real = plugins.entry_points
    entries = EntryPoints(found)
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: entries if group == "ccmeval.generators" else real(group=group)
    )
    monkeypatch.setattr(Painter, "asked", [])
    monkeypatch.setattr(Painter, "die_after", None)
