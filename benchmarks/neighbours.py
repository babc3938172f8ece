"""Precision, recall, density and coverage beside the `prdc` package: equal values, time and peak memory.

::

    python benchmarks/neighbours.py --frames 5000 --dimension 2048

Each tool runs in a process of its own on the same seeded features, and the two take turns; the median time
of the repeats counts, without importing and drawing. Peak memory is the process's, less what it held before.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np


def features(frames: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets that overlap in part, of low intrinsic dimension as deep features are."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(40, dimension))
    real, synth = (rng.normal(size=(frames, 40)) @ mixing for _ in range(2))
    noise = 0.1 * rng.normal(size=(2, frames, dimension))
    return real + noise[0], 0.9 * synth + 0.2 + noise[1]


def measure(tool: str, frames: int, dimension: int, k: int) -> dict[str, object]:
    """Values, seconds and peak of one tool in this process."""
    real, synth = features(frames, dimension)
    if tool == "ccmeval":
        from ccmeval.fidelity.neighbours import prdc

        prdc(real[:20], synth[:20], k)
    else:
        import sklearn.metrics  # noqa: F401
        from prdc import compute_prdc
    before, started = _peak_mib(), time.perf_counter()
    if tool == "ccmeval":
        values = prdc(real, synth, k)._asdict()
    else:
        values = {name: float(value) for name, value in compute_prdc(real, synth, k).items()}
    return {"values": values, "seconds": time.perf_counter() - started, "mib": _peak_mib() - before}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run both tools in turns and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tool", choices=["ccmeval", "prdc"])
    options = parser.parse_args()
    if options.tool:
        found = measure(options.tool, options.frames, options.dimension, options.k)
        print("\n" + json.dumps(found))
        return
    results: dict[str, list[dict]] = {"ccmeval": [], "prdc": []}
    for _ in range(options.repeats):
        for tool, found in results.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--tool", tool]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.append(json.loads(output.strip().splitlines()[-1]))
    print(f"{options.frames} + {options.frames} frames, {options.dimension} features, k = {options.k}")
    for tool, found in results.items():
        seconds = statistics.median(one["seconds"] for one in found)
        peak = statistics.median(one["mib"] for one in found)
        values = ", ".join(f"{name} {value:.6f}" for name, value in found[0]["values"].items())
        print(f"{tool:8s} {seconds:7.2f} s {peak:7.0f} MiB  {values}")
    ratio = [statistics.median(one["seconds"] for one in results[tool]) for tool in ("prdc", "ccmeval")]
    gap = max(abs(results["prdc"][0]["values"][n] - v) for n, v in results["ccmeval"][0]["values"].items())
    print(f"prdc / ccmeval time: {ratio[0] / ratio[1]:.2f}; largest difference of a value: {gap:.1e}")


if __name__ == "__main__":
    main()
