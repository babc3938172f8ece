"""Frechet distance of this package, of torch-fidelity and by scipy's matrix root: time, value, memory.

    OMP_NUM_THREADS=1 python benchmarks/frechet.py --frames 500 5000

Features are drawn with a spectrum that falls as those of Inception do. Every way starts from the same arrays
of features and runs in a process of its own. Time is the best of the runs, on the clock and of the processor
(the latter hardly minds what else the machine does); memory is the peak above what the process held with
features and libraries loaded. Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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


def resident_mb(field: str) -> float:
    """Resident size of this process from Linux: "VmRSS" now, "VmHWM" at its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def measure(way: str, frames: int, dimension: int, runs: int) -> dict[str, float]:
    """Time one way in this process."""
    distance = BUILD[way]()
    real, synth = features(frames, dimension)
    distance(real[:8, :4], synth[:8, :4])
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before, times, value = resident_mb("VmRSS"), [], 0.0
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        value = distance(real, synth)
        times.append((time.perf_counter() - start, time.process_time() - used))
    return {
        "seconds": min(times)[0],
        "cpu": min(it[1] for it in times),
        "value": value,
        "peak_mb": resident_mb("VmHWM") - before,
    }


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
                f"CPU {found['cpu']:8.3f} s  {found['cpu'] / ours['cpu']:6.1f} x  "
                f"value {found['value']:.9g} ({found['value'] / ours['value'] - 1:+.1e})  "
                f"peak {found['peak_mb']:+.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
