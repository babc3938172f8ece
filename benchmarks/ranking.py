"""Equal sets are left unranked, and a graded series is ranked rightly: how often each holds.

    python benchmarks/ranking.py null --repeats 200
    python benchmarks/ranking.py graded --repeats 100
    python benchmarks/ranking.py phantom -o OUT

`null` draws, on the level of features, a real set and five synthetic sets of one distribution, and counts
the repetitions in which any set is placed above another; nominal is at most 5 %. Sets are made from subjects
of the real set, from other subjects that they share, or from subjects of their own; they are alike to the
real set, or all shifted alike. `graded` shifts the sets by steps and counts pairs that are placed rightly,
wrongly, and not at all. `phantom` makes a cohort, five sets of one fault in rising amount and five faithful
ones, and runs `ccmeval compare` on both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ccmeval.comparison.feature_joint import DISTANCES, FeatureSets, distance_joint, neighbour_joints
from ccmeval.comparison.placing import Order, PlacingRule, place
from ccmeval.comparison.schema import Ranking
from ccmeval.fidelity.vectors import FeatureSet

SOURCES = ("real subjects", "shared subjects", "own subjects")
SETS = 5


def main() -> None:
    """Run the part that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("null", "graded", "phantom"))
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--subjects", type=int, default=30)
    parser.add_argument("--frames", type=int, default=5, help="of a subject")
    parser.add_argument("--features", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--phantoms", type=int, default=60, help="frames a set")
    parser.add_argument("--px", type=int, default=128, help="side of the phantoms")
    parser.add_argument("--fault", default="noise")
    parser.add_argument("-o", "--out", type=Path)
    wanted = parser.parse_args()
    {"null": null, "graded": graded, "phantom": phantom}[wanted.part](wanted)


def made(
    rng: np.random.Generator,
    wanted: argparse.Namespace,
    subjects: list[str],
    pull: dict[str, np.ndarray],
    shift: float,
) -> FeatureSet:
    """Draw a set: frames of a subject share their subject's place in the space of features."""
    names = [name for name in subjects for _ in range(wanted.frames)]
    for name in subjects:
        pull.setdefault(name, rng.normal(size=wanted.features))
    own = rng.normal(size=(len(names), wanted.features))
    values = 0.7 * np.array([pull[name] for name in names]) + own
    values[:, 0] += shift
    return FeatureSet(values, [f"{i}" for i in range(len(names))], names, [None] * len(names), True)


def cohort(
    rng: np.random.Generator, wanted: argparse.Namespace, source: str, shifts: Sequence[float]
) -> FeatureSets:
    """Draw a real set and synthetic ones."""
    pull: dict[str, np.ndarray] = {}
    subjects = [f"r{i}" for i in range(wanted.subjects)]
    real = made(rng, wanted, subjects, pull, 0.0)
    sets = []
    for number, shift in enumerate(shifts):
        named = {"real subjects": "r", "shared subjects": "m", "own subjects": f"set {number} "}[source]
        sets.append(made(rng, wanted, [f"{named}{i}" for i in range(wanted.subjects)], pull, shift))
    return FeatureSets(real, sets)


def orders(found: FeatureSets, rng: np.random.Generator) -> dict[str, Order]:
    """Order the sets by every distance, and by coverage and precision."""
    names = [str(i) for i in range(len(found.sets))]
    result: dict[str, Order] = {}
    for metric in DISTANCES:
        joint, _ = distance_joint(metric, found, rng)
        result[metric] = place(names, joint, PlacingRule("lower"), rng, 200)
    joints, _ = neighbour_joints(found, rng, k=5, count=100)
    for metric in ("coverage", "density"):
        result[metric] = place(names, joints[metric], PlacingRule("higher"), rng, 200)
    return result


def null(wanted: argparse.Namespace) -> None:
    """Count repetitions in which any of five equal sets is placed above another."""
    print(
        f"{'source of masks':18s}{'all shifted by':>15s}"
        + "".join(f"{it:>12s}" for it in (*DISTANCES, "coverage", "density"))
    )
    for source in SOURCES:
        for shift in (0.0, 1.0):
            rng = np.random.default_rng([wanted.seed, SOURCES.index(source), int(shift)])
            hits: dict[str, int] = {}
            for _ in range(wanted.repeats):
                for metric, order in orders(cohort(rng, wanted, source, [shift] * SETS), rng).items():
                    hits[metric] = hits.get(metric, 0) + any(it.placed != "neither" for it in order.pairs)
            shares = "".join(f"{100 * it / wanted.repeats:>10.1f} %" for it in hits.values())
            print(f"{source:18s}{shift:>15g}{shares}", flush=True)


def graded(wanted: argparse.Namespace) -> None:
    """Count pairs of a graded series that are placed rightly, wrongly and not at all."""
    for source in SOURCES:
        rng = np.random.default_rng([wanted.seed, SOURCES.index(source), 7])
        right: dict[str, list[int]] = {}
        for _ in range(wanted.repeats):
            shifts = [0.0, 0.5, 1.0, 1.5, 2.0]
            for metric, order in orders(cohort(rng, wanted, source, shifts), rng).items():
                count = right.setdefault(metric, [0, 0, 0])
                for pair in order.pairs:
                    ahead = {"first": pair.first, "second": pair.second}.get(pair.placed)
                    better = min(pair.first, pair.second)
                    count[2 if ahead is None else 0 if ahead == better else 1] += 1
        print(f"{source}: right / wrong / not placed, % of pairs")
        for metric, count in right.items():
            print(f"  {metric:10s}" + " / ".join(f"{100 * it / sum(count):.1f}" for it in count), flush=True)


def phantom(wanted: argparse.Namespace) -> None:
    """Compare phantom sets of a fault in rising amount, and faithful ones of other seeds."""
    from ccmeval.comparison.run import run_compare
    from ccmeval.comparison.settings import make_compare_settings
    from ccmeval.phantom import PhantomSettings, write_cohort
    from ccmeval.phantom.synthetic import write_synthetic

    out = wanted.out or Path("ranking-phantom")
    settings = PhantomSettings(shape_px=(wanted.px, wanted.px), pixel_size_um=400 / 384)
    common = {"frames": wanted.phantoms, "frames_per_subject": 2, "settings": settings, "jobs": 1}
    write_cohort(out / "real", seed=1, **common)
    # Equal sets: faithful cohorts of other seeds, other subjects and other nerves of the same distribution.
    equal = {
        f"equal-{seed}": write_cohort(out / f"equal-{seed}", seed=seed, **common) for seed in range(2, 7)
    }
    graded = {
        f"{wanted.fault}-{strength:g}": write_synthetic(
            out / f"{wanted.fault}-{strength:g}", seed=1, fault=wanted.fault, strength=strength, **common
        )
        for strength in (0.0, 0.1, 0.25, 0.5, 1.0)
    }
    evaluation = {
        "jobs": 1,
        "fidelity": {"features": ["radiomic", "morphometric"], "embedding": False, "splits": 20},
        "preservation": {"resamples": 199, "permutations": 99},
        "measurement": {"overlays": False},
    }
    for name, sets in (("equal", equal), ("graded", graded)):
        given = {it: str(path) for it, path in sets.items()}
        found = make_compare_settings(real=str(out / "real"), sets=given, evaluation=evaluation)
        result = run_compare(found, out / f"compare-{name}", resume=True)
        print(f"{name}: placed rightly / wrongly / not, of pairs; ranks (letters), best value first")
        for ranking in result.rankings:
            if ranking.scope == "pooled" and ranking.status == "ranked":
                print(f"  {ranking.score:32s}{told(ranking, list(sets))}", flush=True)


def told(ranking: Ranking, order: list[str]) -> str:
    """Count pairs against the order that is right, and show the letters."""
    counts = [0, 0, 0]
    for pair in ranking.pairs:
        if pair.placed == "neither":
            counts[2] += 1
        else:
            ahead, behind = pair.first, pair.second
            if pair.placed == "second":
                ahead, behind = behind, ahead
            counts[order.index(ahead) > order.index(behind)] += 1
    shown = ", ".join(f"{it.set} ({it.letters})" for it in ranking.ranks)
    return f"{counts[0]:2d} / {counts[1]:2d} / {counts[2]:2d}   {shown}"


if __name__ == "__main__":
    start = time.monotonic()
    main()
    print(f"{time.monotonic() - start:.0f} s")
