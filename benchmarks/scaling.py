"""Time and memory of `ccmeval biomarkers` from a hundred to ten thousand frames.

    python benchmarks/scaling.py 100 1000 10000

The frames are hard links to twenty phantom frames (`--side 96` cuts them small, for a quick look).
Memory is the resident size of the process that was started, and of it and all its workers together,
looked at ten times a second; needs psutil, which comes with distributed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from ccmeval.phantom import make_phantom

ORIGINALS = 20
MIB = 2**20


def write_frames(folder: Path, count: int, side: int) -> None:
    """Fill a folder with links to a few phantom frames."""
    originals = folder.parent / "originals"
    originals.mkdir(exist_ok=True)
    folder.mkdir()
    for index in range(count):
        source = originals / f"{index % ORIGINALS}.png"
        if not source.exists():
            grey = make_phantom(np.random.default_rng(index)).frame[:side, :side]
            Image.fromarray(np.rint(grey * 255).astype(np.uint8)).save(source)
        os.link(source, folder / f"{index:05d}.png")


def watch(process: psutil.Popen) -> tuple[float, float, float]:
    """Follow a process to its end.

    Gives the largest size of it and of it with its children, in MiB, and its own processor time in seconds.
    """
    alone = together = used = 0.0
    while process.poll() is None:
        try:
            own, times = process.memory_info().rss, process.cpu_times()
            family = [child.memory_info().rss for child in process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        alone, together = max(alone, own / MIB), max(together, (own + sum(family)) / MIB)
        used = times.user + times.system
        time.sleep(0.1)
    return alone, together, used


def main() -> None:
    """Print one line a number of frames."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("counts", type=int, nargs="+")
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    wanted = parser.parse_args()
    print("frames   seconds   ms/frame   main MiB   with workers MiB")
    for count in wanted.counts:
        with tempfile.TemporaryDirectory() as name:
            write_frames(Path(name) / "in", count, wanted.side)
            out = ["-o", f"{name}/out", "--pixel-size", str(400 / 384), "--jobs", str(wanted.jobs)]
            started = time.perf_counter()
            process = psutil.Popen(
                [sys.executable, "-m", "ccmeval", "biomarkers", f"{name}/in", *out],
                stdout=subprocess.DEVNULL,
            )
            alone, together, _ = watch(process)
            took = time.perf_counter() - started
            assert process.returncode == 0
        print(
            f"{count:6d} {took:9.1f} {1000 * took / count:10.1f} {alone:10.0f} {together:18.0f}", flush=True
        )


if __name__ == "__main__":
    main()
