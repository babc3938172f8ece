"""Frechet distance of this package, of torch-fidelity and by scipy's matrix root: time, value, memory.

    OMP_NUM_THREADS=1 python benchmarks/frechet.py --frames 500 5000

Features are drawn with a spectrum that falls as those of Inception do. Every way starts from the same arrays
of features and runs in a process of its own; time is the best of the runs, memory the peak above what the
process held with features and libraries loaded.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

WAYS = ("ccmeval", "torch-fidelity", "scipy sqrtm")


def features(frames: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw two sets with decaying spectra, unlike in mean and spread."""
    rng = np.random.default_rng(0)
    index = np.arange(dimension)
    first, second = rng.standard_normal((2, frames, dimension))
    return first * np.exp(-index / 300), 0.02 + second * np.exp(-index / 250)


def by_ccmeval() -> Callable[[np.ndarray, np.ndarray], float]:
    """Give the function of this package."""
    from ccmeval.fidelity.frechet import frechet_distance

    return frechet_distance


def by_torch_fidelity() -> Callable[[np.ndarray, np.ndarray], float]:
    """Give torch-fidelity's two functions, one after the other."""
    import torch
    from torch_fidelity import metric_fid as peer

    def distance(real: np.ndarray, synth: np.ndarray) -> float:
        found = [peer.fid_features_to_statistics(torch.from_numpy(it)) for it in (real, synth)]
        return float(peer.fid_statistics_to_metric(*found, False)[peer.KEY_METRIC_FID])

    return distance


def by_matrix_root() -> Callable[[np.ndarray, np.ndarray], float]:
    """Give the textbook's formula, as pytorch-fid has it."""
    from scipy import linalg

    def distance(real: np.ndarray, synth: np.ndarray) -> float:
        first, second = np.cov(real, rowvar=False), np.cov(synth, rowvar=False)
        step = real.mean(axis=0) - synth.mean(axis=0)
        root = linalg.sqrtm(first @ second)
        return float(step @ step + np.trace(first) + np.trace(second) - 2 * np.trace(root).real)

    return distance


BUILD = dict(zip(WAYS, (by_ccmeval, by_torch_fidelity, by_matrix_root), strict=True))


def peak_mb() -> float:
    """Peak resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(way: str, frames: int, dimension: int, runs: int) -> dict[str, float]:
    """Time one way in this process."""
    distance = BUILD[way]()
    real, synth = features(frames, dimension)
    distance(real[:8, :4], synth[:8, :4])
    before, times, value = peak_mb(), [], 0.0
    for _ in range(runs):
        start = time.perf_counter()
        value = distance(real, synth)
        times.append(time.perf_counter() - start)
    return {"seconds": min(times), "value": value, "peak_mb": peak_mb() - before}


def main() -> None:
    """Measure every way in a process of its own and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.way:
        print(json.dumps(measure(wanted.way, wanted.frames[0], wanted.dimension, wanted.runs)))
        return
    for frames in wanted.frames:
        print(f"{frames} frames, {wanted.dimension} features")
        ours: dict[str, float] = {}
        for way in WAYS:
            argv = [sys.executable, __file__, "--way", way, "--frames", str(frames)]
            argv += ["--dimension", str(wanted.dimension), "--runs", str(wanted.runs)]
            done = subprocess.run(argv, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            ours = ours or found
            print(
                f"  {way:15s} {found['seconds']:8.3f} s  {found['seconds'] / ours['seconds']:6.1f} x  "
                f"value {found['value']:.9g} ({found['value'] / ours['value'] - 1:+.1e})  "
                f"peak {found['peak_mb']:+.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
