"""How often the half-sample intervals of neighbour and diversity metrics cover what they should.

::

    python benchmarks/diversity_coverage.py --cohorts 200

Cohorts of subjects with four frames each are drawn from a model in which subjects differ; the synthetic one
spreads by 0.9 of the real one. What an interval should cover is the mean of the value over all cohorts, at
these numbers of frames, on which the metrics depend. A bootstrap of subjects stands beside for the mean
pairwise distance and the Vendi score, whose repeated frames it distorts.
"""

from __future__ import annotations

import argparse

import numpy as np

from ccmeval.fidelity.diversity import pairwise_distance, vendi
from ccmeval.fidelity.diversity_rows import diversity_rows
from ccmeval.fidelity.neighbour_rows import prdc_rows
from ccmeval.fidelity.subsampling import joint_clusters, resamples_of
from ccmeval.fidelity.vectors import FeatureSet


def cohort(rng: np.random.Generator, subjects: int, scale: float, prefix: str) -> FeatureSet:
    """Four frames a subject, two diagnoses, eight features."""
    subject = np.repeat(np.arange(subjects), 4)
    ill = subject % 2 == 1
    own = 0.8 * rng.normal(size=(subjects, 8))[subject]
    values = 5 + scale * (own + rng.normal(size=own.shape)) + 0.8 * ill[:, None]
    names = [f"{prefix}{one}" for one in subject]
    frames = [f"{prefix}{i}" for i in range(len(subject))]
    return FeatureSet(values, frames, names, ["T1DPN" if one else "Control" for one in ill], True)


def bootstrap(real: FeatureSet, synth: FeatureSet, rng: np.random.Generator) -> dict[str, list[float]]:
    """Percentile intervals that resample subjects with replacement."""
    found: dict[str, list[float]] = {}
    draws = list(resamples_of(joint_clusters(real, synth), rng, 100))
    for name, metric in (("pairwise", pairwise_distance), ("vendi", vendi)):
        ratios = [metric(synth.values[b]) / metric(real.values[a]) - 1 for a, b in draws]
        spreads = [metric(real.values[a]) for a, _ in draws]
        value = metric(synth.values) / metric(real.values) - 1
        found[f"bootstrap of the {name} ratio"] = [value, *np.quantile(ratios, [0.025, 0.975])]
        found[f"bootstrap of the real {name} value"] = [
            metric(real.values),
            *np.quantile(spreads, [0.025, 0.975]),
        ]
    return found


def main() -> None:
    """Print coverage by metric and number of subjects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--subjects", type=int, nargs="+", default=[10, 30])
    options = parser.parse_args()
    for subjects in options.subjects:
        found: dict[str, list[list[float]]] = {}
        for seed in range(options.cohorts):
            rng = np.random.default_rng(seed)
            real, synth = cohort(rng, subjects, 1.0, "r"), cohort(rng, subjects, 0.9, "s")
            rows = prdc_rows(real, synth, "", rng=rng, splits=0, resamples=100)
            rows += diversity_rows(real, synth, "", rng=rng, splits=0, resamples=100)
            for row in rows:
                if row.scope == "pooled" and row.value is not None:
                    ends = [np.nan if one is None else one for one in (row.low, row.high)]
                    found.setdefault(row.metric, []).append([row.value, *ends])
            for name, interval in bootstrap(real, synth, rng).items():
                found.setdefault(name, []).append(interval)
        print(f"{subjects} subjects a side, {options.cohorts} cohorts")
        for name, intervals in found.items():
            value, low, high = np.array(intervals).T
            truth = value.mean()
            covered = np.mean((low <= truth) & (truth <= high))
            width = np.mean(high - low) / value.std()
            print(f"  {name:40s} mean {truth:7.3f}  covered {covered:6.1%}  width / SD {width:.2f}")


if __name__ == "__main__":
    main()
