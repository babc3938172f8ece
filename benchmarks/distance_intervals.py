"""Which interval over clusters covers the expected value of a distance, by simulation.

    python benchmarks/distance_intervals.py --pairs 200

Draws many pairs of sets from known distributions (features with a subject's own part, intraclass
correlation 0.5, standard deviation falling as 1 / sqrt(index)), takes the mean of a distance over 1,000
pairs as its expected value at that size, and counts how often each 95 % interval covers it. `width` is the
mean width over that of an interval made of the true standard deviation (1 is ideal).

percentile, basic   bootstrap over clusters as it is in every textbook
shifted             the same, moved so that the mean of the resamples lies on the value
subsampling         half the clusters without replacement, about the mean of the subsamples
jackknife           `ccmeval.fidelity.resampling.cluster_interval`
infinitesimal       the same function with an influence function in place of evaluations
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ccmeval.fidelity import resampling
from ccmeval.fidelity.frechet import frechet_distance, frechet_influence, prepare_frechet
from ccmeval.fidelity.kernel import kid, kid_influence, prepare_kid
from ccmeval.fidelity.vectors import FeatureSet

RESAMPLES = 200
Ends = tuple[float, float]


class Case(NamedTuple):
    """Two populations and how many are drawn of each."""

    name: str
    dimension: int
    real: tuple[int, int]  # subjects, frames of each
    synth: tuple[int, int]
    scale: float = 1.0
    shift: float = 0.0
    shared: bool = False


CASES = (
    Case("more frames than features, differ", 16, (30, 5), (30, 5), 1.2, 0.2),
    Case("more features than frames, differ", 256, (30, 5), (30, 5), 1.2, 0.1),
    Case("more features than frames, alike", 256, (30, 5), (30, 5)),
    Case("frames are clusters, differ", 256, (100, 1), (100, 1), 1.2, 0.1),
    Case("subjects in both sets, differ", 256, (30, 5), (30, 3), 1.2, 0.1, shared=True),
    Case("ten subjects, differ", 256, (10, 8), (10, 8), 1.2, 0.1),
    Case("five subjects against 40 frames", 256, (5, 10), (40, 1), 1.2, 0.1),
)
METRICS = {
    "frechet": (frechet_distance, prepare_frechet, frechet_influence),
    "kid": (kid, prepare_kid, kid_influence),
}


def draw(case: Case, rng: np.random.Generator) -> tuple[FeatureSet, FeatureSet]:
    """Draw one pair of sets."""
    deviations = np.arange(1, case.dimension + 1) ** -0.5
    subjects = rng.standard_normal((case.real[0], case.dimension))
    others = subjects if case.shared else rng.standard_normal((case.synth[0], case.dimension))

    def build(parts: np.ndarray, count: int, prefix: str) -> FeatureSet:
        names = np.repeat([f"{prefix}{i}" for i in range(len(parts))], count).tolist()
        own = rng.standard_normal((len(names), case.dimension))
        values = (np.repeat(parts, count, axis=0) + own) * np.sqrt(0.5) * deviations
        return FeatureSet(values, [f"{i}" for i in range(len(names))], names, [None] * len(names), True)

    real = build(subjects, case.real[1], "s")
    synth = build(others, case.synth[1], "s" if case.shared else "t")
    moved = synth.values * case.scale + case.shift * deviations
    return real, FeatureSet(moved, synth.frames, synth.clusters, synth.diagnoses, True)


def resampled(metric: str, real: FeatureSet, synth: FeatureSet, rng: np.random.Generator) -> dict[str, Ends]:
    """Intervals by bootstrap and by subsampling."""
    evaluate = METRICS[metric][1](np.vstack([real.values, synth.values]))
    value = evaluate(np.arange(len(real)), len(real) + np.arange(len(synth)))

    def rows(found: FeatureSet, drawn: np.ndarray) -> np.ndarray:
        own = np.asarray(found.clusters)
        return np.concatenate([np.flatnonzero(own == name) for name in drawn])

    def values(share: float, replace: bool) -> Iterator[float]:
        names, others = np.unique(real.clusters), np.unique(synth.clusters)
        joint = set(names) == set(others)
        for _ in range(RESAMPLES):
            chosen = rng.choice(names, max(2, round(share * len(names))), replace)
            against = chosen if joint else rng.choice(others, max(2, round(share * len(others))), replace)
            yield evaluate(rows(real, chosen), len(real) + rows(synth, against))

    boot = np.array(list(values(1.0, True)))
    half = np.array(list(values(0.5, False)))
    low, high = np.quantile(boot, [0.025, 0.975])
    below, above = np.quantile(half - half.mean(), [0.025, 0.975])
    return {
        "percentile": (low, high),
        "basic": (2 * value - high, 2 * value - low),
        "shifted": (low - boot.mean() + value, high - boot.mean() + value),
        "subsampling": (value - above, value - below),
    }


def left_out(metric: str, real: FeatureSet, synth: FeatureSet, rng: np.random.Generator) -> dict[str, Ends]:
    """Intervals as ccmeval makes them."""
    function, prepare, influence = METRICS[metric]
    plain = resampling.cluster_interval(function, real, synth, rng=rng, prepare=prepare)
    large, resampling._LARGE = resampling._LARGE, 0
    linear = resampling.cluster_interval(function, real, synth, rng=rng, influence=influence)
    resampling._LARGE = large
    return {"jackknife": plain[:2], "infinitesimal": linear[:2]}


def measure(case: Case, metric: str, pairs: int) -> None:
    """Print coverage and width of every interval for one case and metric."""
    rng = np.random.default_rng(1)
    function = METRICS[metric][0]
    expected = [function(*(it.values for it in draw(case, rng))) for _ in range(1000)]
    truth, deviation = np.mean(expected), np.std(expected)
    covered, widths = defaultdict(list), defaultdict(list)
    for _ in range(pairs):
        real, synth = draw(case, rng)
        every = {**left_out(metric, real, synth, rng), **resampled(metric, real, synth, rng)}
        for name, (low, high) in every.items():
            covered[name].append(low <= truth <= high)
            widths[name].append((high - low) / (3.92 * deviation))
    print(f"{case.name}: {metric}, expected {truth:.4g}, SD {deviation:.3g}")
    for name, found in covered.items():
        print(
            f"  {name:14s} covers {100 * np.mean(found):5.1f} %  width {np.mean(widths[name]):.2f}",
            flush=True,
        )


def main() -> None:
    """Run all cases."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=200)
    wanted = parser.parse_args()
    for case in CASES:
        for metric in METRICS:
            measure(case, metric, wanted.pairs)


if __name__ == "__main__":
    main()
