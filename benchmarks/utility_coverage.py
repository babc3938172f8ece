"""How far the intervals, effects and detectable differences of pillar 3 can be believed.

::

    python benchmarks/utility_coverage.py --runs 400

Test subjects with three frames each in three diagnoses are drawn, and the models of two groups: subjects
differ in how hard they are and in what a group gains on them, models differ by seed and by training
fold, and a model has subjects that it does badly on. The number is the accuracy per frame. The truth is
its difference over all subjects and models. In world `seeds` only chance tells models apart; in `few`
it does so strongly and alike on all subjects, the worst for three models; in `frames` half of the models'
variance comes of the training frames, most of which the folds of a run share, and the truth is over other
training frames too, which the intervals do not claim to cover. Beside them stands the pigeonhole bootstrap
(subjects and models drawn with replacement, percentiles), as it is and stretched by sqrt(R / (R - 1)).

Columns: test subjects, models a group, spread of the estimate over runs and the mean of its estimate;
coverage of the 95 % interval at no difference: ours, pigeonhole, stretched; how often the interval lies
above zero then, and how often the effect is `helps`; and at a true difference as large as the median of the
smallest detectable one (or as any can be): that difference, coverage, interval above zero, `helps`.
A last table is of one group's accuracy: coverage and width of its interval, and of Student's.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np

from ccmeval.utility.differences import difference_row
from ccmeval.utility.group_scores import key_of, score_group
from ccmeval.utility.intervals import interval_of, share_interval
from ccmeval.utility.outcomes import DiagnosisOutcome, MetricSpec
from ccmeval.utility.resampling import subject_draws
from ccmeval.utility.settings import UtilitySettings
from ccmeval.utility.two_way import two_way_error

FRAMES = 3
CLASSES = ("Control", "T1NoDPN", "T1DPN")
FOLDS_AND_SEEDS = {3: (3, 1), 5: (5, 1), 10: (5, 2), 25: (5, 5)}
SUBJECT, GAIN = 1.2, 0.5  # SD over subjects, on the scale of the logit


@dataclass(frozen=True)
class World:
    """SD of models and of models on single subjects, on the scale of the logit."""

    model: float
    interaction: float
    shared: float = 0.0
    gain: float = 0.0
    base: float = 1.2


WORLDS = {"seeds": World(0.35, 0.6), "few": World(0.7, 0.0), "frames": World(0.35, 0.6, shared=0.5)}


class Accuracy:
    """Share of frames that are right, for one resample or many."""

    def __call__(self, outcome: DiagnosisOutcome, weights: np.ndarray) -> float:
        """Give it for weights (N,)."""
        return float(self.many(outcome, weights))

    def many(self, outcome: DiagnosisOutcome, weights: np.ndarray) -> np.ndarray:
        """Give it for weights (B, N)."""
        right = outcome.probabilities.argmax(axis=1) == outcome.labels
        return weights @ right / weights.sum(axis=-1)


ACCURACY = MetricSpec("accuracy", "Accuracy", "diagnosis", "frame", "higher", Accuracy(), primary=True)


def drawn(world: World, subjects: int, models: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw which frames the models of A and B get right, (R, N) each."""
    folds, seeds = FOLDS_AND_SEEDS[models]
    hard = SUBJECT * rng.normal(size=subjects)
    luck = rng.logistic(size=(subjects, FRAMES))
    found = []
    for gain in (0.0, world.gain):
        blocks = rng.normal(size=folds) * np.sqrt(folds - 1)
        of_fold = np.repeat((blocks.sum() - blocks) / (folds - 1), seeds)
        of_model = np.sqrt(world.shared) * of_fold + np.sqrt(1 - world.shared) * rng.normal(size=models)
        logit = world.base + gain + hard + GAIN * rng.normal(size=subjects) + world.model * of_model[:, None]
        logit = logit + world.interaction * rng.normal(size=(models, subjects))
        # Half of a frame's luck is its own, half is new with every model.
        own = np.sqrt(0.5) * (luck + rng.logistic(size=(models, subjects, FRAMES)))
        found.append((logit[:, :, None] > own).reshape(models, -1))
    return found


def margins(world: World) -> np.ndarray:
    """Draw by how much very many models of group A clear very many frames."""
    rng = np.random.default_rng(0)
    spread = np.sqrt(SUBJECT**2 + GAIN**2 + world.model**2 + world.interaction**2)
    margin = world.base + spread * rng.normal(size=400_000)
    margin -= np.sqrt(0.5) * (rng.logistic(size=margin.size) + rng.logistic(size=margin.size))
    return margin


def truths(world: World, gains: np.ndarray) -> np.ndarray:
    """Difference of accuracies over very many subjects, models and frames, for each gain."""
    margin = margins(world)
    return np.array([np.mean(margin + gain > 0) - np.mean(margin > 0) for gain in gains])


def outcomes(right: np.ndarray, labels: np.ndarray, subjects: list[str]) -> list[DiagnosisOutcome]:
    """Probabilities of 1 for the class said; a wrong frame is said to be the next class."""
    said = np.where(right, labels, (labels + 1) % 3)
    return [DiagnosisOutcome(np.eye(3)[one], labels, subjects, CLASSES) for one in said]


def pigeonhole(difference: np.ndarray, subjects: int, rng: np.random.Generator) -> np.ndarray:
    """Percentile interval of subjects and models drawn with replacement."""
    models = len(difference)
    table = difference.reshape(models, subjects, FRAMES).mean(axis=2)
    of_subjects = rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=400) / subjects
    of_models = rng.multinomial(models, np.full(models, 1 / models), size=400) / models
    return np.quantile(np.einsum("bi,ri,br->b", of_subjects, table, of_models), [0.025, 0.975])


def one_run(world: World, subjects: int, models: int, rng: np.random.Generator) -> list[float]:
    """Value, ours (low, high), error, detectable, helps, pigeonhole (low, high)."""
    a, b = drawn(world, subjects, models, rng)
    codes = np.repeat(np.arange(subjects), FRAMES)
    labels, names = codes % 3, [str(code) for code in codes]
    groups = {"A": outcomes(a, labels, names), "B": outcomes(b, labels, names)}
    folds, seeds = FOLDS_AND_SEEDS[models]
    settings = UtilitySettings(folds=folds, seeds=seeds, resamples=400)
    draws = subject_draws(groups["A"][0], models, settings.resamples, rng)
    scores = {name: score_group(name, some, [ACCURACY], draws) for name, some in groups.items()}
    row = difference_row("diagnosis", "simulated", scores["B"], scores["A"], ACCURACY, settings)
    ours = [row.value, row.low, row.high, row.standard_error, row.smallest_detectable]
    numbers = [np.nan if one is None else one for one in ours]
    return [*numbers, row.effect == "helps", *pigeonhole(b.astype(float) - a, subjects, rng)]


def many_runs(world: World, subjects: int, models: int, runs: int) -> np.ndarray:
    """Repeat from one seed."""
    rng = np.random.default_rng(1)
    return np.array([one_run(world, subjects, models, rng) for _ in range(runs)], dtype=float)


def covered(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    """Share of intervals that hold the truth."""
    return float(np.mean((low <= truth) & (truth <= high)))


def line(world: World, subjects: int, models: int, runs: int) -> str:
    """One row of the table."""
    null = many_runs(world, subjects, models, runs)
    value, low, high, error, detectable, helps, first, last = null.T
    stretch = np.sqrt(models / (models - 1))
    wide = value + (first - value) * stretch, value + (last - value) * stretch
    gains = np.linspace(0, 8, 161)
    table = truths(world, gains)
    wanted = min(float(np.nanmedian(detectable)), 0.95 * float(table.max()))
    gain = float(np.interp(wanted, table, gains))
    found = many_runs(replace(world, gain=gain), subjects, models, runs).T
    wanted_covered = covered(found[1], found[2], wanted)
    return (
        f"{subjects:8d} {models:6d} {value.std():6.3f} {np.sqrt(np.nanmean(error**2)):6.3f}"
        f" {covered(low, high, 0):8.3f} {covered(first, last, 0):6.3f} {covered(*wide, 0):6.3f}"
        f" {np.mean(low > 0):9.3f} {helps.mean():6.3f} {wanted:11.3f} {wanted_covered:8.3f}"
        f" {np.mean(found[1] > 0):6.3f} {found[5].mean():6.3f}"
    )


def score_line(base: float, subjects: int, models: int, runs: int) -> str:
    """Coverage and mean width of two intervals of one group's accuracy."""
    world, rng = replace(WORLDS["seeds"], base=base), np.random.default_rng(1)
    truth, found = float(np.mean(margins(world) > 0)), []
    codes = np.repeat(np.arange(subjects), FRAMES)
    for _ in range(runs):
        some = outcomes(drawn(world, subjects, models, rng)[0], codes % 3, [str(code) for code in codes])
        draws = subject_draws(some[0], models, 400, rng)
        scores = score_group("A", some, [ACCURACY], draws)
        values, deviations = (of[key_of(ACCURACY)] for of in (scores.values, scores.deviations))
        known = (float(values.mean()), two_way_error(values, deviations, draws.degrees), subjects, 0.95)
        ours, students = share_interval(*known), interval_of(*known, (0.0, 1.0))
        found.append([ours.low, ours.high, students.low, students.high])
    first, last, low, high = np.array(found).T
    share = covered(first, last, truth)
    return (
        f"{truth:8.3f} {subjects:8d} {models:6d} {share:8.3f} {np.mean(last - first):6.3f}"
        f" {covered(low, high, truth):9.3f} {np.mean(high - low):6.3f}"
    )


def main() -> None:
    """Print a table for each world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--subjects", type=int, nargs="+", default=[8, 20, 64])
    parser.add_argument("--models", type=int, nargs="+", default=[3, 5, 10, 25], choices=FOLDS_AND_SEEDS)
    options = parser.parse_args()
    for name, world in WORLDS.items():
        print(f"World {name}")
        print(
            "subjects models     SD  of it  covered pigeon stretch  above 0  helps  detectable  covered"
            " above 0  helps"
        )
        for subjects in options.subjects:
            for models in options.models:
                print(line(world, subjects, models, options.runs), flush=True)
    print("Scores\naccuracy subjects models  covered  width Student's  width")
    for base in (1.2, 3.5, 5.0):
        for subjects in options.subjects:
            for models in (options.models[0], options.models[-1]):
                print(score_line(base, subjects, models, options.runs), flush=True)


if __name__ == "__main__":
    main()
