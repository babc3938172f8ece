"""Published biomarkers beside those of a phantom cohort, and the solver of its latent moments.

    python benchmarks/phantom_calibration.py --frames 300          # targets and what is reached
    python benchmarks/phantom_calibration.py --solve               # latent moments for `diagnoses.py`

Geometry only: biomarkers are exact and need no pixels.
"""

from __future__ import annotations

import argparse
import time
import zlib

import numpy as np
from joblib import Parallel, delayed

from ccmeval.morphometry import compute_biomarkers
from ccmeval.phantom import TARGETS, PhantomSettings, diagnoses, draw_anatomy, draw_plan, draw_subject

PUBLISHED = ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "cnfw_um_per_mm2")
FURTHER = ("ctbd_per_mm2", "cnfa_mm2_per_mm2", "mean_width_um", "cnfrd", "tortuosity",
           "curvature_squared_per_um", "fragmentation_per_mm", "orientation_coherence")  # fmt: skip


def subject_rows(diagnosis: str, subject: int, frames: int, seed: int) -> list[dict[str, float]]:
    """Exact biomarkers of one subject's frames."""
    rng = np.random.default_rng([seed, zlib.crc32(diagnosis.encode()), subject])
    person = draw_subject(rng, diagnosis)
    rows = []
    for _ in range(frames):
        plan = draw_plan(rng, person)
        anatomy = draw_anatomy(rng, plan, PhantomSettings())
        row = compute_biomarkers(anatomy.graph)
        row["planned_length_um"], row["length_um"] = plan.length_um, anatomy.graph.length_um
        row["lessened"] = float(anatomy.plan != plan)
        rows.append({**row, "subject": float(subject)})
    return rows


def between_share(values: np.ndarray, subjects: np.ndarray) -> float:
    """Share of the variance between subjects, by one-way analysis of variance with unequal groups."""
    groups = [values[subjects == subject] for subject in np.unique(subjects)]
    sizes = np.array([len(group) for group in groups])
    total, spread = sizes.sum(), sum(((group - group.mean()) ** 2).sum() for group in groups)
    within = spread / (total - len(groups))
    means = np.array([group.mean() for group in groups])
    among = (sizes * (means - values.mean()) ** 2).sum() / (len(groups) - 1)
    size = (total - (sizes**2).sum() / total) / (len(groups) - 1)
    between = max((among - within) / size, 0.0)
    return float(between / (between + within))


def report(frames: int, frames_per_subject: int, seed: int, jobs: int) -> None:
    """Print targets and what is reached."""
    print(f"{'':26}{'diagnosis':>10}{'target mean':>13}{'mean':>9}{'target SD':>11}{'SD':>9}{'between':>9}")
    for diagnosis, target in TARGETS.items():
        start = time.perf_counter()
        subjects = range(-(-frames // frames_per_subject))
        parts = Parallel(n_jobs=jobs)(
            delayed(subject_rows)(diagnosis, subject, frames_per_subject, seed) for subject in subjects
        )
        rows = [row for part in parts for row in part]
        whose = np.array([row["subject"] for row in rows])
        for column in (*PUBLISHED, *FURTHER):
            values = np.array([row[column] for row in rows])
            known = ~np.isnan(values)
            share = between_share(values[known], whose[known])
            goal = getattr(target, column) if column in PUBLISHED else (float("nan"),) * 2
            mean, deviation = values[known].mean(), values[known].std(ddof=1)
            print(
                f"{column:26}{diagnosis:>10}{goal[0]:13.2f}{mean:9.2f}{goal[1]:11.2f}{deviation:9.2f}{share:9.2f}"
            )
        for column in ("cnfd_per_mm2", "cnbd_per_mm2"):
            counts = np.array([row[column] for row in rows]) * diagnoses.HRT3_AREA_MM2
            whole = np.abs(counts - np.rint(counts)).max() < 1e-9
            print(
                f"  {column}: variance of the counts over their mean {counts.var() / counts.mean():.2f}"
                f" (Poisson 1), in steps of 6.25 /mm2: {'yes' if whole else 'NO'}"
            )
        off = np.array([row["length_um"] - row["planned_length_um"] for row in rows])
        lessened = sum(row["lessened"] for row in rows)
        print(f"  {len(rows)} frames of {len(subjects)} subjects, {time.perf_counter() - start:.0f} s;")
        print(f"  length off plan by {off.mean():.1f} um (SD {off.std():.1f}), lessened in {lessened:.0f}")


def solve(draws: int, seed: int) -> None:
    """Scale the latent moments until those of the constrained counts are the published ones."""
    level = diagnoses._levels(np.random.default_rng(seed), draws)
    for diagnosis, target in TARGETS.items():
        wanted = np.array([*target.cnfl_mm_per_mm2, *target.cnfd_per_mm2, *target.cnbd_per_mm2])
        latent = np.array(diagnoses._LATENT[diagnosis])
        for _ in range(40):
            counts = diagnoses.plan_counts(level, tuple(latent), diagnoses.HRT3_AREA_MM2)
            scaled = [counts[0] * 1e-3, counts[1], counts[2]]
            got = np.array([f(v) for v in scaled for f in (np.mean, np.std)]) / diagnoses.HRT3_AREA_MM2
            latent *= (wanted / got) ** 0.7
        print(diagnosis, np.round(latent, 3).tolist(), "gives", np.round(got, 2).tolist())


def main() -> None:
    """Parse the command line and do as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300, help="frames per diagnosis")
    parser.add_argument("--frames-per-subject", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--solve", action="store_true")
    arguments = parser.parse_args()
    if arguments.solve:
        solve(60_000, arguments.seed)
    else:
        report(arguments.frames, arguments.frames_per_subject, arguments.seed, arguments.jobs)


if __name__ == "__main__":
    main()
