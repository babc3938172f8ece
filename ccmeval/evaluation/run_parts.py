"""What the pillars of a run share: sets, scale, settings, and how a frame is read at the common scale."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from ccmeval.cohort.reading import read_frame
from ccmeval.cohort.record import Frame
from ccmeval.cohort.standardise import standardise
from ccmeval.evaluation.schema import Scale
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.shared import SharedReal
from ccmeval.evaluation.watch import Watch
from ccmeval.settings import RunSettings

Progress = Callable[[str, int, int], None]
"""Called with the words of a stage, how much of it is done, and of how much."""

T = TypeVar("T")


def silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class RunParts:
    """What the pillars of a run share.

    Attributes
    ----------
    real, synth : EvaluatedSet
    held_out : EvaluatedSet or None
    pairs : sequence of (int, int)
        Declared pairs: index in `real` and in `synth`.
    scale : Scale
    settings : ThreePillarSettings
    readings : mapping of str to RunSettings
        By name of the set: how its frames are read and brought to the scale.
    out : pathlib.Path
    progress : callable
    shared : SharedReal or None
        What other runs of the same real set leave and find.
    watch : Watch
        Takes features and scores in passing.
    """

    real: EvaluatedSet
    synth: EvaluatedSet
    held_out: EvaluatedSet | None
    pairs: Sequence[tuple[int, int]]
    scale: Scale
    settings: ThreePillarSettings
    readings: Mapping[str, RunSettings]
    out: Path
    progress: Progress = field(default=silent)
    shared: SharedReal | None = None
    watch: Watch = field(default_factory=Watch)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Make what depends on the real side alone, or find it as another run of the same made it."""
        return make() if self.shared is None else self.shared.once(name, make)

    def rng(self, name: str) -> np.random.Generator:
        """Give the generator of a part of the run: its numbers do not depend on which other parts run."""
        seed = np.random.SeedSequence(self.settings.seed, spawn_key=(zlib.crc32(name.encode()),))
        return np.random.default_rng(seed)

    def read(self, one: EvaluatedSet, index: int) -> Frame:
        """Read a frame of a set and bring it to the common scale."""
        reading = self.readings[one.name]
        frame = read_frame(
            one.cohort.records[index],
            pixel_size_um=reading.pixel_size_um,
            field_of_view_um=reading.field_of_view_um,
            settings=reading.part("reading"),
        )
        return frame if reading.scale is None else standardise(frame, reading.scale)
