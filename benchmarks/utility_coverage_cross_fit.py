"""How far the intervals of pillar 3 can be believed under cross-fit, where each fold has its own model.

::

    python benchmarks/utility_coverage_cross_fit.py --runs 400

The worlds of `utility_coverage.py` without a difference between the groups. Columns: subjects, folds, seeds,
spread of the estimate over runs and the mean of its estimate, coverage of the 95 % interval, how often it
lies above zero, how often the effect is `helps`.
"""

from __future__ import annotations

import argparse

import numpy as np
from utility_coverage import ACCURACY, FRAMES, GAIN, SUBJECT, WORLDS, World, covered, outcomes

from ccmeval.utility.differences import difference_row
from ccmeval.utility.group_scores import score_group
from ccmeval.utility.resampling import subject_draws
from ccmeval.utility.settings import UtilitySettings


def drawn(world: World, folds: np.ndarray, seeds: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw which frames the models of A and B get right, (seeds, N) each, from the fold of each subject."""
    n = folds.size
    hard, luck = SUBJECT * rng.normal(size=n), rng.logistic(size=(n, FRAMES))
    found = []
    for _ in range(2):
        of_model = world.model * rng.normal(size=(seeds, folds.max() + 1))[:, folds]
        logit = world.base + hard + GAIN * rng.normal(size=n) + of_model
        logit = logit + world.interaction * rng.normal(size=(seeds, n))
        own = np.sqrt(0.5) * (luck + rng.logistic(size=(seeds, n, FRAMES)))
        found.append((logit[:, :, None] > own).reshape(seeds, -1))
    return found


def one_run(world: World, subjects: int, settings: UtilitySettings, rng: np.random.Generator) -> list[float]:
    """Value, low, high, error, helps."""
    folds = np.arange(subjects) // 3 % settings.folds
    codes = np.repeat(np.arange(subjects), FRAMES)
    names = [f"{code:03d}" for code in codes]
    a, b = (outcomes(one, codes % 3, names) for one in drawn(world, folds, settings.seeds, rng))
    draws = subject_draws(a[0], settings.seeds, settings.resamples, rng)
    scores = [
        score_group(group, some, [ACCURACY], draws, np.repeat(folds, FRAMES))
        for group, some in (("B", b), ("A", a))
    ]
    row = difference_row("diagnosis", "simulated", *scores, ACCURACY, settings)
    return [row.value, row.low, row.high, row.standard_error, row.effect == "helps"]


def main() -> None:
    """Print a table for each world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    runs = parser.parse_args().runs
    for name in ("seeds", "few"):
        print(f"World {name}\nsubjects folds seeds     SD  of it  covered  above 0  helps")
        for subjects in (12, 24, 60):
            for folds, seeds in ((3, 1), (5, 1), (5, 2), (5, 5)):
                settings = UtilitySettings(folds=folds, seeds=seeds, resamples=400, cross_fit=True)
                rng = np.random.default_rng(3)
                table = [one_run(WORLDS[name], subjects, settings, rng) for _ in range(runs)]
                value, low, high, error, helps = np.array(table, dtype=float).T
                print(
                    f"{subjects:8d} {folds:5d} {seeds:5d} {value.std():6.3f}"
                    f" {np.sqrt(np.mean(error**2)):6.3f}"
                    f" {covered(low, high, 0):8.3f} {np.mean(low > 0):8.3f} {helps.mean():6.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
