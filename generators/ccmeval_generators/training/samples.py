"""Sample frames of a training under way: from fixed conditions, each step's told once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from ccmeval.generation.conditions import FrameFormat, GeneratorJob
from ccmeval.report.files import replacing
from ccmeval_generators.training.sampling import sample_frames

if TYPE_CHECKING:
    from ccmeval_generators.network_generator import NetworkGenerator

TOLD = "samples.json"
WAITING = "samples-waiting"


@dataclass(frozen=True)
class Samples:
    """Makes the sample frames of a job and hands them over.

    What was handed over is noted in the job's folder, so that a resumed training, which may do some steps
    again, does not tell them twice.

    Attributes
    ----------
    generator : NetworkGenerator
    job : GeneratorJob
    frame_format : FrameFormat
    settings : GeneratorNetworkSettings
    job_id : str
    waiting : bool
        Frames are kept in files until :meth:`hand_over`, as those are that another process makes.
    """

    generator: NetworkGenerator
    job: GeneratorJob
    frame_format: FrameFormat
    settings: Any
    job_id: str
    waiting: bool = False

    def due(self, step: int, steps: int) -> bool:
        """Tell whether frames are to be made after a step of the whole training."""
        if not self.job.samples or step <= self._told():
            return False
        every = self.job.sample_every
        return step in (0, steps) or (every > 0 and step % every == 0)

    def make(self, networks: nn.ModuleDict, step: int) -> None:
        """Make the frames, and hand them over or keep them for that."""
        frames = sample_frames(self.generator, networks, self.job.samples, self.frame_format, self.settings)
        if not self.waiting:
            self._tell(step, frames)
            return
        with (
            replacing(self.job.folder / WAITING / f"{step:08d}.npy") as partial,
            partial.open("wb") as file,
        ):
            np.save(file, np.stack(frames))

    def hand_over(self) -> None:
        """Hand over the frames that another process made."""
        for path in sorted((self.job.folder / WAITING).glob("*.npy")):
            step = int(path.stem)
            if step > self._told():
                self._tell(step, list(np.load(path, allow_pickle=False)))
            path.unlink()

    def _tell(self, step: int, frames: Any) -> None:
        self.job.on_samples(step, frames)
        with replacing(self.job.folder / TOLD) as partial:
            partial.write_text(json.dumps({"job": self.job_id, "step": step}), encoding="utf-8")

    def _told(self) -> int:
        """Give the last step whose frames were handed over; -1 before the first."""
        try:
            told = json.loads((self.job.folder / TOLD).read_text(encoding="utf-8"))
            return int(told["step"]) if told["job"] == self.job_id else -1
        except (OSError, ValueError, KeyError, TypeError):
            return -1
