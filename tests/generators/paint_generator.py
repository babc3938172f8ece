"""Paints the nerves of a mask, and what is around them, in the mean grey levels of the training frames."""

import json

import numpy as np
from pydantic import BaseModel

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import Capabilities, FrameFormat, GeneratorRecord, TrainingPlan


class PaintSettings(BaseModel):
    noise: float = 0.05


class PaintGenerator:
    name, version, settings_model = "paint", "1", PaintSettings
    capabilities = Capabilities("Paints masks in two grey levels.", takes=("mask",), needs=("mask",))
    format = kept = None

    @property
    def identity(self):
        return f"paint 1 {json.dumps(self.kept)}"

    def plan(self, job):
        return TrainingPlan(2, 2, steps=1, batch_size=1, memory_gib=0.1, seconds_a_step=0.1)

    def fit(self, job):
        pool, rows = job.train.pool, job.train.rows
        frames, nerves = np.float32(pool.frames[rows]), pool.masks[rows] > 127
        levels = float(frames[~nerves].mean()), float(frames[nerves].mean())
        facts = {"shape_px": frames.shape[1:], "pixel_size_um": pool.pixel_size_um, **job.settings}
        self._keep({"name": "paint", "levels": levels, **facts})
        return GeneratorRecord(steps=1, n_parameters=2, n_trained=2, seconds=0.1)

    def _keep(self, kept):
        self.kept, self.format = kept, FrameFormat(tuple(kept["shape_px"]), kept["pixel_size_um"])

    def generate(self, conditions):
        return [
            self._paint(condition.mask, np.random.default_rng(condition.seed)) for condition in conditions
        ]

    def _paint(self, mask, rng):
        if self.format is None or mask is None or mask.shape != self.format.shape_px:
            raise UnavailableError("paint needs a training, and then a mask of the training frames' shape.")
        frame = np.where(mask, *self.kept["levels"][::-1]) + self.kept["noise"] * rng.standard_normal(
            mask.shape
        )
        return np.clip(frame, 0, 1).astype(np.float32)

    def save_pretrained(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "generator.json").write_text(json.dumps(self.kept))

    @classmethod
    def from_pretrained(cls, folder, weights):
        made = cls()
        try:
            made._keep(json.loads((folder / "generator.json").read_text()))
        except (OSError, ValueError) as error:
            raise UnavailableError(f"{folder} holds no whole generator of paint; train it again.") from error
        return made
