"""How far the intervals, effects and detectable differences of pillar 3 can be believed.

::

    python benchmarks/utility_coverage.py --runs 400

Test subjects with three frames each in three diagnoses are drawn, and models of two groups: subjects
differ in how hard they are and in what a group gains on them, models differ by seed and by training
fold, and a model has subjects that it does badly on. The number is the accuracy per frame. The truth is
its difference over all subjects and models. `shared` is the part of the models' variance that comes from
the training frames, which the folds of a run share; where it is 0, only chance (seeds) tells models apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRAMES = 3
CLASSES = ("Control", "T1NoDPN", "T1DPN")
DESIGNS = {3: (3, 1), 5: (5, 1), 10: (5, 2), 25: (5, 5)}
SUBJECT, GAIN, MODEL, INTERACTION = 1.2, 0.5, 0.35, 0.6
"""SD on the scale of the logit."""


@dataclass(frozen=True)
class World:
    """What the numbers are drawn from; `gain` is added to the logit of group B."""

    subjects: int
    models: int
    gain: float
    shared: float
    base: float = 1.2


def right(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw which frames the models of A and B get right, (R, N) each."""
    folds, seeds = DESIGNS[world.models]
    n = world.subjects
    hard = SUBJECT * rng.normal(size=n)
    noise = rng.logistic(size=(world.subjects, FRAMES))
    both = []
    for gain in (0.0, world.gain):
        blocks = rng.normal(size=folds) * np.sqrt(folds - 1)
        fold = (blocks.sum() - blocks) / (folds - 1)
        model = np.sqrt(world.shared) * np.repeat(fold, seeds)
        model = MODEL * (model + np.sqrt(1 - world.shared) * rng.normal(size=world.models))
        logit = world.base + gain + hard + GAIN * rng.normal(size=n)
        logit = logit + model[:, None] + INTERACTION * rng.normal(size=(world.models, n))
        # Half of a frame's luck is its own, half the model's.
        luck = noise if rng is None else np.sqrt(0.5) * (noise + rng.logistic(size=(world.models, n, FRAMES)))
        both.append((logit[:, :, None] > luck).reshape(world.models, -1))
    return both[0], both[1]


def truth(gain: float) -> float:
    """Difference of accuracies over very many subjects, models and frames."""
    rng = np.random.default_rng(0)
    size = 4_000_000
    spread = np.sqrt(SUBJECT**2 + GAIN**2 + MODEL**2 + INTERACTION**2)
    logit = 1.2 + spread * rng.normal(size=size)
    luck = np.sqrt(0.5) * (rng.logistic(size=size) + rng.logistic(size=size))
    return float(np.mean(logit + gain > luck) - np.mean(logit > luck))
