"""Simulated frames for the tests of pillar 2."""

from __future__ import annotations

import numpy as np

from ccmeval.preservation.frames import Frames
from ccmeval.preservation.settings import PreservationSettings

CNFL = "cnfl_mm_per_mm2"
QUICK = PreservationSettings(resamples=199, permutations=99, structure_resamples=99, structure_splits=10)
MEANS = {"Control": 20.0, "T1NoDPN": 15.0, "T1DPN": 10.0}


def cohort(
    seed: int,
    means: dict[str, float] | None = None,
    *,
    subjects: int = 20,
    frames: int = 3,
    sd: float = 3.0,
    tag: str = "r",
    columns: tuple[str, ...] = (CNFL,),
) -> Frames:
    """Subjects of each diagnosis with several frames; half of the variance lies between subjects."""
    rng = np.random.default_rng(seed)
    names, diagnoses, blocks = [], [], []
    for diagnosis, mean in (means or MEANS).items():
        names += [f"{tag}-{diagnosis}-{i}" for i in range(subjects) for _ in range(frames)]
        diagnoses += [diagnosis] * (subjects * frames)
        level = np.repeat(rng.normal(0, sd * np.sqrt(0.5), (subjects, len(columns))), frames, axis=0)
        blocks.append(mean + level + rng.normal(0, sd * np.sqrt(0.5), level.shape))
    table = np.concatenate(blocks)
    values = {column: table[:, i] for i, column in enumerate(columns)}
    return Frames([f"{tag}{i}" for i in range(len(names))], names, diagnoses, values, by_subject=True)


def one_diagnosis(
    values: np.ndarray, *, tag: str = "r", column: str = CNFL, by_subject: bool = True
) -> Frames:
    """One frame a subject."""
    names = [f"{tag}{i}" for i in range(len(values))]
    return Frames(names, names, ["Control"] * len(values), {column: np.asarray(values, float)}, by_subject)
