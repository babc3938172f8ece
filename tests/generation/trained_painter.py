"""A small generator without networks, a segmenter that sees what it paints, and a cohort for both."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image
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
from ccmeval.nerves.segmentation import Segmentation

SIDE, PIXEL_UM = 64, 1.0
GREY = {"Control": 0.25, "T1DPN": 0.4}
NERVE = 0.9


class PainterSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    steps: int = Field(default=4, ge=1)
    size_px: int = SIDE


class Painter:
    """Learns the mean grey of each diagnosis a little more with every step, and paints masks on it."""

    name, version = "painter", "1"
    capabilities = Capabilities("Paints.", takes=("mask", "diagnosis"), needs=("mask",), side_multiple_px=8)
    settings_model = PainterSettings
    interrupt_at: ClassVar[int | None] = None
    jobs: ClassVar[list[GeneratorJob]] = []

    def __init__(self) -> None:
        self.levels: dict[str, float] = {}
        self.format: FrameFormat | None = None

    @property
    def identity(self) -> str:
        return f"{self.name} {self.version} {json.dumps(self.levels, sort_keys=True)}"

    def plan(self, job: GeneratorJob) -> TrainingPlan:
        steps = job.settings["steps"]
        return TrainingPlan(2, 2, steps, len(job.train), 0.5, 0.25, stages=["grey levels"])

    def fit(self, job: GeneratorJob) -> GeneratorRecord:
        type(self).jobs.append(job)
        state = job.folder / "state.json"
        done = json.loads(state.read_text())["done"] if state.is_file() else 0
        steps = int(job.settings["steps"])
        side = job.train.pool.frames.shape[1]
        self.format = FrameFormat((side, side), job.train.pool.pixel_size_um, tuple(job.classes))
        for step in range(done, steps + 1):
            self.levels = {
                name: self._mean(job, index) * step / steps for index, name in enumerate(job.classes)
            }
            every = job.sample_every
            if job.samples and (step in (0, steps) or (every and step % every == 0)):
                job.on_samples(step, self._paint(job.samples, nerves=step > 0))
            state.write_text(json.dumps({"done": step}))
            job.progress(f"Training painter, loss {1 / (step + 1):.3f}", step, steps)
            if step == self.interrupt_at:
                raise KeyboardInterrupt
        history = [("grey levels", step, 1 / (step + 1)) for step in range(1, steps + 1)]
        return GeneratorRecord(steps, 2, 2, 1.5, history, notes=["It is a painter."])

    @staticmethod
    def _mean(job: GeneratorJob, label: int) -> float:
        rows = [i for i in range(len(job.train)) if job.train.labels[i] == label]
        ground = [job.train.frame(i)[job.train.coverage(i) == 0].mean() for i in rows]
        return float(np.mean(ground))

    def _paint(self, conditions: Any, nerves: bool = True) -> list[np.ndarray]:
        frames = []
        for condition in conditions:
            rng = np.random.default_rng(condition.seed)
            frame = self.levels.get(condition.diagnosis, 0.3) + rng.uniform(0, 0.05, condition.mask.shape)
            frames.append(np.where(condition.mask & nerves, NERVE, frame).astype(np.float32))
        return frames

    def generate(self, conditions: list[Condition]) -> list[np.ndarray]:
        if self.format is None:
            raise UnavailableError("The painter is not trained.")
        return self._paint(conditions)

    def save_pretrained(self, folder: Path) -> None:
        (folder / "generator.json").write_text(json.dumps({"name": self.name, "levels": self.levels}))

    @classmethod
    def from_pretrained(cls, folder: Path, weights: plugins.WeightSource) -> Painter:
        found = cls()
        found.levels = json.loads((folder / "generator.json").read_text())["levels"]
        return found


class BrightSegmenter:
    """Takes what is bright for nerve."""

    name, version = "bright", "1"

    def segment(self, frames: Any, pixel_sizes_um: Any, imaged: Any = None) -> list[Segmentation]:
        return [Segmentation((frame > 0.7).astype(np.float32)) for frame in frames]


def offer(monkeypatch: pytest.MonkeyPatch, generator: type = Painter) -> None:
    """Let plug-ins of these names be found."""
    known = {("ccmeval.generators", "painter"): generator, ("ccmeval.segmenters", "bright"): BrightSegmenter}
    load = plugins.load

    def found(group: Any, name: str) -> Any:
        return known[group, name]() if (group, name) in known else load(group, name)

    monkeypatch.setattr(plugins, "load", found)
    monkeypatch.setattr(Painter, "jobs", [])


def drawn(number: int, diagnosis: str, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Give a frame (uint8) with two level nerves, and its mask."""
    mask = np.zeros((side, side), dtype=bool)
    for row in (8 + number % 8, side - 20 + number % 8):
        mask[row : row + 5] = True
    noise = np.random.default_rng(number).uniform(-0.1, 0.1, mask.shape)
    return np.uint8(np.rint(255 * np.where(mask, NERVE, GREY[diagnosis] + noise))), mask


def write_cohort(root: Path, splits: dict[str, str] | None = None, subjects: int = 6, **more: Any) -> Path:
    """Write two frames a subject, the subjects of the two diagnoses in turn; give the manifest."""
    rows = []
    for number in range(2 * subjects):
        subject, diagnosis = f"P{number // 2}", list(GREY)[number // 2 % 2]
        frame, mask = drawn(number, diagnosis)
        name = f"{subject}_{number}.png"
        for folder, picture in (("frames", frame), ("masks", np.uint8(255 * mask))):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(root / folder / name)
        row = {"frame": f"frames/{name}", "mask": f"masks/{name}", "diagnosis": diagnosis, "subject": subject}
        row |= {"pixel_size_um": str(PIXEL_UM), **more}
        if splits is not None:
            row["split"] = splits.get(subject, "train")
        rows.append(row)
    write_rows(root / "manifest.csv", rows)
    return root / "manifest.csv"


def write_rows(manifest: Path, rows: list[dict[str, str]]) -> None:
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def changed(manifest: Path, frame_number: int, **values: str) -> None:
    """Change a row of a manifest."""
    rows = read_rows(manifest)
    rows[frame_number] |= values
    write_rows(manifest, rows)


def with_capabilities(**changes: Any) -> type:
    """Give a painter of other capabilities."""
    return type("OtherPainter", (Painter,), {"capabilities": replace(Painter.capabilities, **changes)})
